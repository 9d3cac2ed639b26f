//! Owns [`StoreError`] and the names of the unique constraints. It knows no driver: the engines translate into it.

use std::path::PathBuf;

/// What can go wrong between a use case and the database.
#[derive(Debug)]
pub enum StoreError {
    /// The database cannot be reached, is too busy or did not answer in time. Nothing was granted and nothing was written;
    /// trying again may help (F4).
    Unavailable {
        /// What the engine said.
        detail: String,
    },
    /// The database went away, or its disk failed, while it was to keep a write: whether it did, nobody here knows. Who asked
    /// has to look before they ask again.
    InDoubt {
        /// What the engine said.
        detail: String,
    },
    /// A row with these values is there already.
    Conflict(Constraint),
    /// A row that had to be there is not, or belongs to another organization, which is told apart by nobody.
    NotFound {
        /// The noun that was looked for.
        noun: &'static str,
    },
    /// A newer version of this program has changed the database, so that this one may not run over it, or not do what it was
    /// asked for.
    UnknownSchema {
        /// The version found in the database.
        found: i64,
        /// The version that a program has to know to run over it.
        oldest: i64,
        /// The newest version that this program knows.
        known: i64,
    },
    /// The schema is older than this program and migrating is switched off.
    NotMigrated {
        /// The version found in the database; zero when there is none.
        found: i64,
        /// The version that this program needs.
        known: i64,
    },
    /// The file or its folder cannot be opened for writing.
    Unwritable {
        /// The path from the settings.
        path: PathBuf,
        /// What the system said.
        detail: String,
    },
    /// The database URL is none that this program understands. The URL itself is not repeated: it can hold a password.
    Settings {
        /// What is wrong with it.
        detail: String,
    },
    /// A stored value is not of the form that this program writes.
    Corrupt {
        /// The column that it was read from.
        column: String,
    },
    /// A bug: a statement that the engine refuses, or a broken promise of a caller.
    Fault {
        /// What happened.
        detail: String,
    },
}

impl StoreError {
    pub(crate) fn unavailable(detail: impl ToString) -> Self {
        Self::Unavailable { detail: detail.to_string() }
    }

    pub(crate) fn in_doubt(detail: impl ToString) -> Self {
        Self::InDoubt { detail: detail.to_string() }
    }

    pub(crate) fn fault(detail: impl ToString) -> Self {
        Self::Fault { detail: detail.to_string() }
    }
}

impl std::fmt::Display for StoreError {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Unavailable { detail } => write!(formatter, "the database is not available: {detail}"),
            Self::InDoubt { detail } => write!(formatter, "whether the database kept a write is not known: {detail}"),
            Self::Conflict(constraint) => write!(formatter, "such a row exists already: {constraint:?}"),
            Self::NotFound { noun } => write!(formatter, "no such {noun}"),
            Self::UnknownSchema { found, oldest, known } if oldest <= known => write!(
                formatter,
                "the database has schema version {found}, this program knows versions up to {known} and may run over it, but \
                 this has to know everything that is in it: do it with the newer Orgate"
            ),
            Self::UnknownSchema { found, oldest, known } => write!(
                formatter,
                "the database has schema version {found}, for programs that know at least version {oldest}, and this program \
                 knows versions up to {known}: it was changed by a newer Orgate; start that one, or go back to a backup from \
                 before; docs/operate/upgrade.md has the steps"
            ),
            Self::NotMigrated { found, known } => write!(
                formatter,
                "the database has schema version {found}, this program needs {known}: run `orgate migrate`, or start \
                 without ORGATE_MIGRATE=off"
            ),
            Self::Unwritable { path, detail } => {
                write!(formatter, "cannot open {} for writing: {detail}", path.display())
            }
            Self::Settings { detail } => write!(formatter, "ORGATE_DATABASE_URL: {detail}"),
            Self::Corrupt { column } => write!(formatter, "column {column} holds a value of an unknown form"),
            Self::Fault { detail } => write!(formatter, "the database refused a statement: {detail}"),
        }
    }
}

impl std::error::Error for StoreError {}

