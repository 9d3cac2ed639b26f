//! Owns what the mails about a person's own account say: to the person, or to the address that is about to be theirs.

use orgate_core::role::OrganizationRole;
use orgate_core::time::Timestamp;

use super::letter::{Letter, foreign};
use super::templates::{NOT_YOU, SignInAddress, code_letter, day_and_time};
use crate::token::SixDigitCode;

/// A mail about somebody's own account.
#[derive(Debug, Clone)]
pub enum AccountMail {
    /// The code that proves the address that is to take the place of the old one; to the new one.
    EmailChangeCode {
        /// The code.
        code: SixDigitCode,
    },
    /// Somebody wanted this address, which is another account's; the page said the same as always (R-IN-5).
    EmailTaken {
        /// The sign-in page.
        sign_in_url: String,
    },
    /// The address was changed; to the old one.
    EmailChanged {
        /// When.
        at: Timestamp,
        /// The new address, mostly hidden.
        masked_email: String,
    },
    /// An account that an organization's SSO had made was brought together with this one (R-LNK-4); to who has the address.
    Merged {
        /// The organization.
        organization: String,
        /// The role of the membership that came along.
        role: Option<OrganizationRole>,
        /// Projects that came along.
        projects: Vec<String>,
        /// When.
        at: Timestamp,
    },
    /// Somebody asked to set a password where none is offered (R-IN-1).
    PasswordNotOffered {
        /// The sign-in page, with every way that is.
        sign_in_url: String,
        /// The organizations' own login addresses, for their SSO.
        addresses: Vec<SignInAddress>,
    },
    /// The password was removed.
    PasswordRemoved {
        /// When.
        at: Timestamp,
        /// Where to set another if it was somebody else.
        reset_url: String,
    },
    /// The account was closed; to the address that it had.
    AccountClosed {
        /// When.
        at: Timestamp,
    },
    /// A sign-in from where the person was not seen before.
    NewDevice {
        /// How, in the middle of a sentence: "password".
        method: &'static str,
        /// Browser and system.
        device: String,
        /// From which address.
        ip: String,
        /// When.
        at: Timestamp,
        /// Sign-in and security.
        security_url: String,
    },
    /// A recovery code served.
    RecoveryCodeUsed {
        /// When.
        at: Timestamp,
        /// How many are left.
        left: u64,
        /// Sign-in and security.
        security_url: String,
    },
    /// Somebody showed the first proof of a sign-in, and five wrong second factors.
    SecondFactorRefused {
        /// When.
        at: Timestamp,
        /// The first proof, in the middle of a sentence: "password".
        first: &'static str,
        /// From which address.
        ip: String,
        /// Where to set another password.
        reset_url: String,
    },
    /// Somebody came through an organization's SSO, and showed five wrong second factors of the person it stood for.
    SecondFactorRefusedBySso {
        /// When.
        at: Timestamp,
        /// The organization.
        organization: String,
        /// From which address.
        ip: String,
    },
    /// An Owner changed something about a member; to the member.
    MemberNotice {
        /// The organization.
        organization: String,
        /// Who did it.
        actor: String,
        /// What was done, in the past tense: "removed you".
        act: &'static str,
        /// What that means and what to do.
        meaning: &'static str,
        /// When.
        at: Timestamp,
    },
}

