//! Owns the cookies: their names, their attributes, how they are read. Each has the `__Host-` prefix, so no other host
//! can set one, and `SameSite=Lax`, so that the redirect back from an identity provider carries them.

use axum::http::header::{COOKIE, SET_COOKIE};
use axum::http::{HeaderMap, HeaderValue};
use cookie::time::Duration;
use cookie::{Cookie, SameSite};
use orgate_app::sign_in::Issued;
use orgate_app::token::SecretToken;
use orgate_core::return_to::ReturnTo;
use orgate_core::time::Timestamp;

use crate::pages::{Notice, Theme, Tone};

/// The session's token.
pub const SESSION: &str = "__Host-orgate-session";
/// Binds an attempt to sign in to this browser (T-BCP-1).
pub const BROWSER: &str = "__Host-orgate-browser";
const RETURN_TO: &str = "__Host-orgate-return";
const UNSENT: &str = "__Host-orgate-unsent";
const NOTICE: &str = "__Host-orgate-notice";
const THEME: &str = "__Host-orgate-theme";

/// The value of the first cookie of this name, without copying it.
pub fn value<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|header| header.to_str().ok())
        .find_map(|header| orgate_core::cookie::find(header, name))
}

/// The cookie of a session that was just made. It is gone when the session has its absolute end.
pub fn session(issued: &Issued, now: Timestamp) -> HeaderValue {
    let seconds = i64::try_from(issued.expires_at.since(now).as_secs()).unwrap_or(i64::MAX);
    written(SESSION, &issued.token.reveal(), Duration::seconds(seconds))
}

/// The pre-login cookie. It names a browser and nobody in it, so it may live long: an attempt whose browser loses it
/// halfway has to start again.
pub fn browser(token: &SecretToken) -> HeaderValue {
    written(BROWSER, &token.reveal(), Duration::days(180))
}

/// Where to go after the sign-in.
pub fn return_to(path: &ReturnTo) -> HeaderValue {
    written(RETURN_TO, path.as_str(), Duration::minutes(15))
}

/// Where the browser wanted to go before it was asked to sign in.
pub fn read_return_to(headers: &HeaderMap) -> Option<ReturnTo> {
    value(headers, RETURN_TO).and_then(ReturnTo::parse)
}

/// The page to come back to whose form was sent in vain: something had to be proven first. It says of the same page as
/// [`return_to`] what is to be done there.
pub fn unsent(page: &ReturnTo) -> HeaderValue {
    written(UNSENT, page.as_str(), Duration::minutes(15))
}

/// Which page's form was sent in vain.
pub fn read_unsent(headers: &HeaderMap) -> Option<ReturnTo> {
    value(headers, UNSENT).and_then(ReturnTo::parse)
}

/// The theme that this browser chose.
pub fn theme(theme: Theme) -> HeaderValue {
    written(THEME, theme.value(), Duration::days(365))
}

/// The theme that this browser chose, or the default.
pub fn read_theme(headers: &HeaderMap) -> Theme {
    let chosen = value(headers, THEME).unwrap_or_default();
    [Theme::Light, Theme::Dark].into_iter().find(|theme| theme.value() == chosen).unwrap_or_default()
}

/// What the last act did, for the next page.
pub fn notice(notice: &Notice) -> HeaderValue {
    let text = data_encoding::BASE64URL_NOPAD.encode(notice.text.as_bytes());
    written(NOTICE, &format!("{}.{text}", notice.tone.class()), Duration::minutes(1))
}

/// What the last act did.
pub fn read_notice(headers: &HeaderMap) -> Option<Notice> {
    let (tone, text) = value(headers, NOTICE)?.split_once('.')?;
    let text = String::from_utf8(data_encoding::BASE64URL_NOPAD.decode(text.as_bytes()).ok()?).ok()?;
    let tones = [Tone::Accent, Tone::Success, Tone::Warning, Tone::Danger];
    let tone = tones.into_iter().find(|known| known.class() == tone).unwrap_or_default();
    Some(Notice { text, tone })
}

/// Takes the session's cookie back.
pub fn forget_session() -> HeaderValue {
    written(SESSION, "", Duration::ZERO)
}

/// Takes the path back, once it was followed.
pub fn forget_return_to() -> HeaderValue {
    written(RETURN_TO, "", Duration::ZERO)
}

/// Takes it back, once the person is on that page again.
pub fn forget_unsent() -> HeaderValue {
    written(UNSENT, "", Duration::ZERO)
}

/// Takes the notice back, once it was shown.
pub fn forget_notice() -> HeaderValue {
    written(NOTICE, "", Duration::ZERO)
}

/// Adds a cookie to an answer.
pub fn set(headers: &mut HeaderMap, cookie: HeaderValue) {
    headers.append(SET_COOKIE, cookie);
}

fn written(name: &'static str, value: &str, max_age: Duration) -> HeaderValue {
    let cookie = Cookie::build((name, value))
        .path("/")
        .secure(true)
        .http_only(true)
        .same_site(SameSite::Lax)
        .max_age(max_age)
        .build();
    // Tokens, encoded texts and checked paths are all visible ASCII; a value that were not sets no cookie.
    HeaderValue::try_from(cookie.to_string()).unwrap_or_else(|_| HeaderValue::from_static(""))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(cookies: &[&'static str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for cookie in cookies {
            headers.append(COOKIE, HeaderValue::from_static(cookie));
        }
        headers
    }

    #[test]
    fn a_cookie_is_found_by_its_whole_name_in_any_header() {
        let headers = headers(&["a=1; x__Host-orgate-session=no", "b=2;__Host-orgate-session=yes; c"]);
        assert_eq!(value(&headers, SESSION), Some("yes"));
        assert_eq!(value(&headers, "c"), None);
    }

    #[test]
    fn a_cookie_belongs_to_this_host_and_to_no_script() {
        let cookie = theme(Theme::Dark);
        let text = cookie.to_str().unwrap();
        for attribute in ["Path=/", "Secure", "HttpOnly", "SameSite=Lax"] {
            assert!(text.contains(attribute), "{text}");
        }
        assert!(text.starts_with("__Host-") && !text.contains("Domain"), "{text}");
    }

    #[test]
    fn a_notice_survives_its_cookie_whatever_it_says() {
        let said = Notice::new("Löschen; von \"Ä=B\"?", Tone::Warning);
        let cookie = notice(&said);
        let pair = cookie.to_str().unwrap().split(';').next().unwrap().to_owned();
        let mut headers = HeaderMap::new();
        headers.insert(COOKIE, HeaderValue::try_from(pair).unwrap());
        assert_eq!(read_notice(&headers), Some(said));
    }
}
