//! Owns what each parameter of each path names. A route whose parameter is not known here stops every test of this suite.

/// What a parameter names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    Organization,
    /// An organization by its public login address, which is handed out to anybody (R-IN-6).
    LoginAddress,
    Member,
    Invitation,
    Project,
    Connection,
    /// A connection by an address that its identity provider knows: public, and each carries its own proof.
    ConnectionAddress,
    Test,
    Domain,
    Session,
    Passkey,
    EmailChange,
    SignUp,
    SignIn,
    Challenge,
    Reference,
    /// `google` or `github`.
    Provider,
    /// A secret that was mailed: whoever has it was given it.
    Secret,
}

impl Kind {
    /// The kinds that name somebody's thing, so that another's can be put in its place. A sign-up, and a challenge by its
    /// secret, belong to no organization and to nobody yet: who was given them goes on with them.
    pub const NAMING: [Self; 13] = [
        Self::Organization,
        Self::Member,
        Self::Invitation,
        Self::Project,
        Self::Connection,
        Self::ConnectionAddress,
        Self::Test,
        Self::Domain,
        Self::Session,
        Self::Passkey,
        Self::EmailChange,
        Self::SignIn,
        Self::Reference,
    ];
}

/// The parameters of a path, in order.
pub fn parameters(path: &str) -> Vec<Kind> {
    let segments: Vec<&str> = path.split('/').collect();
    let named = segments.iter().enumerate().filter(|(_, segment)| segment.starts_with('{'));
    named.map(|(index, segment)| kind(path, segments[index - 1], segment)).collect()
}

fn kind(path: &str, before: &str, parameter: &str) -> Kind {
    match (before, parameter) {
        ("organizations", "{organization}" | "{slug}") | ("departures", "{slug}") => Kind::Organization,
        ("sign-in", "{slug}") => Kind::LoginAddress,
        ("members", "{user_id}" | "{id}" | "{user}") => Kind::Member,
        ("invitations", "{id}") => Kind::Invitation,
        ("projects", "{project}" | "{id}") => Kind::Project,
        ("connections", "{id}") => Kind::Connection,
        ("oidc", "{id}") => Kind::ConnectionAddress,
        ("tests", "{test_id}" | "{test}") => Kind::Test,
        ("domains", "{id}") => Kind::Domain,
        ("sessions", "{id}") => Kind::Session,
        ("passkeys", "{id}") => Kind::Passkey,
        ("email-changes", "{id}") => Kind::EmailChange,
        ("sign-ups" | "sign-up", "{id}") => Kind::SignUp,
        ("sign-ins" | "attempts" | "blocked" | "second-factor", "{id}") => Kind::SignIn,
        ("passkey-challenges", "{id}") => Kind::Challenge,
        ("attempts", "{reference}") => Kind::Reference,
        ("with" | "linked-accounts", "{provider}") => Kind::Provider,
        ("invitations" | "password-reset" | "password-resets" | "leave", "{token}") => Kind::Secret,
        _ => panic!("say in kinds.rs what {parameter} names in {path}"),
    }
}

/// The path with its parameters filled in.
pub fn filled(path: &str, values: &[String]) -> String {
    let mut rest = values.iter();
    let part = |segment: &str| {
        if segment.starts_with('{') { rest.next().unwrap().clone() } else { segment.to_owned() }
    };
    path.split('/').map(part).collect::<Vec<_>>().join("/")
}
