//! Owns an organization's enforcement of SSO as its Owners see and change it: how it stands, what turning it on would do
//! and to whom, turning it on and off, the trial that rolls back. What a wish comes to is decided in
//! [`orgate_core::enforcement`], whom it binds in [`orgate_core::policy`].

mod forecast;
mod set;
mod sweep;
pub(crate) mod terms;
mod trial;
pub(crate) mod way_back;

pub use forecast::{Forecast, People, forecast};
pub(crate) use set::turn_off_by;
pub use set::{WishForm, adjust, set};
pub use sweep::{Pace, sweep_once};
pub use trial::roll_back_once;

use orgate_core::id::UserId;
use orgate_core::permission::Permission;
use orgate_core::time::Timestamp;
use orgate_store::{Tx, User};

use crate::app::App;
use crate::authorise::{self, Member};
use crate::error::Error;
use crate::visitor::Visitor;

/// A person by name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// Who.
    pub id: UserId,
    /// Their name.
    pub name: String,
    /// Their address.
    pub email: String,
}

impl From<User> for Named {
    fn from(user: User) -> Self {
        Self { id: user.id, name: user.name, email: user.email.to_string() }
    }
}

/// How an organization's enforcement stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnforcementView {
    /// Whether SSO is enforced.
    pub enabled: bool,
    /// "Allow Organization Owners to sign in without SSO".
    pub owner_exemption: bool,
    /// Only Owners with a second factor may (R-ENF-8).
    pub owner_second_factor: bool,
    /// Operator recovery was accepted as the way back in (R-ENF-5).
    pub accept_operator_recovery: bool,
    /// Since when.
    pub since: Option<Timestamp>,
    /// When an unconfirmed trial rolls back (R-ENF-12).
    pub trial_ends_at: Option<Timestamp>,
    /// Members needed a second factor before: what turning off offers to bring back (R-ENF-9).
    pub mfa_before: bool,
    /// The Owners who could come in if the IdP were down, by name (R-ENF-5).
    pub break_glass: Vec<Named>,
    /// The Owner who looks has a second factor, so may ask it of the others (R-ENF-8).
    pub has_second_factor: bool,
}

/// How it stands.
///
/// *Errors*: those of [`authorise::permitted`].
pub async fn show(app: &App, visitor: &Visitor, organization: &str) -> Result<EnforcementView, Error> {
    app.store
        .read((app.clone(), visitor.clone(), organization.to_owned()), |tx, (app, visitor, organization)| {
            Box::pin(async move {
                let permission = Permission::ConnectionManage;
                let member = authorise::permitted(tx, app, visitor, organization, permission).await?;
                view(tx, app, &member).await
            })
        })
        .await
}

/// The same for who is about to change it: the fresh proof is asked for before anything is typed (R-IN-8).
///
/// *Errors*: [`Refusal::NeedsRecentProof`](orgate_core::refusal::Refusal::NeedsRecentProof), and those of
/// [`authorise::permitted`].
pub async fn begin_change(app: &App, visitor: &Visitor, organization: &str) -> Result<EnforcementView, Error> {
    app.store
        .read((app.clone(), visitor.clone(), organization.to_owned()), |tx, (app, visitor, organization)| {
            Box::pin(async move {
                let permission = Permission::ConnectionManage;
                let member = authorise::permitted_recently(tx, app, visitor, organization, permission).await?;
                view(tx, app, &member).await
            })
        })
        .await
}

pub(crate) async fn view(tx: &mut Tx, app: &App, member: &Member) -> Result<EnforcementView, Error> {
    let id = member.organization_id();
    let terms = tx.organization(id).load_terms().await?;
    let enforcement = terms.state.terms;
    let break_glass = if enforcement.enforced { way_back::list(tx, app, id, &enforcement).await? } else { Vec::new() };
    Ok(EnforcementView {
        enabled: enforcement.enforced,
        owner_exemption: enforcement.owner_exemption,
        owner_second_factor: enforcement.owner_second_factor,
        accept_operator_recovery: terms.state.operator_recovery,
        since: terms.since,
        trial_ends_at: terms.state.trial_ends_at,
        mfa_before: terms.mfa_before,
        break_glass: break_glass.into_iter().map(Named::from).collect(),
        has_second_factor: member.caller.check.has_second_factor,
    })
}
