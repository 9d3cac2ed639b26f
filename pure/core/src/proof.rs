//! Owns [`Proof`] and [`Proofs`]: what a session has shown, when, and through which connection. Whether a proof still
//! counts, and for what, is decided in [`crate::policy`].

use crate::id::{ConnectionId, Identifier, OrganizationId};
use crate::method::AuthenticationMethod;
use crate::time::Timestamp;

/// One thing shown. *Source*: R-LNK-6.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Proof {
    /// The person's own password.
    Password {
        /// When.
        at: Timestamp,
    },
    /// A sign-in through the person's own Google account.
    Google {
        /// When.
        at: Timestamp,
    },
    /// A sign-in through the person's own GitHub account.
    GitHub {
        /// When.
        at: Timestamp,
    },
    /// A passkey, unlocked by its holder.
    Passkey {
        /// When.
        at: Timestamp,
    },
    /// A time-based one-time code.
    Totp {
        /// When.
        at: Timestamp,
    },
    /// A recovery code.
    RecoveryCode {
        /// When.
        at: Timestamp,
    },
    /// A sign-in through an organization's connection.
    Sso {
        /// Through which connection.
        connection_id: ConnectionId,
        /// Whose connection that is.
        organization_id: OrganizationId,
        /// When we accepted it.
        at: Timestamp,
        /// When the person authenticated at the IdP, if we asked for a fresh authentication with `max_age=0`:
        /// the only time that counts as recent (R-IN-8).
        authenticated_at: Option<Timestamp>,
    },
    /// A code mailed to the proven address.
    MailedCode {
        /// When.
        at: Timestamp,
    },
}

impl Proof {
    /// How it was made.
    pub const fn method(&self) -> AuthenticationMethod {
        match self {
            Self::Password { .. } => AuthenticationMethod::Password,
            Self::Google { .. } => AuthenticationMethod::Google,
            Self::GitHub { .. } => AuthenticationMethod::GitHub,
            Self::Passkey { .. } => AuthenticationMethod::Passkey,
            Self::Totp { .. } => AuthenticationMethod::Totp,
            Self::RecoveryCode { .. } => AuthenticationMethod::RecoveryCode,
            Self::Sso { .. } => AuthenticationMethod::Sso,
            Self::MailedCode { .. } => AuthenticationMethod::MailedCode,
        }
    }

    /// When it was made, by our clock.
    pub const fn at(&self) -> Timestamp {
        match self {
            Self::Password { at }
            | Self::Google { at }
            | Self::GitHub { at }
            | Self::Passkey { at }
            | Self::Totp { at }
            | Self::RecoveryCode { at }
            | Self::Sso { at, .. }
            | Self::MailedCode { at } => *at,
        }
    }

    /// The moment that says how recent it is, or `None` when nothing says so. *Source*: R-IN-8.
    pub const fn recent_at(&self) -> Option<Timestamp> {
        match self {
            Self::Sso { authenticated_at, .. } => *authenticated_at,
            Self::Password { .. }
            | Self::Google { .. }
            | Self::GitHub { .. }
            | Self::Passkey { .. }
            | Self::Totp { .. }
            | Self::RecoveryCode { .. }
            | Self::MailedCode { .. } => Some(self.at()),
        }
    }

    /// The organization whose connection made it, for an SSO proof.
    pub const fn organization_id(&self) -> Option<&OrganizationId> {
        match self.connection() {
            Some((_, organization_id)) => Some(organization_id),
            None => None,
        }
    }

    /// The connection that made it and whose that is, for an SSO proof.
    pub const fn connection(&self) -> Option<(&ConnectionId, &OrganizationId)> {
        match self {
            Self::Sso { connection_id, organization_id, .. } => Some((connection_id, organization_id)),
            Self::Password { .. }
            | Self::Google { .. }
            | Self::GitHub { .. }
            | Self::Passkey { .. }
            | Self::Totp { .. }
            | Self::RecoveryCode { .. }
            | Self::MailedCode { .. } => None,
        }
    }

    fn replaces(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Sso { connection_id: one, .. }, Self::Sso { connection_id: two, .. }) => one == two,
            (one, two) => one.method() == two.method(),
        }
    }
}

/// The proofs of a session: at most one of a kind, the newest.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Proofs(Vec<Proof>);

/// A session with more proofs than this forgets the oldest. *Units*: proofs.
const MOST: usize = 16;

impl Proofs {
    /// Just this one.
    pub fn of(proof: Proof) -> Self {
        Self(vec![proof])
    }

    /// These and one more, which takes the place of an older one of its kind.
    pub fn with(&self, proof: Proof) -> Self {
        let mut all: Vec<Proof> = self.0.iter().filter(|old| !proof.replaces(old)).cloned().collect();
        all.push(proof);
        let surplus = all.len().saturating_sub(MOST);
        all.drain(..surplus);
        Self(all)
    }

    /// Only those that pass.
    pub fn filter(&self, keep: impl Fn(&Proof) -> bool) -> Self {
        Self(self.0.iter().filter(|proof| keep(proof)).cloned().collect())
    }

