//! Second factors set up for real, through the use cases.

use orgate_app::second_factor::{enrolment_code, totp};
use orgate_core::proof::{Proof, Proofs};
use orgate_core::time::Timestamp;
use totp_rs::{Builder, Secret};

use super::{Bed, Person};

/// Somebody whose authenticator app shows codes.
#[derive(Clone)]
pub struct Equipped {
    /// Who, in the browser in which it was set up.
    pub person: Person,
    /// What the app knows.
    pub secret: String,
    /// The recovery codes that came with it.
    pub recovery_codes: Vec<String>,
}

impl Equipped {
    /// What the app shows now.
    pub fn code(&self, now: Timestamp) -> String {
        code_of(&self.secret, now)
    }
}

/// The code of a secret at a moment.
pub fn code_of(secret: &str, now: Timestamp) -> String {
    let secret = Secret::try_from_base32(secret).unwrap();
    let seconds = u64::try_from(now.as_millis() / 1000).unwrap();
    Builder::new().with_secret(secret).build_noncompliant().generate(seconds).to_string()
}

impl Bed {
    /// The person after the mailed code that a first factor needs.
    pub async fn confirmed_by_mail(&self, person: &Person) -> Person {
        self.read_all(&person.email).await;
        enrolment_code::mail(&self.app, &person.visitor).await.unwrap();
        let code = self.next_code(&person.email).await;
        let issued = enrolment_code::confirm(&self.app, &person.visitor, &code).await.unwrap();
        Person::of(&issued, person.visitor.clone())
    }

    /// Sets an authenticator app up in the person's browser, whose proofs are recent.
    pub async fn equip(&self, person: &Person) -> Equipped {
        let person = self.confirmed_by_mail(person).await;
        let pending = totp::begin(&self.app, &person.visitor).await.unwrap();
        let code = code_of(&pending.secret, self.now());
        let enrolled = totp::confirm(&self.app, &person.visitor, &code).await.unwrap();
        Equipped {
            person: Person::of(&enrolled.issued, person.visitor),
            secret: pending.secret.to_string(),
            recovery_codes: enrolled.recovery_codes.iter().map(|code| code.reveal().to_string()).collect(),
        }
    }

    /// Another browser of the same person, who has shown the password and the app there a moment ago.
    pub async fn with_both_factors(&self, person: &Person) -> Person {
        let at = self.now();
        self.session(person, Proofs::of(Proof::Password { at }).with(Proof::Totp { at })).await
    }
}
