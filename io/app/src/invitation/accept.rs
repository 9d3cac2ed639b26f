//! Owns accepting an invitation: an act of consent by the User who has the invited address, in a session that opens
//! their account (R-INV-2, R-IN-9).

use orgate_core::actor::Actor;
use orgate_core::challenge::ChallengePurpose;
use orgate_core::email::EmailAddress;
use orgate_core::id::{InvitationId, OrganizationId, UserId};
use orgate_core::invitation::{InvitationEnd, InvitationLink};
use orgate_core::linking::LinkingRefusal;
use orgate_core::membership::{MembershipOrigin, MembershipState};
use orgate_core::policy::{AddressState, Decision, Question, Requirement, decide};
use orgate_core::proof::Proof;
use orgate_core::refusal::Refusal;
use orgate_core::role::OrganizationRole;
use orgate_store::{Invitation, Tx, User};

use super::open::has_address;
use super::{Found, end, find, refuse_while_enforced};
use crate::address::{self, Factor};
use crate::app::App;
use crate::audit::{self, Author, Event};
use crate::authorise::{self, Caller};
use crate::challenge::{self, Ask};
use crate::error::Error;
use crate::limit;
use crate::mail::templates::MailTemplate;
use crate::membership;
use crate::notice;
use crate::token::SixDigitCode;
use crate::visitor::Visitor;

/// What accepting led to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accepted {
    /// Where the person is a member now.
    pub organization_id: OrganizationId,
    /// Its short name.
    pub slug: String,
    /// Its name.
    pub name: String,
    /// The person's role there.
    pub role: OrganizationRole,
}

/// Accepts. The mailed token serves as the mailed code of R-IN-9; over the copied one, `code` does where one is needed.
///
/// *Errors*: [`Refusal::NotFound`], [`Refusal::InvitationOver`], [`Refusal::InvitationsDisabledBySso`],
/// [`Refusal::InvitationForAnotherAddress`] (T-INV-2), [`Refusal::InvitationNeedsCode`], [`Refusal::InvalidCode`],
/// [`Refusal::AttemptOver`], [`Refusal::MemberLimit`], [`Refusal::NeedsSecondFactor`],
/// [`LinkingRefusal::MembershipRemoved`], and those of [`authorise::session`].
pub async fn accept(app: &App, visitor: &Visitor, token: &str, code: Option<&str>) -> Result<Accepted, Error> {
    let code = match code {
        Some(typed) => Some(SixDigitCode::parse(typed).ok_or(Refusal::InvalidCode)?),
        None => None,
    };
    let input = (app.clone(), visitor.clone(), token.to_owned(), code);
    let outcome = app
        .store
        .write(input, |tx, (app, visitor, token, code)| {
            Box::pin(async move {
                let caller = authorise::session(tx, app, visitor).await?;
                let found = acceptable(tx, app, token).await?;
                if !has_address(&caller, &found.invitation.email) {
                    return Err(Error::from(Refusal::InvitationForAnotherAddress));
                }
                // What was counted or mailed has to be kept, so these refusals travel as values.
                if let Err(refusal) = confirm(tx, app, &caller, &found, code.as_ref()).await? {
                    return Ok(Err(refusal));
                }
                if let Err(refusal) = make_room(tx, app, &caller, &found).await? {
                    return Ok(Err(refusal));
                }
                join(tx, app, visitor, &caller, found).await.map(Ok)
            })
        })
        .await?;
    app.outbox.wake();
    outcome.map_err(|refusal: Refusal| Error::from(refusal))
}

/// Mails a code to the invited address, bound to the invitation and this session.
///
/// *Errors*: as [`accept`], and [`Refusal::TooManyRequests`].
pub async fn request_code(app: &App, visitor: &Visitor, token: &str) -> Result<(), Error> {
    app.store
        .write((app.clone(), visitor.clone(), token.to_owned()), |tx, (app, visitor, token)| {
            Box::pin(async move {
                let caller = authorise::session(tx, app, visitor).await?;
                let found = acceptable(tx, app, token).await?;
                if !has_address(&caller, &found.invitation.email) {
                    return Err(Error::from(Refusal::InvitationForAnotherAddress));
                }
                let user = tx.instance().load_user(caller.user_id()).await?;
                limit::code_in(tx, app, ChallengePurpose::Invitation, &user).await?;
                let bound_to = bound_to(&caller, &found);
                let ask = Ask {
                    purpose: ChallengePurpose::Invitation,
                    bound_to: &bound_to,
                    user_id: Some(caller.user_id()),
                    email: &found.invitation.email,
                };
                let (_, code) = challenge::put(tx, app, ask).await?;
                let template = MailTemplate::InvitationCode { code, organization: found.organization.name };
                // To the address as the User wrote it, which is theirs; never as an inviter did (T-LNK-10).
                app.outbox.put(tx, &user.email, template).await
            })
        })
        .await?;
    app.outbox.wake();
    Ok(())
}

