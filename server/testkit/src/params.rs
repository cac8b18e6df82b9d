//! Request parameters, from a query string, a form body or a JSON object.

use std::collections::BTreeMap;

use axum::http::HeaderMap;
use axum::http::header::CONTENT_TYPE;
use serde_json::Value;
use url::form_urlencoded;

/// Parameters by name. A name sent twice is remembered, because RFC 6749 section 3.1 forbids it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Params {
    values: BTreeMap<String, String>,
    repeated: Option<String>,
}

impl Params {
    /// Parses a query string or an `application/x-www-form-urlencoded` body.
    pub(crate) fn from_form(encoded: &[u8]) -> Self {
        let mut params = Self::default();
        for (name, value) in form_urlencoded::parse(encoded) {
            if params
                .values
                .insert(name.to_string(), value.into_owned())
                .is_some()
            {
                params.repeated = Some(name.into_owned());
            }
        }
        params
    }

    /// Parses a body by its content type: a JSON object, or else a form. A body that is neither has no parameters.
    pub(crate) fn from_body(headers: &HeaderMap, body: &[u8]) -> Self {
        if !is_json(headers) {
            return Self::from_form(body);
        }
        let Ok(Value::Object(object)) = serde_json::from_slice(body) else {
            return Self::default();
        };
        let values = object.into_iter().map(|(name, value)| match value {
            Value::String(text) => (name, text),
            other => (name, other.to_string()),
        });
        Self {
            values: values.collect(),
            repeated: None,
        }
    }

    /// The value of a parameter; an empty one counts as not sent (RFC 6749 section 3.1).
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.values
            .get(name)
            .map(String::as_str)
            .filter(|value| !value.is_empty())
    }

    /// The name of a parameter that was sent twice.
    pub(crate) fn repeated(&self) -> Option<&str> {
        self.repeated.as_deref()
    }

    /// All names, sorted.
    pub(crate) fn names(&self) -> Vec<String> {
        self.values.keys().cloned().collect()
    }

    /// All pairs, sorted by name.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.values
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| {
            value
                .trim_start()
                .to_ascii_lowercase()
                .starts_with("application/json")
        })
}
