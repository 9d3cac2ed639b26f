//! Owns what each mail says. One variant a mail, with everything it needs; a mail that gives power names what it is for
//! and what to do if it was not asked for.

use orgate_core::time::Timestamp;

use super::account_letters::AccountMail;
use super::domain_letters::DomainMail;
use super::enforcement_letters;
use super::factor_letters::FactorMail;
use super::letter::{Letter, fits_header_beside_code, foreign, foreign_beside_code};
use super::personal_letters::PersonalMail;
use crate::token::SixDigitCode;

/// A link for one of the Users who have an address (R-IN-3).
#[derive(Debug, Clone)]
pub struct ResetLink {
    /// The organizations that the User belongs to; empty if to none.
    pub organizations: Vec<String>,
    /// Where the password is set.
    pub url: String,
}

/// An organization and its own login address (R-IN-6).
#[derive(Debug, Clone)]
pub struct SignInAddress {
    /// Its name.
    pub organization: String,
    /// Where to sign in.
    pub url: String,
}

/// An organization whose SSO is asked for instead of a password (R-ENF-3).
#[derive(Debug, Clone)]
pub struct RequiredSignIn {
    /// Its name.
    pub organization: String,
    /// Where to sign in.
    pub url: String,
    /// Where to leave it, for who has a way out (R-ENF-13).
    pub leave_url: Option<String>,
}

/// Every mail that is sent.
#[derive(Debug, Clone)]
pub enum MailTemplate {
    /// About a person's own account.
    Account(AccountMail),
    /// About a person's account at Google or GitHub.
    Personal(PersonalMail),
    /// About a person's second factors.
    Factor(FactorMail),
    /// About a domain of an organization; to all Owners.
    Domain(DomainMail),
    /// The code that proves the address of a sign-up (R-ORG-2).
    SignUpCode {
        /// The code.
        code: SixDigitCode,
    },
    /// Somebody tried to sign up with an address that is known; the page said the same as always (R-IN-5).
    SignUpWithKnownAddress {
        /// The sign-in page.
        sign_in_url: String,
    },
    /// Links that set a password (R-IN-3).
    PasswordReset {
        /// One for each User who has the address.
        links: Vec<ResetLink>,
        /// How long they are good for. *Units*: minutes.
        minutes: u32,
    },
    /// The password was set or changed.
    PasswordChanged {
        /// When.
        at: Timestamp,
        /// Where to set another if it was somebody else.
        reset_url: String,
    },
    /// The code that proves the address within a sign-in through SSO (R-LNK-2 to R-LNK-4).
    ProofCode {
        /// The code.
        code: SixDigitCode,
        /// The organization that is signed in to.
        organization: String,
    },
    /// The code on top of a session's proof (R-LNK-6, R-IN-9).
    StepUpCode {
        /// The code.
        code: SixDigitCode,
    },
    /// The code that proves the address over a copied invitation link (R-INV-2).
    InvitationCode {
        /// The code.
        code: SixDigitCode,
        /// The organization that invites.
        organization: String,
    },
    /// An invitation with its mailed link (R-INV-2).
    Invitation {
        /// The organization that invites.
        organization: String,
        /// The person who invites.
        invited_by: String,
        /// Projects that come with it.
        projects: Vec<String>,
        /// The mailed link.
        url: String,
        /// Until when it is good.
        expires_at: Timestamp,
    },
    /// The login addresses of the organizations of a known address (R-IN-6).
    SignInAddresses {
        /// One for each organization.
        addresses: Vec<SignInAddress>,
    },
    /// A password cannot be set while organizations ask for their SSO: where to sign in, and the way out (T-ENF-3,
    /// R-ENF-13).
    SsoInsteadOfPassword {
        /// One for each organization; at least one.
        required: Vec<RequiredSignIn>,
        /// How long a way out is good for. *Units*: minutes.
        minutes: u32,
    },
    /// The code that proves the address before somebody leaves an organization without coming in (R-ENF-13).
    DepartureCode {
        /// The code.
        code: SixDigitCode,
        /// The organization that would be left.
        organization: String,
    },
    /// A member left without coming in through SSO; to all Owners (R-ENF-13).
    WayOut {
        /// The organization.
        organization: String,
        /// Who left.
        name: String,
        /// Their address.
        email: String,
        /// When.
        at: Timestamp,
        /// The list of members.
        url: String,
    },
    /// A first SSO sign-in was matched by e-mail (R-LNK-2).
    LinkedByEmail {
        /// The organization.
        organization: String,
        /// The connection's name.
        connection: String,
        /// When.
        at: Timestamp,
    },
    /// A newcomer was refused because the organization is full; to its Owners (R-LNK-8).
    MemberLimit {
        /// The organization.
        organization: String,
        /// Who was refused.
        newcomer: String,
        /// The list of members.
        members_url: String,
    },
    /// A far-reaching act; to all Owners (R-IN-8).
    OwnerNotice {
        /// The organization.
        organization: String,
        /// Who did it.
        actor: String,
        /// What was done, in the past tense: "activated the connection Okta".
        act: String,
        /// When.
        at: Timestamp,
        /// The page about it.
        url: String,
    },
    /// Enforcement was turned on or off, or its switches were changed; to all Owners (R-ENF-6).
    EnforcementChanged {
        /// The organization.
        organization: String,
        /// Who did it.
        actor: String,
        /// What was done, in the past tense: "turned SSO enforcement on".
        act: String,
        /// When.
        at: Timestamp,
        /// The organization's own login address, to hand out.
        login_url: String,
        /// Settings > Single Sign-On.
        settings_url: String,
    },
    /// Nobody confirmed a trial, so enforcement is off again; to all Owners (R-ENF-12).
    TrialOver {
        /// The organization.
        organization: String,
        /// When.
        at: Timestamp,
        /// Settings > Single Sign-On.
        settings_url: String,
    },
    /// If the IdP were down, no Owner could come in; to all Owners (R-ENF-14).
    WayBackLost {
        /// The organization.
        organization: String,
        /// Settings > Single Sign-On.
        settings_url: String,
    },
    /// An Owner came in without SSO while it is enforced; to the other Owners (R-ENF-8).
    ExemptSignIn {
        /// The organization.
        organization: String,
        /// Who.
        owner: String,
        /// When.
        at: Timestamp,
        /// The audit log.
        url: String,
    },
}

