//! Owns the table of all settings: name, default, example and explanation. The commented example file is printed from
//! it, so that it cannot lag behind.

use std::fmt::Write as _;

/// Names the settings file; a variable only.
pub(super) const CONFIG_VARIABLE: &str = "ORGATE_CONFIG";

/// One setting.
pub(super) struct Key {
    /// Lower case; the variable is `ORGATE_` and this in upper case.
    pub(super) name: &'static str,
    /// Whether `<name>_file` may name a file that holds the value.
    pub(super) or_file: bool,
    /// What holds when it is not set, as it would be written in a variable.
    pub(super) default: Option<&'static str>,
    /// What the example file shows, in TOML.
    example: &'static str,
    /// Shown commented out unless required.
    required: bool,
    about: &'static str,
}

impl Key {
    const fn required(name: &'static str, example: &'static str, about: &'static str) -> Self {
        Self { name, or_file: false, default: None, example, required: true, about }
    }

    const fn optional(name: &'static str, example: &'static str, about: &'static str) -> Self {
        Self { name, or_file: false, default: None, example, required: false, about }
    }

    const fn with_default(
        name: &'static str,
        default: &'static str,
        example: &'static str,
        about: &'static str,
    ) -> Self {
        Self { name, or_file: false, default: Some(default), example, required: false, about }
    }

    const fn or_file(mut self) -> Self {
        self.or_file = true;
        self
    }
}

pub(super) fn key(name: &str) -> Option<&'static Key> {
    KEYS.iter().find(|key| key.name == name)
}

