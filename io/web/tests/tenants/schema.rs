//! Owns what the API's description (`docs/openapi.json`) says a call takes: the names of its query parameters and of its body's
//! members, with those of whatever stands in them.

use std::collections::BTreeSet;

use axum::http::Method;
use serde_json::Value;

/// The description.
pub struct Schema(Value);

impl Schema {
    pub fn read() -> Self {
        Self(serde_json::from_str(include_str!("../../../../docs/openapi.json")).unwrap())
    }

    /// The query parameters of a call; none for what is no call.
    pub fn query(&self, method: &Method, path: &str) -> Vec<String> {
        let parameters = self.operation(method, path)["parameters"].as_array().cloned().unwrap_or_default();
        let queries = parameters.iter().filter(|parameter| parameter["in"] == "query");
        queries.map(|parameter| parameter["name"].as_str().unwrap().to_owned()).collect()
    }

    /// The members of a call's body.
    pub fn members(&self, method: &Method, path: &str) -> Vec<String> {
        let mut names = BTreeSet::new();
        let body = &self.operation(method, path)["requestBody"]["content"]["application/json"]["schema"];
        self.gather(body, &mut names, 0);
        names.into_iter().collect()
    }

    fn operation(&self, method: &Method, path: &str) -> &Value {
        &self.0["paths"][path][method.as_str().to_lowercase()]
    }

    fn gather(&self, schema: &Value, names: &mut BTreeSet<String>, depth: usize) {
        if depth > 6 {
            return;
        }
        if let Some(name) = schema["$ref"].as_str().and_then(|path| path.rsplit('/').next()) {
            self.gather(&self.0["components"]["schemas"][name], names, depth + 1);
        }
        if let Some(properties) = schema["properties"].as_object() {
            for (name, property) in properties {
                names.insert(name.clone());
                self.gather(property, names, depth + 1);
            }
        }
        for list in ["oneOf", "anyOf", "allOf"] {
            for one in schema[list].as_array().into_iter().flatten() {
                self.gather(one, names, depth + 1);
            }
        }
        self.gather(&schema["items"], names, depth + 1);
    }
}
