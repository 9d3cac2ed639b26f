//! Owns what the browser says of itself in an answer: for what, for which challenge, at which origin.

use data_encoding::BASE64URL_NOPAD;
use orgate_core::passkey::PasskeyRefusal;
use serde::Deserialize;

use crate::token;

/// What was asked of the browser.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A new key.
    Create,
    /// A signature.
    Get,
}

impl Kind {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Create => "webauthn.create",
            Self::Get => "webauthn.get",
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ClientData {
    r#type: String,
    challenge: String,
    origin: String,
    #[serde(default)]
    cross_origin: bool,
    #[serde(default)]
    top_origin: Option<String>,
}

/// Whether it answers this challenge at this origin, not from inside another site's page.
///
/// *Errors*: [`PasskeyRefusal::OtherChallenge`], [`PasskeyRefusal::OtherOrigin`], [`PasskeyRefusal::Invalid`].
pub(super) fn check(bytes: &[u8], kind: Kind, challenge: &[u8; 32], origin: &str) -> Result<(), PasskeyRefusal> {
    let said: ClientData = serde_json::from_slice(bytes).map_err(|_| PasskeyRefusal::Invalid)?;
    if said.r#type != kind.as_str() {
        return Err(PasskeyRefusal::Invalid);
    }
    let answered = BASE64URL_NOPAD.decode(said.challenge.as_bytes()).map_err(|_| PasskeyRefusal::OtherChallenge)?;
    if !token::same(&answered, challenge) {
        return Err(PasskeyRefusal::OtherChallenge);
    }
    if said.origin != origin || said.cross_origin || said.top_origin.is_some() {
        return Err(PasskeyRefusal::OtherOrigin);
    }
    Ok(())
}