impl AccountMail {
    /// The name for metrics and the outbox; no personal data.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::EmailChangeCode { .. } => "email-change-code",
            Self::EmailTaken { .. } => "email-taken",
            Self::EmailChanged { .. } => "email-changed",
            Self::Merged { .. } => "merged",
            Self::PasswordNotOffered { .. } => "password-not-offered",
            Self::PasswordRemoved { .. } => "password-removed",
            Self::AccountClosed { .. } => "account-closed",
            Self::NewDevice { .. } => "new-device",
            Self::RecoveryCodeUsed { .. } => "recovery-code-used",
            Self::SecondFactorRefused { .. } => "second-factor-refused",
            Self::SecondFactorRefusedBySso { .. } => "second-factor-refused-by-sso",
            Self::MemberNotice { .. } => "member-notice",
        }
    }

    /// The letter, under the name of the product.
    pub fn letter(&self, product: &str) -> Letter {
        match self {
            Self::EmailChangeCode { code } => {
                let why = "Enter this code to make this address the one of your account, where you asked for it:";
                code_letter(product, "The code for your new address", why, code)
            }
            Self::EmailTaken { sign_in_url } => email_taken(product, sign_in_url),
            Self::EmailChanged { at, masked_email } => email_changed(product, *at, masked_email),
            Self::Merged { organization, role, projects, at } => merged(product, organization, (*role, projects), *at),
            Self::PasswordNotOffered { sign_in_url, addresses } => {
                password_not_offered(product, sign_in_url, addresses)
            }
            Self::PasswordRemoved { at, reset_url } => password_removed(product, *at, reset_url),
            Self::AccountClosed { at } => account_closed(product, *at),
            Self::NewDevice { method, device, ip, at, security_url } => {
                new_device(product, (method, device, ip), *at, security_url)
            }
            Self::RecoveryCodeUsed { at, left, security_url } => recovery_code_used(product, *at, *left, security_url),
            Self::SecondFactorRefused { at, first, ip, reset_url } => {
                second_factor_refused(product, *at, (first, ip), reset_url)
            }
            Self::SecondFactorRefusedBySso { at, organization, ip } => {
                second_factor_refused_by_sso(product, *at, (organization, ip))
            }
            Self::MemberNotice { organization, actor, act, meaning, at } => {
                member_notice(organization, actor, (act, meaning), *at)
            }
        }
    }
}

fn email_taken(product: &str, sign_in_url: &str) -> Letter {
    Letter::new(format!("You have an account at {product} already"))
        .paragraph(format!(
            "Somebody who is signed in to another account at {product} wants this address for it. The address belongs to an \
             account already, so nothing was changed."
        ))
        .paragraph("If it was you: sign in with this address, or close the account that has it and ask again.")
        .link("Sign in", sign_in_url)
        .paragraph(NOT_YOU)
}

fn email_changed(product: &str, at: Timestamp, masked_email: &str) -> Letter {
    Letter::new(format!("Your address at {product} was changed"))
        .paragraph(format!(
            "On {} the address of your account at {product} was changed to {}. Other sessions have ended, and links and codes \
             that were mailed to this address no longer work.",
            day_and_time(at),
            foreign(masked_email)
        ))
        .paragraph(
            "If it was not you, somebody else is in your account. Tell an Owner of your organization at once, who can take \
             its access away, and whoever runs this service, who can see what happened. This mail is the last one to this \
             address.",
        )
}

fn merged(
    product: &str,
    organization: &str,
    (role, projects): (Option<OrganizationRole>, &[String]),
    at: Timestamp,
) -> Letter {
    let organization = foreign(organization);
    let mut letter = Letter::new(format!("Two accounts at {product} are one now")).paragraph(format!(
        "On {} the account that the single sign-on of {organization} had made for this address at {product} was brought \
         together with yours, because a code or a link that was mailed to you was used for it. That single sign-on opens \
         your account from now on.",
        day_and_time(at)
    ));
    if let Some(role) = role {
        let role = role.label();
        letter = letter.paragraph(format!("Your membership in {organization} came along, with the role {role}."));
    }
    if !projects.is_empty() {
        let projects: Vec<String> = projects.iter().map(|project| foreign(project)).collect();
        letter = letter.paragraph(format!("Access to these projects came along: {}.", projects.join(", ")));
    }
    letter.paragraph(format!(
        "If it was not you, somebody can read your mail: sign in, end the sessions that you do not know, and tell an Owner of \
         {organization} at once, who can clear the link to its single sign-on."
    ))
}

fn password_not_offered(product: &str, sign_in_url: &str, addresses: &[SignInAddress]) -> Letter {
    let organizations = addresses.iter().map(|address| {
        let organization = foreign(&address.organization);
        (format!("Sign in to {organization}"), address.url.clone())
    });
    let links = std::iter::once(("Sign in".to_owned(), sign_in_url.to_owned())).chain(organizations).collect();
    Letter::new(format!("How to sign in to {product}"))
        .paragraph(format!(
            "Somebody asked to set the password of this address at {product}. Nobody signs in there by a password; these \
             pages show the ways that there are."
        ))
        .links(links)
        .paragraph(NOT_YOU)
}

