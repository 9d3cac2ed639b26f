//! Owns the limits on what one network, one account or one organization may try in a while. They are counted in the
//! database, so they hold on every node, and before the transaction that they guard, so a refused attempt counts as well.
//! Mails are counted in `mails`. Guesses at a secret are slowed down in `guess`, by where they come from (`origin`) and on what
//! (`basis`); how refused ones are written down is in `refused`.
//!
//! *Source*: `api.md` (60 sign-ups and 300 sign-ins an hour for an address, T-WEB-10: IPv6 by its /64), V6.3.1, V6.6.3.

mod basis;
mod guess;
mod mails;
mod origin;
mod refused;

pub(crate) use basis::Basis;
pub use guess::Guess;
pub(crate) use mails::{code_in, invitation, invitation_to, mail_in};
pub use mails::{mail_to, reset_mail_to};
pub(crate) use origin::{FRESH, remember, remember_for_password, remember_only};
pub(crate) use refused::note as note_refused;

use std::num::NonZeroU32;
use std::time::Duration;

use orgate_core::domain::DomainName;
use orgate_core::email::EmailAddress;
use orgate_core::id::{ConnectionId, OrganizationId, UserId};
use orgate_core::policy::AddressState;
use orgate_core::refusal::Refusal;
use orgate_core::time::Timestamp;
use orgate_store::Tx;

use crate::app::App;
use crate::audit::Event;
use crate::authorise::Caller;
use crate::error::Error;
use crate::visitor::Visitor;
use origin::{KnownBy, Origin, Whose};

const HOUR: Duration = Duration::from_secs(3600);
const MINUTE: Duration = Duration::from_secs(60);

/// Passwords and codes that can be tried inside sessions of one person. *Units*: tries an hour.
const CONFIRMATIONS_OF_A_PERSON: u64 = 100;
/// What a browser in which somebody came in before may still begin when its network is used up. *Units*: times an hour.
const BROWSER_BEYOND_NETWORK: u64 = 30;
/// How often a person can ask for another address. *Units*: times an hour.
const EMAIL_CHANGES_OF_A_PERSON: u64 = 10;
/// How often an organization can have domains looked at. *Units*: times an hour.
const DOMAIN_CHECKS: u64 = 60;
/// Log-outs that one network can post for a connection: a provider that signs out a whole company posts one a session.
/// *Units*: requests a minute.
const LOG_OUTS_OF_A_CONNECTION: u64 = 600;
/// How often a person is told about a new device. *Units*: mails an hour.
const DEVICES_TOLD: u64 = 5;

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

    /// Mails that anybody can cause to one address.
    fn mail(app: &App, email_key: &str) -> Self {
        Self::hourly("mail", email_key, most(app.settings.limits.mails_per_hour))
    }
}

/// Counts a sign-up.
///
/// *Errors*: [`Refusal::TooManyRequests`].
pub async fn sign_up(app: &App, visitor: &Visitor, email_key: &str) -> Result<(), Error> {
    refuse_beyond(app, &Counter::hourly("sign-up", visitor.network(), most(app.settings.limits.sign_ups_per_hour)))
        .await?;
    refuse_beyond(app, &Counter::mail(app, email_key)).await
}

/// Counts a try at the password of the account that goes by `typed`, known or not. A browser in which its person came in
/// before is counted by itself, so that nobody else in its network uses up its tries.
///
/// *Errors*: [`Refusal::TooManyRequests`].
pub(crate) async fn password(app: &App, visitor: &Visitor, typed: &str) -> Result<Guess, Error> {
    let account = account(typed);
    let origin = origin::of(app, visitor, Whose::Account(&account), KnownBy::EntryOrPassword).await?;
    let most = most(app.settings.limits.sign_ins_per_hour);
    let place = match &origin {
        Origin::Browser(hash) => Counter::hourly("sign-in-browser", origin::hex(hash), most),
        Origin::Network(_) | Origin::Strange => Counter::hourly("sign-in", visitor.network(), most),
    };
    if let Err(refused) = refuse_beyond(app, &place).await {
        // Whom it names counts for nothing here: a storm of made-up addresses is one event a minute.
        note_refused(app, visitor, "", not_compared("password", None)).await?;
        return Err(refused);
    }
    let guess = guess::at_password(app, &account, &origin, Basis::Own).await;
    if let Err(Error::Refused(_)) = &guess {
        let target = holder(app, typed).await?;
        note_refused(app, visitor, &account, not_compared("password", target.as_ref())).await?;
    }
    guess
}