/// Takes along the invitation of a newcomer who signs in through the organization's SSO: its project grants apply, the
/// role `owner` does not, and it is used up.
///
/// *Source*: R-INV-4; whether it is taken at all is decided in `core::linking`.
pub async fn take_invitation(
    tx: &mut Tx,
    app: &App,
    visitor: &Visitor,
    organization_id: &OrganizationId,
    user_id: &UserId,
    email: &EmailAddress,
) -> Result<Option<InvitationId>, Error> {
    let now = app.now();
    let mut view = tx.organization(organization_id);
    let Some(invitation) = view.find_pending_invitation(email, now).await? else { return Ok(None) };
    if !view.accept_invitation(&invitation.id, user_id, now).await? {
        return Ok(None);
    }
    grant(tx, app, &invitation, user_id).await?;
    let user = tx.instance().load_user(user_id).await?;
    note(tx, app, visitor, &invitation, &user, "sso").await?;
    Ok(Some(invitation.id))
}

async fn acceptable(tx: &mut Tx, app: &App, token: &str) -> Result<Found, Error> {
    let found = find(tx, token).await?.ok_or(Refusal::NotFound)?;
    if let Some(end) = end(&found.invitation, app.now()) {
        return Err(Refusal::InvitationOver(end).into());
    }
    refuse_while_enforced(&found.organization)?;
    Ok(found)
}

/// Whether the session opens the account, counting the mailed token or the code, and the address is the person's.
async fn confirm(
    tx: &mut Tx,
    app: &App,
    caller: &Caller,
    found: &Found,
    code: Option<&SixDigitCode>,
) -> Result<Result<(), Refusal>, Error> {
    let mut by_mail = found.link == InvitationLink::Mailed;
    if let Some(code) = code {
        if let Err(refusal) = take_code(tx, app, caller, found, code).await? {
            return Ok(Err(refusal));
        }
        by_mail = true;
    }
    let mut world = caller.world.clone();
    if by_mail {
        world.address = AddressState::Proven;
    }
    let proofs =
        if by_mail { caller.proofs().with(Proof::MailedCode { at: app.now() }) } else { caller.proofs().clone() };
    if world.address != AddressState::Proven {
        return Ok(Err(Refusal::InvitationNeedsCode));
    }
    let decision = decide(Question::Account, &world, &proofs);
    Ok(match decision {
        Decision::Allow => Ok(()),
        Decision::Require(Requirement::Proof) if !by_mail => Err(Refusal::InvitationNeedsCode),
        other => Err(authorise::refusal(&other, &caller.check.places)),
    })
}

async fn take_code(
    tx: &mut Tx,
    app: &App,
    caller: &Caller,
    found: &Found,
    code: &SixDigitCode,
) -> Result<Result<(), Refusal>, Error> {
    let bound_to = bound_to(caller, found);
    match tx.instance().find_challenge(ChallengePurpose::Invitation, &bound_to, app.now()).await? {
        Some(challenge) => challenge::take(tx, app, &challenge, code).await,
        None => Ok(Err(Refusal::AttemptOver)),
    }
}

/// The invitation and the session: a code serves in no other.
fn bound_to(caller: &Caller, found: &Found) -> String {
    format!("{}:{}", found.invitation.id, caller.session_id())
}

/// R-LNK-8: a full organization refuses a newcomer and tells its Owners.
async fn make_room(tx: &mut Tx, app: &App, caller: &Caller, found: &Found) -> Result<Result<(), Refusal>, Error> {
    let id = &found.organization.id;
    let is_member = caller.world.place(id).is_some();
    if is_member || limit::has_room(tx, app, id).await? {
        return Ok(Ok(()));
    }
    notice::member_limit(tx, app, id, &caller.check.email).await?;
    Ok(Err(Refusal::MemberLimit))
}

