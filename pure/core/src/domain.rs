//! Owns domains that organizations prove to be theirs: the name, the record that proves it, and every decision about a
//! claim. What name servers say is a value here; asking them is somebody else's.

use std::time::Duration;

use crate::email;
use crate::policy::AddressState;
use crate::time::Timestamp;

/// Domains at which anybody can have an address, one a line; `#` begins a comment.
const PUBLIC_MAIL: &str = include_str!("../data/public-mail-domains.txt");

/// The exact name of a domain, in ASCII and lower case: names under it are other domains.
///
/// *Source*: R-LNK-7.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DomainName(String);

/// Why a text is no domain that can be claimed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DomainError {
    /// No name of at least two labels.
    Malformed,
    /// Too long for the record's name to fit.
    TooLong,
    /// Anybody can have an address there.
    PublicMail,
}

/// What stands before the domain in the name of the record.
const LABEL: &str = "_orgate-challenge.";
/// What stands before the token in the record.
const MARK: &str = "orgate-domain-verification=";
/// *Units*: bytes of a name, without the final dot.
const LONGEST_NAME: usize = 253;

impl DomainName {
    /// Reads a domain that somebody wants to claim. Forgiven is what people paste: white space, upper case, a whole address
    /// of mail or of a web site, a final dot.
    ///
    /// *Errors*: why it cannot be claimed.
    pub fn claim(text: &str) -> Result<Self, DomainError> {
        let text = text.trim();
        let text = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://")).unwrap_or(text);
        let text = text.split('/').next().unwrap_or(text);
        let text = text.rsplit('@').next().unwrap_or(text);
        let name = Self::parse(text.strip_suffix('.').unwrap_or(text)).ok_or(DomainError::Malformed)?;
        if LABEL.len() + name.0.len() > LONGEST_NAME {
            return Err(DomainError::TooLong);
        }
        if is_public_mail(&name.0) { Err(DomainError::PublicMail) } else { Ok(name) }
    }

    /// Reads the name of a domain, whoever's: by the rule that domains of addresses are read by, so that the two are
    /// equal or not by one comparison (T-LNK-10).
    pub fn parse(text: &str) -> Option<Self> {
        email::domain_to_ascii(text).map(Self)
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name of the record that proves it.
    pub fn record_name(&self) -> String {
        format!("{LABEL}{}", self.0)
    }
}

impl std::fmt::Display for DomainName {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.0)
    }
}

fn is_public_mail(name: &str) -> bool {
    PUBLIC_MAIL.lines().map(|line| line.split('#').next().unwrap_or_default().trim()).any(|line| line == name)
}

/// What the record has to hold for the token of one claim, which is of one organization and one domain.
pub fn record_value(token: &str) -> String {
    format!("{MARK}{token}")
}

/// How a claim stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DomainState {
    /// Not shown yet. It reserves nothing.
    Pending,
    /// Shown, and looked at again since: the organization holds the domain.
    Verified,
    /// Held once, and not shown any more.
    Lapsed,
}

impl DomainState {
    /// Every state.
    pub const ALL: [Self; 3] = [Self::Pending, Self::Verified, Self::Lapsed];

    /// The word in the API and in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Verified => "verified",
            Self::Lapsed => "lapsed",
        }
    }

    /// Reads the word.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }
}

/// What name servers said about the texts at a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TextAnswer {
    /// These.
    Texts(Vec<String>),
    /// There are none, and who said so answers for the name.
    Absent,
    /// Nothing that can be relied upon: no answer in time, or a failure.
    NoAnswer,
}

/// What an answer means for one claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Evidence {
    /// The record is there.
    Present,
    /// It is not there.
    Absent,
    /// Not known.
    NoAnswer,
}

impl TextAnswer {
    /// What it means for the claim with this token.
    pub fn evidence(&self, token: &str) -> Evidence {
        match self {
            Self::Texts(texts) if texts.iter().any(|text| text.trim() == record_value(token)) => Evidence::Present,
            Self::Texts(_) | Self::Absent => Evidence::Absent,
            Self::NoAnswer => Evidence::NoAnswer,
        }
    }
}

/// What came of the last look, in the word that is stored and told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CheckResult {
    /// The record is there.
    Found,
    /// The name has no such record.
    RecordMissing,
    /// Name servers did not answer.
    NoAnswer,
    /// The record is there, and another organization's is too: that one holds the domain.
    HeldByAnother,
}

impl CheckResult {
    /// Every result.
    pub const ALL: [Self; 4] = [Self::Found, Self::RecordMissing, Self::NoAnswer, Self::HeldByAnother];

    /// The word in the API and in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Found => "record-found",
            Self::RecordMissing => "record-missing",
            Self::NoAnswer => "no-answer",
            Self::HeldByAnother => "held-by-another-organization",
        }
    }

    /// Reads the word.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|result| result.as_str() == text)
    }
}

/// What an Owner's wish to have a claim verified comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verification {
    /// The organization holds the domain from now on, or still.
    Verified,
    /// The same, and who held it until now lost it.
    TakesOver,
    /// No.
    Refused(CheckResult),
}

