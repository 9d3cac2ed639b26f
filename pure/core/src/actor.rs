//! Owns [`Actor`]: who did something, for the audit log and for use cases that ask.

use crate::id::UserId;

/// Who acts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Actor {
    /// A person, in their session.
    User(UserId),
    /// The operator, by command line or token.
    Operator,
    /// Orgate itself.
    System,
    /// Somebody who has not proven who they are.
    Anonymous,
}

impl Actor {
    /// The word in the audit log: `user:usr_…`, `operator`, `system`, `anonymous`.
    pub fn encode(&self) -> String {
        match self {
            Self::User(id) => format!("user:{id}"),
            Self::Operator => "operator".to_owned(),
            Self::System => "system".to_owned(),
            Self::Anonymous => "anonymous".to_owned(),
        }
    }
}
