//! Owns what an authenticator's answer is worth (W3C Web Authentication, level 3, 7.1 and 7.2): pure, from the challenge
//! that was drawn, the configured public URL and the stored key. Nothing of a request says for which site it counts.
//!
//! Answers with and without an attestation are taken alike: none is asked for, and nothing is concluded from the model of
//! an authenticator. That the person was verified by it (fingerprint, face, PIN) is always asked for.

mod answer;
mod authenticator_data;
pub mod ceremony;
mod client_data;
mod public_key;

pub use answer::{Assertion, Attestation};

use aws_lc_rs::digest;
use data_encoding::BASE64URL_NOPAD;
use orgate_core::passkey::{CEREMONY_LIFETIME, PasskeyRefusal};
use orgate_core::refusal::Refusal;
use orgate_store::{Passkey, User};
use serde_json::{Value, json};

use crate::app::App;
use crate::passkey::authenticator_data::AuthenticatorData;
use crate::passkey::client_data::Kind;
use crate::passkey::public_key::PublicKey;
use crate::settings::PublicUrl;
use orgate_core::method::AuthenticationMethod;

/// A key that an authenticator made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewCredential {
    /// The authenticator's name for it.
    pub credential_id: Vec<u8>,
    /// As a COSE key.
    pub public_key: Vec<u8>,
    /// Its counter.
    pub sign_count: u32,
    /// Whether it may be kept by more than one device.
    pub backup_eligible: bool,
    /// Whether it is.
    pub backed_up: bool,
}

/// A right answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verified {
    /// The counter now.
    pub sign_count: u32,
    /// Whether more than one device keeps it now.
    pub backed_up: bool,
}

/// The site that passkeys are made for.
#[derive(Debug, Clone)]
pub struct Site {
    id: String,
    origin: String,
    name: String,
}

/// Whether passkeys are offered: by the operator, and at an address that browsers make them for.
pub fn is_offered(app: &App) -> bool {
    app.settings.sign_in_methods.offers(AuthenticationMethod::Passkey) && !is_literal(app.settings.public_url.host())
}

/// Browsers make passkeys for names, never for IP addresses.
fn is_literal(host: &str) -> bool {
    host.starts_with('[') || host.parse::<std::net::IpAddr>().is_ok()
}

impl Site {
    /// By the configured public URL alone.
    ///
    /// *Errors*: [`Refusal::MethodNotOffered`].
    pub(crate) fn of(app: &App) -> Result<Self, Refusal> {
        if !is_offered(app) {
            return Err(Refusal::MethodNotOffered);
        }
        Ok(Self::at(&app.settings.public_url, &app.settings.product_name))
    }

    /// The site at this address.
    pub fn at(public_url: &PublicUrl, name: &str) -> Self {
        Self { id: public_url.host().to_owned(), origin: public_url.as_str().to_owned(), name: name.to_owned() }
    }

    /// What `navigator.credentials.create` is asked.
    pub(crate) fn creation_options(&self, user: &User, known: &[Passkey], challenge: &[u8; 32]) -> Value {
        json!({
            "rp": { "id": self.id, "name": self.name },
            "user": {
                "id": BASE64URL_NOPAD.encode(user.id.as_str().as_bytes()),
                "name": user.email.as_str(),
                "displayName": user.name.as_str(),
            },
            "challenge": BASE64URL_NOPAD.encode(challenge),
            "pubKeyCredParams": PublicKey::ALGORITHMS.map(|algorithm| json!({ "type": "public-key", "alg": algorithm })),
            "timeout": CEREMONY_LIFETIME.as_millis(),
            "excludeCredentials": descriptors(known),
            "authenticatorSelection": {
                "residentKey": "required", "requireResidentKey": true, "userVerification": "required",
            },
            "attestation": "none",
        })
    }