/// Decides on a claim: by what is known of it, and of another organization that holds the domain, if one does.
///
/// *Source*: R-LNK-7. One holder: who shows the record takes a domain over only from a holder who does not show it any
/// more. A holder of whom nothing is known keeps it.
pub const fn verify(own: Evidence, rival: Option<Evidence>) -> Verification {
    match (own, rival) {
        (Evidence::Present, None) => Verification::Verified,
        (Evidence::Present, Some(Evidence::Absent)) => Verification::TakesOver,
        (Evidence::Present, Some(Evidence::Present | Evidence::NoAnswer)) => {
            Verification::Refused(CheckResult::HeldByAnother)
        }
        (Evidence::Absent, _) => Verification::Refused(CheckResult::RecordMissing),
        (Evidence::NoAnswer, _) => Verification::Refused(CheckResult::NoAnswer),
    }
}

/// A held domain is looked at again when the last good look is this old. *Units*: 24 hours.
pub const RECHECK_AFTER: Duration = Duration::from_secs(24 * 3600);
/// A domain of which nothing can be learned lapses after this. *Units*: 72 hours.
pub const LAPSES_AFTER: Duration = Duration::from_secs(72 * 3600);
/// Owners are told that it will, after this. *Units*: 24 hours.
pub const WARNS_AFTER: Duration = Duration::from_secs(24 * 3600);
/// While there is no answer, it is asked for again this often. *Units*: one hour.
pub const RETRY_AFTER: Duration = Duration::from_secs(3600);
/// Sign-ins that come while there is no answer do not each ask again. *Units*: five minutes.
pub const SIGN_IN_RETRY_AFTER: Duration = Duration::from_secs(5 * 60);

/// When a held domain was looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Looks {
    /// When name servers last said that the record is there.
    pub checked_at: Timestamp,
    /// When they were last asked.
    pub tried_at: Timestamp,
    /// Since when they have not answered.
    pub unanswered_since: Option<Timestamp>,
}

impl Looks {
    /// When the next look is due: daily, hourly while there is no answer.
    pub fn due_at(&self) -> Timestamp {
        match self.unanswered_since {
            None => self.checked_at.plus(RECHECK_AFTER),
            Some(_) => self.tried_at.plus(RETRY_AFTER),
        }
    }

    /// Whether a sign-in that relies on the domain has to look first.
    ///
    /// *Source*: R-LNK-7, before R-LNK-3.
    pub fn is_due_for_sign_in(&self, now: Timestamp) -> bool {
        let tried = self.unanswered_since.is_some() && now.since(self.tried_at) < SIGN_IN_RETRY_AFTER;
        now.since(self.checked_at) > RECHECK_AFTER && !tried
    }

    /// When the domain lapses if there is no answer until then.
    pub fn lapses_at(&self) -> Option<Timestamp> {
        self.unanswered_since.map(|since| since.plus(LAPSES_AFTER))
    }
}

/// What a look at a held domain comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recheck {
    /// It stays.
    Stays,
    /// It stays for now; `since` then there is no answer.
    Unanswered {
        /// Since when.
        since: Timestamp,
        /// Whether it has been so for a day now: the Owners are told.
        warns: bool,
    },
    /// It lapses.
    Lapses(CheckResult),
}

/// Decides on a look at a held domain.
///
/// *Source*: R-LNK-7: an authoritative "absent" lapses at once, no answer lapses after 72 hours.
pub fn recheck(evidence: Evidence, looks: &Looks, now: Timestamp) -> Recheck {
    match evidence {
        Evidence::Present => Recheck::Stays,
        Evidence::Absent => Recheck::Lapses(CheckResult::RecordMissing),
        Evidence::NoAnswer => match looks.unanswered_since {
            None => Recheck::Unanswered { since: now, warns: false },
            Some(since) if now.since(since) >= LAPSES_AFTER => Recheck::Lapses(CheckResult::NoAnswer),
            Some(since) => {
                let warned_at = since.plus(WARNS_AFTER);
                Recheck::Unanswered { since, warns: now >= warned_at && looks.tried_at < warned_at }
            }
        },
    }
}

/// Whether a domain that somebody now holds passed from one organization to another: its addresses are unproven then.
///
/// *Source*: R-LNK-7. Who held it last counts, however long ago.
pub fn passed<T: PartialEq>(last_holder: Option<&T>, holder: &T) -> bool {
    last_holder.is_some_and(|last| last != holder)
}

/// The domains that an organization holds, as a check of a session needs them: few, and mostly none.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ProvenDomains(String);

impl ProvenDomains {
    /// From the names.
    pub fn of<'n>(names: impl Iterator<Item = &'n DomainName>) -> Self {
        Self(names.map(DomainName::as_str).collect::<Vec<_>>().join(" "))
    }

    /// The compact text of the organization's row.
    pub fn encode(&self) -> &str {
        &self.0
    }

    /// Reads the text of [`Self::encode`].
    pub fn decode(text: &str) -> Self {
        Self(text.to_owned())
    }

    /// Whether the organization answers for a person's address: it holds the domain, and the address is that person's.
    ///
    /// *Source*: R-LNK-6: the address stored and proven, never an asserted one.
    pub fn vouch_for(&self, address: &AddressState, email: &str) -> bool {
        if self.0.is_empty() {
            return false;
        }
        match (address, email.rsplit_once('@')) {
            (AddressState::Proven, Some((_, domain))) if !domain.is_empty() => {
                self.0.split(' ').any(|held| held == domain)
            }
            (AddressState::Proven | AddressState::LocalTo(_) | AddressState::Unproven, _) => false,
        }
    }
}

#[cfg(test)]
mod tests;