pub(super) const NOT_YOU: &str = "If you did not ask for this, ignore this mail; nothing happens without it.";
const KEEP_CODE: &str = "It is valid for 10 minutes. Nobody will ever ask you for it, by phone or otherwise.";

impl MailTemplate {
    /// The name for metrics and the outbox; no personal data.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Account(mail) => mail.name(),
            Self::Personal(mail) => mail.name(),
            Self::Factor(mail) => mail.name(),
            Self::Domain(mail) => mail.name(),
            Self::SignUpCode { .. } => "sign-up-code",
            Self::SignUpWithKnownAddress { .. } => "sign-up-with-known-address",
            Self::PasswordReset { .. } => "password-reset",
            Self::PasswordChanged { .. } => "password-changed",
            Self::ProofCode { .. } => "proof-code",
            Self::StepUpCode { .. } => "step-up-code",
            Self::InvitationCode { .. } => "invitation-code",
            Self::Invitation { .. } => "invitation",
            Self::SignInAddresses { .. } => "sign-in-addresses",
            Self::SsoInsteadOfPassword { .. } => "sso-instead-of-password",
            Self::DepartureCode { .. } => "departure-code",
            Self::WayOut { .. } => "way-out",
            Self::LinkedByEmail { .. } => "linked-by-email",
            Self::MemberLimit { .. } => "member-limit",
            Self::OwnerNotice { .. } => "owner-notice",
            Self::EnforcementChanged { .. } => "enforcement-changed",
            Self::TrialOver { .. } => "trial-over",
            Self::WayBackLost { .. } => "way-back-lost",
            Self::ExemptSignIn { .. } => "exempt-sign-in",
        }
    }

    /// The letter, under the name of the product.
    pub fn letter(&self, product: &str) -> Letter {
        match self {
            Self::Account(mail) => mail.letter(product),
            Self::Personal(mail) => mail.letter(product),
            Self::Factor(mail) => mail.letter(product),
            Self::Domain(mail) => mail.letter(),
            Self::SignUpCode { code } => {
                code_letter(product, "Your sign-up code", "Enter this code to confirm your address:", code)
            }
            Self::ProofCode { code, organization } => {
                let organization = foreign_beside_code(organization);
                let why =
                    format!("Somebody signs in to {organization} with this address. If it is you, enter this code:");
                code_letter(product, "Your sign-in code", &why, code)
            }
            Self::StepUpCode { code } => {
                code_letter(product, "Your confirmation code", "Enter this code to confirm that it is you:", code)
            }
            Self::InvitationCode { code, organization } => {
                let organization = foreign_beside_code(organization);
                let why = format!("Enter this code to accept the invitation to {organization}:");
                code_letter(product, "Your invitation code", &why, code)
            }
            Self::DepartureCode { code, organization } => {
                let organization = foreign_beside_code(organization);
                let why = format!(
                    "Somebody who knows your password asks to leave {organization} for you. If it is you, enter this code; \
                     your access there ends with it:"
                );
                code_letter(product, "Your code to leave", &why, code)
            }
            Self::SignUpWithKnownAddress { sign_in_url } => known_address(product, sign_in_url),
            Self::PasswordReset { links, minutes } => password_reset(product, links, *minutes),
            Self::PasswordChanged { at, reset_url } => password_changed(product, *at, reset_url),
            Self::Invitation { organization, invited_by, projects, url, expires_at } => {
                invitation(product, (organization, invited_by), projects, url, *expires_at)
            }
            Self::SignInAddresses { addresses } => sign_in_addresses(product, addresses),
            Self::SsoInsteadOfPassword { required, minutes } => {
                enforcement_letters::sso_instead_of_password(product, required, *minutes)
            }
            Self::WayOut { organization, name, email, at, url } => {
                enforcement_letters::way_out(organization, (name, email), *at, url)
            }
            Self::LinkedByEmail { organization, connection, at } => linked(product, organization, connection, *at),
            Self::MemberLimit { organization, newcomer, members_url } => {
                member_limit(organization, newcomer, members_url)
            }
            Self::OwnerNotice { organization, actor, act, at, url } => {
                owner_notice(organization, (actor, act), *at, url)
            }
            Self::EnforcementChanged { organization, actor, act, at, login_url, settings_url } => {
                enforcement_letters::enforcement_changed(organization, (actor, act), *at, login_url, settings_url)
            }
            Self::TrialOver { organization, at, settings_url } => {
                enforcement_letters::trial_over(organization, *at, settings_url)
            }
            Self::WayBackLost { organization, settings_url } => {
                enforcement_letters::way_back_lost(organization, settings_url)
            }
            Self::ExemptSignIn { organization, owner, at, url } => {
                enforcement_letters::exempt_sign_in(organization, owner, *at, url)
            }
        }
    }
}

