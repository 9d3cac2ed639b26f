//! Owns the challenge to an authenticator: drawn here, kept five minutes, bound to a purpose and to whom it was given, used
//! up by the first answer, right or wrong.

use data_encoding::HEXLOWER;
use orgate_core::id::{CeremonyId, Identifier as _, SessionId, SignInId};
use orgate_core::passkey::{CEREMONY_LIFETIME, CeremonyPurpose};
use orgate_core::refusal::Refusal;
use orgate_store::{Ceremony, Tx};
use serde_json::Value;

use crate::app::App;
use crate::entropy::Draw as _;
use crate::error::Error;

/// A challenge for a browser or a program to take to an authenticator.
#[derive(Debug, Clone)]
pub struct Begun {
    /// Which one: goes along with the answer.
    pub id: CeremonyId,
    /// What `navigator.credentials` is asked, as JSON: `PublicKeyCredential.parse…OptionsFromJSON` reads it.
    pub options: Value,
}

/// To whom a challenge is given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum BoundTo {
    /// A browser, by the hash of its cookie; or a program, by that of its secret.
    Browser([u8; 32]),
    /// A session.
    Session(SessionId),
    /// A sign-in that waits for its second factor.
    SignIn(SignInId),
}

impl BoundTo {
    fn text(&self) -> String {
        match self {
            Self::Browser(hash) => format!("browser {}", HEXLOWER.encode(hash)),
            Self::Session(id) => format!("session {id}"),
            Self::SignIn(id) => format!("sign-in {id}"),
        }
    }
}

/// What an authenticator signs.
pub(crate) type Challenge = [u8; 32];

/// Draws a challenge and remembers it.
pub(crate) async fn draw(
    tx: &mut Tx,
    app: &App,
    purpose: CeremonyPurpose,
    bound_to: &BoundTo,
) -> Result<(CeremonyId, Challenge), Error> {
    let now = app.now();
    let (id, challenge): (CeremonyId, Challenge) = (app.entropy.id(now), app.entropy.bytes());
    let ceremony = Ceremony {
        id: id.clone(),
        purpose,
        bound_to: bound_to.text(),
        challenge,
        created_at: now,
        expires_at: now.plus(CEREMONY_LIFETIME),
    };
    tx.instance().insert_ceremony(&ceremony).await?;
    Ok((id, challenge))
}

/// Uses it up, in a transaction of its own: a wrong answer uses it up as well.
///
/// *Errors*: [`Refusal::AttemptOver`] when it was used, has expired, or is somebody else's or for something else.
pub(crate) async fn consume(
    app: &App,
    id: &str,
    purpose: CeremonyPurpose,
    bound_to: BoundTo,
) -> Result<Challenge, Error> {
    let id = CeremonyId::parse(id).ok_or(Refusal::AttemptOver)?;
    app.store
        .write((app.clone(), id, bound_to.text()), move |tx, (app, id, bound_to)| {
            Box::pin(async move {
                let challenge = tx.instance().consume_ceremony(id, purpose, bound_to, app.now()).await?;
                challenge.ok_or_else(|| Error::from(Refusal::AttemptOver))
            })
        })
        .await
}
