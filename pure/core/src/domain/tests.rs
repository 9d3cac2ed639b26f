use proptest::prelude::*;

use super::*;
use crate::email::EmailAddress;
use crate::id::{Identifier as _, OrganizationId};

const NOW: Timestamp = Timestamp::from_millis(1_000_000_000_000);

fn looks(checked_hours_ago: u64, unanswered_hours: Option<u64>) -> Looks {
    let hours = |hours: u64| NOW.minus(Duration::from_secs(hours * 3600));
    Looks { checked_at: hours(checked_hours_ago), tried_at: hours(1), unanswered_since: unanswered_hours.map(hours) }
}

#[test]
fn what_people_paste_is_read_as_the_name() {
    for text in [
        "acme.example",
        " Acme.EXAMPLE. ",
        "https://acme.example/about",
        "dana@acme.example",
        "@acme.example",
        "http://acme.example",
    ] {
        assert_eq!(DomainName::claim(text).unwrap().as_str(), "acme.example", "{text}");
    }
    assert_eq!(DomainName::claim("bücher.example").unwrap().as_str(), "xn--bcher-kva.example");
}

#[test]
fn what_is_no_domain_is_refused() {
    for text in
        ["", "localhost", "com", ".", "acme..example", "*.acme.example", "127.0.0.1", "a b.example", "-a.example"]
    {
        assert_eq!(DomainName::claim(text), Err(DomainError::Malformed), "{text:?}");
    }
    let long = format!("{}.{}.{}.{}.example", "a".repeat(60), "b".repeat(60), "c".repeat(60), "d".repeat(52));
    assert_eq!(DomainName::claim(&long), Err(DomainError::TooLong));
}

#[test]
fn t_lnk_8_public_mail_domains_are_refused_however_they_are_written() {
    for text in ["gmail.com", "GMAIL.com.", "me@outlook.com", "yahoo.co.uk", "proton.me", "qq.com", "web.de"] {
        assert_eq!(DomainName::claim(text), Err(DomainError::PublicMail), "{text}");
    }
    assert!(DomainName::claim("gmail.example").is_ok());
}

#[test]
fn every_line_of_the_list_is_a_name_once_and_in_order() {
    let names: Vec<&str> = PUBLIC_MAIL.lines().filter(|line| !line.starts_with('#') && !line.is_empty()).collect();
    assert!(names.len() > 200, "{}", names.len());
    for name in &names {
        assert_eq!(DomainName::parse(name).as_ref().map(DomainName::as_str), Some(*name));
    }
    assert!(names.windows(2).all(|pair| pair[0] < pair[1]), "sorted, each once");
}

#[test]
fn only_the_record_of_this_claim_is_evidence() {
    let texts = |texts: &[&str]| TextAnswer::Texts(texts.iter().map(|text| (*text).to_owned()).collect());
    let right = record_value("abc");
    assert_eq!(texts(&["v=spf1 -all", &right]).evidence("abc"), Evidence::Present);
    for answer in [
        texts(&[]),
        texts(&[
            "abc",
            "orgate-domain-verification=abcd",
            "orgate-domain-verification=",
            "ORGATE-DOMAIN-VERIFICATION=abc",
        ]),
        TextAnswer::Absent,
    ] {
        assert_eq!(answer.evidence("abc"), Evidence::Absent, "{answer:?}");
    }
    assert_eq!(TextAnswer::NoAnswer.evidence("abc"), Evidence::NoAnswer);
}

#[test]
fn r_lnk_7_a_rival_gets_a_domain_only_when_its_holder_fails() {
    use Evidence::{Absent, NoAnswer, Present};
    for (own, rival, expected) in [
        (Present, None, Verification::Verified),
        (Present, Some(Absent), Verification::TakesOver),
        (Present, Some(Present), Verification::Refused(CheckResult::HeldByAnother)),
        (Present, Some(NoAnswer), Verification::Refused(CheckResult::HeldByAnother)),
        (Absent, None, Verification::Refused(CheckResult::RecordMissing)),
        (Absent, Some(Absent), Verification::Refused(CheckResult::RecordMissing)),
        (NoAnswer, None, Verification::Refused(CheckResult::NoAnswer)),
        (NoAnswer, Some(Absent), Verification::Refused(CheckResult::NoAnswer)),
    ] {
        assert_eq!(verify(own, rival), expected, "{own:?} {rival:?}");
    }
}

