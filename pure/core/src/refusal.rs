//! Owns [`Refusal`]: every expected "no" outside the sign-on protocols, with its stable code and words for a person.
//! How it travels (status, page, problem document) is decided at the edge.

use std::time::Duration;

use crate::invitation::InvitationEnd;
use crate::linking::LinkingRefusal;
use crate::passkey::PasskeyRefusal;
use crate::personal_linking::PersonalLinkingRefusal;
use crate::wait;

/// An organization that stands between a person and a session (R-ENF-3).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequiringOrganization {
    /// Its id.
    pub id: crate::id::OrganizationId,
    /// Its short name.
    pub slug: String,
    /// Its name.
    pub name: String,
}

/// One field of a form or body that cannot be taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldError {
    /// The field's name in the API and the form.
    pub field: &'static str,
    /// What is wrong with it and what to do, as a sentence.
    pub message: String,
}

impl FieldError {
    /// One error of one field.
    pub fn new(field: &'static str, message: impl Into<String>) -> Self {
        Self { field, message: message.into() }
    }
}

/// An expected "no".
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// Address and password do not belong together, or nobody has the address: told apart by nothing (R-IN-5).
    InvalidCredentials,
    /// No session, or one that is over.
    NoSession,
    /// Enforced SSO ended the session (R-ENF-6, R-ENF-7): by the SSO of which organizations a new one begins, as far as
    /// this session may know.
    SessionEnded(Vec<RequiringOrganization>),
    /// Enforced SSO binds the person (R-ENF-3).
    SsoRequired(Vec<RequiringOrganization>),
    /// The organization opens only to its own SSO.
    NeedsSso,
    /// The session's proofs do not suffice here (R-LNK-6, R-IN-9).
    NeedsProof,
    /// A second factor is asked for.
    NeedsSecondFactor,
    /// A second factor is asked for, by these organizations if any, and the person has none: it is set up first (R-IN-4).
    NoSecondFactor(Vec<RequiringOrganization>),
    /// Before a first second factor a code is mailed (R-IN-4).
    NeedsMailedCode,
    /// There is one of this kind already.
    FactorExists,
    /// The proofs are older than 15 minutes (R-IN-8).
    NeedsRecentProof,
    /// Not a member of that organization, or it does not exist.
    NotAnOrganizationMember,
    /// The role does not allow it.
    NotPermitted,
    /// No such thing here (R-ORG-6: another organization's thing is no such thing).
    NotFound,
    /// The last Owner stays (R-ORG-5).
    LastOwner,
    /// The last Owner of these stays, so the account stays (R-ORG-5).
    LastOwnerOf(Vec<RequiringOrganization>),
    /// Nothing else would let the person in again.
    LastWayIn,
    /// The organization is full (R-LNK-8).
    MemberLimit,
    /// The person has created as many organizations as the operator allows (R-ORG-2).
    OrganizationLimit,
    /// The short name is taken.
    SlugTaken,
    /// The organization is not entitled to SSO (R-ORG-7).
    SsoNotEntitled,
    /// Refused while SSO is enforced (R-SSO-7).
    SsoEnforced,
    /// Nobody could come back in if the identity provider is down (R-ENF-5, R-ENF-14).
    NoWayBackIn,
    /// SSO is enforced and confirmed already, so there is nothing to try (R-ENF-12).
    AlreadyEnforced,
    /// While SSO is enforced the second factor is the identity provider's matter (R-ENF-6).
    MfaManagedByIdp,
    /// While SSO is enforced nobody is invited (R-INV-3).
    InvitationsDisabledBySso,
    /// The revision has not passed a complete test sign-in (R-SSO-6).
    ConnectionNotValidated,
    /// There is no active connection to sign in through.
    NoActiveConnection,
    /// Input that cannot be taken; nothing of it was.
    InvalidInput(Vec<FieldError>),
    /// The six digits are not the ones mailed.
    InvalidCode,
    /// The code, link or attempt is over: used, expired or tried too often.
    AttemptOver,
    /// The invitation cannot be accepted any more.
    InvitationOver(InvitationEnd),
    /// The invitation is for another address than the person's (T-INV-2).
    InvitationForAnotherAddress,
    /// The address has not been proven over this link: a code is mailed first (R-INV-2).
    InvitationNeedsCode,
    /// Too many tries in a while.
    TooManyRequests {
        /// How long until another one is taken.
        retry_after: Duration,
    },
    /// The operator has closed sign-up.
    SignUpClosed,
    /// The operator does not offer this way to sign in (R-IN-1).
    MethodNotOffered,
    /// The machine is at its limit; nothing was done.
    Busy,
    /// An assertion that opens nothing (section 5).
    Linking(LinkingRefusal),
    /// An assertion by Google or GitHub that opens or links nothing (R-LNK-9).
    PersonalLinking(PersonalLinkingRefusal),
    /// An authenticator's answer that is not taken.
    Passkey(PasskeyRefusal),
    /// The connection was replaced or disabled while the sign-in was under way (R-SSO-7).
    ConnectionChanged,
    /// The organization has this domain among its own already.
    DomainExists,
    /// The organization has as many domains as it may.
    DomainLimit,
    /// Somebody else has proven the address since (R-LNK-7).
    AddressTaken,
    /// The person signed out at the identity provider while the sign-in was under way (T-LO-2).
    SignedOutAtProvider,
    /// A browser came back from signing out at an identity provider and brought no state (T-LO-1).
    LogOutStateMissing,
    /// The state that it brought belongs to no sign-out of this browser, or was used (T-LO-1).
    LogOutStateUnknown,
}

