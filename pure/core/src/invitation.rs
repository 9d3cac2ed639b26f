//! Owns the rules of an invitation. *Source*: section 2.

use std::time::Duration;

use crate::time::Timestamp;

/// How long an invitation can be accepted. *Units*: 48 hours. *Source*: R-INV-2; checked at use (T-INV-1).
pub const INVITATION_LIFETIME: Duration = Duration::from_secs(48 * 3600);

/// How many addresses one call invites. *Units*: addresses.
pub const MOST_INVITED_AT_ONCE: usize = 100;

/// The two links of an invitation. *Source*: R-INV-2.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InvitationLink {
    /// Arrived by mail: proves the address.
    Mailed,
    /// Copied from the console: proves nothing; a code is mailed first.
    Copied,
}

/// What an invitation's row says about its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InvitationLife {
    /// When it ends.
    pub expires_at: Timestamp,
    /// When it was accepted.
    pub accepted_at: Option<Timestamp>,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
}

/// Why an invitation cannot be accepted any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InvitationEnd {
    /// Taken up already: single use.
    Accepted,
    /// Revoked, by hand or with its sender.
    Revoked,
    /// Older than 48 hours.
    Expired,
}

impl InvitationLife {
    /// Whether it can still be accepted, and if not, why.
    pub fn end(self, now: Timestamp) -> Option<InvitationEnd> {
        if self.accepted_at.is_some() {
            Some(InvitationEnd::Accepted)
        } else if self.revoked_at.is_some() {
            Some(InvitationEnd::Revoked)
        } else {
            (now >= self.expires_at).then_some(InvitationEnd::Expired)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn t_inv_1_expiry_is_checked_at_use() {
        let start = Timestamp::from_millis(0);
        let life = InvitationLife { expires_at: start.plus(INVITATION_LIFETIME), accepted_at: None, revoked_at: None };
        assert_eq!(life.end(start.plus(INVITATION_LIFETIME).minus(Duration::from_millis(1))), None);
        assert_eq!(life.end(start.plus(INVITATION_LIFETIME)), Some(InvitationEnd::Expired));
    }
}
