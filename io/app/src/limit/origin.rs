//! Owns where a try comes from, as an account sees it: a browser or a network from which its person came in before by what
//! is their own, or a stranger. Strangers share one bucket of tries, so whatever they do, the person's own places stay open
//! (L5).

use std::time::Duration;

use aws_lc_rs::digest;
use orgate_core::id::UserId;
use orgate_store::{Tx, User};

use super::basis::Basis;
use crate::app::App;
use crate::error::Error;
use crate::visitor::Visitor;

/// How often a place or a device that is used is written down again: it is forgotten after months, so its last use need not be
/// known to the minute. *Units*: one day.
pub(crate) const FRESH: Duration = Duration::from_secs(24 * 3600);

/// Whose tries are counted.
#[derive(Clone, Copy)]
pub(super) enum Whose<'a> {
    /// The account that goes by an address, known or not.
    Account(&'a str),
    /// A person.
    Person(&'a UserId),
}

/// What makes a place one of the person's own.
#[derive(Clone, Copy)]
pub(super) enum KnownBy {
    /// They came in there, with the second factor if they have one.
    Entry,
    /// That, or they showed their password there, or set it by a mailed link. Neither is a second factor, and brings tries at one.
    EntryOrPassword,
}

/// Where a try comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Origin {
    /// A browser in which the person came in before.
    Browser([u8; 32]),
    /// A network from which they did.
    Network([u8; 32]),
    /// Anywhere else.
    Strange,
}

/// Looks it up. An address that nobody has costs the same (R-IN-5).
pub(super) async fn of(app: &App, visitor: &Visitor, whose: Whose<'_>, by: KnownBy) -> Result<Origin, Error> {
    let network = network(visitor);
    // Without a cookie there is one place to look for.
    let browser = visitor.browser.map(browser);
    let own = [network, browser.unwrap_or(network)];
    let shown = match by {
        KnownBy::Entry => own,
        KnownBy::EntryOrPassword => own.map(for_password),
    };
    let places = [own[0], own[1], shown[0], shown[1]];
    let known = match whose {
        Whose::Account(key) => app.store.list_known_origins(key, &places).await?,
        Whose::Person(id) => app.store.list_known_origins_of(id, &places).await?,
    };
    let is_among = |place: &[u8; 32]| known.iter().any(|hash| hash.as_slice() == place.as_slice());
    let is_known = |own: &[u8; 32], shown: &[u8; 32]| is_among(own) || is_among(shown);
    Ok(match browser.filter(|browser| is_known(browser, &shown[1])) {
        Some(browser) => Origin::Browser(browser),
        None if is_known(&network, &shown[0]) => Origin::Network(network),
        None => Origin::Strange,
    })
}

/// The visitor's browser, if anybody came in with it before, by SSO too.
pub(super) async fn known_browser(app: &App, visitor: &Visitor) -> Result<Option<[u8; 32]>, Error> {
    let Some(cookie) = visitor.browser else { return Ok(None) };
    let browser = browser(cookie);
    Ok(app.store.is_known_origin(&[browser, sso_browser(cookie)]).await?.then_some(browser))
}

/// As it stands in the name of a bucket.
pub(super) fn hex(hash: &[u8; 32]) -> String {
    let mut text = data_encoding::HEXLOWER.encode(hash);
    text.truncate(32);
    text
}

/// Remembers where the person came in from. What an IdP's word alone opened is remembered as a browser that somebody came in
/// with and no more: else each new one would bring its organization tries at the person's secrets.
pub(crate) async fn remember(
    tx: &mut Tx,
    app: &App,
    visitor: &Visitor,
    user_id: &UserId,
    basis: Basis,
) -> Result<(), Error> {
    let now = app.now();
    let places = match basis {
        Basis::Own => [Some(network(visitor)), visitor.browser.map(browser)],
        Basis::Sso => [None, visitor.browser.map(sso_browser)],
    };
    for place in places.into_iter().flatten() {
        tx.instance().remember_origin(user_id, &place, now, now.minus(FRESH)).await?;
    }
    Ok(())
}

/// Remembers this place alone, where a mailed link set the password: whoever came in elsewhere by what the person no longer
/// uses is a stranger again.
pub(crate) async fn remember_only(tx: &mut Tx, app: &App, visitor: &Visitor, user: &User) -> Result<(), Error> {
    tx.instance().delete_origins(&user.id).await?;
    if user.has_second_factor {
        return remember_for_password(tx, app, visitor, &user.id).await;
    }
    remember(tx, app, visitor, &user.id, Basis::Own).await
}

/// Remembers a place where the person is no stranger to their password, and has shown no second factor: it is none of theirs
/// at one.
pub(crate) async fn remember_for_password(
    tx: &mut Tx,
    app: &App,
    visitor: &Visitor,
    user_id: &UserId,
) -> Result<(), Error> {
    let now = app.now();
    for place in [Some(network(visitor)), visitor.browser.map(browser)].into_iter().flatten() {
        tx.instance().remember_origin(user_id, &for_password(place), now, now.minus(FRESH)).await?;
    }
    Ok(())
}

/// The name of such a place.
fn for_password(place: [u8; 32]) -> [u8; 32] {
    hash("password", &place)
}

fn network(visitor: &Visitor) -> [u8; 32] {
    hash("own-network", visitor.network().as_bytes())
}

fn browser(cookie: [u8; 32]) -> [u8; 32] {
    hash("own-browser", &cookie)
}

/// An earlier version wrote every browser down under this name, whatever opened it.
fn sso_browser(cookie: [u8; 32]) -> [u8; 32] {
    hash("browser", &cookie)
}

fn hash(kind: &str, value: &[u8]) -> [u8; 32] {
    let mut hash = [0; 32];
    let text = [b"origin\0", kind.as_bytes(), b"\0", value].concat();
    for (target, source) in hash.iter_mut().zip(digest::digest(&digest::SHA256, &text).as_ref()) {
        *target = *source;
    }
    hash
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn l5_a_browser_that_sso_opened_is_another_place_than_the_persons_own() {
        assert_ne!(browser([7; 32]), sso_browser([7; 32]));
    }

    #[test]
    fn t_web_10_a_place_is_a_network_or_a_browser_and_never_taken_for_the_other() {
        let at = |ip: &str| network(&Visitor::new(ip.parse().unwrap(), ""));
        assert_eq!(at("2001:db8::1"), at("2001:db8::2"));
        assert_ne!(at("192.0.2.1"), at("192.0.2.2"));
        assert_ne!(hash("own-network", &[7; 32]), browser([7; 32]));
    }
}
