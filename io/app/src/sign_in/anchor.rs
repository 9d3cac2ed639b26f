//! Owns what a right proof hangs on while a sign-in waits for the person: taken away or changed meanwhile, the proof is
//! worth nothing and the sign-in is over.

use aws_lc_rs::digest;
use orgate_core::id::{PasskeyId, PersonalIdentityId, UserId};
use orgate_store::Tx;
use serde::{Deserialize, Serialize};

use super::personal::{Link, bind};
use crate::app::App;
use crate::error::Error;
use crate::token;
use crate::visitor::Visitor;

/// What a right proof hangs on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Anchor {
    /// SHA-256 of the password's hash as it was stored.
    Password(Vec<u8>),
    /// The link to an account at Google or GitHub.
    Identity(PersonalIdentityId),
    /// A passkey.
    Passkey(PasskeyId),
    /// A link to one that is made once the second factor was right, and not before (R-LNK-9).
    Linking(Box<Link>),
}

impl Anchor {
    /// Of a password, by its stored hash.
    pub(crate) fn password(hash: &str) -> Self {
        Self::Password(digest_of(hash))
    }

    /// Whether it is there as it was.
    pub(crate) async fn holds(&self, tx: &mut Tx, user_id: &UserId) -> Result<bool, Error> {
        match self {
            Self::Password(digest) => {
                let stored = tx.instance().find_password(user_id).await?;
                Ok(stored.is_some_and(|stored| token::same(&digest_of(&stored.hash), digest)))
            }
            Self::Identity(id) => {
                let stored = tx.instance().list_personal_identities(user_id).await?;
                Ok(stored.iter().any(|stored| stored.id == *id))
            }
            Self::Passkey(id) => {
                let stored = tx.instance().list_passkeys(user_id).await?;
                Ok(stored.iter().any(|stored| stored.id == *id))
            }
            Self::Linking(link) => bind::is_free(tx, link, user_id).await,
        }
    }

    /// Once everything was right: makes the link that waited for it.
    pub(crate) async fn settle(
        self,
        tx: &mut Tx,
        app: &App,
        visitor: &Visitor,
        user_id: &UserId,
    ) -> Result<Self, Error> {
        match self {
            Self::Linking(link) => bind::bind(tx, app, visitor, &link, user_id).await.map(Self::Identity),
            Self::Password(_) | Self::Identity(_) | Self::Passkey(_) => Ok(self),
        }
    }
}

fn digest_of(password_hash: &str) -> Vec<u8> {
    digest::digest(&digest::SHA256, password_hash.as_bytes()).as_ref().to_vec()
}
