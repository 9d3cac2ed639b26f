//! Owns the pages between a stranger and a session: sign-in, SSO, tile start, mailed codes, proof once more.

use askama::Template;

use super::passkeys::PasskeyForm;
use super::personal::Provider;
use super::{Field, Hidden, Moment, Notice, Person, Site};

/// `/sign-in`. *Forms*: POST `/sign-in` with `email`, `password`.
#[derive(Debug, Template)]
#[template(path = "sign_in/sign_in.html")]
pub struct SignInPage {
    /// Deployment and theme.
    pub site: Site,
    /// What was done just before: a new password was set.
    pub notice: Option<Notice>,
    /// Field `email`.
    pub email: Field,
    /// Field `password`; its value is never printed.
    pub password: Field,
    /// Whether the operator offers passwords; without them there is no such form.
    pub password_offered: bool,
    /// Why the pair was refused, in the same words for known and unknown people (R-IN-5).
    pub problem: Option<String>,
    /// Whether people may create an account themselves.
    pub sign_up_open: bool,
    /// The providers of people's own accounts that are offered.
    pub providers: Vec<Provider>,
    /// Signing in by a passkey, where they are offered.
    pub passkey: Option<PasskeyForm>,
}

/// `/sign-in/sso`. *Forms*: POST `/sign-in/sso` with `identifier` (a slug or an address).
#[derive(Debug, Template)]
#[template(path = "sign_in/sso.html")]
pub struct SsoLookUpPage {
    /// Deployment and theme.
    pub site: Site,
    /// Field `identifier`.
    pub identifier: Field,
}

/// The answer to an address in the look-up: the same for everybody (R-IN-6).
#[derive(Debug, Template)]
#[template(path = "sign_in/sso_mailed.html")]
pub struct SsoLookUpMailedPage {
    /// Deployment and theme.
    pub site: Site,
    /// The address as typed.
    pub email: String,
}

/// `/sign-in/{slug}`. *Forms*: POST `/sign-in/{slug}` begins SSO.
#[derive(Debug, Template)]
#[template(path = "sign_in/organization.html")]
pub struct OrganizationSignInPage {
    /// Deployment and theme.
    pub site: Site,
    /// Name of the organization.
    pub organization_name: String,
    /// Its slug.
    pub slug: String,
}

/// On the way to an identity provider: the page goes on by itself, or by its link.
#[derive(Debug, Template)]
#[template(path = "sign_in/leave.html")]
pub struct LeavePage {
    /// Deployment and theme.
    pub site: Site,
    /// Name of the organization.
    pub organization_name: String,
    /// The identity provider's address with this attempt's values.
    pub url: String,
}

/// The question before a tile start creates or links anybody (R-SSO-8). *Forms*: POST `action` without fields.
#[derive(Debug, Template)]
#[template(path = "sign_in/tile_start.html")]
pub struct TileStartPage {
    /// Deployment and theme.
    pub site: Site,
    /// Name of the organization whose IdP started it.
    pub organization_name: String,
    /// Host of the IdP, as the person knows it.
    pub provider_host: String,
    /// Where "Continue" posts.
    pub action: String,
}

/// Why a code was mailed; it chooses the words of [`CodePage`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CodePurpose {
    /// The address of a new account.
    SignUp,
    /// A first SSO sign-in whose address is known elsewhere or not vouched for (R-LNK-2, R-LNK-3).
    FirstSso {
        /// Name of the organization.
        organization_name: String,
    },
    /// A proof on top of an SSO session that opens the account or another organization (R-IN-9, R-LNK-6).
    StepUp,
    /// The address of an invitation that came as a copied link (R-INV-2).
    Invitation {
        /// Name of the organization.
        organization_name: String,
    },
    /// An SSO-born person makes the address theirs (R-LNK-4).
    OwnAddress,
    /// An address that is to take the place of the person's own.
    NewAddress,
    /// The person again, before their first second factor (R-IN-4).
    SecondFactor,
    /// An address that Google or GitHub named, and that nobody vouches for (R-LNK-9).
    Personal {
        /// The provider's name.
        provider: String,
        /// Where somebody who has an account signs in and links.
        link_url: String,
    },
    /// A person leaves an organization without coming in through its SSO (R-ENF-13).
    Departure {
        /// Name of the organization.
        organization_name: String,
    },
}

/// The six-digit code. *Forms*: POST `action` with `code`; POST `again_action` without fields.
#[derive(Debug, Template)]
#[template(path = "sign_in/code.html")]
pub struct CodePage {
    /// Deployment and theme.
    pub site: Site,
    /// Why it was mailed.
    pub purpose: CodePurpose,
    /// Where it was mailed, whole or masked.
    pub address: String,
    /// Field `code`.
    pub code: Field,
    /// Whether a new one was just sent.
    pub sent_again: bool,
    /// Where the code goes.
    pub action: String,
    /// Where "Send a new code" posts.
    pub again_action: String,
    /// Where "Cancel" leads.
    pub cancel_url: String,
}

