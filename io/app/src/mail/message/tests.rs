use orgate_core::id::Identifier;
use orgate_core::role::OrganizationRole;

use super::super::account_letters::AccountMail;
use super::super::domain_letters::{DomainMail, LapseReason};
use super::super::factor_letters::{Factor, FactorMail};
use super::super::templates::{RequiredSignIn, ResetLink, SignInAddress};
use super::*;
use crate::token::SixDigitCode;

const HOSTILE: &str = "<b>Evil</b>\r\nBcc: victim@example.com\r\n\r\n<script>x</script> 987654 &\"";

fn all(name: &str) -> Vec<MailTemplate> {
    let code = || SixDigitCode::parse("424242").unwrap();
    let at = Timestamp::parse_rfc3339("2026-11-22T06:10:33.123Z").unwrap();
    let text = || name.to_owned();
    let url = || "https://id.example.com/x/AbCdEf".to_owned();
    vec![
        MailTemplate::Account(AccountMail::EmailChangeCode { code: code() }),
        MailTemplate::Factor(FactorMail::EnrolmentCode { code: code() }),
        MailTemplate::Factor(FactorMail::Added { factor: Factor::Authenticator, at, security_url: url() }),
        MailTemplate::Factor(FactorMail::Removed { factor: Factor::Passkey, at, security_url: url() }),
        MailTemplate::Factor(FactorMail::RecoveryCodesReplaced { at, security_url: url() }),
        MailTemplate::SignUpCode { code: code() },
        MailTemplate::ProofCode { code: code(), organization: text() },
        MailTemplate::StepUpCode { code: code() },
        MailTemplate::InvitationCode { code: code(), organization: text() },
        MailTemplate::SignUpWithKnownAddress { sign_in_url: url() },
        MailTemplate::PasswordReset {
            links: vec![
                ResetLink { organizations: vec![], url: url() },
                ResetLink { organizations: vec![text()], url: url() },
                ResetLink { organizations: vec![text(), text()], url: url() },
            ],
            minutes: 30,
        },
        MailTemplate::PasswordChanged { at, reset_url: url() },
        MailTemplate::Invitation {
            organization: text(),
            invited_by: text(),
            projects: vec![text()],
            url: url(),
            expires_at: at,
        },
        MailTemplate::SignInAddresses { addresses: vec![SignInAddress { organization: text(), url: url() }] },
        MailTemplate::SsoInsteadOfPassword {
            required: vec![
                RequiredSignIn { organization: text(), url: url(), leave_url: Some(url()) },
                RequiredSignIn { organization: text(), url: url(), leave_url: None },
            ],
            minutes: 60,
        },
        MailTemplate::DepartureCode { code: code(), organization: text() },
        MailTemplate::WayOut { organization: text(), name: text(), email: text(), at, url: url() },
        MailTemplate::LinkedByEmail { organization: text(), connection: text(), at },
        MailTemplate::MemberLimit { organization: text(), newcomer: text(), members_url: url() },
        MailTemplate::OwnerNotice { organization: text(), actor: text(), act: text(), at, url: url() },
        MailTemplate::EnforcementChanged {
            organization: text(),
            actor: text(),
            act: text(),
            at,
            login_url: url(),
            settings_url: url(),
        },
        MailTemplate::TrialOver { organization: text(), at, settings_url: url() },
        MailTemplate::WayBackLost { organization: text(), settings_url: url() },
        MailTemplate::ExemptSignIn { organization: text(), owner: text(), at, url: url() },
        MailTemplate::Domain(DomainMail::AboutToLapse {
            organization: text(),
            domain: text(),
            lapses_at: at,
            domains_url: url(),
        }),
        MailTemplate::Domain(DomainMail::Lapsed {
            organization: text(),
            domain: text(),
            reason: LapseReason::TakenOver,
            at,
            domains_url: url(),
        }),
        MailTemplate::Domain(DomainMail::Contested { organization: text(), domain: text(), at, domains_url: url() }),
        MailTemplate::Account(AccountMail::EmailTaken { sign_in_url: url() }),
        MailTemplate::Account(AccountMail::EmailChanged { at, masked_email: text() }),
        MailTemplate::Account(AccountMail::Merged {
            organization: text(),
            role: Some(OrganizationRole::Owner),
            projects: vec![text(), text()],
            at,
        }),
        MailTemplate::Account(AccountMail::PasswordNotOffered {
            sign_in_url: url(),
            addresses: vec![SignInAddress { organization: text(), url: url() }],
        }),
        MailTemplate::Account(AccountMail::PasswordRemoved { at, reset_url: url() }),
        MailTemplate::Account(AccountMail::AccountClosed { at }),
        MailTemplate::Account(AccountMail::NewDevice {
            method: "password",
            device: text(),
            ip: text(),
            at,
            security_url: url(),
        }),
        MailTemplate::Account(AccountMail::RecoveryCodeUsed { at, left: 3, security_url: url() }),
        MailTemplate::Account(AccountMail::SecondFactorRefused { at, first: "password", ip: text(), reset_url: url() }),
        MailTemplate::Account(AccountMail::SecondFactorRefusedBySso { at, organization: text(), ip: text() }),
        MailTemplate::Account(AccountMail::MemberNotice {
            organization: text(),
            actor: text(),
            act: "removed you",
            meaning: "It is over.",
            at,
        }),
    ]
}

