use super::*;

const REQUIRED: [(&str, &str); 5] = [
    ("ORGATE_LISTEN", "127.0.0.1:8080"),
    ("ORGATE_PUBLIC_URL", "https://id.example.com"),
    ("ORGATE_DATABASE_URL", "sqlite:/tmp/orgate.db"),
    ("ORGATE_SECRET_KEY", "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"),
    ("ORGATE_MAIL", "dir:/tmp/mail"),
];

/// The required settings, changed: an empty value takes one away.
fn environment(changes: &[(&str, &str)]) -> BTreeMap<String, String> {
    let mut environment: BTreeMap<_, _> =
        REQUIRED.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    environment.extend(changes.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())));
    environment
}

fn files(path: &Path) -> io::Result<Vec<u8>> {
    match path.to_str() {
        Some("/run/key") => Ok(format!("{}\n", "ab".repeat(32)).into_bytes()),
        Some("/run/token") => Ok(b"0123456789abcdef0123456789abcdef\r\n".to_vec()),
        Some("/run/not-pem") => Ok(b"hello".to_vec()),
        _ => Err(io::ErrorKind::NotFound.into()),
    }
}

fn load(changes: &[(&str, &str)]) -> Result<Settings, SettingsError> {
    Settings::load(&environment(changes), None, &files)
}

fn load_file(text: &str, changes: &[(&str, &str)]) -> Result<Settings, SettingsError> {
    let file = SettingsFile { path: Path::new("orgate.toml"), text };
    Settings::load(&environment(changes), Some(file), &files)
}

fn problems(outcome: Result<Settings, SettingsError>) -> Vec<String> {
    outcome.err().map(|error| error.0.iter().map(ToString::to_string).collect()).unwrap_or_default()
}

fn only_problem(outcome: Result<Settings, SettingsError>) -> String {
    let mut found = problems(outcome);
    assert_eq!(found.len(), 1, "{found:?}");
    found.remove(0)
}

#[test]
fn the_required_settings_alone_are_enough_and_the_rest_has_the_promised_defaults() {
    let settings = load(&[]).unwrap();
    assert_eq!(settings.public_url.link("/sign-in"), "https://id.example.com/sign-in");
    assert_eq!(settings.mail_from.address(), "no-reply@id.example.com");
    assert_eq!(settings.limits.sign_ups_per_hour.get(), 60);
    assert_eq!(settings.limits.sign_ins_per_hour.get(), 300);
    assert_eq!(settings.limits.members_per_organization, None);
    assert_eq!(settings.password_policy.minimum(), 12);
    assert_eq!(settings.hashing_cost, HashingCost::FLOOR);
    assert_eq!(settings.session.idle, Duration::from_secs(6 * 3_600));
    assert_eq!(settings.session.absolute, Duration::from_secs(24 * 3_600));
    assert_eq!(settings.sign_up, SignUpMode::Open);
    assert_eq!(settings.log_format, LogFormat::Text);
    assert_eq!(settings.product_name, "Orgate");
    assert_eq!(settings.idp_allow, UrlRules::default());
    assert!(
        settings.operator_token.is_none() && settings.dns_servers.is_empty() && settings.trusted_proxies.is_empty()
    );
    assert!(settings.store.migrate == orgate_store::Migrate::Apply);
}

#[test]
fn every_missing_required_setting_is_named_at_once() {
    let none: Vec<(&str, &str)> = REQUIRED.iter().map(|(key, _)| (*key, "")).collect();
    let found = problems(load(&none));
    assert_eq!(found.len(), REQUIRED.len(), "{found:?}");
    for (key, _) in REQUIRED {
        assert!(
            found.iter().any(|problem| problem.starts_with(key) && problem.ends_with("must be set")),
            "{key}: {found:?}"
        );
    }
    assert!(found.iter().any(|problem| problem.starts_with("ORGATE_SECRET_KEY or ORGATE_SECRET_KEY_FILE:")));
}

#[test]
fn an_unknown_variable_or_line_stops_the_start_by_name() {
    assert!(only_problem(load(&[("ORGATE_LISTEM", "x")])).starts_with("ORGATE_LISTEM: is not a setting"));
    assert!(only_problem(load(&[("ORGATE_LISTEN_FILE", "x")])).starts_with("ORGATE_LISTEN_FILE: is not a setting"));
    let text = "# comment\n\nproduct_name = \"Portal\"\nprodukt = 1\n";
    assert!(only_problem(load_file(text, &[])).starts_with("orgate.toml:4 (produkt): is not a setting"));
    assert!(only_problem(load_file("a = 1\nb = = 2\n", &[])).starts_with("orgate.toml:2: "));
    assert!(only_problem(load_file("\n[section]\nlisten = \"x\"\n", &[])).starts_with("orgate.toml:2 (section): "));
}

