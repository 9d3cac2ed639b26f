//! Owns what a browser is to a person: how its `User-Agent` reads, and whether they were seen with it before. A sign-in
//! from a new one is told by mail, so that a stolen password is noticed. *Source*: V6.3.5.

use aws_lc_rs::digest;
use orgate_core::method::AuthenticationMethod;
use orgate_core::policy::AddressState;
use orgate_store::{Tx, User};

use crate::app::App;
use crate::error::Error;
use crate::limit;
use crate::mail::MailTemplate;
use crate::mail::account_letters::AccountMail;
use crate::visitor::Visitor;

const BROWSERS: [(&str, &str); 6] = [
    // The first that matches counts: most of them also claim to be Chrome and Safari.
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("Firefox/", "Firefox"),
    ("Chromium/", "Chromium"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
];
const SYSTEMS: [(&str, &str); 7] = [
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
];

/// "Firefox on Linux", or what the program calls itself.
pub fn words(user_agent: &str) -> String {
    let known = |table: &[(&str, &'static str)]| {
        table.iter().find(|(mark, _)| user_agent.contains(mark)).map(|(_, name)| *name)
    };
    match (known(&BROWSERS), known(&SYSTEMS)) {
        (Some(browser), Some(system)) => format!("{browser} on {system}"),
        (Some(name), None) | (None, Some(name)) => name.to_owned(),
        (None, None) => {
            let program = user_agent.split(['/', ' ']).next().unwrap_or_default();
            if program.is_empty() { "An unknown program".to_owned() } else { program.to_owned() }
        }
    }
}

/// Remembers where the person signs in from, and mails them about a place that they were not seen in before. The first one
/// of all is no news, and an address that nobody has proven is told nothing.
pub(crate) async fn note(
    tx: &mut Tx,
    app: &App,
    visitor: &Visitor,
    user: &User,
    method: AuthenticationMethod,
) -> Result<(), Error> {
    let (hash, now) = (fingerprint(visitor), app.now());
    if tx.instance().touch_device(&user.id, &hash, now, now.minus(limit::FRESH)).await? {
        return Ok(());
    }
    let is_first = tx.instance().count_devices(&user.id).await? == 0;
    tx.instance().insert_device(&user.id, &hash, now).await?;
    if is_first || user.address != AddressState::Proven || !limit::is_device_told(tx, app, &user.id).await? {
        return Ok(());
    }
    let mail = AccountMail::NewDevice {
        method: method.words(),
        device: words(&visitor.user_agent),
        ip: visitor.ip.to_canonical().to_string(),
        at: now,
        security_url: app.settings.public_url.link("/account/security"),
    };
    app.outbox.put(tx, &user.email, MailTemplate::Account(mail)).await?;
    Ok(())
}

/// Browser, system and network. Versions are left out: an update makes no new device.
fn fingerprint(visitor: &Visitor) -> [u8; 32] {
    let text = format!("device\0{}\0{}", words(&visitor.user_agent), visitor.network());
    let mut hash = [0; 32];
    for (target, source) in hash.iter_mut().zip(digest::digest(&digest::SHA256, text.as_bytes()).as_ref()) {
        *target = *source;
    }
    hash
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_agent_reads_as_browser_and_system() {
        for (user_agent, expected) in [
            ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox on Linux"),
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36 Edg/141.0.0.0",
                "Edge on Windows",
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1",
                "Safari on iPhone",
            ),
            (
                "Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Mobile Safari/537.36",
                "Chrome on Android",
            ),
            ("curl/8.14.1", "curl"),
            ("", "An unknown program"),
        ] {
            assert_eq!(words(user_agent), expected, "{user_agent}");
        }
    }

    #[test]
    fn an_update_is_no_new_device_and_another_network_is() {
        let seen = |ip: &str, agent: &str| fingerprint(&Visitor::new(ip.parse().unwrap(), agent));
        let (old, new) = ("Mozilla/5.0 (X11; Linux) Firefox/140.0", "Mozilla/5.0 (X11; Linux) Firefox/141.0");
        assert_eq!(seen("192.0.2.1", old), seen("192.0.2.1", new));
        assert_ne!(seen("192.0.2.1", old), seen("192.0.2.2", old));
        assert_ne!(seen("192.0.2.1", old), seen("192.0.2.1", "curl/8"));
        assert_eq!(seen("2001:db8::1", old), seen("2001:db8::2", old));
    }
}
