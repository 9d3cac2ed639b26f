//! Owns the form in which a browser hands on what an authenticator said: the JSON of `PublicKeyCredential.toJSON()`. What is
//! not needed is not read.

use data_encoding::BASE64URL_NOPAD;
use orgate_core::passkey::PasskeyRefusal;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

/// How large an answer may be. *Units*: bytes.
const MOST: usize = 32 * 1024;

/// A new key.
#[derive(Debug, Clone)]
pub struct Attestation {
    pub(super) credential_id: Vec<u8>,
    pub(super) client_data: Vec<u8>,
    pub(super) object: Vec<u8>,
}

/// A challenge that was signed.
#[derive(Debug, Clone)]
pub struct Assertion {
    /// The authenticator's name for the key.
    pub(crate) credential_id: Vec<u8>,
    pub(super) client_data: Vec<u8>,
    pub(super) authenticator_data: Vec<u8>,
    pub(super) signature: Vec<u8>,
    /// Whom the authenticator keeps the key for; one that is found without a name says it.
    pub(crate) user_handle: Option<Vec<u8>>,
}

struct Bytes(Vec<u8>);

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        BASE64URL_NOPAD.decode(text.as_bytes()).map(Self).map_err(D::Error::custom)
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Credential<R> {
    raw_id: Bytes,
    r#type: String,
    response: R,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Created {
    #[serde(rename = "clientDataJSON")]
    client_data: Bytes,
    attestation_object: Bytes,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Signed {
    #[serde(rename = "clientDataJSON")]
    client_data: Bytes,
    authenticator_data: Bytes,
    signature: Bytes,
    #[serde(default)]
    user_handle: Option<Bytes>,
}

fn read<'t, R: Deserialize<'t>>(text: &'t str) -> Result<Credential<R>, PasskeyRefusal> {
    if text.len() > MOST {
        return Err(PasskeyRefusal::Invalid);
    }
    let credential: Credential<R> = serde_json::from_str(text).map_err(|_| PasskeyRefusal::Invalid)?;
    if credential.r#type == "public-key" { Ok(credential) } else { Err(PasskeyRefusal::Invalid) }
}

impl Attestation {
    /// Reads one.
    ///
    /// *Errors*: [`PasskeyRefusal::Invalid`].
    pub fn parse(text: &str) -> Result<Self, PasskeyRefusal> {
        let Credential { raw_id, response, .. } = read::<Created>(text)?;
        Ok(Self { credential_id: raw_id.0, client_data: response.client_data.0, object: response.attestation_object.0 })
    }
}

impl Assertion {
    /// Reads one.
    ///
    /// *Errors*: [`PasskeyRefusal::Invalid`].
    pub fn parse(text: &str) -> Result<Self, PasskeyRefusal> {
        let Credential { raw_id, response, .. } = read::<Signed>(text)?;
        Ok(Self {
            credential_id: raw_id.0,
            client_data: response.client_data.0,
            authenticator_data: response.authenticator_data.0,
            signature: response.signature.0,
            user_handle: response.user_handle.map(|handle| handle.0).filter(|handle| !handle.is_empty()),
        })
    }
}
