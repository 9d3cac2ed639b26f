//! Owns the merging of an SSO-born person into the person who has the address proven (R-LNK-4). Whether it may happen
//! is decided before.

use orgate_core::id::UserId;
use orgate_core::time::Timestamp;

use crate::error::StoreError;
use crate::instance::InstanceTx;

/// Roles are united: the stronger one is kept. A place once held by `into` and held by `from` is held again, as `from` came to it;
/// proofs that stopped opening it do not open it again (I7).
const MEMBERSHIPS: &str = "insert into memberships (user_id, organization_id, role, state, origin, joined_at,
        last_sign_in_at, last_sso_sign_in_at, proofs_not_before_at)
    select cast($2 as text), organization_id, role, state, origin, joined_at, last_sign_in_at, last_sso_sign_in_at,
        proofs_not_before_at
    from memberships where user_id = $1 and state = 'active'
    on conflict (user_id, organization_id) do update set
        role = case when memberships.state = 'active' and memberships.role = 'owner' then 'owner'
            else excluded.role end,
        state = 'active', ended_at = null, removed_email_key = null,
        origin = case when memberships.state = 'active' then memberships.origin else excluded.origin end,
        joined_at = case when memberships.state = 'active' then memberships.joined_at else excluded.joined_at end,
        last_sign_in_at = case when memberships.state = 'active' then memberships.last_sign_in_at
            else excluded.last_sign_in_at end,
        proofs_not_before_at = case
            when coalesce(memberships.ended_at, memberships.proofs_not_before_at) > excluded.proofs_not_before_at
            then coalesce(memberships.ended_at, memberships.proofs_not_before_at)
            else excluded.proofs_not_before_at end,
        last_sso_sign_in_at = coalesce(excluded.last_sso_sign_in_at, memberships.last_sso_sign_in_at)";

const GRANTS: &str = "insert into project_grants (project_id, user_id, organization_id, role, created_at, created_by)
    select project_id, cast($2 as text), organization_id, role, created_at, created_by
    from project_grants where user_id = $1
    on conflict (project_id, user_id) do update set role = excluded.role
    where case excluded.role when 'admin' then 3 when 'read_write' then 2 else 1 end
        > case project_grants.role when 'admin' then 3 when 'read_write' then 2 else 1 end";

/// An identity stays where an Owner removed `from`: it is what keeps the same subject out (R-LNK-1).
const IDENTITIES: &str = "update identities set user_id = $2 where user_id = $1
    and not exists (select 1 from memberships m where m.user_id = identities.user_id
        and m.organization_id = identities.organization_id and m.state = 'removed')";

impl InstanceTx<'_> {
    /// Brings memberships, grants, identities and what they invited to of `from` to `into`, and closes the emptied `from`. The two
    /// can be members of different organizations, so no organization's view can do it. What `from` was removed from stays with it.
    ///
    /// *Errors*: [`StoreError::Conflict`] with `IdentityUser` when `into` has another subject in the same key space
    /// (R-LNK-5).
    pub async fn merge_users(&mut self, from: &UserId, into: &UserId, at: Timestamp) -> Result<(), StoreError> {
        self.execute(MEMBERSHIPS, &[from.into(), into.into()]).await?;
        self.execute(GRANTS, &[from.into(), into.into()]).await?;
        self.execute(IDENTITIES, &[from.into(), into.into()]).await?;
        // They end when `into` may not invite any more (R-ORG-6).
        let sent = "update invitations set invited_by = $2
            where invited_by = $1 and accepted_at is null and revoked_at is null";
        self.execute(sent, &[from.into(), into.into()]).await?;
        let added = "update invitation_projects set added_by = $2 where added_by = $1";
        self.execute(added, &[from.into(), into.into()]).await?;
        self.execute("delete from memberships where user_id = $1 and state = 'active'", &[from.into()]).await?;
        // What the emptied account came in by ends with it, the password and links to Google and GitHub alike: who made it
        // is not let into the other by it (T-LNK-5).
        self.empty_user(from, at).await?;
        Ok(())
    }
}