#[test]
fn wrong_values_are_named_by_line_and_never_repeat_a_secret() {
    let text = "password_min_length = 12\nlimit_sign_ups = 0\nsecret_key = \"deadbeef\"\n";
    let found = problems(load_file(text, &[("ORGATE_SECRET_KEY", "")]));
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(found.iter().any(|problem| problem.starts_with("orgate.toml:3 (secret_key): must be 32 bytes")));
    assert!(found.iter().any(|problem| problem.starts_with("orgate.toml:2 (limit_sign_ups): must be a whole number")));
    assert!(!found.concat().contains("deadbeef"));
}

#[test]
fn the_environment_wins_over_the_file_key_by_key() {
    let text = "listen = \"127.0.0.1:1\"\nproduct_name = \"Portal\"\nsecret_key_file = \"/missing\"\n";
    let settings = load_file(text, &[]).unwrap();
    assert_eq!(settings.listen.port(), 8080);
    assert_eq!(settings.product_name, "Portal");
}

#[test]
fn a_file_alone_is_enough_and_takes_numbers_switches_and_lists() {
    let text = "listen = \"[::1]:9000\"\npublic_url = \"http://localhost:9000\"\ndatabase_url = \"sqlite:/tmp/x.db\"\n\
        secret_key_file = \"/run/key\"\nmail = \"dir:/tmp/m\"\nmigrate = false\nlimit_members = 50\n\
        dns_servers = [\"10.0.0.53\", \"10.0.0.54:5353\"]\nidp_allow = [\"idp.test:9443\", \"10.0.0.0/8\"]\nsign_up = \"closed\"\n";
    let file = SettingsFile { path: Path::new("orgate.toml"), text };
    let settings = Settings::load(&BTreeMap::new(), Some(file), &files).unwrap();
    assert!(settings.store.migrate == orgate_store::Migrate::Check);
    assert_eq!(settings.limits.members_per_organization.unwrap().get(), 50);
    assert_eq!(settings.dns_servers, ["10.0.0.53:53".parse().unwrap(), "10.0.0.54:5353".parse().unwrap()]);
    assert_eq!(settings.idp_allow, UrlRules::parse("idp.test:9443,10.0.0.0/8").unwrap());
    assert_eq!(settings.sign_up, SignUpMode::Closed);
    assert_eq!(settings.mail_from.address(), "no-reply@localhost");
}

#[test]
fn the_files_that_hold_secrets_are_known() {
    let named = |text: &str, changes: &[(&str, &str)]| {
        let file = SettingsFile { path: Path::new("orgate.toml"), text };
        secret_files(&environment(changes), Some(file))
    };
    assert_eq!(named("product_name = \"Door\"\n", &[]), Vec::<PathBuf>::new());
    let (own, key) = (PathBuf::from("orgate.toml"), PathBuf::from("/run/key"));
    assert_eq!(named("operator_token = \"x\"\n", &[]), std::slice::from_ref(&own));
    assert_eq!(named("operator_token_file = \"/run/key\"\n", &[]), std::slice::from_ref(&key));
    assert_eq!(named("mail = \"dir:/tmp\"\n", &[("ORGATE_SECRET_KEY_FILE", "/run/key")]), [own, key]);
}

#[test]
fn secrets_come_from_files_without_the_newline_at_their_end() {
    use secrecy::ExposeSecret;
    let changes = [
        ("ORGATE_SECRET_KEY", ""),
        ("ORGATE_SECRET_KEY_FILE", "/run/key"),
        ("ORGATE_OPERATOR_TOKEN_FILE", "/run/token"),
    ];
    let settings = load(&changes).unwrap();
    assert_eq!(*settings.secret_key.derive("x"), *InstanceKey::from_bytes([0xab; 32]).derive("x"));
    assert_eq!(settings.operator_token.unwrap().expose_secret(), "0123456789abcdef0123456789abcdef");
    let missing = load(&[("ORGATE_OPERATOR_TOKEN_FILE", "/missing")]);
    assert!(only_problem(missing).starts_with("ORGATE_OPERATOR_TOKEN_FILE: the file /missing cannot be read"));
}

