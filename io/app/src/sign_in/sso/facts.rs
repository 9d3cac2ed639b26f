//! Owns gathering what [`orgate_core::linking`] has to know, inside the transaction that acts on its answer.

use orgate_core::assertion::Assertion;
use orgate_core::email::EmailAddress;
use orgate_core::id::OrganizationId;
use orgate_core::linking::{Candidate, Facts};
use orgate_core::membership::MembershipState;
use orgate_core::policy::AddressState;
use orgate_core::policy::{Decision, Question};
use orgate_store::{KeySpace, Tx, User};

use super::document::Document;
use crate::app::App;
use crate::authorise::Caller;
use crate::domain;
use crate::error::Error;
use crate::limit;

/// The key space that the asserted person's subject is unique in.
pub(super) fn space_of(assertion: &Assertion) -> KeySpace<'_> {
    KeySpace { connection_id: &assertion.connection_id, issuer: &assertion.issuer, client_id: &assertion.client_id }
}

/// The asserted address, if it is one.
pub(crate) fn address_of(assertion: &Assertion) -> Option<EmailAddress> {
    assertion.email.as_deref().and_then(|email| EmailAddress::parse(email).ok())
}

/// Everything that the decision needs.
pub(crate) async fn gather(
    tx: &mut Tx,
    app: &App,
    document: &Document,
    assertion: &Assertion,
    browser: Option<&Caller>,
) -> Result<Facts, Error> {
    let organization_id = &document.organization_id;
    let space = space_of(assertion);
    let address = address_of(assertion);
    let known = match tx.organization(organization_id).find_identity(space, &assertion.subject).await? {
        Some(identity) => Some(tx.instance().load_user(&identity.user_id).await?),
        None => None,
    };
    let asserts_stored_address = known.as_ref().is_some_and(|user| address.as_ref() == Some(&user.email));
    let identity = match known {
        Some(user) => Some(of_user(tx, organization_id, user, false).await?),
        None => None,
    };
    let holder = match (&identity, &address) {
        (None, Some(address)) => holder(tx, organization_id, space, address).await?,
        (Some(_), _) | (None, None) => None,
    };
    let concerned = identity.as_ref().or(holder.as_ref()).map(|candidate| candidate.user_id.clone());
    let domain_proven = match &address {
        Some(address) => domain::is_proven(tx, organization_id, address).await?,
        None => false,
    };
    let own_session = browser
        .filter(|caller| caller.decide(Question::Account) == Decision::Allow)
        .map(|caller| caller.user_id().clone());
    Ok(Facts {
        identity,
        has_email: address.is_some(),
        email_verified: assertion.email_verified,
        holder,
        domain_proven,
        asserts_stored_address,
        has_room: limit::has_room(tx, app, organization_id).await?,
        code_proven: document.code_proven_for.is_some() && document.code_proven_for == concerned,
        own_session,
    })
}

/// The user who has the address here or anywhere: a member first, then a former one to whom it is local, then whoever
/// has proven it. But who had it when an Owner removed them comes before all who are no member: the removal holds
/// whatever address they took since, and whoever has theirs now (R-LNK-1).
async fn holder(
    tx: &mut Tx,
    organization_id: &OrganizationId,
    space: KeySpace<'_>,
    address: &EmailAddress,
) -> Result<Option<Candidate>, Error> {
    let proven = tx.instance().find_user_by_proven_email(address).await?;
    let local = tx.organization(organization_id).find_user_by_local_email(address).await?;
    let proven = candidate(tx, organization_id, space, proven).await?;
    let local = candidate(tx, organization_id, space, local).await?;
    let found = match (proven, local) {
        (Some(proven), _) if is_member(&proven) => Some(proven),
        (_, Some(local)) => Some(local),
        (proven, None) => proven,
    };
    if found.as_ref().is_some_and(is_member) {
        return Ok(found);
    }
    match tx.organization(organization_id).list_removed_by_email(address).await?.into_iter().next() {
        Some(removed) => of_user(tx, organization_id, removed, false).await.map(Some),
        None => Ok(found),
    }
}

fn is_member(candidate: &Candidate) -> bool {
    matches!(candidate.membership, Some((MembershipState::Active, _)))
}

async fn candidate(
    tx: &mut Tx,
    organization_id: &OrganizationId,
    space: KeySpace<'_>,
    user: Option<User>,
) -> Result<Option<Candidate>, Error> {
    let Some(user) = user else { return Ok(None) };
    let linked = tx.organization(organization_id).find_identity_of_user(space, &user.id).await?.is_some();
    of_user(tx, organization_id, user, linked).await.map(Some)
}

/// A user as the decision sees them.
async fn of_user(
    tx: &mut Tx,
    organization_id: &OrganizationId,
    user: User,
    linked_to_another_subject: bool,
) -> Result<Candidate, Error> {
    let membership = tx.organization(organization_id).find_membership(&user.id).await?;
    Ok(Candidate {
        user_id: user.id,
        membership: membership.map(|membership| (membership.state, membership.role)),
        address_proven: !matches!(&user.address, AddressState::LocalTo(home) if home == organization_id),
        linked_to_another_subject,
    })
}
