//! Owns the page that reads the OpenAPI document to a person, and how the document becomes one.

use askama::Template;
use serde_json::Value;

use super::Site;
use super::api_shape::shape;

const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];

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

impl ApiReaderPage {
    /// Reads an OpenAPI 3 document. What the document lacks stays empty; calls are grouped by their first tag, in the
    /// order in which the document names the tags, then as they come.
    pub fn from_document(site: Site, document: &Value) -> Self {
        let mut groups: Vec<Group> =
            items(document, "tags").map(|tag| group(text(tag, "name"), text(tag, "description"))).collect();
        for (path, item) in entries(document, "paths") {
            for method in METHODS {
                let Some(call) = item.get(method) else { continue };
                let operation = operation(document, method, path, item, call);
                let tag = items(call, "tags").next().and_then(Value::as_str).unwrap_or("Other");
                if let Some(group) = groups.iter_mut().find(|group| group.name == tag) {
                    group.operations.push(operation);
                } else {
                    groups.push(Group { operations: vec![operation], ..group(tag.to_owned(), String::new()) });
                }
            }
        }
        groups.retain(|group| !group.operations.is_empty());
        let information = document.get("info").unwrap_or(&Value::Null);
        Self { site, version: text(information, "version"), text: text(information, "description"), groups }
    }
}

fn group(name: String, text: String) -> Group {
    Group { anchor: format!("group-{}", anchor(&name)), name, text, operations: Vec::new() }
}

fn operation(document: &Value, method: &str, path: &str, item: &Value, call: &Value) -> Operation {
    let parameters = items(item, "parameters").chain(items(call, "parameters"));
    let summary = text(call, "summary");
    Operation {
        anchor: format!("{method}-{}", anchor(path)),
        method: method.to_uppercase(),
        path: path.to_owned(),
        summary: if summary.is_empty() { format!("{} {path}", method.to_uppercase()) } else { summary },
        text: text(call, "description"),
        parameters: parameters.map(|parameter| self::parameter(document, parameter)).collect(),
        body: call.get("requestBody").map(|body| content(document, body)).unwrap_or_default(),
        answers: entries(call, "responses").map(|(status, answer)| self::answer(document, status, answer)).collect(),
    }
}

fn parameter(document: &Value, parameter: &Value) -> Parameter {
    Parameter {
        name: text(parameter, "name"),
        place: text(parameter, "in"),
        kind: parameter.get("schema").map(|schema| shape(document, schema)).unwrap_or_default(),
        required: parameter.get("required").and_then(Value::as_bool).unwrap_or(false),
        text: text(parameter, "description"),
    }
}

fn answer(document: &Value, status: &str, answer: &Value) -> Answer {
    Answer { status: status.to_owned(), text: text(answer, "description"), shape: content(document, answer) }
}

/// The shape of the first kind of content that is offered.
fn content(document: &Value, holder: &Value) -> String {
    entries(holder, "content")
        .find_map(|(_, media)| media.get("schema"))
        .map(|schema| shape(document, schema))
        .unwrap_or_default()
}

fn text(value: &Value, key: &str) -> String {
    value.get(key).and_then(Value::as_str).unwrap_or_default().trim().to_owned()
}

fn items<'v>(value: &'v Value, key: &str) -> impl Iterator<Item = &'v Value> {
    value.get(key).and_then(Value::as_array).into_iter().flatten()
}

fn entries<'v>(value: &'v Value, key: &str) -> impl Iterator<Item = (&'v str, &'v Value)> {
    value.get(key).and_then(Value::as_object).into_iter().flatten().map(|(name, value)| (name.as_str(), value))
}

/// Letters and digits of a path or tag, with single hyphens between.
fn anchor(text: &str) -> String {
    text.split(|letter: char| !letter.is_ascii_alphanumeric())
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join("-")
        .to_lowercase()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_document_becomes_groups_of_calls_with_their_shapes() {
        let document = json!({
            "info": {"version": "1.0.0", "description": "What integrators use."},
            "tags": [{"name": "Sessions", "description": "Signing in."}, {"name": "Unused"}],
            "paths": {
                "/api/v1/session": {
                    "get": {
                        "tags": ["Sessions"], "summary": "Load the session",
                        "parameters": [{"name": "full", "in": "query", "schema": {"type": "boolean"}}],
                        "responses": {
                            "200": {"description": "It is valid", "content": {"application/json": {
                                "schema": {"$ref": "#/components/schemas/Session"}}}},
                            "401": {"description": "No session"}
                        }
                    },
                    "delete": {"responses": {}}
                }
            },
            "components": {"schemas": {"Session": {
                "type": "object", "required": ["id"],
                "properties": {"id": {"type": "string"}, "at": {"type": "string", "format": "date-time"}}}}}
        });
        let page = ApiReaderPage::from_document(Site::default(), &document);
        let names: Vec<_> = page.groups.iter().map(|group| group.name.as_str()).collect();
        assert_eq!(names, ["Sessions", "Other"]);
        let call = &page.groups[0].operations[0];
        assert_eq!((call.anchor.as_str(), call.summary.as_str()), ("get-api-v1-session", "Load the session"));
        assert_eq!(call.parameters[0].kind, "boolean");
        assert_eq!(call.answers[0].shape, "{\n  at?: string (date-time)\n  id: string\n}");
        assert_eq!(call.answers[1].shape, "");
        assert_eq!(page.groups[1].operations[0].summary, "DELETE /api/v1/session");
    }
}