    /// One after the other, oldest first.
    pub fn iter(&self) -> std::slice::Iter<'_, Proof> {
        self.0.iter()
    }

    /// Whether nothing was shown.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The compact text of the session's row: `password@1;sso@2,con_…,org_…,3;code@4`, times in milliseconds.
    pub fn encode(&self) -> String {
        let parts: Vec<String> = self.0.iter().map(encode).collect();
        parts.join(";")
    }

    /// Reads [`Self::encode`].
    ///
    /// *Errors*: `None` for anything else; a session whose proofs cannot be read has none (R-IN-2: refuse).
    pub fn decode(text: &str) -> Option<Self> {
        if text.is_empty() {
            return Some(Self::default());
        }
        text.split(';').map(decode).collect::<Option<Vec<Proof>>>().map(Self)
    }
}

impl<'a> IntoIterator for &'a Proofs {
    type Item = &'a Proof;
    type IntoIter = std::slice::Iter<'a, Proof>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

fn encode(proof: &Proof) -> String {
    match proof {
        Proof::Password { at } => format!("password@{}", at.as_millis()),
        Proof::Google { at } => format!("google@{}", at.as_millis()),
        Proof::GitHub { at } => format!("github@{}", at.as_millis()),
        Proof::Passkey { at } => format!("passkey@{}", at.as_millis()),
        Proof::Totp { at } => format!("totp@{}", at.as_millis()),
        Proof::RecoveryCode { at } => format!("recovery@{}", at.as_millis()),
        Proof::MailedCode { at } => format!("code@{}", at.as_millis()),
        Proof::Sso { connection_id, organization_id, at, authenticated_at } => {
            let authenticated = authenticated_at.map_or_else(String::new, |moment| moment.as_millis().to_string());
            format!("sso@{},{connection_id},{organization_id},{authenticated}", at.as_millis())
        }
    }
}

fn decode(text: &str) -> Option<Proof> {
    let (method, rest) = text.split_once('@')?;
    match method {
        "password" => Some(Proof::Password { at: moment(rest)? }),
        "google" => Some(Proof::Google { at: moment(rest)? }),
        "github" => Some(Proof::GitHub { at: moment(rest)? }),
        "passkey" => Some(Proof::Passkey { at: moment(rest)? }),
        "totp" => Some(Proof::Totp { at: moment(rest)? }),
        "recovery" => Some(Proof::RecoveryCode { at: moment(rest)? }),
        "code" => Some(Proof::MailedCode { at: moment(rest)? }),
        "sso" => {
            let mut parts = rest.split(',');
            let at = moment(parts.next()?)?;
            let connection_id = ConnectionId::parse(parts.next()?)?;
            let organization_id = OrganizationId::parse(parts.next()?)?;
            let authenticated_at = match parts.next()? {
                "" => None,
                text => Some(moment(text)?),
            };
            parts.next().is_none().then_some(Proof::Sso { connection_id, organization_id, at, authenticated_at })
        }
        _ => None,
    }
}

fn moment(text: &str) -> Option<Timestamp> {
    text.parse().ok().map(Timestamp::from_millis)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sso(at: i64) -> Proof {
        Proof::Sso {
            connection_id: ConnectionId::new(Timestamp::from_millis(1), [1; 10]),
            organization_id: OrganizationId::new(Timestamp::from_millis(1), [2; 10]),
            at: Timestamp::from_millis(at),
            authenticated_at: (at % 2 == 0).then(|| Timestamp::from_millis(at - 1)),
        }
    }

    #[test]
    fn proofs_survive_the_round_trip_through_text() {
        let proofs = Proofs::of(Proof::Password { at: Timestamp::from_millis(5) })
            .with(Proof::Google { at: Timestamp::from_millis(1) })
            .with(Proof::GitHub { at: Timestamp::from_millis(2) })
            .with(Proof::Passkey { at: Timestamp::from_millis(3) })
            .with(Proof::Totp { at: Timestamp::from_millis(4) })
            .with(Proof::RecoveryCode { at: Timestamp::from_millis(8) })
            .with(sso(6))
            .with(Proof::MailedCode { at: Timestamp::from_millis(7) });
        assert_eq!(proofs.iter().count(), AuthenticationMethod::ALL.len());
        assert_eq!(Proofs::decode(&proofs.encode()), Some(proofs));
        assert_eq!(Proofs::decode(""), Some(Proofs::default()));
    }

    #[test]
    fn a_newer_proof_takes_the_place_of_an_older_of_its_kind() {
        let proofs = Proofs::of(sso(6)).with(sso(9));
        assert_eq!(proofs, Proofs::of(sso(9)));
    }

    #[test]
    fn text_that_nobody_wrote_holds_no_proof() {
        for text in ["password", "password@x", "sso@1", "sso@1,con_x,org_y,", "passkey@", "code@1;", "sso@1,a,b,c,d"] {
            assert_eq!(Proofs::decode(text), None, "{text}");
        }
    }
}