/// The IdP says somebody else than this browser's session does (R-SSO-8). *Forms*: POST `action` with `choice` =
/// `switch` or `keep`.
#[derive(Debug, Template)]
#[template(path = "sign_in/different_person.html")]
pub struct DifferentPersonPage {
    /// Deployment and theme.
    pub site: Site,
    /// Name of the organization.
    pub organization_name: String,
    /// Who is signed in.
    pub current: Person,
    /// Who the IdP says it is.
    pub asserted: Person,
    /// Where both buttons post.
    pub action: String,
}

/// One organization whose SSO serves as the fresh proof.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SsoProof {
    /// Name of the organization.
    pub organization_name: String,
    /// Its slug, sent as `organization`.
    pub slug: String,
}

/// Confirm it is you (R-IN-8, R-IN-9). *Forms*: POST `action` with `method` = `password` and `password`; `method` =
/// `sso` and `organization`; `method` = `code`. Each carries `hidden`.
#[derive(Debug, Template)]
#[template(path = "sign_in/fresh_proof.html")]
pub struct FreshProofPage {
    /// Deployment and theme.
    pub site: Site,
    /// Who is signed in.
    pub person: Person,
    /// What the proof is for, as a sentence: "Deleting Acme Robotics needs a proof made in the last 15 minutes."
    pub reason: String,
    /// What the person sent before and has to send again, as a sentence.
    pub unsaved: Option<String>,
    /// Field `password`, when a password serves.
    pub password: Option<Field>,
    /// A passkey, when the person has one and it serves.
    pub passkey: Option<PasskeyForm>,
    /// The SSO that serves.
    pub sso: Vec<SsoProof>,
    /// The providers of the person's own accounts that serve.
    pub providers: Vec<Provider>,
    /// Where a code would be mailed, when one serves.
    pub code_address: Option<String>,
    /// Why the last try was refused, when no field is to blame.
    pub problem: Option<String>,
    /// Where every form posts.
    pub action: String,
    /// Fields that every form carries along.
    pub hidden: Vec<Hidden>,
    /// Where "Cancel" leads.
    pub cancel_url: String,
}

impl FreshProofPage {
    /// Whether nothing that the person has serves, so that only signing in anew is left.
    pub fn is_dead_end(&self) -> bool {
        self.password.is_none() && !self.has_others()
    }

    /// Whether something serves beside the password.
    pub fn has_others(&self) -> bool {
        self.passkey.is_some() || !self.providers.is_empty() || !self.sso.is_empty() || self.code_address.is_some()
    }
}

/// The session ended by itself, by somebody's act, or because an organization enforces its SSO. *Forms*: POST
/// `/sign-in/{slug}` for each organization.
#[derive(Debug, Template)]
#[template(path = "sign_in/session_ended.html")]
pub struct SessionEndedPage {
    /// Deployment and theme.
    pub site: Site,
    /// Why, as a sentence: "You were away for more than 6 hours."
    pub reason: String,
    /// The organizations whose SSO begins a new one; none when any way serves, or when none may be named.
    pub organizations: Vec<SsoProof>,
    /// Where "Sign in again" leads, without organizations.
    pub sign_in_url: String,
}

/// After `/sign-out`.
#[derive(Debug, Template)]
#[template(path = "sign_in/signed_out.html")]
pub struct SignedOutPage {
    /// Deployment and theme.
    pub site: Site,
}

/// Signed out here; on to the identity provider, which goes by itself.
#[derive(Debug, Template)]
#[template(path = "sign_in/sign_out_there_too.html")]
pub struct SignOutThereToo {
    /// Deployment and theme.
    pub site: Site,
    /// Name of the organization whose identity provider it is.
    pub organization_name: String,
    /// The identity provider's address with this sign-out's values.
    pub url: String,
}

/// What an invitation can still do for the person who opens it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InvitationState {
    /// The right person is signed in and has the address proven: accept.
    Ready,
    /// Nobody is signed in.
    SignedOut {
        /// Signs in and comes back.
        sign_in_url: String,
        /// Signs up and comes back; nothing when the deployment does not let people sign up.
        sign_up_url: Option<String>,
    },
    /// It came as a copied link: a code has to be mailed first.
    NeedsCode,
    /// Somebody else is signed in.
    WrongPerson {
        /// Who.
        current: Person,
    },
    /// Expired, used or revoked; told apart for nobody.
    Gone,
    /// The organization lets people in through its SSO only.
    SsoOnly {
        /// Its login address.
        sign_in_url: String,
    },
}

/// `/invitations/{token}`. *Forms*: POST `/invitations/{token}/acceptance`; POST `/invitations/{token}/code` mails a
/// code; POST `/sign-out` for the wrong person, with `invitation` = the token.
#[derive(Debug, Template)]
#[template(path = "sign_in/invitation.html")]
pub struct InvitationPage {
    /// Deployment and theme.
    pub site: Site,
    /// The token of the link.
    pub token: String,
    /// Name of the organization; empty when the invitation is gone.
    pub organization_name: String,
    /// Who invites.
    pub inviter: String,
    /// The invited address, whole or masked.
    pub email: String,
    /// The role, as words: "Member".
    pub role: String,
    /// The projects with their role: "Falcon (read and write)".
    pub projects: Vec<String>,
    /// Until when it is valid.
    pub expires: Moment,
    /// What can be done.
    pub state: InvitationState,
}
