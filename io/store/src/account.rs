//! Owns what a person does with their whole account: taking another address, reading everything that is kept of them,
//! closing it. A person is in any number of organizations, so no organization's view can do it; whether it may happen is
//! decided before.

use orgate_core::email::EmailAddress;
use orgate_core::id::{OrganizationId, ProjectId, UserId};
use orgate_core::membership::{MembershipOrigin, MembershipState};
use orgate_core::role::{OrganizationRole, ProjectRole};
use orgate_core::time::Timestamp;

use crate::error::StoreError;
use crate::instance::InstanceTx;
use crate::value::Row;

/// A membership as the person themselves reads it, held or once held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnMembership {
    /// Where.
    pub organization_id: OrganizationId,
    /// The organization's short name.
    pub slug: String,
    /// The organization's name.
    pub name: String,
    /// As what.
    pub role: OrganizationRole,
    /// Whether it is held.
    pub state: MembershipState,
    /// How the person came.
    pub origin: MembershipOrigin,
    /// When they came, the last time.
    pub joined_at: Timestamp,
    /// When they went.
    pub ended_at: Option<Timestamp>,
    /// When they last entered.
    pub last_sign_in_at: Option<Timestamp>,
}

/// A role in a project, as the person themselves reads it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnGrant {
    /// Whose project.
    pub organization_id: OrganizationId,
    /// Which project.
    pub project_id: ProjectId,
    /// The project's name.
    pub name: String,
    /// As what.
    pub role: ProjectRole,
    /// Since when.
    pub created_at: Timestamp,
}

/// The name that is left of a closed account where other rows point to it.
pub const CLOSED_NAME: &str = "Closed account";

/// What hangs on an account and goes with it, in the order that references allow. An identity stays where an Owner removed
/// the person: it is what keeps the same subject out (R-LNK-1).
const PARTS: &[&str] = &[
    "delete from challenges where user_id = $1",
    "delete from departures where user_id = $1",
    "delete from known_devices where user_id = $1",
    "delete from known_origins where user_id = $1",
    "delete from project_grants where user_id = $1",
    "delete from password_resets where user_id = $1",
    "delete from password_credentials where user_id = $1",
    "delete from totp_credentials where user_id = $1",
    "delete from recovery_codes where user_id = $1",
    "delete from passkeys where user_id = $1",
    "delete from personal_identities where user_id = $1",
    // Kept while the removal holds, and no longer; a program of before lifts one without it.
    "update memberships set removed_email_key = null where user_id = $1 and state <> 'removed'
        and removed_email_key is not null",
    "delete from identities where user_id = $1 and not exists (select 1 from memberships m
        where m.user_id = identities.user_id and m.organization_id = identities.organization_id
            and m.state = 'removed')",
];

fn read_membership(row: &Row<'_>) -> Result<OwnMembership, StoreError> {
    Ok(OwnMembership {
        organization_id: row.get("organization_id")?,
        slug: row.get("slug")?,
        name: row.get("name")?,
        role: row.get("role")?,
        state: row.get("state")?,
        origin: row.get("origin")?,
        joined_at: row.get("joined_at")?,
        ended_at: row.get("ended_at")?,
        last_sign_in_at: row.get("last_sign_in_at")?,
    })
}

fn read_grant(row: &Row<'_>) -> Result<OwnGrant, StoreError> {
    Ok(OwnGrant {
        organization_id: row.get("organization_id")?,
        project_id: row.get("project_id")?,
        name: row.get("name")?,
        role: row.get("role")?,
        created_at: row.get("created_at")?,
    })
}

/// An address that nobody can have. *Source*: RFC 2606, 2.
fn nobodys_address(id: &UserId) -> Result<EmailAddress, StoreError> {
    let address = EmailAddress::parse(&format!("{id}@closed.invalid"));
    address.map_err(|_| StoreError::fault("an id that fits no address"))
}

