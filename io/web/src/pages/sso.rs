//! Owns Settings > Single Sign-On: the state of the connections, the choice of a kind, and the form with its guide.

use askama::Template;

use super::enforcement::EnforcementCard;
use super::sso_records::AttemptRow;
use super::{Badge, Choice, Field, Frame, Moment, Tone};

/// Which guide and labels a connection has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Kind {
    /// Okta (OIDC).
    #[default]
    OktaOidc,
    /// Generic OpenID Connect.
    Oidc,
}

impl Kind {
    /// What the form field `kind` sends.
    pub fn value(self) -> &'static str {
        match self {
            Self::OktaOidc => "okta-oidc",
            Self::Oidc => "oidc",
        }
    }

    /// Its name in full.
    pub fn label(self) -> &'static str {
        match self {
            Self::OktaOidc => "Okta (OIDC)",
            Self::Oidc => "OpenID Connect",
        }
    }

    /// What sentences call the other side.
    pub fn provider(self) -> &'static str {
        match self {
            Self::OktaOidc => "Okta",
            Self::Oidc => "your identity provider",
        }
    }

    /// The same at the start of a sentence.
    pub fn provider_capital(self) -> &'static str {
        match self {
            Self::OktaOidc => "Okta",
            Self::Oidc => "Your identity provider",
        }
    }
}

/// The state of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum State {
    /// Being set up; nobody can sign in through it.
    #[default]
    Draft,
    /// In use.
    Active,
    /// Was in use.
    Disabled,
}

impl State {
    /// The state, as a badge.
    pub fn badge(self) -> Badge {
        match self {
            Self::Draft => Badge::new("Draft", Tone::Warning),
            Self::Active => Badge::new("Active", Tone::Success),
            Self::Disabled => Badge::new("Disabled", Tone::Neutral),
        }
    }
}

/// One connection as every page about it shows it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ConnectionHead {
    /// Its id.
    pub id: String,
    /// Its kind.
    pub kind: Kind,
    /// Host of the IdP, empty before the first save: "acme.okta.com".
    pub host: String,
    /// Its state.
    pub state: State,
    /// Slug of its organization.
    pub slug: String,
}

impl ConnectionHead {
    /// The URL of the connection.
    pub fn url(&self) -> String {
        format!("/organizations/{}/connections/{}", self.slug, self.id)
    }

    /// Kind and, once known, host.
    pub fn title(&self) -> String {
        if self.host.is_empty() {
            self.kind.label().to_owned()
        } else {
            format!("{}, {}", self.kind.label(), self.host)
        }
    }

    /// Whether people sign in through it.
    pub fn is_active(&self) -> bool {
        self.state == State::Active
    }

    /// Whether it is being set up.
    pub fn is_draft(&self) -> bool {
        self.state == State::Draft
    }
}

/// What stands in the way of using the latest settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Progress {
    /// No settings were saved yet.
    #[default]
    Unsaved,
    /// Saved; a complete test sign-in is missing.
    Untested,
    /// Tested; waits for its activation.
    Validated,
    /// The latest settings are the ones in use.
    InUse,
}

/// One connection on the overview.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ConnectionCard {
    /// Which one.
    pub connection: ConnectionHead,
    /// How far its latest settings are.
    pub progress: Progress,
    /// When a test sign-in through the settings in use succeeded.
    pub validated: Option<Moment>,
    /// When somebody last signed in through it.
    pub last_sign_in: Option<Moment>,
    /// How many people are linked.
    pub linked: u64,
}

impl ConnectionCard {
    /// Whether its latest settings can be activated.
    pub fn can_be_activated(&self) -> bool {
        self.progress == Progress::Validated
    }
}

/// `/organizations/{slug}/settings/single-sign-on`. *Forms*: POST `{connection}/tests`. *Links*:
/// `/organizations/{slug}/connections/new`; for each connection, `{connection}` =
/// `/organizations/{slug}/connections/{id}` (form and guide), `{connection}/activation`, `{connection}/deactivation`,
/// `{connection}/removal`, `{connection}/identities`, `{connection}/attempts`; `/organizations/{slug}/enforcement/new`,
/// `…/edit`, `…/removal`. POST `…/enforcement/confirmation`.
#[derive(Debug, Template)]
#[template(path = "sso/overview.html")]
pub struct SsoPage {
    /// Side bar.
    pub frame: Frame,
    /// Why new connections are locked, when the plan does not include SSO; nothing when it does.
    pub locked: Option<String>,
    /// The connections: the active one first. Empty is the state "none".
    pub connections: Vec<ConnectionCard>,
    /// Enforcement, shown once a connection is active.
    pub enforcement: EnforcementCard,
    /// The login address to hand out once a connection is active.
    pub login_address: String,
    /// The latest attempts through the active connection, at most five.
    pub attempts: Vec<AttemptRow>,
}

impl SsoPage {
    /// The connection in use.
    pub fn active(&self) -> Option<&ConnectionCard> {
        self.connections.iter().find(|card| card.connection.is_active())
    }
}

