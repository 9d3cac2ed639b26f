//! Owns the rows of users. Who may see them is decided by whoever asks; nothing here is bound to one organization save
//! the look-up of an address that is local to it.

use orgate_core::email::EmailAddress;
use orgate_core::id::{OrganizationId, UserId};
use orgate_core::policy::{AddressState, PolicyEpoch};
use orgate_core::time::Timestamp;

use crate::error::StoreError;
use crate::instance::InstanceTx;
use crate::org::OrgTx;
use crate::value::Row;

/// One person everywhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// Who.
    pub id: UserId,
    /// The name that others see.
    pub name: String,
    /// The address, in the form that mail is sent to.
    pub email: EmailAddress,
    /// Whose address it is (R-ORG-1).
    pub address: AddressState,
    /// When the account was made.
    pub created_at: Timestamp,
    /// When it was closed.
    pub closed_at: Option<Timestamp>,
    /// Sessions begun before this moment are over.
    pub sessions_not_before_at: Timestamp,
    /// Up to here the person's sessions were judged and the dead ones ended (R-ENF-7).
    pub settled_epoch: PolicyEpoch,
    /// Whether a second factor is enrolled.
    pub has_second_factor: bool,
}

macro_rules! columns {
    () => {
        "id, name, email, email_proven_at, home_organization_id, created_at, closed_at, sessions_not_before_at, \
         settled_epoch, has_second_factor"
    };
}

impl User {
    pub(crate) fn read(row: &Row<'_>) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.get("id")?,
            name: row.get("name")?,
            email: row.get("email")?,
            address: read_address(row)?,
            created_at: row.get("created_at")?,
            closed_at: row.get("closed_at")?,
            sessions_not_before_at: row.get("sessions_not_before_at")?,
            settled_epoch: row.get("settled_epoch")?,
            has_second_factor: row.get("has_second_factor")?,
        })
    }
}

fn read_address(row: &Row<'_>) -> Result<AddressState, StoreError> {
    if row.get::<Option<Timestamp>>("email_proven_at")?.is_some() {
        return Ok(AddressState::Proven);
    }
    let home: Option<OrganizationId> = row.get("home_organization_id")?;
    Ok(home.map_or(AddressState::Unproven, AddressState::LocalTo))
}

impl InstanceTx<'_> {
    /// Adds a person. A proven address counts as proven since the account was made.
    ///
    /// *Errors*: [`StoreError::Conflict`] when the address is another's.
    pub async fn insert_user(&mut self, user: &User) -> Result<(), StoreError> {
        let (proven_at, home) = match &user.address {
            AddressState::Proven => (Some(user.created_at), None),
            AddressState::LocalTo(organization_id) => (None, Some(organization_id)),
            AddressState::Unproven => (None, None),
        };
        let sql = "insert into users (id, name, email, email_key, email_proven_at, home_organization_id, created_at,
                closed_at, sessions_not_before_at, settled_epoch, has_second_factor)
            values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
        let values = [
            (&user.id).into(),
            (&user.name).into(),
            user.email.as_str().into(),
            user.email.key().into(),
            proven_at.into(),
            home.into(),
            user.created_at.into(),
            user.closed_at.into(),
            user.sessions_not_before_at.into(),
            user.settled_epoch.into(),
            user.has_second_factor.into(),
        ];
        self.execute(sql, &values).await.map(|_| ())
    }

    /// A person by id, closed or not.
    pub async fn find_user(&mut self, user_id: &UserId) -> Result<Option<User>, StoreError> {
        let sql = concat!("select ", columns!(), " from users where id = $1");
        self.query_optional(sql, &[user_id.into()], User::read).await
    }

    /// A person by id, closed or not.
    ///
    /// *Errors*: [`StoreError::NotFound`].
    pub async fn load_user(&mut self, user_id: &UserId) -> Result<User, StoreError> {
        self.find_user(user_id).await?.ok_or(StoreError::NotFound { noun: "user" })
    }

    /// The one open account that has this address proven.
    pub async fn find_user_by_proven_email(&mut self, email: &EmailAddress) -> Result<Option<User>, StoreError> {
        let sql = concat!(
            "select ",
            columns!(),
            " from users where email_key = $1 and email_proven_at is not null and closed_at is null"
        );
        self.query_optional(sql, &[email.key().into()], User::read).await
    }

    /// Every open account with this address, proven or local to an organization: a reset mail holds one link for each
    /// (R-IN-3). The proven one comes first.
    pub async fn list_users_by_email(&mut self, email: &EmailAddress) -> Result<Vec<User>, StoreError> {
        let sql = concat!(
            "select ",
            columns!(),
            " from users where email_key = $1 and closed_at is null
            order by case when email_proven_at is null then 1 else 0 end, id"
        );
        self.query(sql, &[email.key().into()], User::read).await
    }

    /// Makes an unproven address the person's own. `false` when it is proven already or the account is closed.
    ///
    /// *Errors*: [`StoreError::Conflict`] with `UserProvenEmail` when somebody else has it proven.
    pub async fn set_email_proven(&mut self, user_id: &UserId, at: Timestamp) -> Result<bool, StoreError> {
        let sql = "update users set email_proven_at = $2, home_organization_id = null
            where id = $1 and email_proven_at is null and closed_at is null";
        self.changed(sql, &[user_id.into(), at.into()]).await
    }

    /// Gives a person another name.
    pub async fn rename_user(&mut self, user_id: &UserId, name: &str) -> Result<bool, StoreError> {
        let sql = "update users set name = $2 where id = $1 and closed_at is null";
        self.changed(sql, &[user_id.into(), name.into()]).await
    }

    /// Remembers that the person's sessions were judged up to here (R-ENF-7). Never goes back.
    pub async fn settle_user(&mut self, user_id: &UserId, epoch: PolicyEpoch) -> Result<bool, StoreError> {
        let sql = "update users set settled_epoch = $2 where id = $1 and settled_epoch < $2";
        self.changed(sql, &[user_id.into(), epoch.into()]).await
    }

    /// Ends all sessions begun before `at`. Never goes back.
    pub async fn set_sessions_not_before(&mut self, user_id: &UserId, at: Timestamp) -> Result<bool, StoreError> {
        let sql = "update users set sessions_not_before_at = $2 where id = $1 and sessions_not_before_at < $2";
        self.changed(sql, &[user_id.into(), at.into()]).await
    }
}

