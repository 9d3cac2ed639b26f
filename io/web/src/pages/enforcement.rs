//! Owns how SSO enforcement looks: its card under Settings > Single Sign-On, and the pages that enable it and change how it
//! treats Owners.

use askama::Template;

use super::confirmation::{Consequence, TypedName};
use super::{Badge, Frame, Hidden, Moment, Person, Switch, Tone};

/// How enforcement stands.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum EnforcementState {
    /// Members choose how they sign in.
    #[default]
    Off,
    /// For good.
    On {
        /// Since when.
        since: Moment,
    },
    /// Until it rolls back, unless it is confirmed.
    Trial {
        /// When it rolls back.
        ends: Moment,
    },
}

/// Enforcement on the overview.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EnforcementCard {
    /// How it stands.
    pub state: EnforcementState,
    /// How Owners sign in, as a sentence.
    pub owners: String,
    /// What sentences call the identity provider.
    pub provider: String,
    /// The Owners who could come in if the provider were down.
    pub break_glass: Vec<Person>,
    /// Whether an Owner accepted that the operator lets them back in.
    pub operator_recovery: bool,
    /// Whether the plan no longer includes what is enforced.
    pub plan_lost: bool,
    /// Why it cannot be enabled now, as a sentence; nothing when it can, or is.
    pub locked: Option<String>,
}

impl EnforcementCard {
    /// Whether it is on, for good or on trial.
    pub fn is_on(&self) -> bool {
        self.state != EnforcementState::Off
    }

    /// Whether it is on trial.
    pub fn is_trial(&self) -> bool {
        matches!(self.state, EnforcementState::Trial { .. })
    }

    /// Whether nobody could come back in if the provider were down, and nobody said that this is meant.
    pub fn has_no_way_back(&self) -> bool {
        self.is_on() && self.break_glass.is_empty() && !self.operator_recovery
    }

    /// The state, as a badge.
    pub fn badge(&self) -> Badge {
        match self.state {
            EnforcementState::Off => Badge::new("Off", Tone::Neutral),
            EnforcementState::On { .. } => Badge::new("On", Tone::Success),
            EnforcementState::Trial { .. } => Badge::new("On trial", Tone::Warning),
        }
    }
}

/// Why it was not done or cannot be done, and what leads on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Obstacle {
    /// What happened and what to do, a sentence or two.
    pub text: String,
    /// How much it matters.
    pub tone: Tone,
    /// Where to do it.
    pub way: Option<Way>,
}

/// What leads past an obstacle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Way {
    /// Another page.
    Link {
        /// Its address.
        url: String,
        /// What the link says.
        label: &'static str,
    },
    /// A fresh sign-in through the organization's SSO, by POST `/account/proof` with these fields, and back.
    Sso(Vec<Hidden>),
}

impl Obstacle {
    /// The fields of the form that signs in through SSO, when that is the way.
    pub fn sso(&self) -> Option<&[Hidden]> {
        match &self.way {
            Some(Way::Sso(fields)) => Some(fields),
            Some(Way::Link { .. }) | None => None,
        }
    }
}

/// `/organizations/{slug}/enforcement/new`. *Forms*: POST `/organizations/{slug}/enforcement` with `confirmation`, the
/// switches, `forecast` (the switches that the numbers are for) and `mode` = `trial` or `enable`.
#[derive(Debug, Template)]
#[template(path = "enforcement/enable.html")]
pub struct EnableEnforcementPage {
    /// Side bar.
    pub frame: Frame,
    /// What sentences call the identity provider.
    pub provider: String,
    /// Why it cannot be enabled, or was not.
    pub obstacle: Option<Obstacle>,
    /// Whether there is anything to send.
    pub possible: bool,
    /// What it does and to whom.
    pub forecast: Vec<Consequence>,
    /// Whether a second-factor rule of the organization's own switches off.
    pub second_factor_rule_ends: bool,
    /// `owner_exemption` and `owner_second_factor`.
    pub switches: Vec<Switch>,
    /// `accept_operator_recovery`.
    pub recovery: Switch,
    /// Field `forecast`.
    pub forecast_for: &'static str,
    /// How long a trial takes. *Units*: minutes.
    pub trial_minutes: u32,
    /// The short name to type.
    pub typed_name: TypedName,
}

/// `/organizations/{slug}/enforcement/edit`. *Forms*: POST the same URL with the switches and `forecast` (the switches
/// that the numbers are for).
#[derive(Debug, Template)]
#[template(path = "enforcement/edit.html")]
pub struct EditEnforcementPage {
    /// Side bar.
    pub frame: Frame,
    /// What sentences call the identity provider.
    pub provider: String,
    /// Why the last try was refused.
    pub obstacle: Option<Obstacle>,
    /// Whether the numbers are for switches that are not in force yet, so that the next step saves them.
    pub shows_change: bool,
    /// Whom it binds with these switches.
    pub forecast: Vec<Consequence>,
    /// `owner_exemption` and `owner_second_factor`.
    pub switches: Vec<Switch>,
    /// `accept_operator_recovery`.
    pub recovery: Switch,
    /// Field `forecast`.
    pub forecast_for: &'static str,
}
