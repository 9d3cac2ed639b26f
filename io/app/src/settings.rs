//! Owns the settings of `orgate serve`: what they are called, what they may say, and the message when they do not. They
//! come from environment variables and, beneath those, from a TOML file with the same keys in lower case without prefix.
//!
//! *Source*: settings of `api.md`; R-ORG-2, R-IN-3, R-IN-7, R-OPS-1.

mod keys;
mod personal;
mod problem;
pub(crate) mod source;
mod values;

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::time::Duration;

use ipnet::IpNet;
use orgate_core::session::SessionLimits;
use orgate_sso::url_rules::UrlRules;
use orgate_store::StoreSettings;
use secrecy::SecretString;

use crate::instance_key::InstanceKey;
use crate::mail::{MailTransportSettings, Sender};
use crate::outbound::trust;
use crate::passwords::HashingCost;
use crate::passwords::policy::PasswordPolicy;
use crate::traces::{self, TraceSettings};

pub use keys::example_file;
pub use personal::{PersonalProviders, SignInMethods};
pub use problem::{Problem, SettingsError};
pub use source::PREFIX;
pub use values::{LogFormat, PublicUrl, SignUpMode};

/// Everything that an operator decides.
pub struct Settings {
    /// Where to listen.
    pub listen: SocketAddr,
    /// What every link and redirect URI starts with (R-SSO-2, T-WEB-10).
    pub public_url: PublicUrl,
    /// Which database, and whether its schema is upgraded at start.
    pub store: StoreSettings,
    /// The instance's one secret.
    pub secret_key: InstanceKey,
    /// Keys that open what they sealed and seal nothing: former ones, and the next one before every node has it (T-SEC-1).
    pub other_secret_keys: Vec<InstanceKey>,
    /// How mail leaves.
    pub mail: MailTransportSettings,
    /// Whom mail is from.
    pub mail_from: Sender,
    /// The name shown on pages and in mails.
    pub product_name: String,
    /// What of a private network tenants' identity providers may be (R-SSO-4).
    pub idp_allow: UrlRules,
    /// PEM of further certificate authorities.
    pub extra_ca_pem: Option<Vec<u8>>,
    /// Name servers; empty means the machine's.
    pub dns_servers: Vec<SocketAddr>,
    /// Proxies whose word about a client's address counts.
    pub trusted_proxies: Vec<IpNet>,
    /// The token of operator calls; none means that there are no such calls.
    pub operator_token: Option<SecretString>,
    /// Whether anybody may sign up.
    pub sign_up: SignUpMode,
    /// Which personal ways to sign in are offered (R-IN-1).
    pub sign_in_methods: SignInMethods,
    /// The registrations at Google and GitHub.
    pub personal: PersonalProviders,
    /// The limits of `ORGATE_LIMIT_…`.
    pub limits: Limits,
    /// What is asked of passwords.
    pub password_policy: PasswordPolicy,
    /// What one password hash costs.
    pub hashing_cost: HashingCost,
    /// How long sessions live.
    pub session: SessionLimits,
    /// After how many days the oldest events of the audit log are removed; none keeps them (T-AUD-1).
    pub audit_retention_days: Option<NonZeroU32>,
    /// Where traces go; none means that there are none.
    pub traces: Option<TraceSettings>,
    /// How logs are written.
    pub log_format: LogFormat,
    /// Which logs are written, as tracing-subscriber's filters say it.
    pub log: String,
}

