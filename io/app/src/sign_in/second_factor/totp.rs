//! Owns the arithmetic of an authenticator app's codes: six digits of HMAC-SHA-1 every 30 seconds (RFC 6238), for every
//! app there is knows no other. Which step was used is the store's to remember.

use orgate_core::id::UserId;
use orgate_core::time::Timestamp;
use totp_rs::{Algorithm, Builder, Totp};

use crate::error::{Error, Fault};
use crate::seal::Place;
use crate::token::SixDigitCode;

/// How long a secret is. *Units*: bytes. *Source*: RFC 4226, 4.
pub(crate) const SECRET_BYTES: usize = 20;

/// How many steps a person's clock, or typing, may be off. *Source*: RFC 6238, 5.2.
const SKEW: u16 = 1;
const DIGITS: u8 = 6;
/// *Units*: seconds. *Source*: V6.5.5.
const STEP: u64 = 30;

/// Where a person's secret is sealed.
pub(crate) fn place(user_id: &UserId) -> Place<'_> {
    Place { table: "totp_credentials", column: "sealed_secret", row: user_id.as_str(), tenant: "" }
}

/// The time step whose code this is, of now and its neighbours; it has to be used up then (T-MFA-3).
pub(crate) fn matching_step(secret: &[u8], code: &SixDigitCode, now: Timestamp) -> Result<Option<i64>, Error> {
    let seconds = u64::try_from(now.as_seconds()).unwrap_or(0);
    let step = generator(secret)?.check(&code.reveal(), seconds);
    Ok(step.and_then(|step| i64::try_from(step).ok()))
}

/// The first step whose code nobody can have been asked for until now, however their clock goes within what is allowed.
pub(crate) fn first_unshown_step(now: Timestamp) -> i64 {
    now.as_seconds().div_euclid(i64::try_from(STEP).unwrap_or(i64::MAX)) + i64::from(SKEW) + 1
}

fn generator(secret: &[u8]) -> Result<Totp, Error> {
    let builder = Builder::new().with_algorithm(Algorithm::SHA1).with_digits(DIGITS).with_skew(SKEW);
    let built = builder.with_step_duration(STEP).with_secret(secret).build();
    built.map_err(|_| Error::Fault(Fault::Impossible("an authenticator secret that is too short")))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 6238, appendix B, cut to six digits.
    const SECRET: &[u8] = b"12345678901234567890";

    fn step(code: &str, seconds: i64) -> Option<i64> {
        matching_step(SECRET, &SixDigitCode::parse(code).unwrap(), Timestamp::from_seconds(seconds)).unwrap()
    }

    #[test]
    fn the_codes_of_the_rfc_match_their_steps() {
        for (code, seconds) in [("287082", 59), ("081804", 1_111_111_109), ("005924", 1_234_567_890)] {
            assert_eq!(step(code, seconds), Some(seconds / 30), "{code}");
        }
    }

    #[test]
    fn t_mfa_3_a_code_counts_one_step_around_and_names_its_own() {
        assert_eq!(step("287082", 59 + 30), Some(1));
        assert_eq!(step("287082", 29), Some(1));
        assert_eq!(step("287082", 59 + 31), None);
        assert_eq!(step("287083", 59), None);
    }

    #[test]
    fn t_sec_5_no_code_that_counts_now_is_of_the_first_unshown_step() {
        for seconds in [30, 44, 59] {
            let first = first_unshown_step(Timestamp::from_seconds(seconds));
            assert_eq!(first, 3, "{seconds}");
            let last = (0..first).filter(|shown| {
                let code =
                    Builder::new().with_secret(SECRET).build().unwrap().generate(u64::try_from(shown * 30).unwrap());
                step(&code.to_string(), seconds) == Some(*shown)
            });
            assert_eq!(last.max(), Some(first - 1), "{seconds}");
        }
    }

    #[test]
    fn a_secret_that_is_too_short_is_no_secret() {
        assert!(matching_step(b"short", &SixDigitCode::parse("123456").unwrap(), Timestamp::from_seconds(59)).is_err());
    }
}
