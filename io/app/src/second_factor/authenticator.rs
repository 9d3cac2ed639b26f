//! Owns the secret that an authenticator app shares with us: drawing it, how it travels into the app, how it is kept. The
//! arithmetic of its codes is where they are asked for, in [`crate::sign_in::second_factor`].

use std::fmt;

use data_encoding::BASE32_NOPAD;
use orgate_core::id::UserId;
use orgate_core::time::Timestamp;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::app::App;
use crate::entropy::{Draw, Entropy};
use crate::error::{Error, Fault};
use crate::sign_in::second_factor::totp::{SECRET_BYTES, matching_step, place};
use crate::token::SixDigitCode;

/// The secret that an authenticator app shares with us; wiped when dropped.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct TotpSecret([u8; SECRET_BYTES]);

impl TotpSecret {
    /// Draws a new one.
    pub(crate) fn generate(entropy: &(impl Entropy + ?Sized)) -> Self {
        Self(entropy.bytes())
    }

    /// The text that a person types where the camera cannot be used.
    pub fn text(&self) -> Zeroizing<String> {
        Zeroizing::new(BASE32_NOPAD.encode(&self.0))
    }

    /// What the QR code says.
    ///
    /// *Source*: the key URI format that authenticator apps read: issuer in the label and as a parameter.
    pub fn uri(&self, issuer: &str, account: &str) -> Zeroizing<String> {
        let (issuer, account) = (encoded(issuer), encoded(account));
        Zeroizing::new(format!("otpauth://totp/{issuer}:{account}?secret={}&issuer={issuer}", *self.text()))
    }

    /// The step whose code this is, of now and its neighbours.
    pub(crate) fn step_of(&self, code: &SixDigitCode, now: Timestamp) -> Result<Option<i64>, Error> {
        matching_step(&self.0, code, now)
    }

    /// Sealed for the row of this person (T-SEC-1).
    ///
    /// *Errors*: a fault, if sealing fails.
    pub(crate) fn seal(&self, app: &App, user_id: &UserId) -> Result<Vec<u8>, Error> {
        Ok(app.sealer.seal(&place(user_id), &self.0, &*app.entropy)?)
    }

    /// Opens what [`TotpSecret::seal`] sealed.
    ///
    /// *Errors*: a fault, if it is of another row or was changed.
    pub(crate) fn open(app: &App, user_id: &UserId, sealed: &[u8]) -> Result<Self, Error> {
        let plain = app.sealer.open(&place(user_id), sealed)?;
        let bytes = <[u8; SECRET_BYTES]>::try_from(plain.as_slice());
        bytes.map(Self).map_err(|_| Error::Fault(Fault::Impossible("a TOTP secret of another length")))
    }
}

impl fmt::Debug for TotpSecret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("TotpSecret(…)")
    }
}

/// Everything but letters, digits and `-._~` as its bytes: apps split the label at the first colon.
fn encoded(text: &str) -> String {
    let mut encoded = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push('%');
            encoded.push_str(&data_encoding::HEXUPPER.encode(&[byte]));
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entropy::SeededEntropy;

    /// The secret of the test vectors of RFC 6238, appendix B.
    const OF_THE_RFC: TotpSecret = TotpSecret(*b"12345678901234567890");

    #[test]
    fn the_uri_keeps_names_with_colons_and_signs_apart() {
        let uri = OF_THE_RFC.uri("Acme: Cloud & Co", "jos\u{e9}+a@x.example");
        assert_eq!(
            *uri,
            "otpauth://totp/Acme%3A%20Cloud%20%26%20Co:jos%C3%A9%2Ba%40x.example\
             ?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Acme%3A%20Cloud%20%26%20Co"
        );
    }

    #[test]
    fn two_secrets_differ_and_neither_is_printed() {
        let entropy = SeededEntropy::new(5);
        let (one, other) = (TotpSecret::generate(&entropy), TotpSecret::generate(&entropy));
        assert!(one != other);
        assert_eq!(format!("{one:?}"), "TotpSecret(…)");
        assert_eq!(one.text().len(), 32);
    }
}