pub(super) fn code_letter(product: &str, subject: &str, why: &str, code: &SixDigitCode) -> Letter {
    let subject =
        if fits_header_beside_code(product) { format!("{subject} for {product}") } else { subject.to_owned() };
    Letter::new(subject).paragraph(why).code(code).paragraph(KEEP_CODE).paragraph(NOT_YOU)
}

fn known_address(product: &str, sign_in_url: &str) -> Letter {
    Letter::new(format!("You already have an account at {product}"))
        .paragraph(format!("Somebody tried to sign up for {product} with this address, which has an account already."))
        .paragraph("If it was you, sign in instead. If you forgot your password, you can set a new one there.")
        .link("Sign in", sign_in_url)
        .paragraph("If it was not you, there is nothing to do: no account was made and nothing was changed.")
}

fn password_reset(product: &str, links: &[ResetLink], minutes: u32) -> Letter {
    let several = links.len() > 1;
    let which =
        if several { "Choose the account whose password you want to set." } else { "Follow the link to set it." };
    let links = links.iter().map(|link| (reset_label(product, link), link.url.clone())).collect();
    Letter::new(format!("Set your password for {product}"))
        .paragraph(format!("Somebody asked to set the password of this address at {product}. {which}"))
        .links(links)
        .paragraph(format!(
            "A link works once, within {minutes} minutes. It does not replace a second factor or single sign-on."
        ))
        .paragraph(NOT_YOU)
}

