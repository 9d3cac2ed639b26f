//! Owns signing in through a person's own account at Google or GitHub. [`exchange`] does the talking; whose account it
//! opens is decided in the core, by the link of its subject and never by an address (R-LNK-9).

pub mod act;
pub mod answer;
pub mod begin;
pub(crate) mod bind;
pub mod callback;
mod document;
pub mod exchange;
mod facts;
mod refused;

pub(crate) use document::Link;
pub use document::{Refused, Said};

use orgate_core::personal::PersonalProvider;
use orgate_core::proof::Proof;
use orgate_core::time::Timestamp;

use crate::app::App;

/// The providers that people are offered: the operator offers the method, and has registered there.
pub fn offered(app: &App) -> Vec<PersonalProvider> {
    let settings = &app.settings;
    let is_registered = |provider: &PersonalProvider| match provider {
        PersonalProvider::Google => settings.personal.google.is_some(),
        PersonalProvider::GitHub => settings.personal.github.is_some(),
    };
    let offers = |provider: &PersonalProvider| settings.sign_in_methods.offers(provider.method());
    PersonalProvider::ALL.into_iter().filter(|provider| is_registered(provider) && offers(provider)).collect()
}

/// The proof that a sign-in through this provider is.
pub(crate) const fn proof_of(provider: PersonalProvider, at: Timestamp) -> Proof {
    match provider {
        PersonalProvider::Google => Proof::Google { at },
        PersonalProvider::GitHub => Proof::GitHub { at },
    }
}
