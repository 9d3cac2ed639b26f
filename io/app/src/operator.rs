//! Owns what the operator does, by command line or token: entitlements, recovery, and a look at all organizations. The operator is
//! no member anywhere; whoever calls these has checked the token or sits at the machine.

use orgate_core::email::EmailAddress;
use orgate_core::id::{Identifier as _, OrganizationId, UserId};
use orgate_core::refusal::Refusal;
use orgate_core::role::OrganizationRole;
use orgate_store::{Organization, Tx};

use crate::app::App;
use crate::audit::{self, Author, Event};
use crate::enforcement::{self, Named, way_back};
use crate::error::Error;
use crate::membership;
use crate::notice;
use crate::paging::{self, Listed};
use crate::token::{TokenPurpose, hash_text, same};
use crate::visitor::Visitor;

/// The operator's token as a node holds it for comparing: its hash, made once. Made anew at each try, right and nearly right tokens left
/// the same bytes in the same place of memory twice, and a benchmark could tell that (T-SEC-2).
pub struct OperatorToken([u8; 32]);

impl OperatorToken {
    /// Of the text in the settings.
    pub fn new(token: &str) -> Self {
        Self(hash_text(TokenPurpose::Operator, token))
    }

    /// Whether this is the same text, in a time that tells nothing of it: hashes are compared.
    pub fn is(&self, presented: &str) -> bool {
        same(&self.0, &hash_text(TokenPurpose::Operator, presented))
    }
}

/// Whether this is the operator's token; without one in the settings nothing is.
pub fn is_token(app: &App, presented: &str) -> bool {
    app.operator_token().is_some_and(|token| token.is(presented))
}

/// Every organization, oldest first.
///
/// *Errors*: [`Refusal::InvalidInput`] for a strange cursor.
pub async fn organizations(
    app: &App,
    cursor: Option<String>,
    limit: Option<u32>,
) -> Result<Listed<Organization>, Error> {
    app.store
        .read((cursor, limit), |tx, (cursor, limit)| {
            Box::pin(async move {
                let after = paging::after::<OrganizationId>(cursor.as_deref())?;
                let page = tx.instance().list_organizations(after.as_ref(), paging::limit(*limit)).await?;
                Ok(Listed::of(page, |organization| organization.id.as_str()))
            })
        })
        .await
}

/// One organization, by slug or id.
///
/// *Errors*: [`Refusal::NotFound`].
pub async fn organization(app: &App, organization: &str) -> Result<Organization, Error> {
    app.store
        .read(organization.to_owned(), |tx, organization| Box::pin(async move { find(tx, organization).await }))
        .await
}

/// Gives an organization the entitlement to SSO or takes it. Taking it refuses only what would begin anew (R-ORG-7). Every Owner is
/// mailed.
///
/// *Errors*: [`Refusal::NotFound`].
pub async fn set_sso_entitled(
    app: &App,
    visitor: Option<&Visitor>,
    organization: &str,
    entitled: bool,
) -> Result<Organization, Error> {
    let input = (app.clone(), visitor.cloned(), organization.to_owned(), entitled);
    let changed = app
        .store
        .write(input, |tx, (app, visitor, organization, entitled)| {
            Box::pin(async move {
                let found = find(tx, organization).await?;
                if !tx.organization(&found.id).set_sso_entitled(*entitled).await? {
                    return Ok(found);
                }
                let (action, did) = if *entitled {
                    ("organization.sso-entitled", "made single sign-on part of its plan")
                } else {
                    ("organization.sso-entitlement-lost", "took single sign-on from its plan")
                };
                let event = Event::done(action).target(&found.id, &found.name);
                audit::record(tx, app, visitor.as_ref(), Some(&found.id), &Author::operator(), event).await?;
                notice::operator(tx, app, &found.id, did).await?;
                Ok::<_, Error>(Organization { sso_entitled: *entitled, ..found })
            })
        })
        .await?;
    app.outbox.wake();
    Ok(changed)
}

/// What the operator does for an organization whose people cannot come in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Recovery {
    /// Turns enforcement off: members use their passwords again.
    TurnOffEnforcement,
    /// Makes a member Owner, named by id or address; an Owner whom nothing else binds may sign in without SSO.
    MakeOwner(String),
}

