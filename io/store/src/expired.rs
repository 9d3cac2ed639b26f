//! Owns what passes with time: which rows are over at a moment, and forgetting them a few at a time, so that nobody who writes
//! waits long after a storm of them. How long each kind is kept is for the jobs to say.

use orgate_core::time::Timestamp;

use crate::error::StoreError;
use crate::instance::InstanceTx;

/// A kind of row that is over at some time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expiring {
    /// Sign-ups that nobody finished.
    SignUps,
    /// Links to a new password.
    PasswordResets,
    /// Links out of an organization.
    Departures,
    /// Mailed codes.
    Challenges,
    /// Attempts to sign in.
    SignIns,
    /// Challenges to authenticators.
    Ceremonies,
    /// Tests of connections, results included, whosever they are: claims are not kept longer.
    ConnectionTests,
    /// Mails that went out or were given up, by when they were written.
    Mails,
    /// Windows of limits, by when they began.
    RateCounters,
    /// Buckets of failed tries, by when they began.
    Throttles,
    /// Origins that people signed in from, by when they were last seen.
    Origins,
    /// Devices, by when they were last used.
    Devices,
    /// What a log-out at a provider ends with a session.
    ProviderSessions,
    /// Browsers that were to be back from a log-out.
    LogOuts,
    /// Log-out tokens that were remembered, so that none serves twice.
    LogOutTokens,
    /// Sessions; an ended one goes with its expiry.
    Sessions,
}

impl Expiring {
    /// Every kind.
    pub const ALL: [Self; 16] = [
        Self::SignUps,
        Self::PasswordResets,
        Self::Departures,
        Self::Challenges,
        Self::SignIns,
        Self::Ceremonies,
        Self::ConnectionTests,
        Self::Mails,
        Self::RateCounters,
        Self::Throttles,
        Self::Origins,
        Self::Devices,
        Self::ProviderSessions,
        Self::LogOuts,
        Self::LogOutTokens,
        Self::Sessions,
    ];

    const fn removal(self) -> &'static str {
        match self {
            Self::SignUps => {
                "delete from sign_ups where id in
                    (select id from sign_ups where expires_at < $1 order by expires_at limit $2)"
            }
            Self::PasswordResets => {
                "delete from password_resets where id in
                    (select id from password_resets where expires_at < $1 order by expires_at limit $2)"
            }
            Self::Departures => {
                "delete from departures where id in
                    (select id from departures where expires_at < $1 order by expires_at limit $2)"
            }
            Self::Challenges => {
                "delete from challenges where id in
                    (select id from challenges where expires_at < $1 order by expires_at limit $2)"
            }
            Self::SignIns => {
                "delete from sign_ins where id in
                    (select id from sign_ins where expires_at < $1 order by expires_at limit $2)"
            }
            Self::Ceremonies => {
                "delete from passkey_ceremonies where id in
                    (select id from passkey_ceremonies where expires_at < $1 order by expires_at limit $2)"
            }
            Self::ConnectionTests => {
                "delete from connection_tests where id in
                    (select id from connection_tests where expires_at < $1 order by expires_at limit $2)"
            }
            Self::Mails => {
                "delete from mails where id in
                    (select id from mails where created_at < $1 and (sent_at is not null or failed_at is not null)
                        order by created_at limit $2)"
            }
            Self::RateCounters => {
                "delete from rate_counters where (bucket, window_start_at) in
                    (select bucket, window_start_at from rate_counters where window_start_at < $1
                        order by window_start_at limit $2)"
            }
            Self::Throttles => {
                "delete from throttles where bucket in
                    (select bucket from throttles where began_at < $1 order by began_at limit $2)"
            }
            Self::Origins => {
                "delete from known_origins where (user_id, origin_hash) in
                    (select user_id, origin_hash from known_origins where last_seen_at < $1
                        order by last_seen_at limit $2)"
            }
            Self::Devices => {
                "delete from known_devices where (user_id, device_hash) in
                    (select user_id, device_hash from known_devices where last_seen_at < $1
                        order by last_seen_at limit $2)"
            }
            Self::ProviderSessions => {
                "delete from provider_sessions where (session_id, connection_id) in
                    (select session_id, connection_id from provider_sessions where expires_at < $1
                        order by expires_at limit $2)"
            }
            Self::LogOuts => {
                "delete from log_outs where state_hash in
                    (select state_hash from log_outs where expires_at < $1 order by expires_at limit $2)"
            }
            Self::LogOutTokens => {
                "delete from log_out_tokens where (connection_id, id_hash) in
                    (select connection_id, id_hash from log_out_tokens where expires_at < $1
                        order by expires_at limit $2)"
            }
            Self::Sessions => {
                "delete from sessions where token_key in
                    (select token_key from sessions where expires_at < $1 order by expires_at limit $2)"
            }
        }
    }
}

impl InstanceTx<'_> {
    /// Forgets rows of a kind that were over before `moment`, the oldest first and at most `limit` of them; says how many.
    pub async fn delete_expired(&mut self, what: Expiring, moment: Timestamp, limit: u32) -> Result<u64, StoreError> {
        self.execute(what.removal(), &[moment.into(), limit.into()]).await
    }
}