    /// What `navigator.credentials.get` is asked: for one of these, or for any that the browser knows here.
    pub(crate) fn request_options(&self, allowed: &[Passkey], challenge: &[u8; 32]) -> Value {
        json!({
            "rpId": self.id,
            "challenge": BASE64URL_NOPAD.encode(challenge),
            "timeout": CEREMONY_LIFETIME.as_millis(),
            "allowCredentials": descriptors(allowed),
            "userVerification": "required",
        })
    }

    /// The key of a new passkey.
    ///
    /// *Errors*: the first thing that is wrong. *Source*: 7.1, steps 5 to 23 without attestation.
    pub fn register(&self, challenge: &[u8; 32], answer: &Attestation) -> Result<NewCredential, PasskeyRefusal> {
        client_data::check(&answer.client_data, Kind::Create, challenge, &self.origin)?;
        let data = AuthenticatorData::of_attestation(&answer.object)?;
        self.check(&data)?;
        let made = data.credential.ok_or(PasskeyRefusal::Invalid)?;
        if made.id != answer.credential_id {
            return Err(PasskeyRefusal::Invalid);
        }
        PublicKey::read(&made.public_key)?;
        Ok(NewCredential {
            credential_id: made.id,
            public_key: made.public_key,
            sign_count: data.sign_count,
            backup_eligible: data.backup_eligible,
            backed_up: data.backed_up,
        })
    }

    /// Whether it is the answer of this passkey to this challenge.
    ///
    /// *Errors*: the first thing that is wrong. *Source*: 7.2, steps 5 to 25.
    pub fn verify(
        &self,
        challenge: &[u8; 32],
        passkey: &Passkey,
        answer: &Assertion,
    ) -> Result<Verified, PasskeyRefusal> {
        if passkey.credential_id != answer.credential_id {
            return Err(PasskeyRefusal::Unknown);
        }
        if answer.user_handle.as_ref().is_some_and(|handle| handle != passkey.user_id.as_str().as_bytes()) {
            return Err(PasskeyRefusal::Unknown);
        }
        client_data::check(&answer.client_data, Kind::Get, challenge, &self.origin)?;
        let data = AuthenticatorData::read(&answer.authenticator_data)?;
        self.check(&data)?;
        let hash = digest::digest(&digest::SHA256, &answer.client_data);
        let signed = [answer.authenticator_data.as_slice(), hash.as_ref()].concat();
        PublicKey::read(&passkey.public_key)?.verify(&signed, &answer.signature)?;
        // Only a right signature says anything about a copy, or about what else the authenticator is.
        if data.backup_eligible != passkey.backup_eligible {
            return Err(PasskeyRefusal::Invalid);
        }
        let counts = data.sign_count > 0 || passkey.sign_count > 0;
        if counts && data.sign_count <= passkey.sign_count {
            return Err(PasskeyRefusal::Copied);
        }
        Ok(Verified { sign_count: data.sign_count, backed_up: data.backed_up })
    }

    fn check(&self, data: &AuthenticatorData) -> Result<(), PasskeyRefusal> {
        if data.site_hash != digest::digest(&digest::SHA256, self.id.as_bytes()).as_ref() {
            return Err(PasskeyRefusal::OtherOrigin);
        }
        if !data.user_present || !data.user_verified {
            return Err(PasskeyRefusal::NotVerified);
        }
        if data.backed_up && !data.backup_eligible {
            return Err(PasskeyRefusal::Invalid);
        }
        Ok(())
    }
}

fn descriptors(passkeys: &[Passkey]) -> Vec<Value> {
    let one = |passkey: &Passkey| json!({ "type": "public-key", "id": BASE64URL_NOPAD.encode(&passkey.credential_id) });
    passkeys.iter().map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::is_literal;

    #[test]
    fn browsers_make_passkeys_for_names_only() {
        for (host, literal) in [("id.example.com", false), ("localhost", false), ("192.0.2.1", true), ("[::1]", true)] {
            assert_eq!(is_literal(host), literal, "{host}");
        }
    }
}