/// How much is allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Sign-ups of one network address an hour.
    pub sign_ups_per_hour: NonZeroU32,
    /// Attempts to sign in of one network address an hour.
    pub sign_ins_per_hour: NonZeroU32,
    /// Wrong tries at one account's password, or second factor, a day; none means no limit and no wait.
    pub tries_per_day: Option<NonZeroU32>,
    /// Mails of one sort that anybody can cause to one address an hour.
    pub mails_per_hour: NonZeroU32,
    /// Invitations of one organization an hour.
    pub invitations_per_hour: NonZeroU32,
    /// Tests of connections of one organization an hour; as often one may be begun, and settings of a connection be saved.
    pub connection_tests_per_hour: NonZeroU32,
    /// Organizations that one person may create; none means no limit.
    pub organizations_per_user: Option<NonZeroU32>,
    /// Members of one organization; none means no limit (R-LNK-8).
    pub members_per_organization: Option<NonZeroU32>,
}

/// A settings file: its path for messages, and its text.
#[derive(Debug, Clone, Copy)]
pub struct SettingsFile<'a> {
    /// Where it was read.
    pub path: &'a Path,
    /// What it says.
    pub text: &'a str,
}

/// The settings file that the environment names (`ORGATE_CONFIG`), if it names one.
pub fn file_named_by(environment: &BTreeMap<String, String>) -> Option<PathBuf> {
    environment.get(keys::CONFIG_VARIABLE).filter(|path| !path.is_empty()).map(PathBuf::from)
}

/// The files with secrets that the settings name, and the settings' own file if it holds one.
pub fn secret_files(environment: &BTreeMap<String, String>, file: Option<SettingsFile<'_>>) -> Vec<PathBuf> {
    source::secret_files(environment, file)
}

impl Settings {
    /// Reads all settings. `read_file` reads the files that settings name (`…_FILE`), so that tests need none.
    ///
    /// *Errors*: every problem found, each with the variable or line that it is about.
    pub fn load(
        environment: &BTreeMap<String, String>,
        file: Option<SettingsFile<'_>>,
        read_file: &dyn Fn(&Path) -> io::Result<Vec<u8>>,
    ) -> Result<Self, SettingsError> {
        let mut reader = source::Reader::new(environment, file, read_file);
        let settings = Self::read(&mut reader);
        let problems = reader.finish();
        settings.filter(|_| problems.is_empty()).ok_or(SettingsError(problems))
    }

    /// Asks for every key before it gives up, so that all problems are told at once.
    fn read(reader: &mut source::Reader<'_>) -> Option<Self> {
        let listen = reader.required("listen", values::listen);
        let public_url = reader.required("public_url", PublicUrl::parse);
        let store = reader.required("database_url", values::database);
        let migrate = reader.or_default("migrate", values::switch);
        let session_memory_mib = reader.or_default("session_memory_mib", values::count_or_none);
        let secret_key = reader.required("secret_key", values::secret_key);
        let other_secret_keys = reader.optional("other_secret_keys", values::secret_keys).unwrap_or_default();
        if secret_key.as_ref().is_some_and(|key| values::has_twice(key, &other_secret_keys)) {
            reader.contradiction(&["secret_key", "other_secret_keys"], "the same key is given twice");
        }
        let mail = reader.required("mail", MailTransportSettings::parse);
        let product_name = reader.or_default("product_name", values::product_name);
        let mail_from = reader.optional("mail_from", Sender::parse_address);
        let idp_allow = reader.optional("idp_allow", values::idp_allow);
        let extra_ca_pem = reader.file("extra_ca_file", |pem| {
            trust::client_config(Some(&pem)).map(|_| pem).map_err(|error| error.to_string())
        });
        let dns_servers = reader.optional("dns_servers", values::dns_servers);
        let trusted_proxies = reader.optional("trusted_proxies", values::networks);
        let operator_token = reader.optional("operator_token", values::operator_token);
        let sign_up = reader.or_default("sign_up", SignUpMode::parse);
        let (personal, sign_in_methods) = personal::read(reader);
        let limits = read_limits(reader);
        let password_policy = reader.or_default("password_min_length", values::password_policy);
        let hashing_cost = read_hashing_cost(reader);
        let session = read_session(reader);
        let audit_retention_days = reader.or_default("audit_retention_days", values::count_or_none);
        let traces = traces::settings::read(reader);
        let log_format = reader.or_default("log_format", LogFormat::parse);
        let log = reader.or_default("log", values::log_filter);

        let (public_url, product_name) = (public_url?, product_name?);
        let mail_from = mail_from.or_else(|| reader.derived("mail_from", Sender::default_for(&public_url)))?;
        let store = values::with_store_options(store?, migrate?, session_memory_mib?, extra_ca_pem.as_deref());
        Some(Self {
            listen: listen?,
            public_url,
            store,
            secret_key: secret_key?,
            other_secret_keys,
            mail: mail?,
            mail_from: mail_from.named(&product_name),
            product_name,
            idp_allow: idp_allow.unwrap_or_default(),
            extra_ca_pem,
            dns_servers: dns_servers.unwrap_or_default(),
            trusted_proxies: trusted_proxies.unwrap_or_default(),
            operator_token,
            sign_up: sign_up?,
            sign_in_methods: sign_in_methods?,
            personal,
            limits: limits?,
            password_policy: password_policy?,
            hashing_cost: hashing_cost?,
            session: session?,
            audit_retention_days: audit_retention_days?,
            traces,
            log_format: log_format?,
            log: log?,
        })
    }
}

