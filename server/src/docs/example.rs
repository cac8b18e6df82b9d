//! Values that fit a schema of the document, for people to copy from.

use serde_json::{Map, Value, json};

/// How deep an example goes into schemas that hold others.
const DEEPEST: usize = 6;

/// How many optional fields stand in for required ones where there are none.
const A_FEW: usize = 2;

/// A value that `schema` accepts. `whole` fills in what is optional too, as answers do; without it, only an object that
/// needs nothing at all has a few of its fields.
pub(super) fn value(document: &Value, schema: &Value, whole: bool) -> Value {
    let value = Example { document, whole }.of("", schema, 0);
    if value != json!({}) {
        return value;
    }
    let named = schema["$ref"].as_str();
    let found = named.and_then(|named| document.pointer(named.trim_start_matches('#')));
    let found = found.unwrap_or(schema);
    let example = Example { document, whole };
    let fields = found["properties"].as_object().into_iter().flatten();
    fields
        .filter(|(_, property)| property["deprecated"] != true)
        .take(A_FEW)
        .map(|(name, property)| (name.clone(), example.of(name, property, 1)))
        .collect::<Map<_, _>>()
        .into()
}

/// What a parameter of this name may be, as text of an address.
pub(super) fn parameter(document: &Value, parameter: &Value) -> String {
    let name = parameter["name"].as_str().unwrap_or_default();
    let example = Example {
        document,
        whole: false,
    };
    match example.of(name, &parameter["schema"], 0) {
        Value::String(text) => text,
        other => other.to_string(),
    }
}

struct Example<'d> {
    document: &'d Value,
    whole: bool,
}

impl Example<'_> {
    fn of(&self, name: &str, schema: &Value, depth: usize) -> Value {
        if let Some(given) = ["const", "example", "default"]
            .iter()
            .find_map(|way| schema.get(way))
        {
            return given.clone();
        }
        let first = |list: &str| schema[list].as_array().and_then(|items| items.first());
        if let Some(given) = first("examples").or_else(|| first("enum")) {
            return given.clone();
        }
        if let Some(reference) = schema["$ref"].as_str() {
            let pointer = reference.trim_start_matches('#');
            let found = self.document.pointer(pointer).unwrap_or(&Value::Null);
            return match depth < DEEPEST {
                true => self.of(name, found, depth + 1),
                false => json!({}),
            };
        }
        if let Some(parts) = schema["allOf"].as_array() {
            return self.merged(name, parts, depth);
        }
        for branch in ["oneOf", "anyOf"] {
            let mut parts = schema[branch].as_array().into_iter().flatten();
            if let Some(part) = parts.find(|part| part["type"] != "null") {
                let chosen = self.of(name, part, depth + 1);
                return with(self.object(schema, depth), chosen);
            }
        }
        let kind = match &schema["type"] {
            Value::Array(kinds) => kinds.iter().find(|kind| **kind != "null"),
            kind => Some(kind),
        };
        match kind.and_then(Value::as_str) {
            Some("string") => text(name, schema).into(),
            Some("integer" | "number") => schema.get("minimum").cloned().unwrap_or(json!(1)),
            Some("boolean") => json!(true),
            Some("array") => json!([self.of(singular(name), &schema["items"], depth + 1)]),
            _ => Value::Object(self.object(schema, depth)),
        }
    }

    fn merged(&self, name: &str, parts: &[Value], depth: usize) -> Value {
        let values = parts.iter().map(|part| self.of(name, part, depth + 1));
        values.fold(json!({}), |all, part| match all {
            Value::Object(all) => with(all, part),
            other => other,
        })
    }

    fn object(&self, schema: &Value, depth: usize) -> Map<String, Value> {
        let required = |name: &str| {
            let mut names = schema["required"].as_array().into_iter().flatten();
            names.any(|found| found == name)
        };
        let mut object = Map::new();
        for (name, property) in schema["properties"].as_object().into_iter().flatten() {
            if property["deprecated"] != true && (required(name) || (self.whole && depth < DEEPEST)) {
                object.insert(name.clone(), self.of(name, property, depth + 1));
            }
        }
        if object.is_empty() && self.whole && schema["additionalProperties"].is_object() {
            object.insert(
                "plan".to_owned(),
                self.of("value", &schema["additionalProperties"], depth + 1),
            );
        }
        object
    }
}