#[test]
fn t_sec_1_other_keys_are_given_between_commas_or_one_a_line_and_no_key_twice() {
    let (one, two) = ("11".repeat(32), "22".repeat(32));
    let ids = |settings: Settings| -> Vec<String> {
        settings.other_secret_keys.iter().map(|key| key.id().to_string()).collect()
    };
    assert_eq!(ids(load(&[]).unwrap()), [""; 0]);
    let expected = [0x11, 0x22].map(|byte| InstanceKey::from_bytes([byte; 32]).id().to_string());
    for text in [format!("{one},{two}"), format!("{one}\n{two}\n"), format!(" {one}, {two} ")] {
        assert_eq!(ids(load(&[("ORGATE_OTHER_SECRET_KEYS", text.as_str())]).unwrap()), expected);
    }
    let odd = format!("{one},canary");
    let wrong = only_problem(load(&[("ORGATE_OTHER_SECRET_KEYS", odd.as_str())]));
    assert!(wrong.starts_with("ORGATE_OTHER_SECRET_KEYS: must be keys of 64") && !wrong.contains("canary"), "{wrong}");
    for twice in [format!("{one},{one}"), REQUIRED[3].1.to_uppercase()] {
        let twice = only_problem(load(&[("ORGATE_OTHER_SECRET_KEYS", twice.as_str())]));
        assert!(
            twice.starts_with("ORGATE_SECRET_KEY, ORGATE_OTHER_SECRET_KEYS: the same key is given twice"),
            "{twice}"
        );
    }
}

#[test]
fn contradictions_stop_the_start_and_name_both_places() {
    let both = only_problem(load(&[("ORGATE_SECRET_KEY_FILE", "/run/key")]));
    assert!(both.starts_with("ORGATE_SECRET_KEY_FILE: contradicts ORGATE_SECRET_KEY"), "{both}");
    let lifetimes = load(&[("ORGATE_SESSION_IDLE_MINUTES", "120"), ("ORGATE_SESSION_ABSOLUTE_MINUTES", "60")]);
    let lifetimes = only_problem(lifetimes);
    assert!(lifetimes.starts_with("ORGATE_SESSION_IDLE_MINUTES, ORGATE_SESSION_ABSOLUTE_MINUTES: "), "{lifetimes}");
    assert!(
        only_problem(load_file("argon2_iterations = 1\n", &[]))
            .starts_with("orgate.toml:1 (argon2_iterations): at least")
    );
}

#[test]
fn r_in_1_google_and_github_are_offered_where_they_are_registered_and_not_switched_off() {
    use orgate_core::method::AuthenticationMethod::{GitHub, Google, Passkey, Password, Sso};
    let offered = |changes: &[(&str, &str)]| {
        let methods = load(changes).unwrap().sign_in_methods;
        [Password, Google, GitHub, Passkey, Sso].map(|method| methods.offers(method))
    };
    let google = [("ORGATE_GOOGLE_CLIENT_ID", "id"), ("ORGATE_GOOGLE_CLIENT_SECRET", "secret")];
    let github = [("ORGATE_GITHUB_CLIENT_ID", "id"), ("ORGATE_GITHUB_CLIENT_SECRET_FILE", "/run/token")];
    let all = [google, github].concat();
    assert_eq!(offered(&[]), [true, false, false, true, true]);
    assert_eq!(offered(&google), [true, true, false, true, true]);
    assert_eq!(offered(&all), [true; 5]);
    let only = |list| [all.clone(), vec![("ORGATE_SIGN_IN_METHODS", list)]].concat();
    assert_eq!(offered(&only("github passkey")), [false, false, true, true, true]);
    let settings = load(&all).unwrap();
    assert_eq!(settings.personal.google.unwrap().issuer(), "https://accounts.google.com");
    let github = settings.personal.github.unwrap();
    assert_eq!((github.client.issuer(), github.api_url.as_str()), ("https://github.com", "https://api.github.com"));
}

