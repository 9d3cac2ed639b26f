//! Owns [`Value`], what a statement binds and a column holds on both engines, and [`Row`], one row of an answer while
//! it is read. Only four types of column exist: text, 64-bit integer, boolean, bytes.

use std::cell::Cell;
use std::error::Error;

use orgate_core::assertion::Subject;
use orgate_core::challenge::ChallengePurpose;
use orgate_core::connection::{ConnectionState, RevisionState};
use orgate_core::domain::{CheckResult, DomainName, DomainState, ProvenDomains};
use orgate_core::email::EmailAddress;
use orgate_core::id::{Identifier, Reference};
use orgate_core::membership::{MembershipOrigin, MembershipState};
use orgate_core::passkey::CeremonyPurpose;
use orgate_core::personal::PersonalProvider;
use orgate_core::policy::{Change, Past, PolicyEpoch};
use orgate_core::proof::Proofs;
use orgate_core::role::{OrganizationRole, ProjectRole};
use orgate_core::sid::Sid;
use orgate_core::time::Timestamp;
use rusqlite::types::{ToSqlOutput, ValueRef};
use tokio_postgres::types::private::BytesMut;
use tokio_postgres::types::{FromSql, IsNull, ToSql, Type};

use crate::error::StoreError;

/// One bound or stored value, borrowed: reading a row copies only what its reader keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Value<'v> {
    Null,
    Text(&'v str),
    Integer(i64),
    Boolean(bool),
    Bytes(&'v [u8]),
}

/// One row of an answer, valid while it is read.
pub(crate) struct Row<'r> {
    of: Engine<'r>,
    /// Where the next column by name probably is: behind the last one, for most are read in the order of the statement.
    next: Cell<usize>,
}

enum Engine<'r> {
    Sqlite(&'r rusqlite::Row<'r>),
    Postgres(&'r tokio_postgres::Row),
}

impl<'r> From<&'r rusqlite::Row<'r>> for Row<'r> {
    fn from(row: &'r rusqlite::Row<'r>) -> Self {
        Self { of: Engine::Sqlite(row), next: Cell::default() }
    }
}

impl<'r> From<&'r tokio_postgres::Row> for Row<'r> {
    fn from(row: &'r tokio_postgres::Row) -> Self {
        Self { of: Engine::Postgres(row), next: Cell::default() }
    }
}

impl<'r> Row<'r> {
    /// The value of the column called `name`.
    pub(crate) fn get<T: FromValue>(&self, name: &str) -> Result<T, StoreError> {
        let (count, next) = (self.count(), self.next.get());
        let position = (next..count).chain(0..next.min(count)).find(|position| self.name(*position) == Some(name));
        let position = position.ok_or_else(|| StoreError::fault(format!("the answer has no column {name}")))?;
        self.next.set(position + 1);
        T::from_value(self.value(position)?).ok_or_else(|| StoreError::Corrupt { column: name.to_owned() })
    }

    /// The value of a column by its position, from zero.
    pub(crate) fn at<T: FromValue>(&self, position: usize) -> Result<T, StoreError> {
        T::from_value(self.value(position)?).ok_or_else(|| self.corrupt(position))
    }

    fn count(&self) -> usize {
        match self.of {
            Engine::Sqlite(row) => row.as_ref().column_count(),
            Engine::Postgres(row) => row.columns().len(),
        }
    }

    fn name(&self, position: usize) -> Option<&str> {
        match self.of {
            Engine::Sqlite(row) => row.as_ref().column_name(position).ok(),
            Engine::Postgres(row) => row.columns().get(position).map(tokio_postgres::Column::name),
        }
    }

    fn corrupt(&self, position: usize) -> StoreError {
        StoreError::Corrupt { column: self.name(position).map_or_else(|| position.to_string(), str::to_owned) }
    }

    /// A column as it is, by its position.
    fn value(&self, position: usize) -> Result<Value<'r>, StoreError> {
        match self.of {
            Engine::Sqlite(row) => match row.get_ref(position).map_err(StoreError::fault)? {
                ValueRef::Null => Ok(Value::Null),
                ValueRef::Integer(number) => Ok(Value::Integer(number)),
                ValueRef::Blob(bytes) => Ok(Value::Bytes(bytes)),
                ValueRef::Text(text) => std::str::from_utf8(text).map(Value::Text).map_err(|_| self.corrupt(position)),
                ValueRef::Real(_) => Err(self.corrupt(position)),
            },
            Engine::Postgres(row) => row.try_get(position).map_err(StoreError::fault),
        }
    }
}

