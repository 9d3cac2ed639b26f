//! Owns which ways in a person has, for the question whether one may be taken away.

use orgate_store::Tx;

use crate::authorise::Caller;
use crate::error::Error;

/// The ways in that a person has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Ways {
    /// A password.
    pub password: bool,
    /// How many passkeys.
    pub passkeys: u64,
    /// How many Google and GitHub accounts.
    pub personal_identities: u64,
    /// Whether an active connection of an organization that they are in knows them.
    pub sso: bool,
}

impl Ways {
    /// Whether they come in without the password.
    pub const fn is_in_without_password(self) -> bool {
        self.passkeys > 0 || self.personal_identities > 0 || self.sso
    }
}

/// The ways that the caller has.
pub(crate) async fn of(tx: &mut Tx, caller: &Caller) -> Result<Ways, Error> {
    let user_id = caller.user_id();
    let identities = tx.instance().list_linked_identities(user_id).await?;
    let is_active = |connection| {
        let mut places = caller.check.places.iter();
        places.any(|place| place.place.enforcement.connection.as_ref().is_some_and(|(active, _)| active == connection))
    };
    Ok(Ways {
        password: tx.instance().find_password(user_id).await?.is_some(),
        passkeys: tx.instance().count_passkeys(user_id).await?,
        personal_identities: u64::try_from(tx.instance().list_personal_identities(user_id).await?.len())
            .unwrap_or(u64::MAX),
        sso: identities.iter().any(|(identity, _)| is_active(&identity.connection_id)),
    })
}