/// What sort of "no" it is; the edge maps it to a status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefusalKind {
    /// Who are you?
    Unauthenticated,
    /// Not you, or not like this.
    Forbidden,
    /// No such thing.
    NotFound,
    /// Not in this state of things.
    Conflict,
    /// It is over for good.
    Gone,
    /// Not understood.
    Invalid,
    /// Not so fast.
    TooMany,
    /// Not now.
    Unavailable,
}

/// One of each code that a row can hold, without what it carries.
const OF_CODES: [Refusal; 43] = [
    Refusal::InvalidCredentials,
    Refusal::NoSession,
    Refusal::SsoRequired(Vec::new()),
    Refusal::NeedsSso,
    Refusal::NeedsProof,
    Refusal::NeedsSecondFactor,
    Refusal::NeedsMailedCode,
    Refusal::FactorExists,
    Refusal::NeedsRecentProof,
    Refusal::NotAnOrganizationMember,
    Refusal::NotPermitted,
    Refusal::NotFound,
    Refusal::LastOwner,
    Refusal::LastWayIn,
    Refusal::MemberLimit,
    Refusal::OrganizationLimit,
    Refusal::SlugTaken,
    Refusal::SsoNotEntitled,
    Refusal::SsoEnforced,
    Refusal::NoWayBackIn,
    Refusal::AlreadyEnforced,
    Refusal::MfaManagedByIdp,
    Refusal::InvitationsDisabledBySso,
    Refusal::ConnectionNotValidated,
    Refusal::NoActiveConnection,
    Refusal::InvalidCode,
    Refusal::AttemptOver,
    Refusal::InvitationForAnotherAddress,
    Refusal::InvitationNeedsCode,
    Refusal::TooManyRequests { retry_after: Duration::ZERO },
    Refusal::SignUpClosed,
    Refusal::MethodNotOffered,
    Refusal::Busy,
    Refusal::ConnectionChanged,
    Refusal::DomainExists,
    Refusal::DomainLimit,
    Refusal::AddressTaken,
    Refusal::SignedOutAtProvider,
    Refusal::LogOutStateMissing,
    Refusal::LogOutStateUnknown,
    Refusal::InvitationOver(InvitationEnd::Accepted),
    Refusal::InvitationOver(InvitationEnd::Revoked),
    Refusal::InvitationOver(InvitationEnd::Expired),
];

impl Refusal {
    /// The refusal that a stored code stands for, without what it carried; `None` for a code of no refusal, and of one that
    /// says nothing without it.
    pub fn of_code(code: &str) -> Option<Self> {
        let linking = LinkingRefusal::ALL.map(Self::Linking).into_iter();
        let personal = PersonalLinkingRefusal::ALL.map(Self::PersonalLinking);
        let mut all = linking.chain(personal).chain(PasskeyRefusal::ALL.map(Self::Passkey)).chain(OF_CODES);
        all.find(|refusal| refusal.code() == code)
    }