#[test]
fn r_in_1_half_a_registration_stops_the_start_by_name() {
    let (id, secret) = (("ORGATE_GOOGLE_CLIENT_ID", "id"), ("ORGATE_GOOGLE_CLIENT_SECRET", "canary-secret"));
    assert!(
        only_problem(load(&[id])).starts_with("ORGATE_GOOGLE_CLIENT_ID: google_client_id and google_client_secret")
    );
    let alone = only_problem(load(&[secret]));
    assert!(alone.starts_with("ORGATE_GOOGLE_CLIENT_SECRET: ") && !alone.contains("canary"), "{alone}");
    let listed = only_problem(load(&[("ORGATE_SIGN_IN_METHODS", "google,passkey")]));
    assert!(listed.starts_with("ORGATE_SIGN_IN_METHODS: names google, which needs google_client_id"), "{listed}");
    assert!(
        only_problem(load_file("github_client_id = \"id\"\n", &[])).starts_with("orgate.toml:1 (github_client_id): ")
    );
    let loose = only_problem(load(&[("ORGATE_GOOGLE_ISSUER", "https://accounts.google.com")]));
    assert!(loose.starts_with("ORGATE_GOOGLE_ISSUER: serves with google_client_id only"), "{loose}");
    let github = [("ORGATE_GITHUB_CLIENT_ID", "id"), ("ORGATE_GITHUB_CLIENT_SECRET", "secret")];
    let half = [&github[..], &[("ORGATE_GITHUB_URL", "https://github.example.com")]].concat();
    assert!(only_problem(load(&half)).starts_with("ORGATE_GITHUB_URL: github_url and github_api_url"));
}

#[test]
fn t_ssrf_1_an_address_of_google_or_github_that_the_operator_wrote_down_is_meant_and_no_other() {
    use orgate_sso::url_rules::check_url;
    let registered = [("ORGATE_GOOGLE_CLIENT_ID", "id"), ("ORGATE_GOOGLE_CLIENT_SECRET", "secret")];
    let with = |issuer| load(&[&registered[..], &[("ORGATE_GOOGLE_ISSUER", issuer)]].concat());
    for bad in ["http://accounts.example.com", "accounts.google.com", "https://a@b.example", "https://a.example/?x"] {
        assert!(only_problem(with(bad)).starts_with("ORGATE_GOOGLE_ISSUER: "), "{bad}");
    }
    let settings = with("http://127.0.0.1:4711").unwrap();
    let rules = settings.personal.rules(&settings.idp_allow);
    assert!(check_url("http://127.0.0.1:4711/token", &rules).is_ok());
    assert!(check_url("http://127.0.0.1:4712/token", &rules).is_err());
    assert!(check_url("http://127.0.0.1:4711/token", &settings.idp_allow).is_err());
    let usual = load(&registered).unwrap();
    assert_eq!(usual.personal.rules(&usual.idp_allow), usual.idp_allow);
}

#[test]
fn the_public_url_is_https_except_on_loopback_and_has_no_path() {
    for good in [
        "https://id.example.com",
        "https://id.example.com/",
        "https://id.example.com:8443",
        "http://localhost:8080",
        "http://127.0.0.1:8080",
        "http://[::1]:8080",
        "http://orgate.localhost:8080",
    ] {
        assert_eq!(load(&[("ORGATE_PUBLIC_URL", good)]).unwrap().public_url.as_str(), good.trim_end_matches('/'));
    }
    for bad in [
        "http://id.example.com",
        "http://10.0.0.1",
        "ftp://id.example.com",
        "id.example.com",
        "https://id.example.com/path",
        "https://id.example.com/?a=b",
        "https://user@id.example.com",
        "https://id.example.com/#x",
        "http://localhost.evil.example",
    ] {
        assert!(only_problem(load(&[("ORGATE_PUBLIC_URL", bad)])).starts_with("ORGATE_PUBLIC_URL: "), "{bad}");
    }
}

