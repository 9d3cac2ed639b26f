//! Owns invitations to an organization: sending them, opening one, accepting it. *Source*: section 2.

mod accept;
mod open;
mod pending;
mod row;
mod send;

pub use accept::{Accepted, accept, request_code, take_invitation};
pub use open::{InvitationStanding, InvitationView, open};
pub(crate) use open::{opens_sign_up, still_opens_sign_up};
pub use pending::get;
pub(crate) use row::{NewRow, insert};
pub use send::{
    Invited, NewInvitations, PendingInvitation, ProjectChoice, SentInvitation, copy_link, invite, list, resend, revoke,
};

use orgate_core::invitation::{InvitationEnd, InvitationLife, InvitationLink};
use orgate_core::refusal::Refusal;
use orgate_core::time::Timestamp;
use orgate_store::{Invitation, Organization, Tx};

use crate::app::App;
use crate::audit::Event;
use crate::error::Error;
use crate::token::{SecretToken, TokenPurpose};

/// An invitation found by the token of one of its links.
struct Found {
    invitation: Invitation,
    link: InvitationLink,
    organization: Organization,
}

/// The invitation that a link's token names, in whatever state.
async fn find(tx: &mut Tx, token: &str) -> Result<Option<Found>, Error> {
    let Some(token) = SecretToken::parse(token) else { return Ok(None) };
    // The purpose is hashed along, so the two kinds of token are never taken for each other (T-WEB-7).
    for (purpose, link) in [
        (TokenPurpose::InvitationMailed, InvitationLink::Mailed),
        (TokenPurpose::InvitationCopied, InvitationLink::Copied),
    ] {
        let found = tx.instance().find_invitation_by_token(&token.hash(purpose)).await?;
        if let Some((invitation, stored)) = found
            && stored == link
        {
            let organization = tx.organization(&invitation.organization_id).load_organization().await?;
            return Ok(Some(Found { invitation, link, organization }));
        }
    }
    Ok(None)
}

/// Why it cannot be accepted any more, checked at use (T-INV-1).
fn end(invitation: &Invitation, now: Timestamp) -> Option<InvitationEnd> {
    let life = InvitationLife {
        expires_at: invitation.expires_at,
        accepted_at: invitation.accepted_at,
        revoked_at: invitation.revoked_at,
    };
    life.end(now)
}

/// R-INV-3: while SSO is enforced nobody is invited, and no invitation is accepted but by signing in through it.
fn refuse_while_enforced(organization: &Organization) -> Result<(), Refusal> {
    if organization.enforcement.enforced { Err(Refusal::InvitationsDisabledBySso) } else { Ok(()) }
}

/// What happened to an invitation, with what it was.
pub(crate) fn event(action: &'static str, invitation: &Invitation) -> Event {
    Event::done(action)
        .target(&invitation.id, &invitation.email)
        .data(serde_json::json!({ "role": invitation.role, "expires_at": invitation.expires_at.to_rfc3339() }))
}

fn link_url(app: &App, token: &SecretToken) -> String {
    app.settings.public_url.link(&format!("/invitations/{}", &*token.reveal()))
}
