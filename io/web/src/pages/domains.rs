//! Owns Settings > Domains.

use askama::Template;

use super::{Badge, Field, Frame, Moment};

/// How a domain stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Claimed, and not shown yet.
    Pending,
    /// Held.
    Verified,
    /// Held once.
    Lapsed,
}

/// What came of a look at the record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Look {
    /// Whether the record was there.
    pub ok: bool,
    /// What was found, as a sentence.
    pub detail: String,
    /// What the record has to hold.
    pub expected: Option<String>,
    /// What is there instead.
    pub received: Option<String>,
    /// How to mend it.
    pub mend: Option<String>,
}

/// One domain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DomainCard {
    /// Id of the claim.
    pub id: String,
    /// The domain.
    pub name: String,
    /// How it stands.
    pub standing: Standing,
    /// The name of the record to publish.
    pub record_name: String,
    /// What it has to hold.
    pub record_value: String,
    /// Since when it is held, or was.
    pub verified: Option<Moment>,
    /// When the record was last seen.
    pub seen: Option<Moment>,
    /// When it lapsed.
    pub lapsed: Option<Moment>,
    /// When it lapses if name servers do not answer until then.
    pub lapses: Option<Moment>,
    /// What came of the last look, if it is worth saying.
    pub look: Option<Look>,
}

impl DomainCard {
    /// The state as a badge.
    pub fn badge(&self) -> Badge {
        use super::Tone;
        match self.standing {
            Standing::Pending => Badge::new("Waiting for the record", Tone::Warning),
            Standing::Verified => Badge::new("Verified", Tone::Success),
            Standing::Lapsed => Badge::new("Lapsed", Tone::Danger),
        }
    }

    /// Whether the organization holds it.
    pub fn is_held(&self) -> bool {
        self.standing == Standing::Verified
    }
}

/// `/organizations/{slug}/settings/domains`. *Forms*: POST the same URL with `name` (claim), POST `…/{id}/verification` for
/// what is held. *Links*: `…/{id}/verification` for what is not, `…/{id}/removal`.
#[derive(Debug, Template)]
#[template(path = "domains/domains.html")]
pub struct DomainsPage {
    /// Side bar.
    pub frame: Frame,
    /// The domains, by name.
    pub items: Vec<DomainCard>,
    /// Field `name` of the form that claims one.
    pub name: Field,
}