/// `object` with the fields of another.
fn with(mut object: Map<String, Value>, other: Value) -> Value {
    match other {
        Value::Object(fields) => {
            object.extend(fields);
            Value::Object(object)
        }
        other if object.is_empty() => other,
        _ => Value::Object(object),
    }
}

/// What one of several is called.
fn singular(name: &str) -> &str {
    name.strip_suffix('s').unwrap_or(name)
}

/// A text as the API has them under this name.
fn text(name: &str, schema: &Value) -> String {
    let text = match (schema["format"].as_str(), name) {
        (Some("date-time"), _) => "2026-01-05T10:00:00.000Z",
        (Some("uri" | "url"), _) => "https://app.example.com/",
        (Some("uuid"), _) => "0f8fad5b-d9cb-469f-a165-70867728950e",
        (Some("email"), _) | (_, "email") => "ada@example.com",
        (_, "connection_id" | "connectionId") => "user-1",
        (
            _,
            "provider_config_key"
            | "providerConfigKey"
            | "integration"
            | "integration_id"
            | "unique_key"
            | "allowed_integration"
            | "provider",
        ) => "github",
        (_, "display_name") => "GitHub",
        (_, "created" | "created_at" | "updated_at" | "expires_at" | "last_fetched_at") => {
            "2026-01-05T10:00:00.000Z"
        }
        (_, "name" | "environment_id") => "dev",
        (_, "username") => "ada",
        (_, "id") => "user-1",
        (_, "log_id") => "opn_…",
        (_, "value") => "pro",
        (_, other) if other.ends_with("url") || other.ends_with("url_override") => "https://app.example.com/",
        _ => "…",
    };
    text.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_example_has_what_is_required_and_an_answer_has_all() {
        let document = json!({"components": {"schemas": {
            "Kind": {"type": "string", "enum": ["one", "two"]},
            "Loop": {"type": "object", "properties": {"next": {"$ref": "#/components/schemas/Loop"}}},
        }}});
        let schema = json!({
            "type": "object", "required": ["connection_id", "kind"],
            "properties": {
                "connection_id": {"type": "string"},
                "kind": {"$ref": "#/components/schemas/Kind"},
                "count": {"type": ["integer", "null"], "minimum": 3},
                "tags": {"type": "array", "items": {"type": "string"}},
                "maybe": {"oneOf": [{"type": "null"}, {"type": "boolean"}]},
                "old": {"type": "string", "deprecated": true},
            },
        });
        assert_eq!(
            value(&document, &schema, false),
            json!({"connection_id": "user-1", "kind": "one"})
        );
        assert_eq!(
            value(&document, &schema, true),
            json!({"connection_id": "user-1", "kind": "one", "count": 3, "tags": ["…"], "maybe": true})
        );
        let parts = json!({"allOf": [schema, {"type": "object", "required": ["id"], "properties": {"id": {"const": 7}}}]});
        assert_eq!(value(&document, &parts, false)["id"], 7);
        let loose = json!({"type": "object", "properties": {"email": {"type": "string"}, "old": {"deprecated": true}}});
        assert_eq!(
            value(&document, &loose, false),
            json!({"email": "ada@example.com"})
        );
        let endless = value(&document, &json!({"$ref": "#/components/schemas/Loop"}), true);
        assert!(endless["next"].is_object());
        let named = json!({"name": "provider_config_key", "schema": {"type": "string"}});
        assert_eq!(parameter(&document, &named), "github");
    }
}
