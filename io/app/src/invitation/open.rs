//! Owns what a link shows to whoever opens it: who invites where, and what can be done. Nothing of it is told once the
//! invitation is over, and why it is over is told to nobody (T-INV-1).

use orgate_core::email::EmailAddress;
use orgate_core::id::InvitationId;
use orgate_core::invitation::InvitationLink;
use orgate_core::policy::{AddressState, Decision, Question};
use orgate_core::refusal::Refusal;
use orgate_core::role::OrganizationRole;
use orgate_core::time::Timestamp;
use orgate_store::{Invitation, InvitedProject, Tx};

use super::{Found, end, find};
use crate::app::App;
use crate::authorise::{self, Caller};
use crate::error::Error;
use crate::visitor::Visitor;

/// What can be done with an invitation now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InvitationStanding {
    /// Accept it.
    Ready,
    /// Sign in or sign up first.
    SignedOut,
    /// A code has to be mailed first (R-INV-2).
    NeedsCode,
    /// Somebody else is signed in.
    WrongPerson {
        /// Their name.
        name: String,
        /// Their address.
        email: String,
    },
    /// While SSO is enforced it is taken along by signing in through it (R-INV-4).
    SsoOnly,
}

/// A living invitation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvitationView {
    /// The organization's name.
    pub organization_name: String,
    /// Its short name.
    pub organization_slug: String,
    /// The name of who invites.
    pub inviter: String,
    /// The invited address: whole for who has the mail or is that person, else mostly hidden.
    pub email: String,
    /// The role.
    pub role: OrganizationRole,
    /// The roles in projects that come with it.
    pub projects: Vec<InvitedProject>,
    /// Until when it can be accepted.
    pub expires_at: Timestamp,
    /// What can be done.
    pub standing: InvitationStanding,
}

/// Looks at an invitation without using it up; `None` when it is over or never was.
///
/// *Errors*: faults only.
pub async fn open(app: &App, visitor: &Visitor, token: &str) -> Result<Option<InvitationView>, Error> {
    app.store
        .read((app.clone(), visitor.clone(), token.to_owned()), |tx, (app, visitor, token)| {
            Box::pin(async move {
                let found = find(tx, token).await?;
                let Some(found) = found.filter(|found| end(&found.invitation, app.now()).is_none()) else {
                    return Ok(None);
                };
                let caller = match authorise::session(tx, app, visitor).await {
                    Ok(caller) => Some(caller),
                    Err(Error::Refused(_)) => None,
                    Err(fault @ Error::Fault(_)) => return Err(fault),
                };
                view(tx, found, caller.as_ref()).await.map(Some)
            })
        })
        .await
}

/// A closed sign-up opens to who holds a living invitation to the address: this one.
///
/// *Errors*: [`Refusal::SignUpClosed`].
pub(crate) async fn opens_sign_up(app: &App, token: Option<&str>, email: &EmailAddress) -> Result<InvitationId, Error> {
    let token = token.ok_or(Refusal::SignUpClosed)?;
    app.store
        .read((app.now(), token.to_owned(), email.clone()), |tx, (now, token, email)| {
            Box::pin(async move {
                let invitation = find(tx, token).await?.map(|found| found.invitation);
                Ok(opening(invitation, email, *now)?.id)
            })
        })
        .await
}

/// Whether the invitation that a closed sign-up was opened by opens it still, or one of the same organization that took its place
/// meanwhile. What it refuses travels as a value: a try at the code is counted all the same.
pub(crate) async fn still_opens_sign_up(
    tx: &mut Tx,
    app: &App,
    id: Option<&InvitationId>,
    email: &EmailAddress,
) -> Result<Result<(), Refusal>, Error> {
    let Some(id) = id else { return Ok(Err(Refusal::SignUpClosed)) };
    let Some(opened_by) = tx.instance().find_invitation(id).await? else { return Ok(Err(Refusal::SignUpClosed)) };
    let organization = opened_by.organization_id.clone();
    let opened = opening(Some(opened_by), email, app.now());
    let is_replaced =
        opened.is_err() && tx.organization(&organization).find_pending_invitation(email, app.now()).await?.is_some();
    Ok(if is_replaced { Ok(()) } else { opened.map(|_| ()) })
}

fn opening(invitation: Option<Invitation>, email: &EmailAddress, now: Timestamp) -> Result<Invitation, Refusal> {
    let living = invitation.filter(|invitation| end(invitation, now).is_none() && invitation.email == *email);
    living.ok_or(Refusal::SignUpClosed)
}

async fn view(tx: &mut Tx, found: Found, caller: Option<&Caller>) -> Result<InvitationView, Error> {
    let standing = standing(&found, caller);
    let Found { invitation, link, organization } = found;
    let knows_address =
        link == InvitationLink::Mailed || caller.is_some_and(|caller| has_address(caller, &invitation.email));
    Ok(InvitationView {
        inviter: tx.instance().load_user(&invitation.invited_by).await?.name,
        email: if knows_address { invitation.email.to_string() } else { invitation.email.masked() },
        projects: tx.organization(&organization.id).list_invited_projects(&invitation.id).await?,
        organization_name: organization.name,
        organization_slug: organization.slug,
        role: invitation.role,
        expires_at: invitation.expires_at,
        standing,
    })
}

fn standing(found: &Found, caller: Option<&Caller>) -> InvitationStanding {
    if found.organization.enforcement.enforced {
        return InvitationStanding::SsoOnly;
    }
    let Some(caller) = caller else { return InvitationStanding::SignedOut };
    if !has_address(caller, &found.invitation.email) {
        return InvitationStanding::WrongPerson { name: caller.check.name.clone(), email: caller.check.email.clone() };
    }
    let proven = caller.check.address == AddressState::Proven && caller.decide(Question::Account) == Decision::Allow;
    match found.link {
        InvitationLink::Mailed => InvitationStanding::Ready,
        InvitationLink::Copied if proven => InvitationStanding::Ready,
        InvitationLink::Copied => InvitationStanding::NeedsCode,
    }
}

pub(super) fn has_address(caller: &Caller, invited: &EmailAddress) -> bool {
    EmailAddress::parse(&caller.check.email).is_ok_and(|own| own == *invited)
}