impl InstanceTx<'_> {
    /// Gives a person whose address is no organization's another one that they just proved. `false` when theirs is local to
    /// one or the account is closed. Where an Owner removed them, the one that they had goes on to be refused (R-LNK-1).
    ///
    /// *Errors*: [`StoreError::Conflict`] with `UserProvenEmail` when somebody else has it proven.
    pub async fn change_email(
        &mut self,
        user_id: &UserId,
        email: &EmailAddress,
        at: Timestamp,
    ) -> Result<bool, StoreError> {
        // A program of before wrote none down.
        let keep = "update memberships set removed_email_key = (select email_key from users where users.id = $1)
            where user_id = $1 and state = 'removed' and removed_email_key is null";
        self.execute(keep, &[user_id.into()]).await?;
        let sql = "update users set email = $2, email_key = $3, email_proven_at = $4
            where id = $1 and home_organization_id is null and closed_at is null";
        self.changed(sql, &[user_id.into(), email.as_str().into(), email.key().into(), at.into()]).await
    }

    /// Makes every code that was mailed to the person void, whatever it was for.
    pub async fn delete_challenges_of_user(&mut self, user_id: &UserId) -> Result<u64, StoreError> {
        self.execute("delete from challenges where user_id = $1", &[user_id.into()]).await
    }

    /// Makes every mailed link out of an organization void that the person has.
    pub async fn delete_departures_everywhere(&mut self, user_id: &UserId) -> Result<u64, StoreError> {
        self.execute("delete from departures where user_id = $1", &[user_id.into()]).await
    }

    /// Every membership of the person, held or once held, in the order of the organizations' ages.
    pub async fn list_memberships_of_user(&mut self, user_id: &UserId) -> Result<Vec<OwnMembership>, StoreError> {
        let sql = "select m.organization_id, o.slug, o.name, m.role, m.state, m.origin, m.joined_at, m.ended_at,
                m.last_sign_in_at
            from memberships m join organizations o on o.id = m.organization_id
            where m.user_id = $1 order by m.organization_id";
        self.query(sql, &[user_id.into()], read_membership).await
    }

    /// Every role in a project that the person holds.
    pub async fn list_grants_of_user(&mut self, user_id: &UserId) -> Result<Vec<OwnGrant>, StoreError> {
        let sql = "select g.organization_id, g.project_id, p.name, g.role, g.created_at
            from project_grants g join projects p on p.id = g.project_id
            where g.user_id = $1 order by g.project_id";
        self.query(sql, &[user_id.into()], read_grant).await
    }

    /// Closes an account and takes away what hangs on it; the memberships have ended before. The row stays, without the name:
    /// other rows point to it. The address is free again, and is forgotten too, unless an Owner removed the person somewhere:
    /// then it is kept, so that the removal goes on to hold (R-LNK-1). `false` when it was closed before.
    pub async fn erase_user(&mut self, user_id: &UserId, at: Timestamp) -> Result<bool, StoreError> {
        self.execute("delete from sessions where user_id = $1", &[user_id.into()]).await?;
        self.empty_user(user_id, at).await
    }

    /// The same, save for the rows of its sessions, which are over: what one of them knows may go on in another person's.
    pub(crate) async fn empty_user(&mut self, user_id: &UserId, at: Timestamp) -> Result<bool, StoreError> {
        let close = "update users set closed_at = $3, sessions_not_before_at = $3, name = $2, has_second_factor = false
            where id = $1 and closed_at is null";
        if !self.changed(close, &[user_id.into(), CLOSED_NAME.into(), at.into()]).await? {
            return Ok(false);
        }
        for part in PARTS {
            self.execute(part, &[user_id.into()]).await?;
        }
        let address = nobodys_address(user_id)?;
        let forget = "update users set email = $2, email_key = $3 where id = $1
            and not exists (select 1 from memberships where memberships.user_id = $1 and memberships.state = 'removed')";
        self.execute(forget, &[user_id.into(), address.as_str().into(), address.key().into()]).await?;
        Ok(true)
    }
}