/// `/organizations/{slug}/connections/new`. *Forms*: POST `/organizations/{slug}/connections` with `kind`.
#[derive(Debug, Template)]
#[template(path = "sso/new_connection.html")]
pub struct NewConnectionPage {
    /// Side bar.
    pub frame: Frame,
    /// The chosen kind.
    pub kind: Kind,
    /// Why the last try was refused.
    pub problem: Option<String>,
}

/// How a named check went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum CheckOutcome {
    /// As it should be.
    #[default]
    Passed,
    /// Not as it should be.
    Failed,
    /// Usable, but worth knowing.
    Remark,
    /// Could not be made.
    NotMade,
}

impl CheckOutcome {
    /// The class name that the stylesheet knows.
    pub fn class(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Failed => "failed",
            Self::Remark => "remark",
            Self::NotMade => "not-made",
        }
    }

    /// The outcome as a word, for those who do not see the sign.
    pub fn word(self) -> &'static str {
        match self {
            Self::Passed => "Passed",
            Self::Failed => "Failed",
            Self::Remark => "Remark",
            Self::NotMade => "Not checked",
        }
    }
}

/// One named check of the settings (R-SSO-5).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Check {
    /// How it went.
    pub outcome: CheckOutcome,
    /// What was found, as a sentence: "Okta refuses the client secret".
    pub text: String,
    /// What was expected.
    pub expected: Option<String>,
    /// What came instead.
    pub received: Option<String>,
    /// What to do about it.
    pub mend: Option<String>,
}

/// What was made of a pasted domain (R-SSO-4).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Understood {
    /// The domain that will be used.
    pub read: String,
    /// What was typed.
    pub typed: String,
}

/// `/organizations/{slug}/connections/{id}`: the guide beside the two cards. *Forms*: POST `{connection}/settings`
/// with `okta_domain` (Okta) or `issuer` (OpenID Connect), `client_id`, `client_secret`; POST `{connection}/tests`.
/// *Links*: `{connection}/activation`, `{connection}/removal`.
#[derive(Debug, Template)]
#[template(path = "sso/configure.html")]
pub struct ConfigurePage {
    /// Side bar.
    pub frame: Frame,
    /// Which connection.
    pub connection: ConnectionHead,
    /// Ours: the redirect URI.
    pub single_sign_on_url: String,
    /// Ours: the tile start.
    pub initiate_login_url: String,
    /// Where the identity provider sends a browser that signed out there.
    pub post_logout_redirect_url: String,
    /// Where the identity provider posts that somebody signed out there.
    pub backchannel_logout_url: String,
    /// Field `okta_domain` or `issuer`.
    pub provider_address: Field,
    /// What was made of it, when it differs from what was typed.
    pub understood: Option<Understood>,
    /// Field `client_id`.
    pub client_id: Field,
    /// Field `client_secret`; its value is never printed.
    pub client_secret: Field,
    /// Whether a secret is stored, so that an empty field keeps it.
    pub secret_stored: bool,
    /// How far the latest settings are.
    pub progress: Progress,
    /// The named checks of the last save; empty before it.
    pub checks: Vec<Check>,
    /// Why the save was refused as a whole.
    pub problem: Option<String>,
    /// Members who are linked under another issuer or client id and will be matched anew.
    pub linked_elsewhere: u64,
}

impl ConfigurePage {
    /// Whether settings are saved, so that a test can start.
    pub fn can_be_tested(&self) -> bool {
        self.progress != Progress::Unsaved
    }

    /// Whether the latest settings can be activated.
    pub fn can_be_activated(&self) -> bool {
        self.progress == Progress::Validated
    }

    /// Whether saving is the next thing to do, so that its button stands out.
    pub fn saves_first(&self) -> bool {
        match self.progress {
            Progress::Unsaved | Progress::InUse => true,
            Progress::Untested => self.failed() > 0,
            Progress::Validated => false,
        }
    }

    /// Whether the test is the next thing to do.
    pub fn tests_first(&self) -> bool {
        self.progress == Progress::Untested && self.failed() == 0
    }

    /// The title of the page.
    pub fn title(&self) -> String {
        let verb = if self.connection.is_draft() { "Set up" } else { "Edit" };
        format!("{verb} {}", self.connection.kind.label())
    }

    /// The sentence under it.
    pub fn lead(&self) -> &'static str {
        match (self.connection.is_active(), self.connection.kind) {
            (true, _) => "People keep signing in with the settings in use until you activate the new ones.",
            (false, Kind::OktaOidc) => {
                "Ten minutes, with an administrator of your Okta organization. Nothing changes for members until you \
                 activate it."
            }
            (false, Kind::Oidc) => {
                "Ten minutes, with an administrator of your identity provider. Nothing changes for members until you \
                 activate it."
            }
        }
    }

    /// How many checks failed.
    pub fn failed(&self) -> usize {
        self.checks.iter().filter(|check| check.outcome == CheckOutcome::Failed).count()
    }

    /// The kinds, as the choice page lists them.
    pub fn kinds(selected: Kind) -> Vec<Choice> {
        Choice::list(
            &[(Kind::OktaOidc.value(), Kind::OktaOidc.label()), (Kind::Oidc.value(), Kind::Oidc.label())],
            selected.value(),
        )
    }
}