/// Counts a try at the caller's own password, in their session: among all the tries at it from there, or among those of all
/// sessions that an IdP's word made, which bring no further ones each.
///
/// *Errors*: [`Refusal::TooManyRequests`].
pub(crate) async fn own_password(app: &App, visitor: &Visitor, caller: &Caller) -> Result<Guess, Error> {
    confirmation(app, caller).await?;
    let user_id = caller.user_id();
    let account = match &caller.check.address {
        AddressState::Proven => account(&caller.check.email),
        // Somebody else may have it proven, and their tries are no business of this person.
        AddressState::LocalTo(_) | AddressState::Unproven => user_id.to_string(),
    };
    let origin = origin::of(app, visitor, Whose::Person(user_id), KnownBy::EntryOrPassword).await?;
    let guess = guess::at_password(app, &account, &origin, Basis::of(caller.proofs())).await;
    if let Err(Error::Refused(_)) = &guess {
        note_refused(app, visitor, &account, not_compared("password", Some(user_id))).await?;
    }
    guess
}

/// The event of tries that were refused before anything was compared.
fn not_compared(method: &'static str, target: Option<&UserId>) -> Event {
    let mut event =
        Event::refused("session.refused", "too-many-requests").data(serde_json::json!({ "method": method }));
    event.target = target.map(ToString::to_string);
    event
}

/// Who goes by this address, if anybody does.
async fn holder(app: &App, typed: &str) -> Result<Option<UserId>, Error> {
    let Ok(email) = EmailAddress::parse(typed) else { return Ok(None) };
    app.store
        .read(email, |tx, email| {
            Box::pin(async move { Ok(tx.instance().find_user_by_proven_email(email).await?.map(|user| user.id)) })
        })
        .await
}

/// The account that a typed address means, by the one equality of addresses: another spelling buys no further tries
/// (T-LNK-10).
pub(crate) fn account(typed: &str) -> String {
    EmailAddress::parse(typed)
        .map_or_else(|_| typed.trim().to_lowercase().chars().take(254).collect(), |email| email.key().to_owned())
}

/// Counts the begin of a sign-in that names no account (an IdP's, Google's, GitHub's), by network alone:
/// counted by organization, a hundred visits of one stranger would keep all its people out.
///
/// *Errors*: [`Refusal::TooManyRequests`].
pub async fn sso(app: &App, visitor: &Visitor) -> Result<(), Error> {
    by_network(app, visitor, "sign-in", most(app.settings.limits.sign_ins_per_hour)).await
}

/// Counts a log-out that an IdP posts, by connection and network: no stranger uses up what its IdP can say.
///
/// *Errors*: [`Refusal::TooManyRequests`]. *Source*: T-LO-2.
pub(crate) async fn log_out(app: &App, visitor: &Visitor, connection_id: &ConnectionId) -> Result<(), Error> {
    let bucket = format!("log-out:{connection_id}:{}", visitor.network());
    refuse_beyond(app, &Counter { bucket, window: MINUTE, most: LOG_OUTS_OF_A_CONNECTION }).await
}

/// Counts a challenge for a passkey. A browser that offers passkeys as soon as the sign-in page opens draws one for each
/// visit, so these share no number with what people begin.
///
/// *Errors*: [`Refusal::TooManyRequests`].
pub(crate) async fn challenge(app: &App, visitor: &Visitor) -> Result<(), Error> {
    by_network(app, visitor, "challenge", most(app.settings.limits.sign_ins_per_hour)).await
}

/// Counts a password or code that is tried inside a session, to confirm a change; in one that SSO alone made, apart from the
/// others.
///
/// *Errors*: [`Refusal::TooManyRequests`].
pub(crate) async fn confirmation(app: &App, caller: &Caller) -> Result<(), Error> {
    let kind = match Basis::of(caller.proofs()) {
        Basis::Own => "confirmation",
        Basis::Sso => "confirmation-by-sso",
    };
    refuse_beyond(app, &Counter::hourly(kind, caller.user_id(), CONFIRMATIONS_OF_A_PERSON)).await
}

/// Counts a second factor that is tried for a person, in however many sign-ins; who does so has shown something before it. The
/// person's own browsers and networks have tries of their own here too.
///
/// *Errors*: [`Refusal::TooManyRequests`].
pub(crate) async fn second_factor(
    app: &App,
    visitor: &Visitor,
    user_id: &UserId,
    basis: Basis,
) -> Result<Guess, Error> {
    let guess = guess::at_second_factor(app, visitor, user_id, basis).await;
    if let Err(Error::Refused(_)) = &guess {
        note_refused(app, visitor, user_id.as_str(), not_compared("second-factor", Some(user_id))).await?;
    }
    guess
}

/// Counts a person's wish for another address, inside its transaction.
///
/// *Errors*: [`Refusal::TooManyRequests`].
pub(crate) async fn email_change(tx: &mut Tx, app: &App, user_id: &UserId) -> Result<(), Error> {
    refuse_beyond_in(tx, app, &Counter::hourly("email-change", user_id, EMAIL_CHANGES_OF_A_PERSON)).await
}

