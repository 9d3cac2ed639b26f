//! Owns what slows guessing down. A try at a secret is counted before it is compared; a right one empties its bucket, a
//! wrong one counts on. After some wrong ones each further one makes the next wait twice as long, and a day takes no
//! more than the operator's number. Strangers share one bucket an account; each place that the person came in from before
//! has its own, so nobody elsewhere can use it up. Tries on the word of an IdP alone, at a password in its session or at a second
//! factor, have buckets of their own: what an organization uses up stands before nobody who leaves it (R-ENF-13).
//!
//! *Source*: L5, R-IN-5, V6.3.1; NIST SP 800-63B (at most 100 failures in a row).

use std::time::Duration;

use orgate_core::id::UserId;
use orgate_core::refusal::Refusal;
use orgate_core::time::Timestamp;
use orgate_store::{Throttle, ThrottleLimit};

use super::basis::Basis;
use super::most;
use super::origin::{self, KnownBy, Origin, Whose};
use crate::app::App;
use crate::error::Error;
use crate::visitor::Visitor;

/// A bucket begins anew after this. *Units*: one day.
const WINDOW: Duration = Duration::from_secs(24 * 3600);
/// Wrong tries that cost no wait: who mistypes is not punished.
const FREE: u64 = 10;
/// The wait after the first wrong try beyond those.
const FIRST_WAIT: Duration = Duration::from_secs(1);
/// The longest wait. *Units*: 15 minutes.
const LONGEST_WAIT: Duration = Duration::from_secs(15 * 60);

/// Which secret of an account is tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Secret {
    /// Its password. What made the session that it is typed in, if it is in one, keeps the tries apart.
    Password(Basis),
    /// A second factor: a code of an authenticator app, a recovery code, a passkey. What was shown before it keeps the tries
    /// apart.
    SecondFactor(Basis),
}

impl Secret {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Password(Basis::Own) => "password",
            Self::Password(Basis::Sso) => "password-by-sso",
            Self::SecondFactor(Basis::Own) => "second-factor",
            Self::SecondFactor(Basis::Sso) => "second-factor-by-sso",
        }
    }
}

/// One counted try. Whoever compares says how it ended; one that never does stays counted.
#[derive(Debug)]
#[must_use = "say whether it was right"]
pub struct Guess {
    /// None where the operator lifted the limit.
    bucket: Option<String>,
}

impl Guess {
    /// Says what came of it: wrong, or right whatever else was missing then. Where nothing was compared, for the machine was
    /// busy or broke, the try is given back. Any other refusal says nothing about the secret: the try stays counted, and
    /// no wrong one before it is forgiven.
    pub async fn settle<T>(self, app: &App, outcome: &Result<T, Error>) -> Result<(), Error> {
        let Some(bucket) = self.bucket else { return Ok(()) };
        match outcome {
            Err(Error::Refused(Refusal::InvalidCredentials | Refusal::InvalidCode | Refusal::Passkey(_))) => {
                wrong(app, &bucket).await
            }
            Err(Error::Refused(Refusal::Busy | Refusal::AttemptOver | Refusal::NoSession) | Error::Fault(_)) => {
                Ok(app.store.give_try_back(&bucket).await?)
            }
            Ok(_) | Err(Error::Refused(Refusal::SsoRequired(_) | Refusal::NeedsSecondFactor)) => {
                Ok(app.store.empty_throttle(&bucket).await?)
            }
            Err(Error::Refused(_)) => Ok(()),
        }
    }
}

/// Counts a try at the password of the account that goes by an address.
pub(super) async fn at_password(app: &App, account: &str, origin: &Origin, basis: Basis) -> Result<Guess, Error> {
    take(app, bucket(Secret::Password(basis), account, origin)).await
}

/// Counts a try at a second factor of a person.
pub(super) async fn at_second_factor(
    app: &App,
    visitor: &Visitor,
    user_id: &UserId,
    basis: Basis,
) -> Result<Guess, Error> {
    let origin = origin::of(app, visitor, Whose::Person(user_id), KnownBy::Entry).await?;
    take(app, bucket(Secret::SecondFactor(basis), user_id, &origin)).await
}

fn bucket(secret: Secret, whose: impl std::fmt::Display, origin: &Origin) -> String {
    let kind = secret.as_str();
    match origin {
        Origin::Browser(hash) | Origin::Network(hash) => {
            format!("{kind}:{whose}:{}", origin::hex(hash))
        }
        Origin::Strange => format!("{kind}:{whose}"),
    }
}

async fn take(app: &App, bucket: String) -> Result<Guess, Error> {
    let Some(limit) = app.settings.limits.tries_per_day else { return Ok(Guess { bucket: None }) };
    let now = app.now();
    let limit = ThrottleLimit { most: most(limit), counts_from: now.minus(WINDOW) };
    if app.store.take_throttled_try(&bucket, now, limit).await? {
        return Ok(Guess { bucket: Some(bucket) });
    }
    // Whoever was right meanwhile emptied it: then the next try is taken.
    let retry_after = app.store.find_throttle(&bucket).await?.map_or(FIRST_WAIT, |found| wait(&found, limit.most, now));
    Err(Refusal::TooManyRequests { retry_after }.into())
}

async fn wrong(app: &App, bucket: &str) -> Result<(), Error> {
    match delay(app.store.count_wrong_try(bucket).await?) {
        Duration::ZERO => Ok(()),
        delay => Ok(app.store.close_throttle(bucket, app.now().plus(delay)).await?),
    }
}

/// How long the next try waits after so many wrong ones.
fn delay(wrong: u64) -> Duration {
    let Some(doublings) = wrong.checked_sub(FREE + 1) else { return Duration::ZERO };
    let factor = u32::try_from(doublings).ok().and_then(|doublings| 2_u32.checked_pow(doublings));
    factor.map_or(LONGEST_WAIT, |factor| FIRST_WAIT.saturating_mul(factor).min(LONGEST_WAIT))
}

/// How long a bucket takes nothing.
fn wait(found: &Throttle, most: u64, now: Timestamp) -> Duration {
    let opens = if found.tries >= most { found.began_at.plus(WINDOW) } else { found.open_at };
    opens.since(now)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_mistypes_waits_for_nothing_and_who_guesses_waits_twice_as_long_each_time() {
        let seconds: Vec<u64> = (0..=22).map(|wrong| delay(wrong).as_secs()).collect();
        assert_eq!(seconds[..=10], [0; 11]);
        assert_eq!(seconds[11..], [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900]);
        assert_eq!(delay(u64::MAX), LONGEST_WAIT);
    }

    #[test]
    fn a_bucket_that_is_used_up_opens_a_day_after_its_first_try() {
        let at = |seconds: u64| Timestamp::from_millis(0).plus(Duration::from_secs(seconds));
        let found = Throttle { began_at: at(0), tries: 100, wrong: 100, open_at: at(1_000) };
        assert_eq!(wait(&found, 100, at(400)), Duration::from_secs(86_000));
        assert_eq!(wait(&Throttle { tries: 99, ..found }, 100, at(400)), Duration::from_secs(600));
    }
}