#[test]
fn r_lnk_7_absent_lapses_at_once_and_no_answer_after_72_hours() {
    let fresh = looks(1, None);
    assert_eq!(recheck(Evidence::Present, &fresh, NOW), Recheck::Stays);
    assert_eq!(recheck(Evidence::Absent, &fresh, NOW), Recheck::Lapses(CheckResult::RecordMissing));
    assert_eq!(recheck(Evidence::NoAnswer, &fresh, NOW), Recheck::Unanswered { since: NOW, warns: false });
    let waiting = looks(95, Some(71));
    let since = waiting.unanswered_since.unwrap();
    assert_eq!(
        recheck(Evidence::NoAnswer, &waiting, NOW),
        Recheck::Unanswered { since, warns: false },
        "warned before"
    );
    assert_eq!(waiting.lapses_at(), Some(NOW.plus(Duration::from_secs(3600))));
    for (hours, tried_hours_ago, warns) in [(23, 1, false), (24, 1, true), (25, 1, false), (25, 2, true)] {
        let tried_at = NOW.minus(Duration::from_secs(tried_hours_ago * 3600));
        let waiting = Looks { tried_at, ..looks(hours + 24, Some(hours)) };
        let since = waiting.unanswered_since.unwrap();
        let expected = Recheck::Unanswered { since, warns };
        assert_eq!(recheck(Evidence::NoAnswer, &waiting, NOW), expected, "{hours} {tried_hours_ago}");
    }
    assert_eq!(recheck(Evidence::NoAnswer, &looks(96, Some(72)), NOW), Recheck::Lapses(CheckResult::NoAnswer));
    assert_eq!(recheck(Evidence::Present, &looks(96, Some(72)), NOW), Recheck::Stays, "a late answer is one");
}

#[test]
fn r_lnk_7_a_held_domain_is_looked_at_daily_and_hourly_without_an_answer() {
    assert_eq!(looks(24, None).due_at(), NOW);
    assert_eq!(looks(30, Some(6)).due_at(), NOW, "tried an hour ago");
    let tried = Looks { tried_at: NOW.minus(Duration::from_secs(60)), ..looks(30, Some(6)) };
    assert!(!tried.is_due_for_sign_in(NOW));
    assert!(!looks(24, None).is_due_for_sign_in(NOW));
    assert!(looks(25, None).is_due_for_sign_in(NOW));
    assert!(looks(25, Some(1)).is_due_for_sign_in(NOW));
}

#[test]
fn r_lnk_7_a_domain_passes_only_to_another_organization() {
    assert!(!passed(None, &"acme"));
    assert!(!passed(Some(&"acme"), &"acme"));
    assert!(passed(Some(&"acme"), &"beta"));
}

#[test]
fn r_lnk_6_an_organization_vouches_for_proven_addresses_of_its_exact_domains() {
    let names = ["acme.example", "acme.test"].map(|name| DomainName::parse(name).unwrap());
    let held = ProvenDomains::of(names.iter());
    assert_eq!(ProvenDomains::decode(held.encode()), held);
    let local = AddressState::LocalTo(OrganizationId::new(NOW, [1; 10]));
    for (address, email, expected) in [
        (&AddressState::Proven, "dana@acme.example", true),
        (&AddressState::Proven, "Dana@acme.test", true),
        (&AddressState::Proven, "dana@eu.acme.example", false),
        (&AddressState::Proven, "dana@example", false),
        (&AddressState::Proven, "dana@acme.example.test", false),
        (&AddressState::Proven, "dana@", false),
        (&AddressState::Proven, "", false),
        (&AddressState::Unproven, "dana@acme.example", false),
        (&local, "dana@acme.example", false),
    ] {
        assert_eq!(held.vouch_for(address, email), expected, "{email} {address:?}");
    }
    assert!(!ProvenDomains::default().vouch_for(&AddressState::Proven, "dana@"), "none holds no empty name");
}

#[test]
fn every_word_reads_back() {
    assert!(DomainState::ALL.into_iter().all(|state| DomainState::parse(state.as_str()) == Some(state)));
    assert!(CheckResult::ALL.into_iter().all(|result| CheckResult::parse(result.as_str()) == Some(result)));
    assert_eq!((DomainState::parse("held"), CheckResult::parse("ok")), (None, None));
}

proptest! {
    /// T-LNK-10: the domain of an address and a claimed domain are one text or two domains.
    #[test]
    fn a_claimed_domain_is_read_as_the_domain_of_an_address(domain in "[a-zA-Z0-9äß.-]{1,20}\\.[a-z]{2,5}") {
        let address = EmailAddress::parse(&format!("dana@{domain}")).ok();
        let claimed = DomainName::parse(&domain);
        prop_assert_eq!(address.as_ref().map(EmailAddress::domain), claimed.as_ref().map(DomainName::as_str));
    }

    #[test]
    fn no_text_is_read_as_more_than_one_name(text in "\\PC{0,40}") {
        if let Ok(name) = DomainName::claim(&text) {
            prop_assert!(!name.as_str().contains([' ', '/', '@']));
            prop_assert_eq!(DomainName::parse(name.as_str()), Some(name));
        }
    }
}
