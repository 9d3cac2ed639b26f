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
        /// When the person's session at the IdP ends, if it said so: from then on the proof is none (T-ID-16).
        holds_until: Option<Timestamp>,
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

    /// When it stops being a proof by what was said as it was made, if there is such an end. *Source*: T-ID-16.
    pub const fn holds_until(&self) -> Option<Timestamp> {
        match self {
            Self::Sso { holds_until, .. } => *holds_until,
            Self::Password { .. }
            | Self::Google { .. }
            | Self::GitHub { .. }
            | Self::Passkey { .. }
            | Self::Totp { .. }
            | Self::RecoveryCode { .. }
            | Self::MailedCode { .. } => None,
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

    /// Only those that hold at this moment. Whoever judges stored proofs asks for these first: what an IdP gave for a time
    /// is over when the time is, whatever else the session shows.
    ///
    /// *Source*: T-ID-16.
    pub fn holding(&self, now: Timestamp) -> Self {
        let mut holding = self.clone();
        holding.keep_holding(now);
        holding
    }

    /// As [`Proofs::holding`], in place: a check of a session has no other use for those that are over.
    pub fn keep_holding(&mut self, now: Timestamp) {
        self.0.retain(|proof| proof.holds_until().is_none_or(|end| now < end));
    }

    /// When the last of them stops holding that can carry a session, if all of those do: the person's own methods have no
    /// such end, and codes carry nothing alone.
    ///
    /// *Source*: T-ID-16.
    pub fn carry_until(&self) -> Option<Timestamp> {
        let carries = |method: AuthenticationMethod| method == AuthenticationMethod::Sso || method.is_personal();
        let ends = self.iter().filter(|proof| carries(proof.method())).map(Proof::holds_until);
        ends.collect::<Option<Vec<_>>>()?.into_iter().max()
    }

    /// One after the other, oldest first.
    pub fn iter(&self) -> std::slice::Iter<'_, Proof> {
        self.0.iter()
    }

    /// Whether nothing was shown.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The compact text of the session's row: `password@1;sso@2,con_…,org_…,3;code@4`, times in milliseconds; behind an SSO
    /// proof that ends, `,5`.
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

/// Those of other [`Proofs`], as they are and in their order; a new one comes in by [`Proofs::with`].
impl From<Vec<Proof>> for Proofs {
    fn from(proofs: Vec<Proof>) -> Self {
        Self(proofs)
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
        Proof::Sso { connection_id, organization_id, at, authenticated_at, holds_until } => {
            let authenticated = authenticated_at.map_or_else(String::new, |moment| moment.as_millis().to_string());
            let end = holds_until.map_or_else(String::new, |moment| format!(",{}", moment.as_millis()));
            format!("sso@{},{connection_id},{organization_id},{authenticated}{end}", at.as_millis())
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
            let holds_until = match parts.next() {
                None => None,
                Some(text) => Some(moment(text)?),
            };
            let whole = parts.next().is_none();
            whole.then_some(Proof::Sso { connection_id, organization_id, at, authenticated_at, holds_until })
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
            holds_until: None,
        }
    }

    /// The same through another connection of this number, until then.
    fn sso_until(number: u8, until: i64) -> Proof {
        Proof::Sso {
            connection_id: ConnectionId::new(Timestamp::from_millis(1), [number; 10]),
            organization_id: OrganizationId::new(Timestamp::from_millis(1), [2; 10]),
            at: Timestamp::from_millis(1),
            authenticated_at: number.is_multiple_of(2).then_some(Timestamp::from_millis(1)),
            holds_until: Some(Timestamp::from_millis(until)),
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
        let ending = Proofs::of(sso_until(3, 9)).with(sso_until(4, 8)).with(sso(6));
        assert_eq!(Proofs::decode(&ending.encode()), Some(ending));
    }

    #[test]
    fn t_id_16_a_proof_holds_until_the_moment_that_the_idp_named_and_not_at_it() {
        let password = Proof::Password { at: Timestamp::from_millis(1) };
        let all = Proofs::of(password.clone()).with(sso_until(3, 9)).with(sso_until(4, 7)).with(sso(6));
        let at = |millis| all.holding(Timestamp::from_millis(millis));
        assert_eq!(at(6), all);
        assert_eq!(at(7), Proofs::of(password.clone()).with(sso_until(3, 9)).with(sso(6)));
        assert_eq!(at(9), Proofs::of(password).with(sso(6)), "what has no end stays");
        let again = Proofs::of(sso_until(1, 9)).with(sso(6));
        assert_eq!(again, Proofs::of(sso(6)), "the newest word of a connection counts, also one without an end");
    }

    #[test]
    fn t_id_16_proofs_carry_a_session_until_the_last_of_them_ends() {
        let end = |millis| Some(Timestamp::from_millis(millis));
        let at = Timestamp::from_millis(1);
        let one = Proofs::of(sso_until(3, 9));
        assert_eq!(one.carry_until(), end(9));
        assert_eq!(one.with(sso_until(4, 11)).carry_until(), end(11));
        for code in [Proof::MailedCode { at }, Proof::Totp { at }, Proof::RecoveryCode { at }] {
            assert_eq!(one.with(code.clone()).carry_until(), end(9), "{code:?}");
        }
        for own in [Proof::Password { at }, Proof::Google { at }, Proof::GitHub { at }, Proof::Passkey { at }, sso(6)] {
            assert_eq!(one.with(own.clone()).carry_until(), None, "{own:?}");
        }
        assert_eq!(Proofs::default().carry_until(), None);
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
        let ending = Proofs::of(sso_until(3, 9)).encode();
        for text in [format!("{ending},"), format!("{ending},1"), format!("{ending}x"), ending.replace(",9", ",")] {
            assert_eq!(Proofs::decode(&text), None, "{text}");
        }
    }
}
