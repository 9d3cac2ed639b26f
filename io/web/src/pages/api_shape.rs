//! Owns how a JSON schema is written down for a reader: names and types, indented, without the schema's own words.

use serde_json::Value;

/// Schemas that hold or name each other end here. *Units*: steps from the outermost schema.
const DEEPEST: usize = 16;

/// How far the writer is.
#[derive(Clone, Copy)]
struct At {
    steps: usize,
    indent: usize,
}

impl At {
    fn step(self) -> Self {
        Self { steps: self.steps + 1, ..self }
    }

    fn inside(self) -> Self {
        Self { indent: self.indent + 1, ..self.step() }
    }
}

/// The shape of a schema: `string`, `[integer]`, or an object with one property a line.
pub(super) fn shape(document: &Value, schema: &Value) -> String {
    write(document, schema, At { steps: 0, indent: 0 })
}

fn write(document: &Value, schema: &Value, at: At) -> String {
    if at.steps > DEEPEST {
        return "…".to_owned();
    }
    if let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
        let target = reference.strip_prefix('#').and_then(|pointer| document.pointer(pointer));
        return target.map_or_else(|| "any".to_owned(), |target| write(document, target, at.step()));
    }
    if let Some(value) = schema.get("const") {
        return value.to_string();
    }
    if let Some(values) = schema.get("enum").and_then(Value::as_array) {
        return values.iter().map(Value::to_string).collect::<Vec<_>>().join(" | ");
    }
    if let Some(choices) = ["oneOf", "anyOf"].iter().find_map(|key| schema.get(key)?.as_array()) {
        return choices.iter().map(|choice| write(document, choice, at.step())).collect::<Vec<_>>().join(" | ");
    }
    if let Some(parts) = schema.get("allOf").and_then(Value::as_array) {
        return parts.iter().map(|part| write(document, part, at.step())).collect::<Vec<_>>().join(" & ");
    }
    match kinds(schema).as_slice() {
        [] => {
            if schema.get("properties").is_some() {
                object(document, schema, at)
            } else {
                "any".to_owned()
            }
        }
        kinds => kinds.iter().map(|kind| simple(document, schema, kind, at)).collect::<Vec<_>>().join(" | "),
    }
}

/// OpenAPI 3.1 allows one type or a list of them.
fn kinds(schema: &Value) -> Vec<&str> {
    match schema.get("type") {
        Some(Value::String(kind)) => vec![kind],
        Some(Value::Array(kinds)) => kinds.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}

fn simple(document: &Value, schema: &Value, kind: &str, at: At) -> String {
    match kind {
        "object" => object(document, schema, at),
        "array" => {
            let item = schema.get("items").map_or_else(|| "any".to_owned(), |item| write(document, item, at.step()));
            format!("[{item}]")
        }
        _ => match schema.get("format").and_then(Value::as_str) {
            Some(format) if kind == "string" => format!("{kind} ({format})"),
            _ => kind.to_owned(),
        },
    }
}

fn object(document: &Value, schema: &Value, at: At) -> String {
    let Some(properties) = schema.get("properties").and_then(Value::as_object) else {
        return "object".to_owned();
    };
    let required: Vec<&str> =
        schema.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect();
    let indent = "  ".repeat(at.inside().indent);
    let line = |(name, property): (&String, &Value)| {
        let mark = if required.contains(&name.as_str()) { "" } else { "?" };
        format!("{indent}{name}{mark}: {}\n", write(document, property, at.inside()))
    };
    let lines: Vec<String> = properties.iter().map(line).collect();
    format!("{{\n{}{}}}", lines.concat(), "  ".repeat(at.indent))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_kind_of_schema_has_a_shape() {
        for (schema, expected) in [
            (json!({"type": "string"}), "string"),
            (json!({"type": ["string", "null"]}), "string | null"),
            (json!({"type": "array", "items": {"type": "integer", "format": "int64"}}), "[integer]"),
            (json!({"enum": ["owner", "member"]}), "\"owner\" | \"member\""),
            (json!({"oneOf": [{"type": "null"}, {"type": "boolean"}]}), "null | boolean"),
            (json!({"allOf": [{"type": "object"}, {"type": "object"}]}), "object & object"),
            (json!({"const": true}), "true"),
            (json!({}), "any"),
            (json!({"$ref": "#/nowhere"}), "any"),
        ] {
            assert_eq!(shape(&json!({}), &schema), expected, "{schema}");
        }
    }

    #[test]
    fn a_schema_that_holds_itself_ends() {
        let document = json!({"node": {"type": "object", "properties": {"child": {"$ref": "#/node"}}}});
        assert!(shape(&document, &json!({"$ref": "#/node"})).ends_with('}'));
        let circle = json!({"node": {"anyOf": [{"type": "array", "items": {"type": "object", "properties": {"next": {"$ref": "#/node"}}}}]}});
        assert!(shape(&circle, &json!({"$ref": "#/node"})).contains('…'));
        let knot = json!({"node": {"anyOf": [{"$ref": "#/node"}]}});
        assert_eq!(shape(&knot, &json!({"$ref": "#/node"})), "…");
    }
}