/// What a recovery did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recovered {
    /// The organization.
    pub organization: Organization,
    /// What was done, as a sentence; also that nothing was to do.
    pub done: String,
    /// The Owners, all of whom are mailed; nobody when nothing was to do.
    pub mailed: Vec<Named>,
}

/// Lets an organization's people in again when its IdP is down or its Owners are gone. It is written to the
/// organization's audit log, and every Owner is mailed.
///
/// *Errors*: [`Refusal::NotFound`] for an unknown organization, or a person who is no member of it. *Source*: R-OPS-1,
/// R-ENF-5.
pub async fn recover(app: &App, organization: &str, recovery: Recovery) -> Result<Recovered, Error> {
    let recovered = app
        .store
        .write((app.clone(), organization.to_owned(), recovery), |tx, (app, organization, recovery)| {
            Box::pin(async move {
                let found = find(tx, organization).await?;
                let done = match recovery {
                    Recovery::TurnOffEnforcement => turn_off(tx, app, &found).await?,
                    Recovery::MakeOwner(who) => make_owner(tx, app, &found, who).await?,
                };
                let owners = tx.organization(&found.id).list_owners().await?;
                Ok::<_, Error>(match done {
                    Some(done) => {
                        Recovered { organization: found, done, mailed: owners.into_iter().map(Named::from).collect() }
                    }
                    None => Recovered { organization: found, done: "It is so already.".to_owned(), mailed: Vec::new() },
                })
            })
        })
        .await?;
    app.outbox.wake();
    Ok(recovered)
}

/// `None` when SSO was not enforced.
async fn turn_off(tx: &mut Tx, app: &App, found: &Organization) -> Result<Option<String>, Error> {
    if !enforcement::turn_off_by(tx, app, &found.id, false).await? {
        return Ok(None);
    }
    let event = Event::done("enforcement.disabled").target(&found.id, &found.name);
    audit::record(tx, app, None, Some(&found.id), &Author::operator(), event).await?;
    notice::operator(tx, app, &found.id, "turned SSO enforcement off").await?;
    Ok(Some(format!("SSO enforcement of {} is off. Members can use their passwords again.", found.name)))
}

/// `None` when they are Owner already.
async fn make_owner(tx: &mut Tx, app: &App, found: &Organization, who: &str) -> Result<Option<String>, Error> {
    let user_id = if let Some(id) = UserId::parse(who) {
        id
    } else {
        let email = EmailAddress::parse(who).map_err(|_| Refusal::NotFound)?;
        tx.organization(&found.id).find_member_by_email(&email).await?.ok_or(Refusal::NotFound)?.id
    };
    let held = tx.organization(&found.id).load_active_membership(&user_id).await?;
    if held.role == OrganizationRole::Owner {
        return Ok(None);
    }
    membership::set_role(tx, app, &found.id, &user_id, OrganizationRole::Owner).await?;
    let user = tx.instance().load_user(&user_id).await?;
    let event = Event::done("member.role-changed")
        .target(&user.id, &user.name)
        .data(serde_json::json!({ "from": held.role, "to": OrganizationRole::Owner }));
    audit::record(tx, app, None, Some(&found.id), &Author::operator(), event).await?;
    notice::operator(tx, app, &found.id, &format!("made {} an Owner", user.name)).await?;
    let terms = tx.organization(&found.id).load_terms().await?.state.terms;
    let exempt = way_back::exempt_owners(tx, &found.id, &terms).await?.iter().any(|owner| owner.id == user.id);
    let how = if exempt {
        "They can sign in with their own password."
    } else {
        "Enforced SSO binds them still: this organization exempts no Owner, or another one binds them. Turn enforcement \
         off if they cannot come in."
    };
    Ok(Some(format!("{} is an Owner of {}. {how}", user.name, found.name)))
}

async fn find(tx: &mut Tx, organization: &str) -> Result<Organization, Error> {
    let found = match OrganizationId::parse(organization) {
        Some(id) => tx.organization(&id).find_organization().await?,
        None => tx.instance().find_organization_by_slug(organization).await?,
    };
    Ok(found.ok_or(Refusal::NotFound)?)
}