fn reset_label(product: &str, link: &ResetLink) -> String {
    match link.organizations.as_slice() {
        [] => format!("Set the password at {product}"),
        [one] => format!("Set the password for {}", foreign(one)),
        [first, others @ ..] => format!("Set the password for {} and {} more", foreign(first), others.len()),
    }
}

fn password_changed(product: &str, at: Timestamp, reset_url: &str) -> Letter {
    Letter::new(format!("Your password at {product} was changed"))
        .paragraph(format!(
            "The password of your account at {product} was set on {}. Other sessions have ended.",
            day_and_time(at)
        ))
        .paragraph("If it was not you, set another password at once and tell an Owner of your organization.")
        .link("Set another password", reset_url)
}

fn invitation(product: &str, who: (&str, &str), projects: &[String], url: &str, expires_at: Timestamp) -> Letter {
    let (organization, invited_by) = (foreign(who.0), foreign(who.1));
    let mut letter = Letter::new(format!("Invitation to {organization}"))
        .paragraph(format!("{invited_by} invites you to join {organization} on {product}."));
    if !projects.is_empty() {
        let projects: Vec<String> = projects.iter().map(|project| foreign(project)).collect();
        letter = letter.paragraph(format!("It includes access to: {}.", projects.join(", ")));
    }
    letter
        .link("Look at the invitation", url)
        .paragraph(format!("The link is yours alone and works once, until {}.", day_and_time(expires_at)))
        .paragraph("If you do not know the sender, ignore this mail; nothing happens without you.")
}

fn sign_in_addresses(product: &str, addresses: &[SignInAddress]) -> Letter {
    let links = addresses.iter().map(|address| (foreign(&address.organization), address.url.clone())).collect();
    Letter::new(format!("Where to sign in to {product}"))
        .paragraph(
            "You asked where your organizations sign in. These are their login addresses; keep them as bookmarks.",
        )
        .links(links)
        .paragraph(NOT_YOU)
}

fn linked(product: &str, organization: &str, connection: &str, at: Timestamp) -> Letter {
    let (organization, connection) = (foreign(organization), foreign(connection));
    Letter::new(format!("Single sign-on to {organization} is set up for you"))
        .paragraph(format!(
            "On {} you signed in to {organization} on {product} through {connection} for the first time. Because the \
             address is the same, this sign-in now opens your existing account there. Your role is unchanged.",
            day_and_time(at)
        ))
        .paragraph(format!("If it was not you, tell an Owner of {organization} at once."))
}

fn member_limit(organization: &str, newcomer: &str, members_url: &str) -> Letter {
    let (organization, newcomer) = (foreign(organization), foreign(newcomer));
    Letter::new(format!("{organization} is full"))
        .paragraph(format!("{newcomer} tried to join {organization} and was refused: the limit of members is reached."))
        .paragraph("Remove somebody who no longer needs access, or ask the operator for a higher limit.")
        .link("Members", members_url)
}

fn owner_notice(organization: &str, done: (&str, &str), at: Timestamp, url: &str) -> Letter {
    let (organization, actor, act) = (foreign(organization), foreign(done.0), foreign(done.1));
    Letter::new(format!("A change in {organization}"))
        .paragraph(format!("{actor} {act} on {}.", day_and_time(at)))
        .paragraph(format!("All Owners of {organization} are told about acts like this one."))
        .link("See what it means", url)
}

/// `2026-11-22 06:10 UTC`.
pub(super) fn day_and_time(at: Timestamp) -> String {
    let text = at.to_rfc3339();
    match (text.get(..10), text.get(11..16)) {
        (Some(day), Some(time)) => format!("{day} {time} UTC"),
        _ => text,
    }
}
