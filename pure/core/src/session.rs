//! Owns how long a session lives. What it opens is decided in [`crate::policy`].

use std::time::Duration;

use crate::proof::{Proof, Proofs};
use crate::time::Timestamp;

/// The ends of a session. *Source*: R-IN-7; both are the operator's settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionLimits {
    /// Ends without use. Default: 6 hours.
    pub idle: Duration,
    /// Ends in any case. Default: 24 hours.
    pub absolute: Duration,
}

impl SessionLimits {
    /// The absolute end of a session that is made now: a day after the oldest of its proofs, for confirming one thing does
    /// not prolong another, and no later than the last of them that can carry it.
    ///
    /// *Source*: R-IN-7, T-ID-16.
    pub fn absolute_end(&self, proofs: &Proofs, now: Timestamp) -> Timestamp {
        let oldest = proofs.iter().map(Proof::at).min().unwrap_or(now);
        let usual = oldest.plus(self.absolute);
        proofs.carry_until().map_or(usual, |end| usual.min(end))
    }
}

impl Default for SessionLimits {
    fn default() -> Self {
        Self { idle: Duration::from_secs(6 * 3600), absolute: Duration::from_secs(24 * 3600) }
    }
}

/// The last use of a session is written at most this often, so the idle end comes at most this much early.
///
/// *Units*: five minutes. *Source*: R-IN-7.
pub const TOUCH_EVERY: Duration = Duration::from_secs(5 * 60);

/// What a session's row says about its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionLife {
    /// When it began. A renewed token keeps the beginning.
    pub created_at: Timestamp,
    /// The last use that was written down.
    pub last_used_at: Timestamp,
    /// Its absolute end.
    pub expires_at: Timestamp,
    /// Ended before its time: signed out, or ended by its owner.
    pub ended_at: Option<Timestamp>,
    /// Sessions of this user that began before this moment are over.
    pub not_before: Timestamp,
}

impl SessionLife {
    /// Whether the session is over, and by what.
    pub fn end(&self, limits: SessionLimits, now: Timestamp) -> Option<SessionEnd> {
        if self.ended_at.is_some() || self.created_at < self.not_before {
            return Some(SessionEnd::Ended);
        }
        if now >= self.expires_at || now >= self.created_at.plus(limits.absolute) {
            return Some(SessionEnd::Expired);
        }
        (now.since(self.last_used_at) >= limits.idle).then_some(SessionEnd::Idle)
    }

    /// Whether this use is worth writing down.
    pub fn wants_touch(&self, now: Timestamp) -> bool {
        now.since(self.last_used_at) >= TOUCH_EVERY
    }
}

/// Why a session is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SessionEnd {
    /// Signed out, ended by its owner, or ended with all others of the user.
    Ended,
    /// Past its absolute end.
    Expired,
    /// Not used for too long.
    Idle,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::{ConnectionId, Identifier as _, OrganizationId};

    const HOUR: Duration = Duration::from_secs(3600);

    fn life() -> SessionLife {
        let start = Timestamp::from_millis(1_000_000);
        SessionLife {
            created_at: start,
            last_used_at: start,
            expires_at: start.plus(24 * HOUR),
            ended_at: None,
            not_before: Timestamp::from_millis(0),
        }
    }

    #[test]
    fn r_in_7_a_session_ends_idle_after_six_hours_and_never_late() {
        let life = life();
        let limits = SessionLimits::default();
        assert_eq!(life.end(limits, life.created_at.plus(6 * HOUR).minus(Duration::from_millis(1))), None);
        assert_eq!(life.end(limits, life.created_at.plus(6 * HOUR)), Some(SessionEnd::Idle));
    }

    #[test]
    fn r_in_7_a_session_in_use_ends_after_a_day() {
        let mut life = life();
        let end = life.created_at.plus(24 * HOUR);
        life.last_used_at = end.minus(HOUR);
        assert_eq!(life.end(SessionLimits::default(), end.minus(Duration::from_millis(1))), None);
        assert_eq!(life.end(SessionLimits::default(), end), Some(SessionEnd::Expired));
    }

    #[test]
    fn r_in_7_the_earlier_of_the_two_absolute_ends_counts() {
        let life = life();
        let busy = SessionLife { last_used_at: life.created_at.plus(3 * HOUR), ..life };
        let short = SessionLimits { absolute: 2 * HOUR, ..SessionLimits::default() };
        assert_eq!(busy.end(short, life.created_at.plus(3 * HOUR)), Some(SessionEnd::Expired));
        let sooner = SessionLife { expires_at: life.created_at.plus(HOUR), ..busy };
        assert_eq!(sooner.end(SessionLimits::default(), life.created_at.plus(3 * HOUR)), Some(SessionEnd::Expired));
    }

    #[test]
    fn r_in_7_t_id_16_a_session_ends_a_day_after_its_oldest_proof_or_when_the_idp_says_so() {
        let now = Timestamp::from_millis(1_000_000_000);
        let sso = |number: u8, hours: Option<u32>| Proof::Sso {
            connection_id: ConnectionId::new(now, [number; 10]),
            organization_id: OrganizationId::new(now, [number; 10]),
            at: now,
            authenticated_at: None,
            holds_until: hours.map(|hours| now.plus(hours * HOUR)),
        };
        let ends = |proofs: &Proofs| SessionLimits::default().absolute_end(proofs, now);
        let password = Proof::Password { at: now.minus(2 * HOUR) };
        assert_eq!(ends(&Proofs::of(sso(1, None))), now.plus(24 * HOUR));
        assert_eq!(ends(&Proofs::of(sso(1, Some(3)))), now.plus(3 * HOUR));
        assert_eq!(ends(&Proofs::of(sso(1, Some(90)))), now.plus(24 * HOUR), "it prolongs nothing");
        assert_eq!(ends(&Proofs::of(sso(1, Some(3))).with(sso(2, Some(5)))), now.plus(5 * HOUR));
        assert_eq!(ends(&Proofs::of(password).with(sso(1, Some(3)))), now.plus(22 * HOUR), "the person's own stays");
        let code = Proof::MailedCode { at: now };
        assert_eq!(ends(&Proofs::of(sso(1, Some(3))).with(code)), now.plus(3 * HOUR), "a code is nothing without it");
        assert_eq!(ends(&Proofs::default()), now.plus(24 * HOUR));
    }

    #[test]
    fn r_in_7_a_use_is_worth_writing_down_after_five_minutes() {
        let life = life();
        let later = |seconds: u64| life.created_at.plus(Duration::from_secs(seconds));
        assert_eq!((life.wants_touch(later(299)), life.wants_touch(later(300))), (false, true));
    }

    #[test]
    fn the_defaults_are_six_hours_and_a_day() {
        assert_eq!(SessionLimits::default(), SessionLimits { idle: 6 * HOUR, absolute: 24 * HOUR });
    }

    #[test]
    fn a_session_from_before_a_reset_is_over_and_one_of_that_moment_is_not() {
        let mut life = life();
        life.not_before = life.created_at;
        assert_eq!(life.end(SessionLimits::default(), life.created_at.plus(HOUR)), None);
        life.not_before = life.created_at.plus(Duration::from_millis(1));
        assert_eq!(life.end(SessionLimits::default(), life.created_at.plus(HOUR)), Some(SessionEnd::Ended));
    }

    #[test]
    fn a_clock_that_steps_back_ends_nothing() {
        let life = life();
        assert_eq!(life.end(SessionLimits::default(), life.created_at.minus(HOUR)), None);
    }
}