fn read_limits(reader: &mut source::Reader<'_>) -> Option<Limits> {
    let sign_ups_per_hour = reader.or_default("limit_sign_ups", values::count);
    let sign_ins_per_hour = reader.or_default("limit_sign_ins", values::count);
    let tries_per_day = reader.or_default("limit_tries", values::count_or_none);
    let mails_per_hour = reader.or_default("limit_mails", values::count);
    let invitations_per_hour = reader.or_default("limit_invitations", values::count);
    let connection_tests_per_hour = reader.or_default("limit_connection_tests", values::count);
    let organizations_per_user = reader.or_default("limit_organizations", values::count_or_none);
    let members_per_organization = reader.or_default("limit_members", values::count_or_none);
    Some(Limits {
        sign_ups_per_hour: sign_ups_per_hour?,
        sign_ins_per_hour: sign_ins_per_hour?,
        tries_per_day: tries_per_day?,
        mails_per_hour: mails_per_hour?,
        invitations_per_hour: invitations_per_hour?,
        connection_tests_per_hour: connection_tests_per_hour?,
        organizations_per_user: organizations_per_user?,
        members_per_organization: members_per_organization?,
    })
}

fn read_hashing_cost(reader: &mut source::Reader<'_>) -> Option<HashingCost> {
    let memory_kib = reader.or_default("argon2_memory_kib", values::count)?.get();
    let iterations = reader.or_default("argon2_iterations", values::count)?.get();
    let lanes = reader.or_default("argon2_lanes", values::count)?.get();
    let cost = HashingCost::new(memory_kib, iterations, lanes);
    if cost.is_none() {
        reader.contradiction(
            &["argon2_memory_kib", "argon2_iterations", "argon2_lanes"],
            "at least 19456 KiB, 2 iterations and 1 lane; at most 1048576 KiB, 64 iterations and 16 lanes",
        );
    }
    cost
}

fn read_session(reader: &mut source::Reader<'_>) -> Option<SessionLimits> {
    let idle = reader.or_default("session_idle_minutes", values::count)?.get();
    let absolute = reader.or_default("session_absolute_minutes", values::count)?.get();
    if idle < 10 || absolute < idle || absolute > 43_200 {
        reader.contradiction(
            &["session_idle_minutes", "session_absolute_minutes"],
            "the idle time is at least 10 minutes and no longer than the absolute time, which is at most 43200 minutes",
        );
        return None;
    }
    let minutes = |number: u32| Duration::from_secs(u64::from(number) * 60);
    Some(SessionLimits { idle: minutes(idle), absolute: minutes(absolute) })
}

#[cfg(test)]
mod tests;
