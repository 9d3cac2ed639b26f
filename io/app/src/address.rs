//! Owns what happens when a person proves their stored address by a code or link mailed to it. A proven one stays as it
//! is; one that is local to an organization becomes the person's own, or brings them to who has it proven, after the
//! second factor of that one (R-LNK-4). One whose domain passed to another organization becomes the person's own again,
//! unless somebody else has it proven since: nobody is brought together with a stranger (R-LNK-7).

use orgate_core::actor::Actor;
use orgate_core::id::{OrganizationId, UserId};
use orgate_core::linking::{AddressClaim, Candidate, claim_address};
use orgate_core::membership::MembershipState;
use orgate_core::policy::AddressState;
use orgate_core::proof::Proof;
use orgate_core::refusal::Refusal;
use orgate_store::{KeySpace, Tx, User};

use crate::app::App;
use crate::audit::{self, Author, Event};
use crate::enforcement::way_back;
use crate::error::Error;
use crate::mail::account_letters::AccountMail;
use crate::mail::templates::MailTemplate;
use crate::session;
use crate::sign_in::second_factor::{TypedFactor, beside};
use crate::visitor::Visitor;

/// Projects that a mail names at most.
const MOST_PROJECTS: u32 = 20;

/// What was shown of the second factor of who has the address proven.
#[derive(Clone, Copy)]
pub(crate) enum Factor<'a> {
    /// Nothing.
    Nothing,
    /// A code, to be used up now. Whoever asks counted the try.
    Typed(&'a TypedFactor),
    /// One of this person, which was used up earlier in the same attempt.
    Shown(&'a UserId),
}

impl<'a> From<Option<&'a TypedFactor>> for Factor<'a> {
    fn from(typed: Option<&'a TypedFactor>) -> Self {
        typed.map_or(Self::Nothing, Self::Typed)
    }
}

/// What became of the proof of an address.
pub(crate) struct Proven {
    /// Whose address it is from now on: the person, or the one whom they were brought to.
    pub(crate) owner: User,
    /// The second factor that was used up for it.
    pub(crate) second: Option<Proof>,
}

/// Takes the proof.
///
/// *Errors*: [`Refusal::NeedsSecondFactor`] when who has it proven has a second factor and it was not shown,
/// [`Refusal::InvalidInput`] for a wrong one, [`Refusal::Linking`] (removed from the organization, or linked to another
/// subject), [`Refusal::AddressTaken`]. *Source*: R-LNK-4, R-LNK-7.
pub(crate) async fn prove(
    tx: &mut Tx,
    app: &App,
    visitor: &Visitor,
    person: User,
    factor: Factor<'_>,
) -> Result<Proven, Error> {
    let home = match person.address.clone() {
        AddressState::Proven => return Ok(Proven { owner: person, second: None }),
        AddressState::LocalTo(home) => home,
        AddressState::Unproven => {
            if tx.instance().find_user_by_proven_email(&person.email).await?.is_some() {
                return Err(Refusal::AddressTaken.into());
            }
            return Ok(Proven { owner: make_theirs(tx, app, visitor, None, person).await?, second: None });
        }
    };
    match claim(tx, &home, &person).await? {
        AddressClaim::MakeTheirs => {
            Ok(Proven { owner: make_theirs(tx, app, visitor, Some(&home), person).await?, second: None })
        }
        AddressClaim::Merge { into } => {
            let holder = tx.instance().load_user(&into).await?;
            let second = match factor {
                Factor::Shown(by) if *by == holder.id => None,
                Factor::Typed(typed) => beside::take(tx, app, visitor, &holder, Some(typed)).await?,
                Factor::Shown(_) | Factor::Nothing => beside::take(tx, app, visitor, &holder, None).await?,
            };
            Ok(Proven { owner: merge(tx, app, visitor, &home, &person, holder).await?, second })
        }
        AddressClaim::Refuse(refusal) => Err(Refusal::from(refusal).into()),
    }
}

/// The organization that has proven the domain vouches for the stored address of a person: it is theirs, unless somebody
/// else has it proven; then it waits for the mailed code.
///
/// *Source*: R-LNK-4, last sentence.
pub(crate) async fn vouched(
    tx: &mut Tx,
    app: &App,
    visitor: &Visitor,
    organization_id: &OrganizationId,
    user_id: &UserId,
) -> Result<(), Error> {
    let person = tx.instance().load_user(user_id).await?;
    let elsewhere = matches!(&person.address, AddressState::LocalTo(home) if home != organization_id);
    let is_free = tx.instance().find_user_by_proven_email(&person.email).await?.is_none();
    if person.address != AddressState::Proven && !elsewhere && is_free {
        make_theirs(tx, app, visitor, Some(organization_id), person).await?;
    }
    Ok(())
}

/// Whom proving the address would bring the person to.
pub(crate) async fn holder(tx: &mut Tx, person: &User) -> Result<Option<User>, Error> {
    let AddressState::LocalTo(home) = &person.address else { return Ok(None) };
    match claim(tx, home, person).await? {
        AddressClaim::Merge { into } => Ok(Some(tx.instance().load_user(&into).await?)),
        AddressClaim::MakeTheirs | AddressClaim::Refuse(_) => Ok(None),
    }
}

/// The same, where that one has a second factor, which is asked for beside the code or link.
pub(crate) async fn bearer(tx: &mut Tx, person: &User) -> Result<Option<User>, Error> {
    Ok(holder(tx, person).await?.filter(|holder| holder.has_second_factor))
}

/// What proving the address comes to.
async fn claim(tx: &mut Tx, home: &OrganizationId, person: &User) -> Result<AddressClaim, Error> {
    let own = tx.organization(home).find_membership(&person.id).await?.map(|membership| membership.state);
    let candidate = match tx.instance().find_user_by_proven_email(&person.email).await? {
        Some(holder) => Some(seen_from(tx, home, person, &holder).await?),
        None => None,
    };
    Ok(claim_address(own, candidate.as_ref()))
}

async fn make_theirs(
    tx: &mut Tx,
    app: &App,
    visitor: &Visitor,
    home: Option<&OrganizationId>,
    person: User,
) -> Result<User, Error> {
    let now = app.now();
    tx.instance().set_email_proven(&person.id, now).await?;
    let event = Event::done("address.proven").target(&person.id, &person.name);
    audit::record(tx, app, Some(visitor), home, &author(&person), event).await?;
    way_back::review_of_user(tx, app, &person.id).await?;
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
    let mail = letter(tx, app, home, person).await?;
    tx.instance().merge_users(&person.id, &holder.id, app.now()).await?;
    way_back::review_of_user(tx, app, &holder.id).await?;
    let event = Event::done("user.merged")
        .target(&holder.id, &holder.name)
        .data(serde_json::json!({ "closed_user_id": person.id }));
    audit::record(tx, app, Some(visitor), Some(home), &author(&holder), event).await?;
    app.outbox.put(tx, &holder.email, MailTemplate::Account(mail)).await?;
    Ok(holder)
}

/// What the holder is told, made before the person is emptied: what comes along.
async fn letter(tx: &mut Tx, app: &App, home: &OrganizationId, person: &User) -> Result<AccountMail, Error> {
    let mut view = tx.organization(home);
    let held = view.find_membership(&person.id).await?.filter(|held| held.state == MembershipState::Active);
    let projects = view.list_projects_of_user(&person.id, None, MOST_PROJECTS).await?.items;
    Ok(AccountMail::Merged {
        organization: view.load_organization().await?.name,
        role: held.map(|held| held.role),
        projects: projects.into_iter().map(|(project, _)| project.name).collect(),
        at: app.now(),
    })
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