/// The role that the person holds here, if they are a member.
///
/// *Errors*: [`LinkingRefusal::MembershipRemoved`]: an Owner's invitation has lifted the removal when it was sent, and nobody else's
/// does. That of another account with the invited address holds too: it may have been closed and made anew. *Source*: R-LNK-1.
async fn held_role(tx: &mut Tx, invitation: &Invitation, user_id: &UserId) -> Result<Option<OrganizationRole>, Error> {
    let mut view = tx.organization(&invitation.organization_id);
    let held = view.find_membership(user_id).await?;
    if let Some(member) = held.as_ref().filter(|held| held.state == MembershipState::Active) {
        return Ok(Some(member.role));
    }
    let is_removed = held.is_some_and(|held| held.state == MembershipState::Removed);
    if is_removed || !view.list_removed_by_email(&invitation.email).await?.is_empty() {
        return Err(Refusal::from(LinkingRefusal::MembershipRemoved).into());
    }
    Ok(None)
}

/// Uses the invitation up and makes the person a member; who is one already keeps the stronger role.
async fn join(tx: &mut Tx, app: &App, visitor: &Visitor, caller: &Caller, found: Found) -> Result<Accepted, Error> {
    let Found { invitation, organization, .. } = found;
    let now = app.now();
    let person = tx.instance().load_user(caller.user_id()).await?;
    if address::holder(tx, &person).await?.is_some() {
        // Another account has the address: the invitation is for that one, and this session is not its own.
        return Err(Refusal::InvitationForAnotherAddress.into());
    }
    let user = address::prove(tx, app, visitor, person, Factor::Nothing).await?.owner;
    if !tx.organization(&organization.id).accept_invitation(&invitation.id, &user.id, now).await? {
        return Err(Refusal::InvitationOver(InvitationEnd::Accepted).into());
    }
    let held = held_role(tx, &invitation, &user.id).await?;
    let role = held.map_or(invitation.role, |held| held.max(invitation.role));
    match held {
        Some(held) if held != role => {
            membership::set_role(tx, app, &organization.id, &user.id, role).await?;
            let event = Event::done("member.role-changed")
                .target(&user.id, &user.name)
                .data(serde_json::json!({ "from": held, "to": role, "invitation_id": invitation.id }));
            audit::record(tx, app, Some(visitor), Some(&organization.id), &author(&user), event).await?;
        }
        Some(_) => {}
        None => {
            membership::join(tx, app, &organization.id, &user.id, role, MembershipOrigin::Invitation).await?;
        }
    }
    grant(tx, app, &invitation, &user.id).await?;
    note(tx, app, visitor, &invitation, &user, "accepted").await?;
    if role == OrganizationRole::Owner && held != Some(OrganizationRole::Owner) {
        notice::new_owner(tx, app, &organization, &user).await?;
    }
    Ok(Accepted { organization_id: organization.id, slug: organization.slug, name: organization.name, role })
}

/// The roles in projects that it carries, united with those the person has.
async fn grant(tx: &mut Tx, app: &App, invitation: &Invitation, user_id: &UserId) -> Result<(), Error> {
    let mut view = tx.organization(&invitation.organization_id);
    for project in view.list_invited_projects(&invitation.id).await? {
        let held = view.find_grant(&project.project_id, user_id).await?;
        let role = held.map_or(project.role, |held| held.max(project.role));
        view.set_grant(&project.project_id, user_id, role, &project.added_by, app.now()).await?;
    }
    Ok(())
}

async fn note(
    tx: &mut Tx,
    app: &App,
    visitor: &Visitor,
    invitation: &Invitation,
    user: &User,
    how: &'static str,
) -> Result<(), Error> {
    let event = Event::done("invitation.accepted")
        .target(&invitation.id, &invitation.email)
        .data(serde_json::json!({ "role": invitation.role, "how": how }));
    audit::record(tx, app, Some(visitor), Some(&invitation.organization_id), &author(user), event).await
}

fn author(user: &User) -> Author {
    Author { actor: Actor::User(user.id.clone()), name: Some(user.name.clone()) }
}
