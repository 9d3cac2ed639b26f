//! Owns taking an organization apart. People stay: they are more than one organization's.

use orgate_core::time::Timestamp;

use crate::account::CLOSED_NAME;
use crate::error::StoreError;
use crate::org::OrgTx;

/// People whose address is local to the organization, which nothing else could ever let in.
macro_rules! local {
    () => {
        " (select id from users where home_organization_id = $1 and email_proven_at is null and closed_at is null)"
    };
}

/// What goes with local people: what goes with any account that is closed (`account.rs`), for all of them at once. Their memberships,
/// grants and identities are the organization's.
const PARTS_OF_PEOPLE: [&str; 11] = [
    concat!("delete from sessions where user_id in", local!()),
    concat!("delete from challenges where user_id in", local!()),
    concat!("delete from departures where user_id in", local!()),
    concat!("delete from known_devices where user_id in", local!()),
    concat!("delete from known_origins where user_id in", local!()),
    concat!("delete from password_resets where user_id in", local!()),
    concat!("delete from password_credentials where user_id in", local!()),
    concat!("delete from totp_credentials where user_id in", local!()),
    concat!("delete from recovery_codes where user_id in", local!()),
    concat!("delete from passkeys where user_id in", local!()),
    concat!("delete from personal_identities where user_id in", local!()),
];

/// In the order that references allow. Events that belong to the instance stay.
const PARTS: [&str; 19] = [
    // First, as the sealer takes it first: neither waits for the other.
    "delete from audit_heads where chain = $1",
    "delete from sso_attempts where organization_id = $1",
    "delete from connection_tests where organization_id = $1",
    "delete from sign_ins where organization_id = $1",
    "delete from provider_sessions where organization_id = $1",
    "delete from log_outs where organization_id = $1",
    "delete from log_out_tokens where organization_id = $1",
    "delete from identities where organization_id = $1",
    "delete from invitation_projects where organization_id = $1",
    "delete from invitations where organization_id = $1",
    "delete from project_grants where organization_id = $1",
    "delete from projects where organization_id = $1",
    "delete from connection_revisions where organization_id = $1",
    "delete from connections where organization_id = $1",
    "delete from departures where organization_id = $1",
    "delete from domains where organization_id = $1",
    "delete from memberships where organization_id = $1",
    "delete from audit_events where organization_id = $1",
    "delete from organizations where id = $1",
];

impl OrgTx<'_> {
    /// Deletes the organization with everything in it, if its requested deletion is due; `None` otherwise. People whose
    /// address is local to it are closed, for nothing else could ever let them in: it says how many.
    ///
    /// *Source*: R-ORG-5.
    pub async fn perform_deletion(&mut self, now: Timestamp) -> Result<Option<u64>, StoreError> {
        let due = "update organizations set deletes_at = $2 where id = $1 and deletes_at <= $2";
        if !self.changed(due, &[now.into()]).await? {
            return Ok(None);
        }
        for part in PARTS_OF_PEOPLE {
            self.execute(part, &[]).await?;
        }
        // An id is of letters that an address has, too, and nobody can have this one (RFC 2606, 2).
        let close =
            "update users set closed_at = $2, sessions_not_before_at = $2, name = $3, has_second_factor = false,
                email = id || '@closed.invalid', email_key = id || '@closed.invalid'
            where home_organization_id = $1 and email_proven_at is null and closed_at is null";
        let closed = self.execute(close, &[now.into(), CLOSED_NAME.into()]).await?;
        for part in PARTS {
            self.execute(part, &[]).await?;
        }
        Ok(Some(closed))
    }
}