#[test]
fn each_setting_refuses_what_it_cannot_mean() {
    for (variable, value) in [
        ("ORGATE_LISTEN", "8080"),
        ("ORGATE_DATABASE_URL", "mysql://x"),
        ("ORGATE_MAIL", "sendmail"),
        ("ORGATE_MAIL_FROM", "Orgate <a@b.example>"),
        ("ORGATE_PASSWORD_MIN_LENGTH", "7"),
        ("ORGATE_PRODUCT_NAME", "a\nb"),
        ("ORGATE_MIGRATE", "maybe"),
        ("ORGATE_IDP_ALLOW", "https://idp.test"),
        ("ORGATE_DNS_SERVERS", "dns.example.com"),
        ("ORGATE_TRUSTED_PROXIES", "10.0.0.0/40"),
        ("ORGATE_OPERATOR_TOKEN", "short"),
        ("ORGATE_EXTRA_CA_FILE", "/run/not-pem"),
        ("ORGATE_SIGN_UP", "yes"),
        ("ORGATE_SIGN_IN_METHODS", "password, sso"),
        ("ORGATE_SIGN_IN_METHODS", "password, password"),
        ("ORGATE_SIGN_IN_METHODS", ","),
        ("ORGATE_LIMIT_SIGN_INS", "-1"),
        ("ORGATE_LIMIT_ORGANIZATIONS", "many"),
        ("ORGATE_TRACES_ENDPOINT", "collector:4318"),
        ("ORGATE_TRACES_ENDPOINT", "http://127.0.0.1:4318"),
        ("ORGATE_TRACES_ENDPOINT", "ftp://127.0.0.1/v1/traces"),
        ("ORGATE_TRACES_ENDPOINT", "https://user@collector.example.com/v1/traces"),
        ("ORGATE_TRACES_SAMPLE", "2"),
        ("ORGATE_TRACES_ATTRIBUTES", "a=b"),
        ("ORGATE_LOG_FORMAT", "xml"),
        ("ORGATE_LOG", "info, debug"),
    ] {
        let problem = only_problem(load(&[(variable, value)]));
        assert!(problem.starts_with(&format!("{variable}: ")), "{problem}");
    }
}

#[test]
fn traces_are_off_until_a_collector_is_named() {
    assert_eq!(load(&[]).unwrap().traces, None);
    let endpoint = ("ORGATE_TRACES_ENDPOINT", "http://collector:4318/v1/traces");
    let traces = load(&[endpoint]).unwrap().traces.unwrap();
    assert_eq!((traces.service_name.as_str(), traces.sample, traces.attributes.len()), ("orgate", 1.0, 0));
    let more = ("ORGATE_TRACES_ATTRIBUTES", "deployment.environment.name=production, zone=a");
    let traces = load(&[endpoint, ("ORGATE_TRACES_SAMPLE", "0.25"), more]).unwrap().traces.unwrap();
    assert_eq!((traces.sample, traces.attributes.last().unwrap().1.as_str()), (0.25, "a"));
    for (name, value) in
        [("SAMPLE", "1.5"), ("SAMPLE", "NaN"), ("SERVICE_NAME", "a b"), ("ATTRIBUTES", "a"), ("ATTRIBUTES", "=b")]
    {
        let name = format!("ORGATE_TRACES_{name}");
        assert!(only_problem(load(&[endpoint, (&name, value)])).starts_with(&name), "{value}");
    }
}

#[test]
fn variables_of_others_and_the_name_of_the_file_are_no_settings() {
    assert!(load(&[("PATH", "/bin"), ("ORGATE_CONFIG", "/etc/orgate.toml"), ("ORGATE_LOG_FORMAT", "")]).is_ok());
    assert_eq!(file_named_by(&environment(&[("ORGATE_CONFIG", "/etc/o.toml")])), Some(PathBuf::from("/etc/o.toml")));
    assert_eq!(file_named_by(&environment(&[])), None);
}

#[test]
fn every_default_and_every_example_is_accepted_by_its_own_setting() {
    for key in keys::KEYS {
        if let Some(default) = key.default {
            let variable = format!("ORGATE_{}", key.name.to_uppercase());
            assert!(load(&[(variable.as_str(), default)]).is_ok(), "{}", key.name);
        }
    }
    let is_setting = |line: &str| line.split_once(" = ").is_some_and(|(name, _)| keys::key(name).is_some());
    let uncommented: String = example_file()
        .lines()
        .map(|line| line.strip_prefix("# ").unwrap_or(line))
        .filter(|line| is_setting(line) && !line.contains('<') && !line.starts_with("extra_ca_file"))
        .fold(String::new(), |text, line| text + line + "\n");
    assert_eq!(uncommented.lines().count(), keys::KEYS.len() - 4, "{uncommented}");
    let file = SettingsFile { path: Path::new("example.toml"), text: &uncommented };
    let key = BTreeMap::from([("ORGATE_SECRET_KEY_FILE".to_owned(), "/run/key".to_owned())]);
    assert_eq!(problems(Settings::load(&key, Some(file), &files)), Vec::<String>::new());
}

#[test]
fn the_committed_example_file_is_the_printed_one() {
    let committed = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/operate/orgate.example.toml");
    assert_eq!(std::fs::read_to_string(committed).unwrap(), example_file(), "print it with example_file()");
}