/// What can be read from a column.
pub(crate) trait FromValue: Sized {
    /// `None` when the value is not of the form that this program writes.
    fn from_value(value: Value<'_>) -> Option<Self>;
}

macro_rules! from_value {
    ($($type:ty: $pattern:pat => $result:expr;)*) => {$(
        impl FromValue for $type {
            fn from_value(value: Value<'_>) -> Option<Self> {
                match value {
                    $pattern => $result,
                    _ => None,
                }
            }
        }
    )*};
}

from_value! {
    String: Value::Text(text) => Some(text.to_owned());
    i64: Value::Integer(number) => Some(number);
    u32: Value::Integer(number) => u32::try_from(number).ok();
    u64: Value::Integer(number) => u64::try_from(number).ok();
    Vec<u8>: Value::Bytes(bytes) => Some(bytes.to_vec());
    [u8; 32]: Value::Bytes(bytes) => bytes.try_into().ok();
    Timestamp: Value::Integer(millis) => Some(Self::from_millis(millis));
    PolicyEpoch: Value::Integer(number) => Some(Self::from_number(number));
}

impl FromValue for bool {
    fn from_value(value: Value<'_>) -> Option<Self> {
        match value {
            Value::Boolean(truth) => Some(truth),
            // SQLite keeps booleans as integers.
            Value::Integer(0) => Some(false),
            Value::Integer(1) => Some(true),
            Value::Null | Value::Text(_) | Value::Integer(_) | Value::Bytes(_) => None,
        }
    }
}

impl<T: FromValue> FromValue for Option<T> {
    fn from_value(value: Value<'_>) -> Option<Self> {
        match value {
            Value::Null => Some(None),
            value => T::from_value(value).map(Some),
        }
    }
}

macro_rules! into_value {
    ($($type:ty: $name:ident => $result:expr;)*) => {$(
        impl<'v> From<$type> for Value<'v> {
            fn from($name: $type) -> Self {
                $result
            }
        }
    )*};
}

into_value! {
    &'v str: text => Self::Text(text);
    &'v String: text => Self::Text(text);
    i64: number => Self::Integer(number);
    u32: number => Self::Integer(i64::from(number));
    bool: truth => Self::Boolean(truth);
    &'v [u8]: bytes => Self::Bytes(bytes);
    &'v [u8; 32]: bytes => Self::Bytes(bytes);
    &'v Vec<u8>: bytes => Self::Bytes(bytes);
    Timestamp: moment => Self::Integer(moment.as_millis());
    PolicyEpoch: epoch => Self::Integer(epoch.as_number());
}

impl<T: Into<Self>> From<Option<T>> for Value<'_> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Value::Null, Into::into)
    }
}

macro_rules! identifiers {
    ($($id:ident)*) => {$(
        impl<'v> From<&'v orgate_core::id::$id> for Value<'v> {
            fn from(id: &'v orgate_core::id::$id) -> Self {
                Self::Text(id.as_str())
            }
        }

        impl FromValue for orgate_core::id::$id {
            fn from_value(value: Value<'_>) -> Option<Self> {
                match value {
                    Value::Text(text) => Self::parse(text),
                    Value::Null | Value::Integer(_) | Value::Boolean(_) | Value::Bytes(_) => None,
                }
            }
        }
    )*};
}

identifiers! {
    UserId OrganizationId ProjectId InvitationId ConnectionId RevisionId IdentityId SessionId SignInId SignUpId
    ChallengeId ConnectionTestId AuditEventId MailId PasswordResetId DepartureId PersonalIdentityId PasskeyId
    CeremonyId DomainId
}

macro_rules! words {
    ($($type:ty)*) => {$(
        impl From<$type> for Value<'_> {
            fn from(word: $type) -> Self {
                Self::Text(word.as_str())
            }
        }

        impl FromValue for $type {
            fn from_value(value: Value<'_>) -> Option<Self> {
                match value {
                    Value::Text(text) => Self::parse(text),
                    Value::Null | Value::Integer(_) | Value::Boolean(_) | Value::Bytes(_) => None,
                }
            }
        }
    )*};
}

words! {
    OrganizationRole ProjectRole MembershipState MembershipOrigin ConnectionState RevisionState PersonalProvider
    DomainState CheckResult
}

