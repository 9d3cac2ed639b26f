//! Owns taking an organization apart. People stay: they are more than one organization's.

use orgate_core::id::UserId;
use orgate_core::time::Timestamp;

use crate::error::StoreError;
use crate::org::OrgTx;

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
        let local = "select id from users
            where home_organization_id = $1 and email_proven_at is null and closed_at is null";
        let people: Vec<UserId> = self.query(local, &[], |row| row.get("id")).await?;
        for part in PARTS {
            self.execute(part, &[]).await?;
        }
        // Behind the memberships: whom this organization had removed, no address keeps out any more.
        let mut closed = 0;
        for person in &people {
            closed += u64::from(self.instance().erase_user(person, now).await?);
        }
        Ok(Some(closed))
    }
}
