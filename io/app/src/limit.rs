//! Owns the limits on what one network or one account may try in an hour. They are counted in the database, so they hold
//! on every node, and before the transaction that they guard, so a refused attempt counts as well.
//!
//! *Source*: `api.md` (60 sign-ups and 300 sign-ins an hour for an address, T-WEB-10: IPv6 by its /64), V6.3.1, V6.6.3.

use std::num::NonZeroU32;
use std::time::Duration;

use orgate_core::email::EmailAddress;
use orgate_core::id::{OrganizationId, UserId};
use orgate_core::refusal::Refusal;
use orgate_core::time::Timestamp;
use orgate_store::Tx;

use crate::app::App;
use crate::error::Error;
use crate::visitor::Visitor;

const HOUR: Duration = Duration::from_secs(3600);
const MINUTE: Duration = Duration::from_secs(60);

/// Mails that anybody can cause to one address. *Units*: mails an hour.
const MAILS_TO_AN_ADDRESS: u64 = 10;
/// Passwords that can be tried against one account, from wherever. *Units*: tries an hour.
const TRIES_OF_AN_ACCOUNT: u64 = 100;
/// How often one organization can invite. *Units*: calls an hour.
const INVITATIONS_OF_AN_ORGANIZATION: u64 = 60;

/// One thing that is counted.
struct Counter {
    bucket: String,
    window: Duration,
    most: u64,
}

impl Counter {
    fn hourly(kind: &str, whose: impl std::fmt::Display, most: u64) -> Self {
        Self { bucket: format!("{kind}:{whose}"), window: HOUR, most }
    }

    fn mail(email_key: &str) -> Self {
        Self::hourly("mail", email_key, MAILS_TO_AN_ADDRESS)
    }
}

/// Counts a sign-up.
///
/// *Errors*: [`Refusal::TooManyRequests`].
pub async fn sign_up(app: &App, visitor: &Visitor, email_key: &str) -> Result<(), Error> {
    refuse_beyond(app, &Counter::hourly("sign-up", visitor.network(), most(app.settings.limits.sign_ups_per_hour)))
        .await?;
    refuse_beyond(app, &Counter::mail(email_key)).await
}

/// Counts an attempt to sign in to the account that goes by `typed`, known or not.
///
/// *Errors*: [`Refusal::TooManyRequests`].
pub async fn sign_in(app: &App, visitor: &Visitor, typed: &str) -> Result<(), Error> {
    refuse_beyond(app, &Counter::hourly("sign-in", visitor.network(), most(app.settings.limits.sign_ins_per_hour)))
        .await?;
    refuse_beyond(app, &Counter::hourly("password", account(typed), TRIES_OF_AN_ACCOUNT)).await
}

/// The account that a typed address means, by the one equality of addresses: another spelling buys no further tries
/// (T-LNK-10).
pub(crate) fn account(typed: &str) -> String {
    EmailAddress::parse(typed)
        .map_or_else(|_| typed.trim().to_lowercase().chars().take(254).collect(), |email| email.key().to_owned())
}

/// Counts an attempt to sign in through an IdP, by network alone: counted by organization, a hundred visits of one stranger
/// would keep all its people out.
///
/// *Errors*: [`Refusal::TooManyRequests`].
pub async fn sso(app: &App, visitor: &Visitor) -> Result<(), Error> {
    refuse_beyond(app, &Counter::hourly("sign-in", visitor.network(), most(app.settings.limits.sign_ins_per_hour)))
        .await
}

/// Counts a password that is tried inside a session, to confirm a change.
///
/// *Errors*: [`Refusal::TooManyRequests`].
pub async fn confirmation(app: &App, user_id: &UserId) -> Result<(), Error> {
    refuse_beyond(app, &Counter::hourly("confirmation", user_id, TRIES_OF_AN_ACCOUNT)).await
}

/// Counts a mail that a visitor causes to an address, known or not.
///
/// *Errors*: [`Refusal::TooManyRequests`].
pub async fn mail_to(app: &App, visitor: &Visitor, email_key: &str) -> Result<(), Error> {
    refuse_beyond(app, &Counter::hourly("mails", visitor.network(), most(app.settings.limits.sign_ins_per_hour)))
        .await?;
    refuse_beyond(app, &Counter::mail(email_key)).await
}

