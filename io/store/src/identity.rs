//! Owns the rows of identities: the bond of a connection and a subject to a user. Whose account an assertion opens is
//! decided in the core.

use orgate_core::assertion::Subject;
use orgate_core::email::EmailAddress;
use orgate_core::id::{ConnectionId, IdentityId, OrganizationId, UserId};
use orgate_core::time::Timestamp;

use crate::error::StoreError;
use crate::instance::InstanceTx;
use crate::org::OrgTx;
use crate::page::{Page, asked};
use crate::value::Row;

/// Where a subject means the same person: a revision with another issuer or client id starts afresh (section 5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeySpace<'k> {
    /// The connection.
    pub connection_id: &'k ConnectionId,
    /// The issuer.
    pub issuer: &'k str,
    /// The client id.
    pub client_id: &'k str,
}

/// The bond of a connection and a subject to a user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// Which one.
    pub id: IdentityId,
    /// Whose connection that is.
    pub organization_id: OrganizationId,
    /// At which connection.
    pub connection_id: ConnectionId,
    /// The issuer.
    pub issuer: String,
    /// The client id.
    pub client_id: String,
    /// The IdP's name for the person.
    pub subject: Subject,
    /// The person.
    pub user_id: UserId,
    /// When they were linked.
    pub created_at: Timestamp,
    /// When they last came in by it.
    pub last_sign_in_at: Option<Timestamp>,
}

/// An identity with its person, as the connection's page shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkedPerson {
    /// The bond.
    pub identity: Identity,
    /// The person's name.
    pub name: String,
    /// The person's address.
    pub email: EmailAddress,
}

macro_rules! columns {
    () => {
        "i.id, i.organization_id, i.connection_id, i.issuer, i.client_id, i.subject, i.user_id, i.created_at, \
         i.last_sign_in_at"
    };
}

fn read(row: &Row<'_>) -> Result<Identity, StoreError> {
    Ok(Identity {
        id: row.get("id")?,
        organization_id: row.get("organization_id")?,
        connection_id: row.get("connection_id")?,
        issuer: row.get("issuer")?,
        client_id: row.get("client_id")?,
        subject: row.get("subject")?,
        user_id: row.get("user_id")?,
        created_at: row.get("created_at")?,
        last_sign_in_at: row.get("last_sign_in_at")?,
    })
}

