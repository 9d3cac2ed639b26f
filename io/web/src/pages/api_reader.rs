//! Owns the page that reads the OpenAPI document to a person.

use askama::Template;

use super::Site;

/// One parameter of a call.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Parameter {
    /// Its name.
    pub name: String,
    /// Where it goes: "path", "query", "header".
    pub place: String,
    /// Its type.
    pub kind: String,
    /// Whether it must be given.
    pub required: bool,
    /// What it is.
    pub text: String,
}

/// One answer of a call.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Answer {
    /// HTTP status.
    pub status: String,
    /// When it is given.
    pub text: String,
    /// The shape of the body, indented; empty for none.
    pub shape: String,
}

/// One call.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Operation {
    /// Fragment of its link.
    pub anchor: String,
    /// GET, POST …
    pub method: String,
    /// Path with its parameters in braces.
    pub path: String,
    /// What it does, in one line.
    pub summary: String,
    /// More about it, or empty.
    pub text: String,
    /// Its parameters.
    pub parameters: Vec<Parameter>,
    /// The shape of the body to send, indented; empty for none.
    pub body: String,
    /// What it answers.
    pub answers: Vec<Answer>,
}

/// Calls about one noun.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Group {
    /// Fragment of its link.
    pub anchor: String,
    /// The noun.
    pub name: String,
    /// What it is, or empty.
    pub text: String,
    /// The calls.
    pub operations: Vec<Operation>,
}

/// `/api/docs`.
#[derive(Debug, Template)]
#[template(path = "api_reader/api_reader.html")]
pub struct ApiReaderPage {
    /// Deployment and theme.
    pub site: Site,
    /// Version of the API.
    pub version: String,
    /// What the API is, in a paragraph.
    pub text: String,
    /// The groups.
    pub groups: Vec<Group>,
}