    /// The stable code. *Source*: `api.md`, R-API-1.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::InvalidCredentials => "invalid-credentials",
            Self::NoSession | Self::SessionEnded(_) => "no-session",
            Self::SsoRequired(_) => "sso-required",
            Self::NeedsSso => "needs-sso",
            Self::NeedsProof => "needs-proof",
            Self::NeedsSecondFactor | Self::NoSecondFactor(_) => "needs-second-factor",
            Self::NeedsMailedCode => "needs-mailed-code",
            Self::FactorExists => "factor-exists",
            Self::NeedsRecentProof => "needs-recent-proof",
            Self::NotAnOrganizationMember => "not-an-organization-member",
            Self::NotPermitted => "not-permitted",
            Self::NotFound => "not-found",
            Self::LastOwner | Self::LastOwnerOf(_) => "last-owner",
            Self::LastWayIn => "last-way-in",
            Self::MemberLimit => "member-limit",
            Self::OrganizationLimit => "organization-limit",
            Self::SlugTaken => "slug-taken",
            Self::SsoNotEntitled => "sso-not-entitled",
            Self::SsoEnforced => "sso-enforced",
            Self::NoWayBackIn => "no-way-back-in",
            Self::AlreadyEnforced => "already-enforced",
            Self::MfaManagedByIdp => "mfa-managed-by-idp",
            Self::InvitationsDisabledBySso => "invitations-disabled-by-sso",
            Self::ConnectionNotValidated => "connection-not-validated",
            Self::NoActiveConnection => "no-active-connection",
            Self::InvalidInput(_) => "invalid-input",
            Self::InvalidCode => "invalid-code",
            Self::AttemptOver => "attempt-over",
            Self::InvitationOver(InvitationEnd::Accepted) => "invitation-accepted",
            Self::InvitationOver(InvitationEnd::Revoked) => "invitation-revoked",
            Self::InvitationOver(InvitationEnd::Expired) => "invitation-expired",
            Self::InvitationForAnotherAddress => "invitation-for-another-address",
            Self::InvitationNeedsCode => "invitation-needs-code",
            Self::TooManyRequests { .. } => "too-many-requests",
            Self::SignUpClosed => "sign-up-closed",
            Self::MethodNotOffered => "method-not-offered",
            Self::Busy => "busy",
            Self::Linking(refusal) => refusal.code(),
            Self::PersonalLinking(refusal) => refusal.code(),
            Self::Passkey(refusal) => refusal.code(),
            Self::ConnectionChanged => "connection-changed",
            Self::DomainExists => "domain-exists",
            Self::DomainLimit => "domain-limit",
            Self::AddressTaken => "address-taken",
            Self::SignedOutAtProvider => "signed-out-at-provider",
            Self::LogOutStateMissing => "log-out-state-missing",
            Self::LogOutStateUnknown => "log-out-state-unknown",
        }
    }

    /// What sort of "no" it is.
    pub const fn kind(&self) -> RefusalKind {
        match self {
            Self::InvalidCredentials | Self::NoSession | Self::SessionEnded(_) => RefusalKind::Unauthenticated,
            Self::SsoRequired(_)
            | Self::NeedsSso
            | Self::NeedsProof
            | Self::NeedsSecondFactor
            | Self::NoSecondFactor(_)
            | Self::NeedsMailedCode
            | Self::NeedsRecentProof
            | Self::NotAnOrganizationMember
            | Self::NotPermitted
            | Self::SsoNotEntitled
            | Self::InvitationForAnotherAddress
            | Self::InvitationNeedsCode
            | Self::SignUpClosed
            | Self::MethodNotOffered
            | Self::Passkey(_)
            | Self::Linking(
                LinkingRefusal::MembershipRemoved
                | LinkingRefusal::LinkedToAnotherSubject
                | LinkingRefusal::EmailMissing,
            )
            | Self::PersonalLinking(PersonalLinkingRefusal::AddressMissing | PersonalLinkingRefusal::SignUpClosed) => {
                RefusalKind::Forbidden
            }
            Self::NotFound => RefusalKind::NotFound,
            Self::LastOwner
            | Self::LastOwnerOf(_)
            | Self::LastWayIn
            | Self::MemberLimit
            | Self::Linking(LinkingRefusal::MemberLimit)
            | Self::OrganizationLimit
            | Self::SlugTaken
            | Self::FactorExists
            | Self::SsoEnforced
            | Self::NoWayBackIn
            | Self::AlreadyEnforced
            | Self::MfaManagedByIdp
            | Self::InvitationsDisabledBySso
            | Self::ConnectionNotValidated
            | Self::NoActiveConnection
            | Self::PersonalLinking(
                PersonalLinkingRefusal::AnotherAccountLinked | PersonalLinkingRefusal::LinkedToSomebodyElse,
            )
            | Self::SignedOutAtProvider
            | Self::ConnectionChanged
            | Self::DomainExists
            | Self::DomainLimit
            | Self::AddressTaken => RefusalKind::Conflict,
            Self::InvitationOver(_) | Self::AttemptOver | Self::LogOutStateUnknown => RefusalKind::Gone,
            Self::InvalidInput(_) | Self::InvalidCode | Self::LogOutStateMissing => RefusalKind::Invalid,
            Self::TooManyRequests { .. } => RefusalKind::TooMany,
            Self::Busy => RefusalKind::Unavailable,
        }
    }

    /// What happened, in a few words: the title of a page.
    pub const fn title(&self) -> &'static str {
        match self {
            Self::InvalidCredentials => "Email or password is not right",
            Self::NoSession => "You are signed out",
            Self::SessionEnded(_) => "Your session ended",
            Self::SsoRequired(_) | Self::NeedsSso => "Single sign-on is required",
            Self::NeedsProof | Self::NeedsRecentProof => "Confirm it is you",
            Self::NeedsSecondFactor | Self::NoSecondFactor(_) => "A second factor is required",
            Self::NeedsMailedCode => "Confirm your address first",
            Self::FactorExists => "You have one already",
            Self::NotAnOrganizationMember => "You are not a member here",
            Self::NotPermitted => "Your role does not allow this",
            Self::NotFound => "There is nothing here",
            Self::LastOwner | Self::LastOwnerOf(_) => "The last Owner stays",
            Self::LastWayIn => "This is your only way to sign in",
            Self::MemberLimit | Self::Linking(LinkingRefusal::MemberLimit) => "The organization is full",
            Self::OrganizationLimit => "You cannot create another organization",
            Self::SlugTaken => "That short name is taken",
            Self::SsoNotEntitled => "Single sign-on is not part of the plan",
            Self::SsoEnforced => "Not while SSO is enforced",
            Self::NoWayBackIn => "Nobody could come back in",
            Self::AlreadyEnforced => "SSO is enforced already",
            Self::MfaManagedByIdp => "Second factors are asked for at the identity provider",
            Self::InvitationsDisabledBySso => "People come through single sign-on here",
            Self::ConnectionNotValidated => "Test the connection first",
            Self::NoActiveConnection => "There is no single sign-on here",
            Self::InvalidInput(_) => "Something needs another look",
            Self::InvalidCode => "That is not the code",
            Self::AttemptOver => "This is no longer valid",
            Self::InvitationOver(InvitationEnd::Accepted) => "The invitation was accepted already",
            Self::InvitationOver(InvitationEnd::Revoked) => "The invitation was withdrawn",
            Self::InvitationOver(InvitationEnd::Expired) => "The invitation has expired",
            Self::InvitationForAnotherAddress => "The invitation is for somebody else",
            Self::InvitationNeedsCode => "Confirm your address first",
            Self::TooManyRequests { .. } => "Too many tries",
            Self::SignUpClosed | Self::PersonalLinking(PersonalLinkingRefusal::SignUpClosed) => "Sign-up is closed",
            Self::PersonalLinking(PersonalLinkingRefusal::AddressMissing) => "No address was named that we can use",
            Self::PersonalLinking(PersonalLinkingRefusal::AnotherAccountLinked) => "Another account is linked already",
            Self::PersonalLinking(PersonalLinkingRefusal::LinkedToSomebodyElse) => {
                "That account is somebody else's here"
            }
            Self::MethodNotOffered => "There is no such way to sign in here",
            Self::Busy => "Busy right now",
            Self::Linking(LinkingRefusal::MembershipRemoved) => "You were removed from this organization",
            Self::Linking(LinkingRefusal::LinkedToAnotherSubject) => "Your account is linked to another SSO user",
            Self::Linking(LinkingRefusal::EmailMissing) => "Your identity provider sent no e-mail address",
            Self::Passkey(refusal) => refusal.title(),
            Self::ConnectionChanged => "Single sign-on changed meanwhile",
            Self::DomainExists => "The domain is in the list already",
            Self::DomainLimit => "There are as many domains as there may be",
            Self::AddressTaken => "The address is somebody else's now",
            Self::SignedOutAtProvider => "You signed out at your identity provider meanwhile",
            Self::LogOutStateMissing | Self::LogOutStateUnknown => "No sign-out of this browser is waiting",
        }
    }

    /// Title and advice in one text, where there is no room for two.
    pub fn told(&self) -> String {
        format!("{}. {}", self.title(), self.advice())
    }

    /// What to do about it, as a sentence or two.
    pub fn advice(&self) -> String {
        let text = match self {
            Self::InvalidCredentials => {
                "Check both and try again, or set a new password with \u{201c}Forgot your password?\u{201d}."
            }
            Self::NoSession => "Sign in again to go on.",
            Self::SessionEnded(_) => {
                "An organization you belong to asks its members to sign in through its SSO. Sign in that way to go on."
            }
            Self::SsoRequired(_) => {
                "An organization you belong to asks its members to sign in through its SSO, wherever they are going."
            }
            Self::NeedsSso => "This organization opens only to a sign-in through its own SSO.",
            Self::NeedsProof => {
                "The way you signed in does not reach this far. Use another way of yours, or a code mailed to your address."
            }
            Self::NeedsSecondFactor => "Use your second factor to go on.",
            Self::NoSecondFactor(organizations) => {
                let names: Vec<&str> = organizations.iter().map(|organization| organization.name.as_str()).collect();
                return match names.as_slice() {
                    [] => "You have no second factor yet. Set one up under Sign-in and security first.".to_owned(),
                    _ => format!(
                        "{} asks its members for a second factor, and you have none yet. Set one up under Sign-in and \
                         security, or come in through its SSO.",
                        names.join(", ")
                    ),
                };
            }
            Self::NeedsMailedCode => {
                "Before your first second factor we mail a code to your address. Ask for it and enter it here."
            }
            Self::FactorExists => "Remove the one you have before you set up another.",
            Self::NeedsRecentProof => "This reaches far, so it needs a proof from the last 15 minutes.",
            Self::NotAnOrganizationMember => {
                "Ask an Owner of the organization to invite you, or sign in as somebody else."
            }
            Self::NotPermitted => "Ask an Owner of the organization.",
            Self::NotFound => "It may have been removed, or the address is mistyped.",
            Self::LastOwner => "An organization always has an Owner. Make somebody else Owner first.",
            Self::LastOwnerOf(organizations) => {
                let names: Vec<&str> = organizations.iter().map(|organization| organization.name.as_str()).collect();
                return format!(
                    "You are the last Owner of {}. Make somebody else Owner there, or delete it and wait until it is gone.",
                    names.join(", ")
                );
            }
            Self::LastWayIn => {
                "Set up another way to sign in first, under Sign-in and security: a passkey, an account that you link, or a password."
            }
            Self::MemberLimit | Self::Linking(LinkingRefusal::MemberLimit) => {
                "It has as many members as it may. Ask an Owner; they have been told."
            }
            Self::OrganizationLimit => {
                "You have created as many as this service allows. Delete one, or ask whoever runs the service."
            }
            Self::SlugTaken => "Choose another one.",
            Self::SsoNotEntitled => "Ask whoever runs this service to switch single sign-on on for the organization.",
            Self::SsoEnforced => "Turn SSO enforcement off first.",
            Self::NoWayBackIn => {
                "If the identity provider is down, no Owner could sign in without it. Keep an exempt Owner with a password \
                 or a passkey, or accept that only whoever runs this service can let you back in."
            }
            Self::AlreadyEnforced => {
                "A trial comes before enforcement is confirmed. Turn it off first to try it again."
            }
            Self::MfaManagedByIdp => "While SSO is enforced, ask for second factors there.",
            Self::InvitationsDisabledBySso => {
                "While SSO is enforced nobody is invited: give people its login address, they join as they sign in."
            }
            Self::ConnectionNotValidated => {
                "Use \u{201c}Test connection\u{201d} and complete a sign-in with exactly these settings."
            }
            Self::NoActiveConnection => "Use another way to sign in, or ask an Owner of the organization.",
            Self::InvalidInput(fields) => {
                return fields.iter().map(|field| field.message.as_str()).collect::<Vec<_>>().join(" ");
            }
            Self::InvalidCode => "Look at the newest mail from us; only its code serves.",
            Self::AttemptOver => "It was used, has expired or was tried too often. Start again.",
            Self::InvitationOver(InvitationEnd::Accepted) => {
                "An invitation can be used once. Sign in to see the organization."
            }
            Self::InvitationOver(InvitationEnd::Revoked | InvitationEnd::Expired) => {
                "Ask the person who invited you to send it again."
            }
            Self::InvitationForAnotherAddress => {
                "Sign in with the address that was invited, or ask for an invitation to yours."
            }
            Self::InvitationNeedsCode => "This link was passed on by hand, so we mail a code to the invited address.",
            Self::TooManyRequests { retry_after } => {
                return format!("Nothing was changed. Try again in {}.", wait::words(*retry_after));
            }
            Self::SignUpClosed | Self::PersonalLinking(PersonalLinkingRefusal::SignUpClosed) => {
                "New accounts need an invitation here. Ask an Owner of your organization."
            }
            Self::PersonalLinking(PersonalLinkingRefusal::AddressMissing) => {
                "Add an address to your account there and verify it, or sign up with e-mail and password."
            }
            Self::PersonalLinking(PersonalLinkingRefusal::AnotherAccountLinked) => {
                "Sign in with the one that is linked, or in another way, and unlink it under Sign-in and security first."
            }
            Self::PersonalLinking(PersonalLinkingRefusal::LinkedToSomebodyElse) => {
                "It opens another account at this service. Sign in with it and unlink it there first."
            }
            Self::MethodNotOffered => "Go back to the sign-in page and choose another way.",
            Self::Busy => "Nothing was changed. Try again in a moment.",
            Self::Linking(LinkingRefusal::MembershipRemoved) => {
                "Ask an Owner of the organization to re-admit you or to invite you again."
            }
            Self::Linking(LinkingRefusal::LinkedToAnotherSubject) => {
                "Your identity provider knows you under another id than before. Ask an Owner to clear the old link."
            }
            Self::Linking(LinkingRefusal::EmailMissing) => {
                "Ask your administrator to release the e-mail address to this application."
            }
            Self::Passkey(refusal) => refusal.advice(),
            Self::ConnectionChanged => "An Owner replaced or disabled it while you were signing in. Start again.",
            Self::DomainExists => "Go on with the one that is there.",
            Self::DomainLimit => "Remove one that you do not need, then add this one.",
            Self::AddressTaken => {
                "Another account has proven it since. Sign in another way, and give this account an address of yours."
            }
            Self::SignedOutAtProvider => "It told us so while you were signing in. Start again to sign in anew.",
            Self::LogOutStateMissing => {
                "What came back from the identity provider belongs to no sign-out here, so nothing was changed. Open the \
                 sign-in page to see whether you are signed in."
            }
            Self::LogOutStateUnknown => {
                "What came back from the identity provider was for another browser, was used or has expired, so nothing was \
                 changed. Open the sign-in page to see whether you are signed in."
            }
        };
        text.to_owned()
    }
}

impl From<PersonalLinkingRefusal> for Refusal {
    fn from(refusal: PersonalLinkingRefusal) -> Self {
        Self::PersonalLinking(refusal)
    }
}

impl From<PasskeyRefusal> for Refusal {
    fn from(refusal: PasskeyRefusal) -> Self {
        Self::Passkey(refusal)
    }
}

impl From<LinkingRefusal> for Refusal {
    fn from(refusal: LinkingRefusal) -> Self {
        Self::Linking(refusal)
    }
}
