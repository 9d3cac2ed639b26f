//! What operators and people type or paste: `a` the settings file, `b` one variable of the environment, `c` a secret in a file that
//! is wrong elsewhere, `d` identifiers and cursors, `e` codes and tokens, `f` heads of the audit log, `g` stored documents, `h`
//! moments.

use std::collections::BTreeMap;
use std::path::Path;

use orgate_app::settings::{PublicUrl, Settings, SettingsError, SettingsFile};
use orgate_app::token::{SecretToken, SixDigitCode};
use orgate_core::audit_chain::{Openings, SignedHead};
use orgate_core::id::{self, Identifier, Reference};
use orgate_core::sid::Sid;
use orgate_core::time::Timestamp;
use orgate_sso::settings::Settings as ConnectionSettings;
use secrecy::ExposeSecret as _;

use crate::input::{choose, text};

const REQUIRED: [(&str, &str); 5] = [
    ("ORGATE_LISTEN", "127.0.0.1:8080"),
    ("ORGATE_PUBLIC_URL", "https://id.example.com"),
    ("ORGATE_DATABASE_URL", "sqlite:/tmp/orgate.db"),
    ("ORGATE_SECRET_KEY", "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"),
    ("ORGATE_MAIL", "dir:/tmp/mail"),
];

/// What is read is what was written, and no problem that is told quotes a secret.
pub fn run(bytes: &[u8]) {
    let (choice, rest) = choose(bytes, 8);
    match choice {
        0 => file(&text(rest)),
        1 => variable(&text(rest)),
        2 => secret(&text(rest)),
        3 => identifiers(&text(rest)),
        4 => codes(&text(rest)),
        5 => heads(rest),
        6 => documents(&text(rest)),
        _ => moments(&text(rest)),
    }
}

fn load(text: &str, variables: &[(&str, &str)]) -> Result<Settings, SettingsError> {
    let all = REQUIRED.iter().chain(variables);
    let environment: BTreeMap<String, String> =
        all.map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let file = SettingsFile { path: Path::new("orgate.toml"), text };
    // A file that a setting names says what this file says.
    Settings::load(&environment, Some(file), &|_| Ok(text.as_bytes().to_vec()))
}

fn file(text: &str) {
    match load(text, &[]) {
        Ok(settings) => check(&settings),
        Err(problems) => assert!(!problems.0.is_empty() && !problems.to_string().contains(REQUIRED[3].1)),
    }
}

fn check(settings: &Settings) {
    assert_eq!(settings.public_url.as_str(), REQUIRED[1].1, "the environment goes before the file");
    assert!(settings.password_policy.minimum() >= 8, "a password of {}", settings.password_policy.minimum());
    assert!(settings.session.idle.as_secs() >= 600 && settings.session.idle <= settings.session.absolute);
    assert!(settings.session.absolute.as_secs() <= 30 * 24 * 3600);
    assert!(settings.operator_token.as_ref().is_none_or(|token| token.expose_secret().len() >= 32));
    assert!((1..=60).contains(&settings.product_name.chars().count()));
}

fn variable(text: &str) {
    let Some((name, value)) = text.split_once('=') else { return };
    let name = format!("ORGATE_{name}");
    if REQUIRED.iter().all(|(required, _)| *required != name)
        && let Ok(settings) = load("", &[(&name, value)])
    {
        check(&settings);
    }
    if let Ok(url) = PublicUrl::parse(value) {
        let again = PublicUrl::parse(url.as_str()).expect("an address reads back");
        assert_eq!(again.as_str(), url.as_str());
        let link = url::Url::parse(&url.link("/sign-in?x=y")).expect("a link");
        assert_eq!((link.path(), link.host_str()), ("/sign-in", Some(url.host())), "{value:?}");
        assert!(url.is_https() || ["localhost", "127.", "[::1]"].iter().any(|own| link.as_str().contains(own)));
    }
}

/// Wherever a file is wrong: the value of a secret in it is told nowhere.
fn secret(text: &str) {
    let opens_no_text = !text.contains(['"', '\'']) && !text.contains("canary");
    if opens_no_text {
        for line in [
            "operator_token = \"canary-secret",
            "google_client_secret = \"canary-secret\" x",
            "mail = \"canary-secret\"",
        ] {
            let problems = load(&format!("{text}\n{line}\n{text}"), &[]).err().map(|problems| problems.to_string());
            assert!(!problems.unwrap_or_default().contains("canary"), "{text:?}");
        }
    }
}

fn identifiers(text: &str) {
    macro_rules! check {
        ($($kind:ident)*) => {[$(
            id::$kind::parse(text).is_some_and(|id| {
                assert_eq!(id.as_str(), text);
                assert!(text.len() == 30 && text.starts_with(id::$kind::PREFIX));
                true
            })
        ),*]};
    }
    let kinds = check! {
        UserId OrganizationId ProjectId InvitationId ConnectionId RevisionId IdentityId PersonalIdentityId PasskeyId CeremonyId
        SessionId SignInId SignUpId ChallengeId ConnectionTestId AuditEventId MailId PasswordResetId DomainId DepartureId
    };
    assert!(kinds.into_iter().filter(|read| *read).count() <= 1, "{text:?} is two things");
    if let Some(reference) = Reference::parse(text) {
        assert_eq!(Reference::parse(reference.as_str()).as_ref(), Some(&reference));
        assert_eq!(reference.as_str().len(), 9);
    }
    assert!(Sid::parse(text).is_none_or(|sid| sid.as_str() == text));
}

fn codes(text: &str) {
    if let Some(code) = SixDigitCode::parse(text) {
        let digits: String = text.chars().filter(char::is_ascii_digit).collect();
        assert_eq!(code.reveal().as_str(), digits, "{text:?}");
        assert_eq!(digits.len(), 6);
    }
    if let Some(token) = SecretToken::parse(text) {
        assert_eq!(token.reveal().as_str(), text);
    }
}

fn heads(bytes: &[u8]) {
    if let Some(head) = SignedHead::parse(&text(bytes)) {
        assert_eq!(SignedHead::parse(&head.to_text()).as_ref(), Some(&head));
    }
    if let Some(openings) = Openings::decode(bytes) {
        assert_eq!(openings.encode(), bytes);
    }
}

fn documents(text: &str) {
    if let Ok(settings) = ConnectionSettings::from_document(text) {
        let again = ConnectionSettings::from_document(settings.to_document().expose_secret()).expect("it reads back");
        assert_eq!(again.view(), settings.view());
    }
}

fn moments(text: &str) {
    let Some(moment) = Timestamp::parse_rfc3339(text) else { return };
    assert_eq!(Timestamp::parse_rfc3339(&moment.to_rfc3339()), Some(moment), "{text:?}");
}