/// Whether the person may be mailed about one more new device in this hour: a program with a new name each time floods
/// nobody.
pub(crate) async fn is_device_told(tx: &mut Tx, app: &App, user_id: &UserId) -> Result<bool, Error> {
    is_within_in(tx, app, &Counter::hourly("device", user_id, DEVICES_TOLD)).await
}

/// Whether this hour's notice that the organization is full has not been mailed yet.
pub(crate) async fn is_first_notice(tx: &mut Tx, app: &App, organization_id: &OrganizationId) -> Result<bool, Error> {
    is_within_in(tx, app, &Counter::hourly("full", organization_id, 1)).await
}

/// Counts a test of a connection, inside its transaction: each of them makes this machine ask another one.
///
/// *Errors*: [`Refusal::TooManyRequests`].
pub(crate) async fn connection_test(tx: &mut Tx, app: &App, organization_id: &OrganizationId) -> Result<(), Error> {
    let most = most(app.settings.limits.connection_tests_per_hour);
    refuse_beyond_in(tx, app, &Counter::hourly("connection-test", organization_id, most)).await
}

/// Counts what else an Owner does that makes this machine ask an identity provider, by its kind and inside its transaction:
/// each may happen as often as a test may be started.
///
/// *Errors*: [`Refusal::TooManyRequests`].
pub(crate) async fn provider_asked(
    tx: &mut Tx,
    app: &App,
    kind: &str,
    organization_id: &OrganizationId,
) -> Result<(), Error> {
    let most = most(app.settings.limits.connection_tests_per_hour);
    refuse_beyond_in(tx, app, &Counter::hourly(kind, organization_id, most)).await
}

/// Counts a look at a domain that an Owner causes, inside its transaction: each of them makes this machine ask others.
///
/// *Errors*: [`Refusal::TooManyRequests`].
pub(crate) async fn domain_check(tx: &mut Tx, app: &App, organization_id: &OrganizationId) -> Result<(), Error> {
    refuse_beyond_in(tx, app, &Counter::hourly("domain-check", organization_id, DOMAIN_CHECKS)).await
}

/// Whether the Owners of a domain's holder have not been told in this hour that another organization shows its record.
pub(crate) async fn is_first_rival(tx: &mut Tx, app: &App, name: &DomainName) -> Result<bool, Error> {
    is_within_in(tx, app, &Counter::hourly("domain-rival", name, 1)).await
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

/// Counts by network; a browser in which somebody came in before goes on a little when strangers used its network up.
async fn by_network(app: &App, visitor: &Visitor, kind: &str, most: u64) -> Result<(), Error> {
    let counted = refuse_beyond(app, &Counter::hourly(kind, visitor.network(), most)).await;
    if !matches!(counted, Err(Error::Refused(_))) {
        return counted;
    }
    match origin::known_browser(app, visitor).await? {
        Some(browser) => {
            let kind = format!("{kind}-browser");
            refuse_beyond(app, &Counter::hourly(&kind, origin::hex(&browser), BROWSER_BEYOND_NETWORK)).await
        }
        None => counted,
    }
}

async fn refuse_beyond(app: &App, counter: &Counter) -> Result<(), Error> {
    if is_within(app, counter).await? { Ok(()) } else { Err(too_many(app, counter)) }
}

async fn refuse_beyond_in(tx: &mut Tx, app: &App, counter: &Counter) -> Result<(), Error> {
    if is_within_in(tx, app, counter).await? { Ok(()) } else { Err(too_many(app, counter)) }
}

/// Until the window is over. It is measured by the kind of the limit, never by whose it is.
fn too_many(app: &App, counter: &Counter) -> Error {
    let now = app.now();
    let kind = counter.bucket.split(':').next().unwrap_or_default().to_owned();
    metrics::counter!("orgate_limits_reached_total", "limit" => kind).increment(1);
    let retry_after = window_start(now, counter.window).plus(counter.window).since(now);
    Refusal::TooManyRequests { retry_after }.into()
}

/// Counts, and says whether it is still within the limit.
async fn is_within(app: &App, counter: &Counter) -> Result<bool, Error> {
    let hits = app.store.hit_rate_counter(&counter.bucket, window_start(app.now(), counter.window)).await?;
    Ok(hits <= counter.most)
}

/// The same inside a transaction.
async fn is_within_in(tx: &mut Tx, app: &App, counter: &Counter) -> Result<bool, Error> {
    let hits = tx.instance().hit_rate_counter(&counter.bucket, window_start(app.now(), counter.window)).await?;
    Ok(hits <= counter.most)
}

fn most(limit: NonZeroU32) -> u64 {
    u64::from(limit.get())
}

fn window_start(now: Timestamp, window: Duration) -> Timestamp {
    let length = i64::try_from(window.as_millis()).unwrap_or(i64::MAX).max(1);
    Timestamp::from_millis(now.as_millis().div_euclid(length).saturating_mul(length))
}