into_value! {
    &'v Subject: subject => Self::Text(subject.as_str());
    &'v DomainName: name => Self::Text(name.as_str());
    &'v Sid: sid => Self::Text(sid.as_str());
    &'v Reference: reference => Self::Text(reference.as_str());
    ChallengePurpose: purpose => Self::Text(purpose.as_str());
    CeremonyPurpose: purpose => Self::Text(purpose.as_str());
}

from_value! {
    Subject: Value::Text(text) => Self::parse(text);
    Sid: Value::Text(text) => Self::parse(text);
    Reference: Value::Text(text) => Self::parse(text);
    DomainName: Value::Text(text) => Self::parse(text);
    ProvenDomains: Value::Text(text) => Some(Self::decode(text));
    EmailAddress: Value::Text(text) => Self::parse(text).ok();
    // An unreadable past is a fault, and a fault opens nothing (R-ENF-10).
    Vec<Change>: Value::Text(text) => Past::decode(text);
    // A session whose proofs cannot be read has none, so it opens nothing.
    Proofs: Value::Text(text) => Some(Self::decode(text).unwrap_or_default());
}

impl rusqlite::ToSql for Value<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match *self {
            Self::Null => ValueRef::Null,
            Self::Text(text) => ValueRef::Text(text.as_bytes()),
            Self::Integer(number) => ValueRef::Integer(number),
            Self::Boolean(truth) => ValueRef::Integer(i64::from(truth)),
            Self::Bytes(bytes) => ValueRef::Blob(bytes),
        }))
    }
}

impl ToSql for Value<'_> {
    fn to_sql(&self, kind: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        match self {
            Self::Null => Ok(IsNull::Yes),
            Self::Text(text) => text.to_sql_checked(kind, out),
            Self::Integer(number) => number.to_sql_checked(kind, out),
            Self::Boolean(truth) => truth.to_sql_checked(kind, out),
            Self::Bytes(bytes) => bytes.to_sql_checked(kind, out),
        }
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    tokio_postgres::types::to_sql_checked!();
}

impl<'v> FromSql<'v> for Value<'v> {
    fn from_sql(kind: &Type, raw: &'v [u8]) -> Result<Self, Box<dyn Error + Sync + Send>> {
        match *kind {
            Type::INT8 => i64::from_sql(kind, raw).map(Self::Integer),
            Type::INT4 => i32::from_sql(kind, raw).map(|number| Self::Integer(i64::from(number))),
            Type::BOOL => bool::from_sql(kind, raw).map(Self::Boolean),
            Type::BYTEA => Ok(Self::Bytes(raw)),
            _ => <&str>::from_sql(kind, raw).map(Self::Text),
        }
    }

    fn from_sql_null(_: &Type) -> Result<Self, Box<dyn Error + Sync + Send>> {
        Ok(Self::Null)
    }

    fn accepts(kind: &Type) -> bool {
        matches!(*kind, Type::INT8 | Type::INT4 | Type::BOOL | Type::BYTEA | Type::TEXT | Type::VARCHAR)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_found_by_name_in_any_order_and_one_that_is_not_there_is_a_fault() {
        let database = rusqlite::Connection::open_in_memory().unwrap();
        let read = |row: &rusqlite::Row<'_>| {
            let row = Row::from(row);
            let number = |name: &str| row.get::<i64>(name).unwrap();
            assert_eq!(
                [number("a"), number("b"), number("c"), number("b"), number("a"), number("a")],
                [1, 2, 3, 2, 1, 1]
            );
            assert!(matches!(row.get::<i64>("d"), Err(StoreError::Fault { .. })));
            assert_eq!(number("c"), 3, "also after it");
            assert!(matches!(row.get::<String>("b"), Err(StoreError::Corrupt { column }) if column == "b"));
            Ok(())
        };
        database.query_row("select 1 as a, 2 as b, 3 as c", [], read).unwrap();
    }

    #[test]
    fn a_value_of_another_form_is_not_read() {
        assert_eq!(bool::from_value(Value::Integer(2)), None);
        assert_eq!(bool::from_value(Value::Integer(1)), Some(true));
        assert_eq!(<[u8; 32]>::from_value(Value::Bytes(&[1, 2])), None);
        assert_eq!(u32::from_value(Value::Integer(-1)), None);
        assert_eq!(String::from_value(Value::Null), None);
        assert_eq!(Option::<String>::from_value(Value::Null), Some(None));
        assert_eq!(Option::<String>::from_value(Value::Integer(7)), None);
    }
}
