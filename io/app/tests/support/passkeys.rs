//! Passkeys made for real, through the use cases.

use orgate_app::entropy::Draw as _;
use orgate_app::error::Error;
use orgate_app::second_factor::passkey;
use orgate_app::sign_in::Issued;
use orgate_app::sign_in::passkey::{Answered, begin, enter};
use orgate_app::sign_in::password::Entry;
use orgate_app::sign_in::second_factor::passkey as factor;
use orgate_app::visitor::Visitor;
use orgate_core::id::UserId;
use orgate_store::Passkey;
use orgate_testkit::authenticator::{Algorithm, Authenticator};

use super::{Bed, Person};

/// The public URL of every bed.
pub const ORIGIN: &str = "https://orgate.example.com";

/// An authenticator at the right address.
pub fn authenticator(seed: u8) -> Authenticator {
    Authenticator::new(ORIGIN, Algorithm::EdDsa, seed)
}

impl Bed {
    /// Gives somebody a passkey, beside the use cases.
    pub async fn passkey(&self, user_id: &UserId, seed: u8) -> Authenticator {
        let mut authenticator = authenticator(seed);
        // No two people's keys have one name.
        authenticator.id = user_id.as_str().as_bytes().to_vec();
        authenticator.user_handle = Some(authenticator.id.clone());
        let passkey = Passkey {
            id: self.app.entropy.id(self.now()),
            user_id: user_id.clone(),
            credential_id: authenticator.id.clone(),
            public_key: authenticator.public_key(),
            name: "Laptop".to_owned(),
            sign_count: 0,
            backup_eligible: false,
            backed_up: false,
            created_at: self.now(),
            last_used_at: None,
        };
        self.write(passkey, |tx, passkey| {
            Box::pin(async move {
                tx.instance().insert_passkey(passkey).await?;
                tx.instance().set_has_second_factor(&passkey.user_id, true).await.map(|_| ())
            })
        })
        .await;
        authenticator
    }

    /// Adds a passkey, in a session that may: the person with their new token.
    pub async fn enrol(&self, person: &Person, authenticator: &mut Authenticator, name: &str) -> Person {
        let begun = passkey::begin(&self.app, &person.visitor).await.unwrap();
        let answered = Answered { ceremony_id: begun.id.to_string(), credential: authenticator.create(&begun.options) };
        let enrolled = passkey::finish(&self.app, &person.visitor, &answered, name).await.unwrap();
        Person::of(&enrolled.issued, person.visitor.clone())
    }

    /// Goes to the sign-in page and uses the passkey there.
    pub async fn enter_by_passkey(&self, visitor: &Visitor, authenticator: &mut Authenticator) -> Result<Entry, Error> {
        let (begun, _) = begin(&self.app, visitor).await?;
        let credential = authenticator.get(&begun.options);
        enter(&self.app, visitor, &Answered { ceremony_id: begun.id.to_string(), credential }, None).await
    }

    /// Confirms who it is, in a session.
    pub async fn confirm_by_passkey(
        &self,
        person: &Person,
        authenticator: &mut Authenticator,
    ) -> Result<Issued, Error> {
        let begun = factor::begin_again(&self.app, &person.visitor).await?;
        let credential = authenticator.get(&begun.options);
        factor::confirm(&self.app, &person.visitor, &Answered { ceremony_id: begun.id.to_string(), credential }).await
    }
}