/// The message as it would be sent, for the `number`th mail of this deployment.
fn sent(template: &MailTemplate, product: &str, number: u8) -> String {
    let from = Sender::parse_address("no-reply@example.com").unwrap().named(product);
    let now = Timestamp::from_millis(1_795_327_200_123);
    let id = MailId::new(now, [number; 10]);
    let content = MailContent::new("ada@example.org", template, product);
    String::from_utf8(build_message(&id, &content, &from, now).unwrap().formatted()).unwrap()
}

fn runs_of_six(message: &str) -> Vec<&str> {
    message.split(|c: char| !c.is_ascii_digit()).filter(|run| run.len() >= 6).collect()
}

fn carries_code(template: &MailTemplate) -> bool {
    template.name().ends_with("-code")
}

#[test]
fn a_mail_with_a_code_holds_it_once_and_no_other_six_digits_whatever_the_names_are() {
    for name in ["Acme", HOSTILE, "Société 123456", "株式会社 20251234", "é12345é12345"] {
        for product in ["Orgate", "Größe 123456", "Portal 2025123"] {
            for (number, template) in (0_u8..).zip(all(name)).filter(|(_, template)| carries_code(template)) {
                let message = sent(&template, product, number);
                assert_eq!(runs_of_six(&message), ["424242"], "{message}");
                assert!(message.lines().any(|line| line.trim() == "424242"), "{message}");
            }
        }
    }
}

#[test]
fn identifiers_never_bring_six_digits_into_a_header() {
    for number in 0..=255 {
        let message = sent(&all("Acme")[0], "Orgate", number);
        assert_eq!(runs_of_six(&message), ["424242"], "{message}");
    }
}

#[test]
fn no_name_adds_a_header_or_markup_t_idp_3() {
    for template in all(HOSTILE) {
        let message = sent(&template, "Orgate", 1);
        let (head, body) = message.split_once("\r\n\r\n").unwrap();
        let names: Vec<&str> = head
            .lines()
            .filter(|line| !line.starts_with(' '))
            .filter_map(|line| Some(line.split_once(": ")?.0))
            .collect();
        let known = [
            "From",
            "To",
            "Subject",
            "Date",
            "Message-ID",
            "Auto-Submitted",
            "MIME-Version",
            "Content-Type",
            "Content-Transfer-Encoding",
        ];
        assert!(names.iter().all(|name| known.contains(name)), "{head}");
        assert_eq!(names.iter().filter(|name| **name == "To").count(), 1);
        // The parts have headers too; what stands further down is words.
        let parts = body.split("--orgate-alternative\r\n").skip(1).filter_map(|part| part.split_once("\r\n\r\n"));
        for line in parts.flat_map(|(head, _)| head.lines()) {
            assert!(known.contains(&line.split_once(": ").unwrap().0), "{line}");
        }
        if let Some((_, html)) = body.split_once("text/html") {
            assert!(!html.contains("<script>") && !html.contains("<b>"), "{html}");
        }
    }
}

#[test]
fn every_template_has_a_name_of_its_own_a_subject_and_something_to_read() {
    let mut names = std::collections::BTreeSet::new();
    for template in all("Acme") {
        assert!(names.insert(template.name()));
        let content = MailContent::new("ada@example.org", &template, "Orgate");
        assert!(!content.subject.is_empty() && content.text.lines().count() > 3, "{content:?}");
        assert_eq!(content.html.is_none(), carries_code(&template), "{}", template.name());
    }
    assert_eq!(names.len(), 38);
}

#[test]
fn links_stay_whole_in_text_and_html() {
    let url = format!("https://id.example.com/reset/{}", "A".repeat(43));
    let links = vec![ResetLink { organizations: vec!["Acme".to_owned()], url: url.clone() }];
    let message = sent(&MailTemplate::PasswordReset { links, minutes: 30 }, "Orgate", 1);
    assert!(message.lines().any(|line| line == url), "{message}");
    assert!(message.contains(&format!(" href=\"{url}\">")), "{message}");
}

#[test]
fn an_address_that_mail_cannot_be_sent_to_is_refused_and_nothing_is_printed_of_the_content() {
    let template = MailTemplate::SignUpCode { code: SixDigitCode::parse("424242").unwrap() };
    let from = Sender::parse_address("no-reply@example.com").unwrap();
    let now = Timestamp::from_millis(1);
    for to in ["", "a", "a@b\r\nBcc: c@d", "a@b, c@d"] {
        let content = MailContent::new(to, &template, "Orgate");
        let outcome = build_message(&MailId::new(now, [1; 10]), &content, &from, now);
        assert!(matches!(outcome, Err(MessageError::Recipient)), "{to:?}");
        assert!(!format!("{content:?}").contains("424242"));
    }
}
