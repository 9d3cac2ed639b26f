//! Owns [`Peer`]: whom a request goes to, as far as limits and memory are concerned.

use std::fmt;

use orgate_core::id::ConnectionId;
use orgate_core::personal::PersonalProvider;

/// Whose server is asked.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Peer {
    /// An organization's identity provider, at an address that a tenant typed.
    Connection(ConnectionId),
    /// A provider that the operator registered at, at an address of the settings.
    Personal(PersonalProvider),
}

impl Peer {
    /// The word in measurements: never an organization's own.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Connection(_) => "connection",
            Self::Personal(provider) => provider.as_str(),
        }
    }

    /// A word of its own for each.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Connection(id) => id.as_str(),
            Self::Personal(provider) => provider.as_str(),
        }
    }
}

impl fmt::Display for Peer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

impl From<&ConnectionId> for Peer {
    fn from(id: &ConnectionId) -> Self {
        Self::Connection(id.clone())
    }
}

impl From<PersonalProvider> for Peer {
    fn from(provider: PersonalProvider) -> Self {
        Self::Personal(provider)
    }
}

impl From<&Peer> for Peer {
    fn from(peer: &Peer) -> Self {
        peer.clone()
    }
}
