//! Owns a code that is mailed and typed back: what is stored of it, and taking it. Every try is counted before it is
//! compared, a right code serves once. What it proves, and the mail that brings it, are the caller's.

use orgate_core::challenge::{CODE_LIFETIME, CODE_TRIES, ChallengePurpose};
use orgate_core::email::EmailAddress;
use orgate_core::id::UserId;
use orgate_core::refusal::Refusal;
use orgate_store::{Challenge, Tx};

use crate::app::App;
use crate::entropy::Draw as _;
use crate::error::Error;
use crate::token::{CodePurpose, SixDigitCode};

/// What a code is to prove.
pub(crate) struct Ask<'a> {
    /// For what; with `bound_to` it is part of the code (T-WEB-7).
    pub purpose: ChallengePurpose,
    /// The attempt, session or invitation that it serves in.
    pub bound_to: &'a str,
    /// Who, if known.
    pub user_id: Option<&'a UserId>,
    /// The address that is proven.
    pub email: &'a EmailAddress,
}

/// Stores a new code, for the caller to mail; an earlier one for the same no longer serves.
///
/// *Source*: R-ORG-2.
pub(crate) async fn put(tx: &mut Tx, app: &App, ask: Ask<'_>) -> Result<(Challenge, SixDigitCode), Error> {
    let Ask { purpose, bound_to, user_id, email } = ask;
    let (now, code) = (app.now(), app.entropy.six_digits());
    let challenge = Challenge {
        id: app.entropy.id(now),
        purpose,
        code_mac: app.code_key.mac(CodePurpose::Challenge(purpose), bound_to, &code),
        bound_to: bound_to.to_owned(),
        user_id: user_id.cloned(),
        email: email.clone(),
        tries_left: CODE_TRIES,
        created_at: now,
        expires_at: now.plus(CODE_LIFETIME),
    };
    tx.instance().insert_challenge(&challenge).await?;
    Ok((challenge, code))
}

/// Takes a typed code. The refusal is a value, so that the transaction keeps the try that it cost.
///
/// *Errors*, as that value: [`Refusal::InvalidCode`], [`Refusal::AttemptOver`].
pub(crate) async fn take(
    tx: &mut Tx,
    app: &App,
    challenge: &Challenge,
    code: &SixDigitCode,
) -> Result<Result<(), Refusal>, Error> {
    let (id, now) = (&challenge.id, app.now());
    if !tx.instance().spend_challenge_try(id, now).await? {
        return Ok(Err(Refusal::AttemptOver));
    }
    if !fits(app, challenge, code) {
        return Ok(Err(Refusal::InvalidCode));
    }
    Ok(if tx.instance().consume_challenge(id, now).await? { Ok(()) } else { Err(Refusal::AttemptOver) })
}

/// Whether it is the code that was mailed. Nothing is counted, so the answer is not for who typed it: they get that of
/// [`take`].
pub(crate) fn fits(app: &App, challenge: &Challenge, code: &SixDigitCode) -> bool {
    app.code_key.matches(CodePurpose::Challenge(challenge.purpose), &challenge.bound_to, code, &challenge.code_mac)
}
