//! Owns a factor that is asked for beside another proof of the same request: a mailed code or link that ends a membership
//! or joins two accounts. A wrong one takes everything back, so that the other proof serves again.

use orgate_core::proof::Proof;
use orgate_core::refusal::Refusal;
use orgate_store::{Tx, User};

use super::codes::{self, Try, TypedFactor};
use crate::app::App;
use crate::error::{Error, invalid};
use crate::limit::Basis;
use crate::visitor::Visitor;

/// The field that names a wrong factor.
const FIELD: &str = "factor";

/// Counts the try, before the transaction that compares. The other proof comes from the person's mailbox.
///
/// *Errors*: [`Refusal::TooManyRequests`].
pub(crate) async fn count(
    app: &App,
    visitor: &Visitor,
    bearer: User,
    factor: Option<&TypedFactor>,
) -> Result<Option<Try>, Error> {
    match factor {
        Some(typed) => codes::count(app, visitor, bearer, Basis::Own, typed.method).await.map(Some),
        None => Ok(None),
    }
}

/// Says what came of a counted try.
pub(crate) async fn settle<T>(
    app: &App,
    visitor: &Visitor,
    counted: Option<Try>,
    outcome: &Result<T, Error>,
) -> Result<(), Error> {
    let Some(counted) = counted else { return Ok(()) };
    let compared: Result<(), Error> = match outcome {
        Ok(_) => Ok(()),
        Err(error) if is_wrong(error) => Err(Refusal::InvalidCode.into()),
        // Something else was refused first, or it was all taken back.
        Err(_) => Err(Refusal::AttemptOver.into()),
    };
    counted.settle(app, visitor, &compared).await
}

/// Whether it is the factor that was wrong.
pub fn is_wrong(error: &Error) -> bool {
    match error {
        Error::Refused(Refusal::InvalidInput(fields)) => fields.iter().any(|field| field.field == FIELD),
        Error::Refused(_) | Error::Fault(_) => false,
    }
}

/// Uses the factor up; none for who has none. An error takes the transaction back, and so the other proof with it.
///
/// *Errors*: [`Refusal::NeedsSecondFactor`] when there is one and nothing was typed, [`Refusal::InvalidInput`] for a wrong
/// one.
pub(crate) async fn take(
    tx: &mut Tx,
    app: &App,
    visitor: &Visitor,
    user: &User,
    factor: Option<&TypedFactor>,
) -> Result<Option<Proof>, Error> {
    if !user.has_second_factor {
        return Ok(None);
    }
    let typed = factor.ok_or(Refusal::NeedsSecondFactor)?;
    match codes::take(tx, app, visitor, user, typed).await? {
        Ok(proof) => Ok(Some(proof)),
        Err(_) => Err(invalid(FIELD, "That code is not right, or it was used already.")),
    }
}
