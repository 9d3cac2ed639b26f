//! Owns sealed values as the replacement of the secret key sees them: where each stands, and its bytes. What is in them and
//! who may open them is the use cases' business. A new sealed column gets its line here; a test compares with the schema.

use crate::db::Store;
use crate::error::StoreError;
use crate::instance::InstanceTx;
use crate::value::{Row, Value};

/// A column of sealed values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SealedColumn {
    /// Settings of connections, the client secret among them.
    ConnectionRevision,
    /// What test sign-ins showed.
    ConnectionTest,
    /// Mail that waits.
    Mail,
    /// Where and with which hint to sign out at the identity provider.
    ProviderSession,
    /// What sign-ins under way remember.
    SignIn,
    /// Secrets of authenticator apps.
    Totp,
}

/// The statements of one column: one page in the order of the key, and the replacement of one value.
struct Statements {
    page: &'static str,
    replace: &'static str,
}

/// For a table whose rows are named by one column. Values that were emptied are none.
macro_rules! by_one_key {
    ($table:literal, $key:literal, $column:literal, $tenant:literal) => {
        Statements {
            page: concat!(
                "select ",
                $key,
                " as row_id, ",
                $key,
                " as row_key, '' as row_key_beside, ",
                $tenant,
                " as tenant, ",
                $column,
                " as value from ",
                $table,
                " where ",
                $key,
                " > $1 and length(",
                $column,
                ") > 0 order by ",
                $key,
                " limit $2"
            ),
            replace: concat!("update ", $table, " set ", $column, " = $3 where ", $key, " = $1 and ", $column, " = $2"),
        }
    };
}

impl SealedColumn {
    /// All there are.
    pub const ALL: [Self; 6] =
        [Self::ConnectionRevision, Self::ConnectionTest, Self::Mail, Self::ProviderSession, Self::SignIn, Self::Totp];

    /// Its table.
    pub const fn table(self) -> &'static str {
        match self {
            Self::ConnectionRevision => "connection_revisions",
            Self::ConnectionTest => "connection_tests",
            Self::Mail => "mails",
            Self::ProviderSession => "provider_sessions",
            Self::SignIn => "sign_ins",
            Self::Totp => "totp_credentials",
        }
    }

    /// Its name.
    pub const fn column(self) -> &'static str {
        match self {
            Self::ConnectionRevision => "sealed_settings",
            Self::ConnectionTest => "sealed_result",
            Self::Mail => "sealed_content",
            Self::ProviderSession => "sealed_way_out",
            Self::SignIn => "sealed_document",
            Self::Totp => "sealed_secret",
        }
    }

    const fn statements(self) -> Statements {
        match self {
            Self::ConnectionRevision => {
                by_one_key!("connection_revisions", "id", "sealed_settings", "organization_id")
            }
            Self::ConnectionTest => by_one_key!("connection_tests", "id", "sealed_result", "organization_id"),
            Self::Mail => by_one_key!("mails", "id", "sealed_content", "''"),
            Self::ProviderSession => Statements {
                page: "select session_id || ':' || connection_id as row_id, session_id as row_key,
                        connection_id as row_key_beside, organization_id as tenant, sealed_way_out as value
                    from provider_sessions where (session_id, connection_id) > ($1, $2) and length(sealed_way_out) > 0
                    order by session_id, connection_id limit $3",
                replace: "update provider_sessions set sealed_way_out = $4
                    where session_id = $1 and connection_id = $2 and sealed_way_out = $3",
            },
            Self::SignIn => by_one_key!("sign_ins", "id", "sealed_document", "coalesce(organization_id, '')"),
            Self::Totp => by_one_key!("totp_credentials", "user_id", "sealed_secret", "''"),
        }
    }

    /// The values that name a row of it.
    fn key(self, key: [&str; 2]) -> Vec<Value<'_>> {
        let [one, beside] = key;
        match self {
            Self::ProviderSession => vec![one.into(), beside.into()],
            Self::ConnectionRevision | Self::ConnectionTest | Self::Mail | Self::SignIn | Self::Totp => {
                vec![one.into()]
            }
        }
    }
}

/// One sealed value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedValue {
    /// Where.
    pub column: SealedColumn,
    /// The row, as it is bound into the value.
    pub row: String,
    /// The organization, as it is bound into the value; empty for what belongs to none.
    pub tenant: String,
    /// The value as it was read.
    pub value: Vec<u8>,
    key: [String; 2],
}

impl Store {
    /// Values of a column, after one of them, in the order of their rows. It crosses organizations for the replacement of
    /// the key. It is one statement of its own, so that nobody who writes meanwhile collides with it.
    pub async fn list_sealed_values(
        &self,
        column: SealedColumn,
        after: Option<&SealedValue>,
        limit: u32,
    ) -> Result<Vec<SealedValue>, StoreError> {
        let after = after.map_or(["", ""], |value| value.key.each_ref().map(String::as_str));
        let mut values = column.key(after);
        values.push(limit.into());
        self.one_shot(column.statements().page, &values, |row| read(column, row)).await
    }
}

fn read(column: SealedColumn, row: &Row<'_>) -> Result<SealedValue, StoreError> {
    Ok(SealedValue {
        column,
        row: row.get("row_id")?,
        tenant: row.get("tenant")?,
        value: row.get("value")?,
        key: [row.get("row_key")?, row.get("row_key_beside")?],
    })
}

impl InstanceTx<'_> {
    /// Puts another text of the same value in its place; `false` when it is not as it was read any more.
    pub async fn replace_sealed_value(&mut self, read: &SealedValue, value: &[u8]) -> Result<bool, StoreError> {
        let mut values = read.column.key(read.key.each_ref().map(String::as_str));
        values.push((&read.value).into());
        values.push(value.into());
        self.changed(read.column.statements().replace, &values).await
    }
}