pub(super) const KEYS: &[Key] = &[
    Key::required("listen", "\"127.0.0.1:8080\"", "Address and port to listen on. TLS is the proxy's in front."),
    Key::required(
        "public_url",
        "\"https://id.example.com\"",
        "What people and identity providers reach Orgate by; every link and redirect URI starts with it.\nhttps; http for loopback only.",
    ),
    Key::required(
        "database_url",
        "\"sqlite:/var/lib/orgate/orgate.db\"",
        "sqlite:<file>, created if missing, or postgres://user:password@host/database for several nodes.\nTLS with a certificate that holds is required unless the host is loopback; ?sslmode=disable goes without.",
    )
    .or_file(),
    Key::with_default(
        "session_memory_mib",
        "512",
        "512",
        "How much of the sessions that are asked about is remembered beside SQLite, some 210 bytes each, in MiB; none remembers\nnothing. It is filled as they are asked about. Beside PostgreSQL nothing is.",
    ),
    Key::required(
        "secret_key",
        "\"<64 hexadecimal digits>\"",
        "The key that secrets in the database are sealed with: 32 random bytes, for example of `openssl rand -hex 32`.\nKeep a copy apart from the backups: without it they cannot be used.",
    )
    .or_file(),
    Key::optional(
        "other_secret_keys",
        "[\"<64 hexadecimal digits>\"]",
        "Keys that open what they sealed and seal nothing, while secret_key is replaced: docs/operate/rotate-keys.md says how.",
    )
    .or_file(),
    Key::required(
        "mail",
        "\"smtps://user:password@smtp.example.com\"",
        "How mail leaves: smtps://user:password@host[:port] (TLS), smtp://host[:port] (STARTTLS if the server offers it;\n?tls=required insists, ?tls=none never uses it; with a password it is required unless the host is loopback),\nor dir:<folder>, which writes one .eml file a message.",
    )
    .or_file(),
    Key::optional(
        "mail_from",
        "\"no-reply@example.com\"",
        "The address that mail is from. Default: no-reply@ and the host of public_url.",
    ),
    Key::with_default("product_name", "Orgate", "\"Orgate\"", "The name on pages and in mails."),
    Key::with_default("migrate", "on", "\"on\"", "off: `orgate serve` neither creates nor upgrades the schema; run `orgate migrate`."),
    Key::optional(
        "idp_allow",
        "[\"idp.internal.example:8443\", \"10.20.0.0/16\"]",
        "Hosts, host:port or networks for which the URLs of identity providers may be private, on another port, an IP\naddress or plain http. Tenants cannot change it.",
    ),
    Key::optional("extra_ca_file", "\"/etc/orgate/ca.pem\"", "PEM file of certificate authorities to trust besides the public ones, wherever Orgate connects to."),
    Key::optional("dns_servers", "[\"10.0.0.53:53\"]", "Name servers for identity providers and domains. Default: the machine's."),
    Key::optional(
        "trusted_proxies",
        "[\"10.0.0.0/8\"]",
        "Networks of proxies whose X-Forwarded-For is believed. Default: none, the peer is the client.",
    ),
    Key::optional(
        "operator_token",
        "\"<at least 32 characters>\"",
        "The token of operator calls to the API. Default: there are no such calls.",
    )
    .or_file(),
    Key::with_default("sign_up", "open", "\"open\"", "closed: nobody signs up; people come by invitation or single sign-on."),
    Key::optional(
        "sign_in_methods",
        "[\"password\", \"google\", \"github\", \"passkey\"]",
        "The personal ways to sign in that are offered. Default: password and passkey, and Google and GitHub where they are\nregistered below. Single sign-on is each organization's own.",
    ),
    Key::optional(
        "google_client_id",
        "\"1234567890-abc.apps.googleusercontent.com\"",
        "Orgate's registration at Google: docs/operate/google-and-github.md says how. Without it there is no such button.",
    ),
    Key::optional("google_client_secret", "\"GOCSPX-of-the-same-client\"", "The secret of that client.").or_file(),
    Key::optional(
        "google_issuer",
        "\"https://accounts.google.com\"",
        "Where Google is, for tests: https, or http for loopback. Default: as shown.",
    ),
    Key::optional(
        "github_client_id",
        "\"Ov23liExampleExample\"",
        "Orgate's registration as an OAuth app at GitHub. Without it there is no such button.",
    ),
    Key::optional("github_client_secret", "\"0123456789abcdef0123456789abcdef01234567\"", "The secret of that app.").or_file(),
    Key::optional(
        "github_url",
        "\"https://github.com\"",
        "Where GitHub's pages are; set both addresses for a GitHub Enterprise Server …",
    ),
    Key::optional(
        "github_api_url",
        "\"https://api.github.com\"",
        "… and its interface, such as https://github.example.com/api/v3. Default: as shown.",
    ),
    Key::with_default("limit_sign_ups", "60", "60", "Sign-ups of one network address an hour (IPv6 by /64)."),
    Key::with_default("limit_sign_ins", "300", "300", "Attempts to sign in of one network address an hour (IPv6 by /64)."),
    Key::with_default(
        "limit_tries",
        "100",
        "100",
        "Wrong passwords, or second factors, of one account a day; after ten the waits grow. The person's own browsers and\nnetworks are counted apart from strangers. \"none\" lifts limit and waits.",
    ),
    Key::with_default("limit_mails", "10", "10", "Mails of one sort that strangers can cause to one address an hour."),
    Key::with_default("limit_invitations", "300", "300", "Invitations that one organization mails an hour."),
    Key::with_default(
        "limit_connection_tests",
        "60",
        "60",
        "Tests of identity providers of one organization an hour. As often a test may be begun, and settings be saved.",
    ),
    Key::with_default("limit_organizations", "100", "100", "Organizations that one person may create; \"none\" lifts the limit."),
    Key::with_default("limit_members", "none", "\"none\"", "Members of one organization; \"none\" means no limit."),
    Key::with_default("password_min_length", "12", "12", "Least length of a password in characters, from 8 to 128."),
    Key::with_default("argon2_memory_kib", "19456", "19456", "Cost of a password hash (Argon2id): memory in KiB, 19456 to 1048576 …"),
    Key::with_default("argon2_iterations", "2", "2", "… iterations, 2 to 64 …"),
    Key::with_default("argon2_lanes", "1", "1", "… and lanes, 1 to 16. Stored hashes that are cheaper are renewed at sign-in."),
    Key::with_default("session_idle_minutes", "360", "360", "A session ends after this time without use, 10 minutes at least …"),
    Key::with_default("session_absolute_minutes", "1440", "1440", "… and after this time in any case, 43200 minutes at most."),
    Key::with_default(
        "audit_retention_days",
        "none",
        "\"none\"",
        "After so many days the oldest events of each audit log are removed, which its signed head says; \"none\" keeps them.",
    ),
    Key::optional(
        "traces_endpoint",
        "\"http://127.0.0.1:4318/v1/traces\"",
        "Where traces go: the address for traces of an OpenTelemetry collector (OTLP over HTTP). Default: there are none.\ndocs/operate/traces.md says what is in them.",
    ),
    Key::with_default("traces_service_name", "orgate", "\"orgate\"", "What this deployment is called there."),
    Key::with_default(
        "traces_sample",
        "1",
        "\"0.1\"",
        "Which share of the traces is kept, from 0 to 1. Default: 1, all of them. Those that a trusted proxy began follow its choice.",
    ),
    Key::optional(
        "traces_attributes",
        "[\"deployment.environment.name=production\"]",
        "What else is said there of this deployment: names and values.",
    ),
    Key::with_default("log_format", "text", "\"text\"", "text or json."),
    Key::with_default("log", "info", "\"info\"", "What is logged: error, warn, info, debug, or filters such as \"info,orgate_store=debug\"."),
];

const HEAD: &str = "\
# Settings of `orgate serve`. Lines that are commented out show the default or an example.
#
# Each can also be given as an environment variable: ORGATE_ and the key in upper case, lists separated by commas. The
# environment wins. ORGATE_CONFIG names this file. Unknown settings stop the start.
";

/// The commented example, `docs/operate/orgate.example.toml`.
pub fn example_file() -> String {
    let mut text = HEAD.to_owned();
    for key in KEYS {
        text.push('\n');
        for line in key.about.lines() {
            push(&mut text, format_args!("# {line}"));
        }
        if key.or_file {
            push(&mut text, format_args!("# Or {}_file, the path of a file that holds it.", key.name));
        }
        let comment = if key.required { "" } else { "# " };
        push(&mut text, format_args!("{comment}{} = {}", key.name, key.example));
    }
    text
}

fn push(text: &mut String, line: std::fmt::Arguments<'_>) {
    // Writing to a String cannot fail.
    let _ = writeln!(text, "{line}");
}
