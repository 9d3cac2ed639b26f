//! Owns what is wrong with secrets that can be judged by themselves.

use secrecy::ExposeSecret as _;

use super::finding::{Finding, bad, good};
use crate::settings::Settings;

/// Whoever guesses at the operator's token is slowed down by the network alone. The estimate ends a little above 19, which is
/// what anything long and random gets. *Units*: the power of ten.
const TOO_FEW_GUESSES: f64 = 19.0;

/// The secret key, if it was typed rather than drawn.
pub(super) fn secret_key(settings: &Settings) -> Option<Finding> {
    let text = "it was not drawn at random, and whoever guesses it opens every secret of the database: make one by \
                `openssl rand -hex 32` and replace it as docs/operate/rotate-keys.md says";
    (!settings.secret_key.looks_drawn()).then(|| bad("secret key", text))
}

/// The operator's token.
pub(super) fn operator_token(settings: &Settings) -> Finding {
    const WHAT: &str = "operator token";
    let Some(token) = &settings.operator_token else {
        return good(WHAT, "not set: there are no operator calls, and /metrics answers this machine only");
    };
    if zxcvbn::zxcvbn(token.expose_secret(), &["orgate", "operator"]).guesses_log10() < TOO_FEW_GUESSES {
        return bad(
            WHAT,
            "it can be guessed, for it is made of words or repeats itself: make one by `openssl rand -hex 32`",
        );
    }
    good(WHAT, "long and random")
}
