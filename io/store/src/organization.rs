//! Owns the rows of organizations: names, entitlement, the active connection, the request to delete. Taking an
//! organization apart is in `deletion.rs`.

use orgate_core::id::{OrganizationId, UserId};
use orgate_core::policy::Enforcement;
use orgate_core::time::Timestamp;

use crate::error::StoreError;
use crate::instance::InstanceTx;
use crate::org::OrgTx;
use crate::page::{Page, asked};
use crate::value::Row;

/// One tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Organization {
    /// Which one.
    pub id: OrganizationId,
    /// Its short name in addresses.
    pub slug: String,
    /// Its name.
    pub name: String,
    /// When it was created.
    pub created_at: Timestamp,
    /// By whom.
    pub created_by: UserId,
    /// Whether the operator lets it use SSO (R-ORG-7).
    pub sso_entitled: bool,
    /// The terms on which it lets its members in; the one active connection (R-SSO-7) is among them.
    pub enforcement: Enforcement,
    /// Since when it enforces SSO.
    pub enforced_since_at: Option<Timestamp>,
    /// When an unconfirmed trial of that rolls back (R-ENF-12).
    pub trial_ends_at: Option<Timestamp>,
    /// Operator recovery was accepted as the way back in (R-ENF-5).
    pub operator_recovery: bool,
    /// Since when no Owner could come back in without the identity provider (R-ENF-14).
    pub way_back_lost_at: Option<Timestamp>,
    /// Whether members need a second factor (R-IN-4).
    pub mfa_required: bool,
    /// When an Owner asked for its deletion.
    pub deletion_requested_at: Option<Timestamp>,
    /// When that takes effect; until then it can be undone (R-ORG-5).
    pub deletes_at: Option<Timestamp>,
}

macro_rules! columns {
    () => {
        "id, slug, name, created_at, created_by, sso_entitled, active_connection_id, connection_since_at, enforced, \
         enforced_since_at, owner_exemption, owner_second_factor, mfa_required, trial_ends_at, operator_recovery, \
         way_back_lost_at, deletion_requested_at, deletes_at"
    };
}

fn read(row: &Row<'_>) -> Result<Organization, StoreError> {
    Ok(Organization {
        id: row.get("id")?,
        slug: row.get("slug")?,
        name: row.get("name")?,
        created_at: row.get("created_at")?,
        created_by: row.get("created_by")?,
        sso_entitled: row.get("sso_entitled")?,
        enforcement: read_enforcement(row)?,
        enforced_since_at: row.get("enforced_since_at")?,
        trial_ends_at: row.get("trial_ends_at")?,
        operator_recovery: row.get("operator_recovery")?,
        way_back_lost_at: row.get("way_back_lost_at")?,
        mfa_required: row.get("mfa_required")?,
        deletion_requested_at: row.get("deletion_requested_at")?,
        deletes_at: row.get("deletes_at")?,
    })
}

/// The terms, by the names of their columns.
pub(crate) fn read_enforcement(row: &Row<'_>) -> Result<Enforcement, StoreError> {
    let since = row.get("connection_since_at")?;
    let active: Option<orgate_core::id::ConnectionId> = row.get("active_connection_id")?;
    Ok(Enforcement {
        enforced: row.get("enforced")?,
        owner_exemption: row.get("owner_exemption")?,
        owner_second_factor: row.get("owner_second_factor")?,
        connection: active.map(|id| (id, since)),
    })
}