impl OrgTx<'_> {
    /// The identity of a subject.
    pub async fn find_identity(
        &mut self,
        space: KeySpace<'_>,
        subject: &Subject,
    ) -> Result<Option<Identity>, StoreError> {
        let sql = concat!(
            "select ",
            columns!(),
            " from identities i
            where i.organization_id = $1 and i.connection_id = $2 and i.issuer = $3 and i.client_id = $4
                and i.subject = $5"
        );
        let values = [space.connection_id.into(), space.issuer.into(), space.client_id.into(), subject.into()];
        self.query_optional(sql, &values, read).await
    }

    /// A person's identity in a key space (R-LNK-5).
    pub async fn find_identity_of_user(
        &mut self,
        space: KeySpace<'_>,
        user_id: &UserId,
    ) -> Result<Option<Identity>, StoreError> {
        let sql = concat!(
            "select ",
            columns!(),
            " from identities i
            where i.organization_id = $1 and i.connection_id = $2 and i.issuer = $3 and i.client_id = $4
                and i.user_id = $5"
        );
        let values = [space.connection_id.into(), space.issuer.into(), space.client_id.into(), user_id.into()];
        self.query_optional(sql, &values, read).await
    }

    /// Adds an identity. Its organization is this one, whatever it says itself.
    ///
    /// *Errors*: [`StoreError::Conflict`] with `IdentitySubject` or `IdentityUser`.
    pub async fn insert_identity(&mut self, identity: &Identity) -> Result<(), StoreError> {
        let sql = "insert into identities (organization_id, id, connection_id, issuer, client_id, subject, user_id,
                created_at, last_sign_in_at)
            values ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
        let values = [
            (&identity.id).into(),
            (&identity.connection_id).into(),
            (&identity.issuer).into(),
            (&identity.client_id).into(),
            (&identity.subject).into(),
            (&identity.user_id).into(),
            identity.created_at.into(),
            identity.last_sign_in_at.into(),
        ];
        self.execute(sql, &values).await.map(|_| ())
    }

    /// Writes a sign-in of a subject down.
    pub async fn touch_identity(
        &mut self,
        space: KeySpace<'_>,
        subject: &Subject,
        at: Timestamp,
    ) -> Result<bool, StoreError> {
        let sql = "update identities set last_sign_in_at = $6
            where organization_id = $1 and connection_id = $2 and issuer = $3 and client_id = $4 and subject = $5";
        let KeySpace { connection_id, issuer, client_id } = space;
        let values = [connection_id.into(), issuer.into(), client_id.into(), subject.into(), at.into()];
        self.changed(sql, &values).await
    }

    /// Clears an identity; its next sign-in starts with R-LNK-2.
    pub async fn delete_identity(&mut self, id: &IdentityId) -> Result<bool, StoreError> {
        self.changed("delete from identities where organization_id = $1 and id = $2", &[id.into()]).await
    }

    /// Clears every identity that a person has in this organization.
    pub async fn delete_identities_of_user(&mut self, user_id: &UserId) -> Result<u64, StoreError> {
        self.execute("delete from identities where organization_id = $1 and user_id = $2", &[user_id.into()]).await
    }

    /// Identities with their people, at one connection or at all of them, oldest first, after the one that the last page
    /// ended with.
    pub async fn list_identities(
        &mut self,
        connection_id: Option<&ConnectionId>,
        after: Option<&IdentityId>,
        limit: u32,
    ) -> Result<Page<LinkedPerson>, StoreError> {
        let sql = concat!(
            "select ",
            columns!(),
            ", u.name, u.email from identities i join users u on u.id = i.user_id
            where i.organization_id = $1 and i.id > coalesce(cast($2 as text), '')
                and (cast($3 as text) is null or i.connection_id = $3)
            order by i.id limit $4"
        );
        let person =
            |row: &Row<'_>| Ok(LinkedPerson { identity: read(row)?, name: row.get("name")?, email: row.get("email")? });
        let values = [after.into(), connection_id.into(), asked(limit).into()];
        Ok(Page::cut(self.query(sql, &values, person).await?, limit))
    }

    /// A person's identities in this organization.
    pub async fn list_identities_of_user(&mut self, user_id: &UserId) -> Result<Vec<Identity>, StoreError> {
        let sql = concat!(
            "select ",
            columns!(),
            " from identities i where i.organization_id || '' = $1 and i.user_id = $2 order by i.id"
        );
        self.query(sql, &[user_id.into()], read).await
    }

    /// How many people are linked in a key space.
    pub async fn count_identities(&mut self, space: KeySpace<'_>) -> Result<u64, StoreError> {
        let sql = "select count(*) from identities
            where organization_id = $1 and connection_id = $2 and issuer = $3 and client_id = $4";
        self.count(sql, &[space.connection_id.into(), space.issuer.into(), space.client_id.into()]).await
    }

    /// Binds an identity to another person (R-LNK-4).
    ///
    /// *Errors*: [`StoreError::Conflict`] with `IdentityUser` when that person has one in the same key space (R-LNK-5).
    pub async fn reassign_identity(&mut self, id: &IdentityId, user_id: &UserId) -> Result<bool, StoreError> {
        let sql = "update identities set user_id = $3 where organization_id = $1 and id = $2";
        self.changed(sql, &[id.into(), user_id.into()]).await
    }
}

impl InstanceTx<'_> {
    /// All of a person's identities with the organizations' names: the account page shows them to the person alone.
    pub async fn list_linked_identities(&mut self, user_id: &UserId) -> Result<Vec<(Identity, String)>, StoreError> {
        let sql = concat!(
            "select ",
            columns!(),
            ", o.name as organization_name from identities i join organizations o on o.id = i.organization_id
            where i.user_id = $1 order by i.id"
        );
        self.query(sql, &[user_id.into()], |row| Ok((read(row)?, row.get("organization_name")?))).await
    }
}