impl OrgTx<'_> {
    /// The open account whose unproven address is local to this organization (R-LNK-4); else the one that is, or was until
    /// an Owner removed it, a member here with an address whose domain passed to another organization (R-LNK-2, R-LNK-7).
    pub async fn find_user_by_local_email(&mut self, email: &EmailAddress) -> Result<Option<User>, StoreError> {
        let sql = concat!(
            "select ",
            columns!(),
            " from users where email_key = $2 and email_proven_at is null and closed_at is null
                and (home_organization_id = $1 or home_organization_id is null
                    and exists (select 1 from memberships
                        where memberships.user_id = users.id and memberships.organization_id = $1
                            and memberships.state in ('active', 'removed')))
            order by case when home_organization_id is null then 1 else 0 end, id desc limit 1"
        );
        self.query_optional(sql, &[email.key().into()], User::read).await
    }

    /// The accounts, closed or not, that had this address when an Owner removed them from this organization and that were not
    /// re-admitted since, whatever address they have now (R-LNK-1); the newest first. Of whom a program of before removed no
    /// address is kept: if the account is closed, its own is.
    pub async fn list_removed_by_email(&mut self, email: &EmailAddress) -> Result<Vec<User>, StoreError> {
        let sql = concat!(
            "select ",
            columns!(),
            " from users where id in (
                select k.user_id from memberships k
                    where k.organization_id = $1 and k.removed_email_key = $2 and k.state = 'removed'
                union select c.id from users c join memberships m on m.user_id = c.id
                    where c.email_key = $2 and c.closed_at is not null and m.organization_id = $1
                        and m.state = 'removed' and m.removed_email_key is null)
            order by id desc"
        );
        self.query(sql, &[email.key().into()], User::read).await
    }

    /// The open account with this address that is, or once was, a member here: by an address that is proven, or was, or by
    /// one that is local to this organization (R-LNK-1, R-LNK-2). A proven address comes first.
    pub async fn find_member_by_email(&mut self, email: &EmailAddress) -> Result<Option<User>, StoreError> {
        let sql = concat!(
            "select ",
            columns!(),
            " from users where email_key = $2 and closed_at is null
                and (email_proven_at is not null or home_organization_id = $1 or home_organization_id is null)
                and exists (select 1 from memberships
                    where memberships.user_id = users.id and memberships.organization_id = $1)
            order by case when email_proven_at is null then 1 else 0 end limit 1"
        );
        self.query_optional(sql, &[email.key().into()], User::read).await
    }
}
