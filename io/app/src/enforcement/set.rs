//! Owns turning enforcement on and off, changing its switches and confirming a trial: one transaction each, whose cost
//! does not grow with members or sessions (R-ENF-5, R-ENF-6, R-ENF-9, R-ENF-12).

use std::time::Duration;

use orgate_core::connection::RevisionState;
use orgate_core::enforcement::{Facts, LONGEST_TRIAL_MINUTES, Obstacle, Outcome, State, Wish, decide};
use orgate_core::id::OrganizationId;
use orgate_core::permission::Permission;
use orgate_core::proof::Proof;
use orgate_core::refusal::Refusal;
use orgate_core::time::Timestamp;
use orgate_store::{Terms, Tx};

use super::{EnforcementView, terms, trial, view, way_back};
use crate::app::App;
use crate::audit::{self, Author, Event};
use crate::authorise::{self, Member};
use crate::error::{Error, invalid};
use crate::notice;
use crate::visitor::Visitor;

/// What an Owner sends; see [`Wish`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct WishForm {
    /// Whether to enforce.
    pub enabled: bool,
    /// "Allow Organization Owners to sign in without SSO".
    pub owner_exemption: Option<bool>,
    /// Only Owners with a second factor may.
    pub owner_second_factor: Option<bool>,
    /// The operator's recovery command is way back enough.
    pub accept_operator_recovery: Option<bool>,
    /// Roll back after so many minutes unless confirmed.
    pub trial_minutes: Option<u32>,
    /// When turning off: members need a second factor again.
    pub require_mfa_again: bool,
    /// Said on purpose.
    pub confirm: bool,
}

impl WishForm {
    fn parse(self) -> Result<Wish, Error> {
        if !self.confirm {
            return Err(invalid("confirm", "Confirm it: this decides how everybody here signs in."));
        }
        if self.trial_minutes.is_some_and(|minutes| minutes == 0 || minutes > LONGEST_TRIAL_MINUTES) {
            let message = format!("A trial takes between 1 and {LONGEST_TRIAL_MINUTES} minutes.");
            return Err(invalid("trial_minutes", message));
        }
        if self.trial_minutes.is_some() && !self.enabled {
            return Err(invalid("trial_minutes", "Only turning enforcement on can be tried."));
        }
        Ok(Wish {
            enabled: self.enabled,
            owner_exemption: self.owner_exemption,
            owner_second_factor: self.owner_second_factor,
            accept_operator_recovery: self.accept_operator_recovery,
            trial: self.trial_minutes.map(|minutes| Duration::from_secs(u64::from(minutes) * 60)),
            require_mfa_again: self.require_mfa_again,
        })
    }
}

/// Turns enforcement on or off, or changes its switches, and says how it stands. Repeating a call changes nothing.
///
/// *Errors*: [`Refusal::NeedsRecentProof`], [`Refusal::ConnectionNotValidated`], [`Refusal::NoWayBackIn`],
/// [`Refusal::AlreadyEnforced`], [`Refusal::SsoNotEntitled`], [`Refusal::NeedsSecondFactor`], [`Refusal::InvalidInput`],
/// and those of [`authorise::permitted`].
pub async fn set(app: &App, visitor: &Visitor, organization: &str, form: WishForm) -> Result<EnforcementView, Error> {
    carry_out(app, visitor, organization, form, true).await
}

/// Changes the switches of what is on, or confirms a trial. What is off by now stays off, as the answer says: a trial may have
/// run out since the Owner looked.
///
/// *Errors*: those of [`set`].
pub async fn adjust(
    app: &App,
    visitor: &Visitor,
    organization: &str,
    form: WishForm,
) -> Result<EnforcementView, Error> {
    carry_out(app, visitor, organization, form, false).await
}

async fn carry_out(
    app: &App,
    visitor: &Visitor,
    organization: &str,
    form: WishForm,
    from_off: bool,
) -> Result<EnforcementView, Error> {
    let input = (app.clone(), visitor.clone(), organization.to_owned(), form.parse()?, from_off);
    let after = app
        .store
        .write(input, |tx, (app, visitor, organization, wish, from_off)| {
            Box::pin(async move {
                let permission = Permission::ConnectionManage;
                let member = authorise::permitted_recently(tx, app, visitor, organization, permission).await?;
                let id = member.organization_id();
                // What the job has not come to yet.
                trial::roll_back_if_due(tx, app, id).await?;
                if *from_off || tx.organization(id).load_terms().await?.state.terms.enforced {
                    take(tx, app, visitor, &member, wish).await?;
                }
                view(tx, app, &member).await
            })
        })
        .await?;
    app.outbox.wake();
    Ok(after)
}

