//! Owns the rows of passkeys and of the challenges to authenticators. What an answer is worth is the use case's business.

use orgate_core::id::{CeremonyId, PasskeyId, UserId};
use orgate_core::passkey::CeremonyPurpose;
use orgate_core::time::Timestamp;

use crate::error::StoreError;
use crate::instance::InstanceTx;
use crate::value::Row;

/// One passkey of a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Passkey {
    /// Which one.
    pub id: PasskeyId,
    /// Whose.
    pub user_id: UserId,
    /// The authenticator's name for it.
    pub credential_id: Vec<u8>,
    /// The key that its answers are verified by, as a COSE key.
    pub public_key: Vec<u8>,
    /// The person's name for it.
    pub name: String,
    /// The counter of the last answer; 0 where the authenticator does not count.
    pub sign_count: u32,
    /// Whether it may be kept by more than one device.
    pub backup_eligible: bool,
    /// Whether it is.
    pub backed_up: bool,
    /// Since when.
    pub created_at: Timestamp,
    /// When it was last used.
    pub last_used_at: Option<Timestamp>,
}

/// One challenge to an authenticator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ceremony {
    /// Which one.
    pub id: CeremonyId,
    /// What for.
    pub purpose: CeremonyPurpose,
    /// The browser, program, session or sign-in that it was made for.
    pub bound_to: String,
    /// What the authenticator signs.
    pub challenge: [u8; 32],
    /// Since when.
    pub created_at: Timestamp,
    /// Until when it is good.
    pub expires_at: Timestamp,
}

macro_rules! columns {
    () => {
        "id, user_id, credential_id, public_key, name, sign_count, backup_eligible, backed_up, created_at, last_used_at"
    };
}

fn read(row: &Row<'_>) -> Result<Passkey, StoreError> {
    Ok(Passkey {
        id: row.get("id")?,
        user_id: row.get("user_id")?,
        credential_id: row.get("credential_id")?,
        public_key: row.get("public_key")?,
        name: row.get("name")?,
        sign_count: row.get("sign_count")?,
        backup_eligible: row.get("backup_eligible")?,
        backed_up: row.get("backed_up")?,
        created_at: row.get("created_at")?,
        last_used_at: row.get("last_used_at")?,
    })
}

impl InstanceTx<'_> {
    /// Adds a passkey.
    ///
    /// *Errors*: [`StoreError::Conflict`] with `PasskeyCredential`: the authenticator's name for it is known.
    pub async fn insert_passkey(&mut self, passkey: &Passkey) -> Result<(), StoreError> {
        let sql = concat!("insert into passkeys (", columns!(), ") values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)");
        let values = [
            (&passkey.id).into(),
            (&passkey.user_id).into(),
            (&passkey.credential_id).into(),
            (&passkey.public_key).into(),
            (&passkey.name).into(),
            passkey.sign_count.into(),
            passkey.backup_eligible.into(),
            passkey.backed_up.into(),
            passkey.created_at.into(),
            passkey.last_used_at.into(),
        ];
        self.execute(sql, &values).await.map(|_| ())
    }

    /// A person's passkeys, oldest first.
    pub async fn list_passkeys(&mut self, user_id: &UserId) -> Result<Vec<Passkey>, StoreError> {
        let sql = concat!("select ", columns!(), " from passkeys where user_id = $1 order by id");
        self.query(sql, &[user_id.into()], read).await
    }

    /// How many a person has.
    pub async fn count_passkeys(&mut self, user_id: &UserId) -> Result<u64, StoreError> {
        let sql = "select count(*) as number from passkeys where user_id = $1";
        let found = self.query_optional(sql, &[user_id.into()], |row| row.get("number")).await?;
        Ok(found.unwrap_or(0))
    }

    /// The passkey that an authenticator names, whoever's it is.
    pub async fn find_passkey_by_credential(&mut self, credential_id: &[u8]) -> Result<Option<Passkey>, StoreError> {
        let sql = concat!("select ", columns!(), " from passkeys where credential_id = $1");
        self.query_optional(sql, &[credential_id.into()], read).await
    }

    /// Writes a use down. `false` when the passkey is gone, or was used meanwhile with a counter that is not older: then
    /// this answer is worth nothing.
    pub async fn touch_passkey(
        &mut self,
        id: &PasskeyId,
        sign_count: u32,
        backed_up: bool,
        at: Timestamp,
    ) -> Result<bool, StoreError> {
        let sql = "update passkeys set sign_count = $2, backed_up = $3, last_used_at = $4
            where id = $1 and (sign_count < $2 or (sign_count = 0 and $2 = 0))";
        self.changed(sql, &[id.into(), sign_count.into(), backed_up.into(), at.into()]).await
    }

    /// Gives a person's passkey another name. `false` when they have no such one.
    pub async fn rename_passkey(&mut self, user_id: &UserId, id: &PasskeyId, name: &str) -> Result<bool, StoreError> {
        let sql = "update passkeys set name = $3 where user_id = $1 and id = $2";
        self.changed(sql, &[user_id.into(), id.into(), name.into()]).await
    }

    /// Takes a person's passkey away. `false` when they have no such one.
    pub async fn delete_passkey(&mut self, user_id: &UserId, id: &PasskeyId) -> Result<bool, StoreError> {
        self.changed("delete from passkeys where user_id = $1 and id = $2", &[user_id.into(), id.into()]).await
    }

    /// Remembers a challenge.
    pub async fn insert_ceremony(&mut self, ceremony: &Ceremony) -> Result<(), StoreError> {
        let sql = "insert into passkey_ceremonies (id, purpose, bound_to, challenge, created_at, expires_at)
            values ($1, $2, $3, $4, $5, $6)";
        let values = [
            (&ceremony.id).into(),
            ceremony.purpose.into(),
            (&ceremony.bound_to).into(),
            (&ceremony.challenge).into(),
            ceremony.created_at.into(),
            ceremony.expires_at.into(),
        ];
        self.execute(sql, &values).await.map(|_| ())
    }

    /// Uses a challenge, once: what the authenticator had to sign. Nothing when it was made for something or somebody
    /// else, was used, or has expired.
    pub async fn consume_ceremony(
        &mut self,
        id: &CeremonyId,
        purpose: CeremonyPurpose,
        bound_to: &str,
        now: Timestamp,
    ) -> Result<Option<[u8; 32]>, StoreError> {
        let sql = "update passkey_ceremonies set consumed_at = $4
            where id = $1 and purpose = $2 and bound_to = $3 and consumed_at is null and expires_at > $4
            returning challenge";
        let values = [id.into(), purpose.into(), bound_to.into(), now.into()];
        self.query_optional(sql, &values, |row| row.get("challenge")).await
    }
}
