//! Owns the rows of personal identities: the bond of a person's own account at Google or GitHub to a user. People have
//! them whatever organization they are in, so no organization's view holds them.

use orgate_core::assertion::Subject;
use orgate_core::id::{PersonalIdentityId, UserId};
use orgate_core::personal::PersonalProvider;
use orgate_core::time::Timestamp;

use crate::error::StoreError;
use crate::instance::InstanceTx;
use crate::value::Row;

/// The bond of a provider's subject to a user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonalIdentity {
    /// Which one.
    pub id: PersonalIdentityId,
    /// At which provider.
    pub provider: PersonalProvider,
    /// The provider's name for the person.
    pub subject: Subject,
    /// The person.
    pub user_id: UserId,
    /// The address that the provider named last, as text: nobody is found by it.
    pub email: Option<String>,
    /// When they were linked.
    pub created_at: Timestamp,
    /// When they last came in by it.
    pub last_sign_in_at: Option<Timestamp>,
}

macro_rules! columns {
    () => {
        "id, provider, subject, user_id, email, created_at, last_sign_in_at"
    };
}

fn read(row: &Row<'_>) -> Result<PersonalIdentity, StoreError> {
    Ok(PersonalIdentity {
        id: row.get("id")?,
        provider: row.get("provider")?,
        subject: row.get("subject")?,
        user_id: row.get("user_id")?,
        email: row.get("email")?,
        created_at: row.get("created_at")?,
        last_sign_in_at: row.get("last_sign_in_at")?,
    })
}

impl InstanceTx<'_> {
    /// The identity of a subject.
    pub async fn find_personal_identity(
        &mut self,
        provider: PersonalProvider,
        subject: &Subject,
    ) -> Result<Option<PersonalIdentity>, StoreError> {
        let sql = concat!("select ", columns!(), " from personal_identities where provider = $1 and subject = $2");
        self.query_optional(sql, &[provider.into(), subject.into()], read).await
    }

    /// A person's identities, in the order in which they were linked.
    pub async fn list_personal_identities(&mut self, user_id: &UserId) -> Result<Vec<PersonalIdentity>, StoreError> {
        let sql = concat!("select ", columns!(), " from personal_identities where user_id = $1 order by id");
        self.query(sql, &[user_id.into()], read).await
    }

    /// Adds an identity.
    ///
    /// *Errors*: [`StoreError::Conflict`] with `PersonalIdentitySubject` or `PersonalIdentityUser`.
    pub async fn insert_personal_identity(&mut self, identity: &PersonalIdentity) -> Result<(), StoreError> {
        let sql = concat!("insert into personal_identities (", columns!(), ") values ($1, $2, $3, $4, $5, $6, $7)");
        let values = [
            (&identity.id).into(),
            identity.provider.into(),
            (&identity.subject).into(),
            (&identity.user_id).into(),
            identity.email.as_deref().into(),
            identity.created_at.into(),
            identity.last_sign_in_at.into(),
        ];
        self.execute(sql, &values).await.map(|_| ())
    }

    /// Writes a sign-in down, and the address that the provider named.
    pub async fn touch_personal_identity(
        &mut self,
        id: &PersonalIdentityId,
        email: Option<&str>,
        at: Timestamp,
    ) -> Result<bool, StoreError> {
        let sql = "update personal_identities set last_sign_in_at = $3, email = $2 where id = $1";
        self.changed(sql, &[id.into(), email.into(), at.into()]).await
    }

    /// Takes a person's link to a provider away. `false` when there was none.
    pub async fn delete_personal_identity(
        &mut self,
        user_id: &UserId,
        provider: PersonalProvider,
    ) -> Result<bool, StoreError> {
        let sql = "delete from personal_identities where user_id = $1 and provider = $2";
        self.changed(sql, &[user_id.into(), provider.into()]).await
    }
}