async fn take(tx: &mut Tx, app: &App, visitor: &Visitor, member: &Member, wish: &Wish) -> Result<(), Error> {
    let id = member.organization_id();
    let before = tx.organization(id).load_terms().await?;
    let facts = facts(tx, app, member, wish, &before.state).await?;
    let outcome = decide(wish, &before.state, &facts, app.now()).map_err(refusal)?;
    let (action, did) = match &outcome {
        Outcome::Unchanged => return Ok(()),
        Outcome::TurnOn(state) if state.trial_ends_at.is_some() => {
            ("enforcement.trial-began", "turned SSO enforcement on for a trial, which ends by itself unless confirmed")
        }
        Outcome::TurnOn(_) => ("enforcement.enabled", "turned SSO enforcement on"),
        Outcome::Confirm(_) => ("enforcement.confirmed", "confirmed SSO enforcement, which was on for a trial"),
        Outcome::Adjust(_) => ("enforcement.changed", "changed how SSO enforcement treats Owners"),
        Outcome::TurnOff(_) => ("enforcement.disabled", "turned SSO enforcement off"),
    };
    let event = Event::done(action).target(id, &member.place.organization.name).data(described(&outcome));
    write(tx, id, before, outcome, app.now()).await?;
    audit::record(tx, app, Some(visitor), Some(id), &Author::from(&member.caller), event).await?;
    notice::enforcement(tx, app, member, did).await?;
    way_back::review(tx, app, id).await
}

/// Writes what was decided.
async fn write(tx: &mut Tx, id: &OrganizationId, before: Terms, outcome: Outcome, now: Timestamp) -> Result<(), Error> {
    let (state, since, mfa_before) = match outcome {
        Outcome::Unchanged => return Ok(()),
        Outcome::TurnOn(state) => (state, Some(now), before.state.mfa_required),
        Outcome::Confirm(state) | Outcome::Adjust(state) => (state, before.since, before.mfa_before),
        Outcome::TurnOff(state) => (state, None, false),
    };
    let after = Terms { state, since, mfa_before, ..before.clone() };
    terms::replace(tx, id, before, after).await
}

/// Turns it off for somebody who is no Owner asking: the operator, or the end of a trial. `false` when it was off.
pub(crate) async fn turn_off_by(tx: &mut Tx, app: &App, id: &OrganizationId, mfa: bool) -> Result<bool, Error> {
    let before = tx.organization(id).load_terms().await?;
    if !before.state.terms.enforced {
        return Ok(false);
    }
    let outcome = Outcome::TurnOff(orgate_core::enforcement::rolled_back(&before.state, mfa));
    write(tx, id, before, outcome, app.now()).await?;
    way_back::review(tx, app, id).await?;
    Ok(true)
}

async fn facts(tx: &mut Tx, app: &App, member: &Member, wish: &Wish, state: &State) -> Result<Facts, Error> {
    let id = member.organization_id();
    let entitled = tx.organization(id).load_organization().await?.sso_entitled;
    let (mut validated, mut actor_proved_by_sso_at) = (false, None);
    if let Some((connection_id, since)) = &state.terms.connection {
        let mut own = tx.organization(id);
        let connection = own.load_connection(connection_id).await?;
        let revision = own.find_revision_in_state(connection_id, RevisionState::Active).await?;
        validated = revision.is_some_and(|revision| revision.validated_at.is_some());
        let revision_since = connection.activated_at.map_or(*since, |at| at.max(*since));
        let by_it = |proof: &&Proof| {
            proof.connection().is_some_and(|(by, _)| by == connection_id) && proof.at() >= revision_since
        };
        actor_proved_by_sso_at = member.caller.proofs().iter().filter(by_it).map(Proof::at).max();
    }
    let has_way_back = way_back::exists(tx, app, id, &wish.terms(state), Some(member.user_id()), None).await?;
    Ok(Facts {
        entitled,
        validated,
        actor_has_second_factor: member.caller.check.has_second_factor,
        actor_proved_by_sso_at,
        has_way_back,
    })
}

fn refusal(obstacle: Obstacle) -> Refusal {
    match obstacle {
        Obstacle::NotEntitled => Refusal::SsoNotEntitled,
        Obstacle::NotValidated => Refusal::ConnectionNotValidated,
        Obstacle::NoWayBackIn => Refusal::NoWayBackIn,
        Obstacle::NeedsProofBySso => Refusal::NeedsRecentProof,
        Obstacle::AlreadyEnforced => Refusal::AlreadyEnforced,
        Obstacle::NeedsSecondFactor => Refusal::NeedsSecondFactor,
    }
}

fn described(outcome: &Outcome) -> serde_json::Value {
    let state = match outcome {
        Outcome::Unchanged => return serde_json::Value::Null,
        Outcome::TurnOn(state) | Outcome::Confirm(state) | Outcome::Adjust(state) | Outcome::TurnOff(state) => state,
    };
    serde_json::json!({
        "owner_exemption": state.terms.owner_exemption,
        "owner_second_factor": state.terms.owner_second_factor,
        "accept_operator_recovery": state.operator_recovery,
        "trial_ends_at": state.trial_ends_at.map(Timestamp::to_rfc3339),
        "mfa_required": state.mfa_required,
    })
}
