//! Owns what an Owner changes about an organization: its name, and whether members need a second factor. One transaction,
//! so that a change that is refused in part is not made at all.

use orgate_core::name::Name;
use orgate_core::permission::Permission;
use orgate_core::policy::{Decision, Question, decide};
use orgate_core::refusal::Refusal;
use orgate_store::Tx;

use super::{OrganizationView, view};
use crate::app::App;
use crate::audit::{self, Author, Event};
use crate::authorise::{self, Member};
use crate::error::Error;
use crate::input::Input;
use crate::notice;
use crate::visitor::Visitor;

/// What to change; what is left out stays.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct OrganizationChange {
    /// The name. The short name stays: login addresses and IdPs know it.
    pub name: Option<String>,
    /// Whether members need a second factor (R-IN-4).
    pub mfa_required: Option<bool>,
}

/// Changes it.
///
/// *Errors*: [`Refusal::InvalidInput`], [`Refusal::MfaManagedByIdp`] while SSO is enforced (R-ENF-6),
/// [`Refusal::NeedsSecondFactor`] when the Owner who asks could not come in by the rule, and those of
/// [`authorise::permitted`].
pub async fn change(
    app: &App,
    visitor: &Visitor,
    organization: &str,
    typed: OrganizationChange,
) -> Result<OrganizationView, Error> {
    let mut input = Input::default();
    let name = match typed.name.as_deref().map(|name| input.name("name", name)) {
        None => None,
        Some(Some(name)) => Some(name),
        Some(None) => return Err(input.refused()),
    };
    let changed = app
        .store
        .write(
            (app.clone(), visitor.clone(), organization.to_owned(), name, typed.mfa_required),
            |tx, (app, visitor, organization, name, mfa_required)| {
                Box::pin(async move {
                    let permission = Permission::OrganizationUpdate;
                    let member = authorise::permitted(tx, app, visitor, organization, permission).await?;
                    if let Some(name) = name {
                        set_name(tx, app, visitor, &member, name).await?;
                    }
                    if let Some(required) = mfa_required {
                        set_mfa_required(tx, app, visitor, &member, *required).await?;
                    }
                    let organization = tx.organization(member.organization_id()).load_organization().await?;
                    view(tx, app, organization, member.role()).await
                })
            },
        )
        .await?;
    app.outbox.wake();
    Ok(changed)
}

/// Gives it another name.
///
/// *Errors*: those of [`change`].
pub async fn rename(app: &App, visitor: &Visitor, organization: &str, name: &str) -> Result<OrganizationView, Error> {
    let typed = OrganizationChange { name: Some(name.to_owned()), mfa_required: None };
    change(app, visitor, organization, typed).await
}

/// Makes members need a second factor, or not.
///
/// *Errors*: those of [`change`].
pub async fn require_mfa(
    app: &App,
    visitor: &Visitor,
    organization: &str,
    required: bool,
) -> Result<OrganizationView, Error> {
    let typed = OrganizationChange { name: None, mfa_required: Some(required) };
    change(app, visitor, organization, typed).await
}

async fn set_name(tx: &mut Tx, app: &App, visitor: &Visitor, member: &Member, name: &Name) -> Result<(), Error> {
    let id = member.organization_id();
    let old = &member.place.organization.name;
    if old == name.as_str() {
        return Ok(());
    }
    tx.organization(id).rename_organization(name.as_str()).await?;
    let event = Event::done("organization.renamed").target(id, name.as_str()).data(serde_json::json!({ "from": old }));
    audit::record(tx, app, Some(visitor), Some(id), &Author::from(&member.caller), event).await
}

async fn set_mfa_required(
    tx: &mut Tx,
    app: &App,
    visitor: &Visitor,
    member: &Member,
    required: bool,
) -> Result<(), Error> {
    let id = member.organization_id();
    let organization = tx.organization(id).load_organization().await?;
    if organization.enforcement.enforced {
        return Err(Refusal::MfaManagedByIdp.into());
    }
    if required && !comes_in_with_mfa(member) {
        return Err(Refusal::NeedsSecondFactor.into());
    }
    if !tx.organization(id).set_mfa_required(required).await? {
        return Ok(());
    }
    let event = Event::done("organization.mfa-requirement-changed")
        .target(id, &organization.name)
        .data(serde_json::json!({ "mfa_required": required }));
    audit::record(tx, app, Some(visitor), Some(id), &Author::from(&member.caller), event).await?;
    let did = if required { "made members need a second factor" } else { "ended the second-factor rule" };
    notice::owners(tx, app, member, did).await
}

/// Whether the organization would still open to the Owner's own session: nobody locks themselves out by asking.
fn comes_in_with_mfa(member: &Member) -> bool {
    let mut world = member.caller.world.clone();
    for place in world.places.iter_mut().filter(|place| place.organization_id == *member.organization_id()) {
        place.mfa_required = true;
    }
    let question = Question::Organization(member.organization_id());
    decide(question, &world, member.caller.proofs()) == Decision::Allow
}