macro_rules! constraints {
    ($($(#[$doc:meta])* $variant:ident = $name:literal on $columns:literal;)*) => {
        /// The unique constraints of the schema that a use case can run into.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Constraint {
            $($(#[$doc])* $variant,)*
            /// A primary key: the random part of an identifier came twice.
            PrimaryKey,
        }

        impl Constraint {
            /// From the name of the index, as PostgreSQL reports it.
            pub(crate) fn from_index(index: &str) -> Self {
                match index {
                    $($name => Self::$variant,)*
                    _ => Self::PrimaryKey,
                }
            }

            /// From the list of columns, as SQLite reports it.
            pub(crate) fn from_columns(columns: &str) -> Self {
                match columns {
                    $($columns => Self::$variant,)*
                    _ => Self::PrimaryKey,
                }
            }

            #[cfg(test)]
            pub(crate) const ALL: &[(&str, &str)] = &[$(($name, $columns),)*];
        }
    };
}

constraints! {
    /// Another open account has this address proven (R-ORG-1).
    UserProvenEmail = "users_proven_email_unique" on "users.email_key";
    /// Another person born in this organization has this address (R-LNK-4).
    UserLocalEmail = "users_local_email_unique" on "users.home_organization_id, users.email_key";
    /// The token of a password reset.
    PasswordResetToken = "password_resets_token_unique" on "password_resets.token_hash";
    /// The token of a link out of an organization.
    DepartureToken = "departures_token_unique" on "departures.token_hash";
    /// The slug of an organization.
    OrganizationSlug = "organizations_slug_unique" on "organizations.slug";
    /// The slug of a project in its organization.
    ProjectSlug = "projects_slug_unique" on "projects.organization_id, projects.slug";
    /// The mailed token of an invitation.
    InvitationMailedToken = "invitations_mailed_token_unique" on "invitations.mailed_token_hash";
    /// The copied token of an invitation.
    InvitationCopiedToken = "invitations_copied_token_unique" on "invitations.copied_token_hash";
    /// An invitation to this address is pending in this organization.
    InvitationPending = "invitations_pending_unique" on "invitations.organization_id, invitations.email_key";
    /// One active connection an organization (R-SSO-7).
    ConnectionActive = "connections_one_active" on "connections.organization_id";
    /// The number of a revision.
    RevisionNumber = "connection_revisions_number_unique" on
        "connection_revisions.connection_id, connection_revisions.number";
    /// One draft and one active revision a connection.
    RevisionState = "connection_revisions_one_of_state" on
        "connection_revisions.connection_id, connection_revisions.state";
    /// A subject is linked to one person in its key space.
    IdentitySubject = "identities_subject_unique" on
        "identities.connection_id, identities.issuer, identities.client_id, identities.subject";
    /// A person has one subject in a key space (R-LNK-5).
    IdentityUser = "identities_user_unique" on
        "identities.connection_id, identities.issuer, identities.client_id, identities.user_id";
    /// An account at Google or GitHub is linked to one person (R-LNK-9).
    PersonalIdentitySubject = "personal_identities_subject_unique" on
        "personal_identities.provider, personal_identities.subject";
    /// A person has one account at a provider.
    PersonalIdentityUser = "personal_identities_user_unique" on
        "personal_identities.user_id, personal_identities.provider";
    /// The authenticator's name for a passkey.
    PasskeyCredential = "passkeys_credential_unique" on "passkeys.credential_id";
    /// An organization claims a domain once.
    DomainName = "domains_name_unique" on "domains.organization_id, domains.name";
    /// One organization holds a domain (R-LNK-7).
    DomainHolder = "domains_holder_unique" on "domains.name";
    /// The state of a sign-in that waits for the IdP.
    SignInState = "sign_ins_state_unique" on "sign_ins.state_hash";
    /// The id of a session.
    SessionId = "sessions_id_unique" on "sessions.id";
}

#[cfg(test)]
mod tests {
    use super::Constraint;

    #[test]
    fn every_unique_index_of_the_schema_has_a_name_here() {
        let schema = concat!(
            include_str!("../migrations/0001_initial.sql"),
            include_str!("../migrations/0003_departures.sql"),
            include_str!("../migrations/0005_passkeys.sql"),
            include_str!("../migrations/0006_personal_identities.sql"),
            include_str!("../migrations/0012_domains.sql"),
        );
        let indexes: Vec<&str> =
            schema.split("create unique index ").skip(1).filter_map(|rest| rest.split_whitespace().next()).collect();
        assert_eq!(indexes.len(), Constraint::ALL.len());
        for index in indexes {
            let known = Constraint::ALL.iter().find(|(name, _)| *name == index);
            let (_, columns) = known.unwrap_or_else(|| panic!("{index} has no Constraint"));
            assert_ne!(Constraint::from_index(index), Constraint::PrimaryKey, "{index}");
            assert_eq!(Constraint::from_index(index), Constraint::from_columns(columns), "{index}");
        }
    }
}
