//! Owns [`App`]: the effects that use cases have at hand, as one cheap handle.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use orgate_core::audit_chain::AuditKeys;
use orgate_core::id::{AuditEventId, Identifier as _};
use orgate_core::time::Timestamp;
use orgate_sso::oidc::jwks::JwkSet;
use orgate_sso::oidc::metadata::Metadata;
use orgate_sso::refusal::SsoRefusal;
use orgate_store::Store;
use secrecy::ExposeSecret as _;

use crate::clock::Clock;
use crate::entropy::{Draw as _, Entropy};
use crate::jwks_cache::JwksCache;
use crate::operator::OperatorToken;
use crate::outbound::Outbound;
use crate::outbox::Outbox;
use crate::passwords::Passwords;
use crate::seal::Sealer;
use crate::session::SessionTouch;
use crate::settings::Settings;
use crate::token::CodeKey;
use crate::traces::Traces;

/// The effects that use cases have at hand; clones share them.
#[derive(Clone)]
pub struct App(Arc<Shared>);

struct Shared {
    effects: Effects,
    operator_token: Option<OperatorToken>,
    /// How many audit events were begun.
    events: AtomicU32,
}

/// What [`App`] is made of.
pub struct Effects {
    /// The database.
    pub store: Store,
    /// The time of day.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub entropy: Arc<dyn Entropy>,
    /// The operator's settings.
    pub settings: Settings,
    /// Secrets at rest.
    pub sealer: Arc<Sealer>,
    /// The key of mailed codes.
    pub code_key: CodeKey,
    /// The keys of the audit log's chain.
    pub audit_keys: AuditKeys,
    /// Password hashing.
    pub passwords: Passwords,
    /// The only HTTP client.
    pub outbound: Outbound,
    /// Where spans go.
    pub traces: Traces,
    /// Keys of identity providers.
    pub jwks: JwksCache<JwkSet, SsoRefusal>,
    /// Metadata of identity providers.
    pub metadata: JwksCache<Metadata, SsoRefusal>,
    /// Mail that waits to be sent.
    pub outbox: Outbox,
    /// Uses of sessions that wait to be written (R-IN-7).
    pub touches: SessionTouch,
}

impl App {
    /// Puts the effects together.
    pub fn new(effects: Effects) -> Self {
        let operator_token = effects.settings.operator_token.as_ref();
        let operator_token = operator_token.map(|token| OperatorToken::new(token.expose_secret()));
        Self(Arc::new(Shared { effects, operator_token, events: AtomicU32::new(0) }))
    }

    /// What the operator's token is compared with; none without one in the settings.
    pub(crate) fn operator_token(&self) -> Option<&OperatorToken> {
        self.0.operator_token.as_ref()
    }

    /// The present moment.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// An id for an audit event. A log is listed by ids, so those of one node sort in the order in which they were drawn, also
    /// within a millisecond: behind the time comes a count, and then what is random.
    pub(crate) fn event_id(&self) -> AuditEventId {
        let mut tail = self.entropy.bytes();
        if let Some(head) = tail.first_chunk_mut() {
            *head = self.0.events.fetch_add(1, Ordering::SeqCst).to_be_bytes();
        }
        AuditEventId::new(self.now(), tail)
    }
}

impl std::ops::Deref for App {
    type Target = Effects;

    fn deref(&self) -> &Effects {
        &self.0.effects
    }
}
