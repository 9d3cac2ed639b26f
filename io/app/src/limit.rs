//! Owns the limits on what one network or one account may try in an hour. They are counted in the database, so they hold
//! on every node, and in a transaction of their own, so a refused attempt counts as well.
//!
//! *Source*: `api.md` (60 sign-ups and 300 sign-ins an hour for an address, T-WEB-10: IPv6 by its /64), V6.3.1, V6.6.3.

use std::time::Duration;

use orgate_core::id::{OrganizationId, UserId};
use orgate_core::refusal::Refusal;
use orgate_core::time::Timestamp;

use crate::app::App;
use crate::error::Error;
use crate::visitor::Visitor;

const HOUR: Duration = Duration::from_secs(3600);
const MINUTE: Duration = Duration::from_secs(60);

/// Mails that anybody can cause to one address. *Units*: mails an hour.
const MAILS_TO_AN_ADDRESS: u64 = 10;
/// Passwords that can be tried against one account, from wherever. *Units*: tries an hour.
const TRIES_OF_AN_ACCOUNT: u64 = 100;
/// Addresses that one organization can invite. *Units*: invitations an hour.
const INVITATIONS_OF_AN_ORGANIZATION: u64 = 500;

/// One thing that is counted.
struct Counter {
    bucket: String,
    window: Duration,
    most: u64,
    hits: u64,
}

impl Counter {
    fn hourly(kind: &str, whose: impl std::fmt::Display, most: u64) -> Self {
        Self { bucket: format!("{kind}:{whose}"), window: HOUR, most, hits: 1 }
    }
}

/// Counts a sign-up.
///
/// *Errors*: [`Refusal::TooManyRequests`].
pub async fn sign_up(app: &App, visitor: &Visitor, email_key: &str) -> Result<(), Error> {
    let network = Counter::hourly("sign-up", visitor.network(), app.settings.limits.sign_ups_per_hour);
    let address = Counter::hourly("mail", email_key, MAILS_TO_AN_ADDRESS);
    refuse_beyond(app, vec![network, address]).await
}

/// Counts an attempt to sign in to the account that goes by `typed`, known or not.
///
/// *Errors*: [`Refusal::TooManyRequests`].
pub async fn sign_in(app: &App, visitor: &Visitor, typed: &str) -> Result<(), Error> {
    let network = Counter::hourly("sign-in", visitor.network(), app.settings.limits.sign_ins_per_hour);
    let account: String = typed.trim().to_lowercase().chars().take(254).collect();
    refuse_beyond(app, vec![network, Counter::hourly("password", account, TRIES_OF_AN_ACCOUNT)]).await
}

/// Counts a password that is tried inside a session, to confirm a change.
///
/// *Errors*: [`Refusal::TooManyRequests`].
pub async fn confirmation(app: &App, user_id: &UserId) -> Result<(), Error> {
    refuse_beyond(app, vec![Counter::hourly("confirmation", user_id, TRIES_OF_AN_ACCOUNT)]).await
}

/// Counts a mail that a visitor causes to an address, known or not.
///
/// *Errors*: [`Refusal::TooManyRequests`].
pub async fn mail_to(app: &App, visitor: &Visitor, email_key: &str) -> Result<(), Error> {
    let network = Counter::hourly("mails", visitor.network(), app.settings.limits.sign_ins_per_hour);
    refuse_beyond(app, vec![network, Counter::hourly("mail", email_key, MAILS_TO_AN_ADDRESS)]).await
}

/// Counts invitations.
///
/// *Errors*: [`Refusal::TooManyRequests`].
pub(crate) async fn invitations(app: &App, organization_id: &OrganizationId, hits: u64) -> Result<(), Error> {
    let counter = Counter { hits, ..Counter::hourly("invitation", organization_id, INVITATIONS_OF_AN_ORGANIZATION) };
    refuse_beyond(app, vec![counter]).await
}

/// Whether this is the first refused attempt of this account from this network in this minute: only that one becomes an
/// audit event, so a storm fills no disk (R-OPS-3).
pub async fn is_first_refusal(app: &App, visitor: &Visitor, account: &str) -> Result<bool, Error> {
    let bucket = format!("refused:{account}:{}", visitor.network());
    count(app, vec![Counter { bucket, window: MINUTE, most: 1, hits: 1 }]).await
}

async fn refuse_beyond(app: &App, counters: Vec<Counter>) -> Result<(), Error> {
    if count(app, counters).await? { Ok(()) } else { Err(Refusal::TooManyRequests.into()) }
}

/// Counts, and says whether every counter is still within its limit.
async fn count(app: &App, counters: Vec<Counter>) -> Result<bool, Error> {
    app.store
        .write((counters, app.now()), |tx, (counters, now)| {
            Box::pin(async move {
                let mut within = true;
                for counter in counters {
                    let window = window_start(*now, counter.window);
                    let hits = tx.instance().count_hits(&counter.bucket, window, counter.hits).await?;
                    within &= hits <= counter.most;
                }
                Ok(within)
            })
        })
        .await
}

fn window_start(now: Timestamp, window: Duration) -> Timestamp {
    let length = i64::try_from(window.as_millis()).unwrap_or(i64::MAX).max(1);
    Timestamp::from_millis(now.as_millis().div_euclid(length).saturating_mul(length))
}