fn password_removed(product: &str, at: Timestamp, reset_url: &str) -> Letter {
    Letter::new(format!("Your password at {product} was removed"))
        .paragraph(format!(
            "The password of your account at {product} was removed on {}. You sign in by your other ways. Other sessions have \
             ended.",
            day_and_time(at)
        ))
        .paragraph("If it was not you, set a new password at once and look at your ways to sign in.")
        .link("Set a password", reset_url)
}

fn account_closed(product: &str, at: Timestamp) -> Letter {
    Letter::new(format!("Your account at {product} is closed"))
        .paragraph(format!(
            "On {} your account at {product} was closed. Your memberships and sessions have ended, and your password and \
             other ways to sign in are deleted.",
            day_and_time(at)
        ))
        .paragraph(
            "You can sign up again with this address. It will be a new account: organizations have to invite you anew.",
        )
        .paragraph("If it was not you, tell an Owner of your organization and whoever runs this service.")
}

fn new_device(product: &str, (method, device, ip): (&str, &str, &str), at: Timestamp, url: &str) -> Letter {
    let (device, ip) = (foreign(device), foreign(ip));
    Letter::new(format!("New sign-in to {product}"))
        .paragraph(format!(
            "On {} somebody signed in to your account at {product} by {method}, with {device} from {ip}. You were not seen \
             there before.",
            day_and_time(at)
        ))
        .paragraph(
            "If it was you, there is nothing to do. If not, end that session and change your password; where you sign in \
             through your organization, tell its administrator.",
        )
        .link("Look at your sessions", url)
}

fn recovery_code_used(product: &str, at: Timestamp, left: u64, security_url: &str) -> Letter {
    let rest = match left {
        0 => "It was the last one. Make new codes before you need one again.".to_owned(),
        1 => "One code is left. Make new ones soon.".to_owned(),
        more => format!("{more} codes are left."),
    };
    Letter::new(format!("A recovery code was used at {product}"))
        .paragraph(format!(
            "On {} a recovery code of your account at {product} was used in place of your second factor. {rest}",
            day_and_time(at)
        ))
        .paragraph(
            "If it was not you, somebody has your codes and something else of yours that signs you in. Change your password, \
             end the sessions that you do not know, and make new codes.",
        )
        .link("Open sign-in and security", security_url)
}

fn second_factor_refused(product: &str, at: Timestamp, (first, ip): (&str, &str), reset_url: &str) -> Letter {
    Letter::new(format!("A sign-in to {product} was stopped"))
        .paragraph(format!(
            "On {} somebody at {} came as far as your second factor with your {first}, and got the factor wrong five times. \
             Nobody was let in.",
            day_and_time(at),
            foreign(ip)
        ))
        .paragraph(
            "If it was you, sign in again; a recovery code serves when you cannot use your factor. If it was not you, somebody \
             knows how you sign in: set a new password.",
        )
        .link("Set a new password", reset_url)
}

fn second_factor_refused_by_sso(product: &str, at: Timestamp, (organization, ip): (&str, &str)) -> Letter {
    let (organization, ip) = (foreign(organization), foreign(ip));
    Letter::new(format!("A sign-in to {product} was stopped"))
        .paragraph(format!(
            "On {} somebody at {ip} came as far as your second factor through the single sign-on of {organization}, and got the \
             factor wrong five times. Nobody was let in.",
            day_and_time(at)
        ))
        .paragraph(format!(
            "If it was you, sign in again; a recovery code serves when you cannot use your factor. If it was not you, somebody \
             can pass for you at the identity provider of {organization}: tell one of its Owners, or whoever runs this service."
        ))
}

fn member_notice(organization: &str, actor: &str, (act, meaning): (&str, &str), at: Timestamp) -> Letter {
    let (organization, actor) = (foreign(organization), foreign(actor));
    Letter::new(format!("A change for you in {organization}"))
        .paragraph(format!("{actor} {act} in {organization} on {}.", day_and_time(at)))
        .paragraph(meaning)
        .paragraph(format!("If you do not know why, ask an Owner of {organization}."))
}
