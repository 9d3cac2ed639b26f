//! Owns what happens when a person proves their stored address by a code or link mailed to it. A proven one stays as it
//! is; one that is local to an organization becomes the person's own, or brings them to who has it proven (R-LNK-4).

use orgate_core::actor::Actor;
use orgate_core::id::OrganizationId;
use orgate_core::linking::{AddressClaim, Candidate, claim_address};
use orgate_core::policy::AddressState;
use orgate_core::refusal::Refusal;
use orgate_store::{KeySpace, Tx, User};

use crate::app::App;
use crate::audit::{self, Author, Event};
use crate::enforcement::way_back;
use crate::error::Error;
use crate::mail::templates::MailTemplate;
use crate::session;
use crate::visitor::Visitor;

/// Takes the proof, and says whose address it is from now on: the person's, or that of the one they were brought to.
///
/// *Errors*: [`Refusal::NeedsSecondFactor`] when who has it proven has a second factor, [`Refusal::Linking`] (removed
/// from the organization, or linked to another subject). *Source*: R-LNK-4.
pub(crate) async fn prove(tx: &mut Tx, app: &App, visitor: &Visitor, person: User) -> Result<User, Error> {
    let AddressState::LocalTo(home) = person.address.clone() else { return Ok(person) };
    let Some(holder) = tx.instance().find_user_by_proven_email(&person.email).await? else {
        return make_theirs(tx, app, visitor, &home, person).await;
    };
    let candidate = seen_from(tx, &home, &person, &holder).await?;
    match claim_address(Some(&candidate)) {
        AddressClaim::Merge { .. } if holder.has_second_factor => Err(Refusal::NeedsSecondFactor.into()),
        AddressClaim::Merge { .. } => merge(tx, app, visitor, &home, &person, holder).await,
        AddressClaim::Refuse(refusal) => Err(Refusal::from(refusal).into()),
        AddressClaim::MakeTheirs => make_theirs(tx, app, visitor, &home, person).await,
    }
}

async fn make_theirs(
    tx: &mut Tx,
    app: &App,
    visitor: &Visitor,
    home: &OrganizationId,
    person: User,
) -> Result<User, Error> {
    let now = app.now();
    tx.instance().set_email_proven(&person.id, now).await?;
    let event = Event::done("address.proven").target(&person.id, &person.name);
    audit::record(tx, app, Some(visitor), Some(home), &author(&person), event).await?;
    Ok(User { address: AddressState::Proven, ..person })
}

/// Identity, membership and grants move to who has the address; the emptied account is closed.
async fn merge(
    tx: &mut Tx,
    app: &App,
    visitor: &Visitor,
    home: &OrganizationId,
    person: &User,
    holder: User,
) -> Result<User, Error> {
    session::settle(tx, app, &holder.id).await?;
    tx.instance().merge_users(&person.id, &holder.id, app.now()).await?;
    way_back::review_of_user(tx, app, &holder.id).await?;
    let event = Event::done("user.merged")
        .target(&holder.id, &holder.name)
        .data(serde_json::json!({ "closed_user_id": person.id }));
    audit::record(tx, app, Some(visitor), Some(home), &author(&holder), event).await?;
    let organization = tx.organization(home).load_organization().await?.name;
    let connection = "single sign-on".to_owned();
    let template = MailTemplate::LinkedByEmail { organization, connection, at: app.now() };
    app.outbox.put(tx, &holder.email, template).await?;
    Ok(holder)
}

/// Who has the address, as the organization of the local one sees them.
async fn seen_from(tx: &mut Tx, home: &OrganizationId, person: &User, holder: &User) -> Result<Candidate, Error> {
    let mut view = tx.organization(home);
    let membership = view.find_membership(&holder.id).await?;
    let mut linked = false;
    for identity in view.list_identities_of_user(&person.id).await? {
        let space = KeySpace {
            connection_id: &identity.connection_id,
            issuer: &identity.issuer,
            client_id: &identity.client_id,
        };
        linked |= view.find_identity_of_user(space, &holder.id).await?.is_some();
    }
    Ok(Candidate {
        user_id: holder.id.clone(),
        membership: membership.map(|membership| (membership.state, membership.role)),
        address_proven: true,
        linked_to_another_subject: linked,
    })
}

fn author(user: &User) -> Author {
    Author { actor: Actor::User(user.id.clone()), name: Some(user.name.clone()) }
}