impl InstanceTx<'_> {
    /// Adds an organization that enforces nothing and has no connection. It is not anybody's row yet, so no
    /// organization's view could add it.
    ///
    /// *Errors*: [`StoreError::Conflict`] with `OrganizationSlug`.
    pub async fn insert_organization(
        &mut self,
        id: &OrganizationId,
        slug: &str,
        name: &str,
        created_by: &UserId,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let sql = "insert into organizations (id, slug, name, created_by, created_at) values ($1, $2, $3, $4, $5)";
        self.execute(sql, &[id.into(), slug.into(), name.into(), created_by.into(), now.into()]).await.map(|_| ())
    }

    /// An organization by its slug. The slug comes from an address, before any organization is known.
    pub async fn find_organization_by_slug(&mut self, slug: &str) -> Result<Option<Organization>, StoreError> {
        let sql = concat!("select ", columns!(), " from organizations where slug = $1");
        self.query_optional(sql, &[slug.into()], read).await
    }

    /// How many organizations a person created: the operator's limit counts them wherever they are (R-ORG-2).
    pub async fn count_organizations_created_by(&mut self, user_id: &UserId) -> Result<u64, StoreError> {
        self.count("select count(*) from organizations where created_by = $1", &[user_id.into()]).await
    }

    /// Every organization, oldest first, after the one that the last page ended with. The operator belongs to none.
    pub async fn list_organizations(
        &mut self,
        after: Option<&OrganizationId>,
        limit: u32,
    ) -> Result<Page<Organization>, StoreError> {
        let sql = concat!(
            "select ",
            columns!(),
            " from organizations where id > coalesce(cast($1 as text), '') order by id limit $2"
        );
        Ok(Page::cut(self.query(sql, &[after.into(), asked(limit).into()], read).await?, limit))
    }

    /// Organizations whose deletion is due. The sweeper belongs to no organization.
    pub async fn list_due_deletions(&mut self, now: Timestamp, limit: u32) -> Result<Vec<OrganizationId>, StoreError> {
        let sql = "select id from organizations where deletes_at <= $1 order by deletes_at limit $2";
        self.query(sql, &[now.into(), limit.into()], |row| row.get("id")).await
    }
}

impl OrgTx<'_> {
    /// The organization itself.
    pub async fn find_organization(&mut self) -> Result<Option<Organization>, StoreError> {
        let sql = concat!("select ", columns!(), " from organizations where id = $1");
        self.query_optional(sql, &[], read).await
    }

    /// The organization itself.
    ///
    /// *Errors*: [`StoreError::NotFound`].
    pub async fn load_organization(&mut self) -> Result<Organization, StoreError> {
        self.find_organization().await?.ok_or(StoreError::NotFound { noun: "organization" })
    }

    /// Gives it another name; the slug stays.
    pub async fn rename_organization(&mut self, name: &str) -> Result<bool, StoreError> {
        self.changed("update organizations set name = $2 where id = $1", &[name.into()]).await
    }

    /// Gives or takes the entitlement to SSO (R-ORG-7). `false` when nothing changed.
    pub async fn set_sso_entitled(&mut self, entitled: bool) -> Result<bool, StoreError> {
        let sql = "update organizations set sso_entitled = $2 where id = $1 and sso_entitled <> $2";
        self.changed(sql, &[entitled.into()]).await
    }

    /// Makes members need a second factor, or not. `false` when nothing changed or SSO is enforced (R-ENF-6).
    pub async fn set_mfa_required(&mut self, required: bool) -> Result<bool, StoreError> {
        let sql = "update organizations set mfa_required = $2
            where id = $1 and mfa_required <> $2 and not enforced";
        self.changed(sql, &[required.into()]).await
    }

    /// Asks for deletion. `false` when it was asked for before.
    pub async fn request_deletion(&mut self, at: Timestamp, deletes_at: Timestamp) -> Result<bool, StoreError> {
        let sql = "update organizations set deletion_requested_at = $2, deletes_at = $3
            where id = $1 and deletes_at is null";
        self.changed(sql, &[at.into(), deletes_at.into()]).await
    }

    /// Takes the request back. `false` when there is none, or it has taken effect.
    pub async fn undo_deletion(&mut self, now: Timestamp) -> Result<bool, StoreError> {
        let sql = "update organizations set deletion_requested_at = null, deletes_at = null
            where id = $1 and deletes_at > $2";
        self.changed(sql, &[now.into()]).await
    }
}