/// Counts a mail to an address inside the transaction that puts it into the outbox.
///
/// *Errors*: [`Refusal::TooManyRequests`].
pub(crate) async fn mail_in(tx: &mut Tx, app: &App, email_key: &str) -> Result<(), Error> {
    let counter = Counter::mail(email_key);
    let hits = tx.instance().hit_rate_counter(&counter.bucket, window_start(app.now(), counter.window)).await?;
    if hits <= counter.most { Ok(()) } else { Err(Refusal::TooManyRequests.into()) }
}

/// Whether this hour's notice that the organization is full has not been mailed yet.
pub(crate) async fn is_first_notice(tx: &mut Tx, app: &App, organization_id: &OrganizationId) -> Result<bool, Error> {
    let counter = Counter::hourly("full", organization_id, 1);
    let hits = tx.instance().hit_rate_counter(&counter.bucket, window_start(app.now(), counter.window)).await?;
    Ok(hits <= counter.most)
}

/// Counts a call that invites, inside its transaction and after its caller was allowed to: nobody else uses up an
/// organization's invitations.
///
/// *Errors*: [`Refusal::TooManyRequests`].
pub(crate) async fn invitations(tx: &mut Tx, app: &App, organization_id: &OrganizationId) -> Result<(), Error> {
    let counter = Counter::hourly("invitation", organization_id, INVITATIONS_OF_AN_ORGANIZATION);
    let hits = tx.instance().hit_rate_counter(&counter.bucket, window_start(app.now(), counter.window)).await?;
    if hits <= counter.most { Ok(()) } else { Err(Refusal::TooManyRequests.into()) }
}

/// Whether this is the first refused attempt of this account from this network in this minute: only that one becomes an
/// audit event, so a storm fills no disk (R-OPS-3).
pub async fn is_first_refusal(app: &App, visitor: &Visitor, account: &str) -> Result<bool, Error> {
    let bucket = format!("refused:{account}:{}", visitor.network());
    is_within(app, &Counter { bucket, window: MINUTE, most: 1 }).await
}

/// Whether this is the first sign-in of this person from this network in this minute that enforced SSO stopped, in this
/// log: an organization's, or the instance's. Only that one becomes an audit event (R-OPS-3).
pub(crate) async fn is_first_block(
    tx: &mut Tx,
    app: &App,
    visitor: &Visitor,
    user_id: &UserId,
    log: Option<&OrganizationId>,
) -> Result<bool, Error> {
    let log = log.map_or("instance", OrganizationId::as_str);
    let bucket = format!("blocked:{log}:{user_id}:{}", visitor.network());
    Ok(tx.instance().hit_rate_counter(&bucket, this_minute(app)).await? == 1)
}

/// When the minute began in which sign-ins that are stopped, or refused, count as one.
pub(crate) fn this_minute(app: &App) -> Timestamp {
    window_start(app.now(), MINUTE)
}

/// Whether the organization has room for one more member (R-LNK-8).
pub(crate) async fn has_room(tx: &mut Tx, app: &App, organization_id: &OrganizationId) -> Result<bool, Error> {
    match app.settings.limits.members_per_organization {
        Some(limit) => Ok(tx.organization(organization_id).count_members().await? < most(limit)),
        None => Ok(true),
    }
}

async fn refuse_beyond(app: &App, counter: &Counter) -> Result<(), Error> {
    if is_within(app, counter).await? { Ok(()) } else { Err(Refusal::TooManyRequests.into()) }
}

/// Counts, and says whether it is still within the limit.
async fn is_within(app: &App, counter: &Counter) -> Result<bool, Error> {
    let hits = app.store.hit_rate_counter(&counter.bucket, window_start(app.now(), counter.window)).await?;
    Ok(hits <= counter.most)
}

fn most(limit: NonZeroU32) -> u64 {
    u64::from(limit.get())
}

fn window_start(now: Timestamp, window: Duration) -> Timestamp {
    let length = i64::try_from(window.as_millis()).unwrap_or(i64::MAX).max(1);
    Timestamp::from_millis(now.as_millis().div_euclid(length).saturating_mul(length))
}
