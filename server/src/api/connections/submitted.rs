//! What imports of either form read from a body (rest.md 5.3, 5.8).

use serde_json::{Map, Value};
use terapi_model::{IssueCode, Timestamp};
use terapi_vault::SecretString;

use crate::api::input::{Fields, Length};

/// The last millisecond that four digits of a year can write.
const LATEST: i64 = 253_402_300_799_999;

/// An instant: ISO 8601 text, with or without time and offset, or milliseconds since 1970.
pub(super) fn instant(value: &Value) -> Option<Timestamp> {
    let at = match value {
        Value::Number(number) => {
            let millis = number.as_i64().or_else(|| {
                let millis = number.as_f64()?.trunc();
                #[expect(
                    clippy::cast_possible_truncation,
                    reason = "it saturates, and the range is judged below"
                )]
                Some(millis as i64)
            });
            millis.map(Timestamp::from_millis)
        }
        Value::String(text) => {
            let text = text.trim();
            let spellings = [text.to_owned(), format!("{text}Z"), format!("{text}T00:00:00Z")];
            spellings.iter().find_map(|text| Timestamp::parse_rfc3339(text))
        }
        _ => None,
    };
    at.filter(|at| (0..=LATEST).contains(&at.as_millis()))
}

/// `expires_at`, which may be absent.
pub(super) fn expires_at(fields: &mut Fields<'_, '_>) -> Option<Timestamp> {
    let at = instant(fields.value("expires_at")?);
    if at.is_none() {
        fields.complain(
            &["expires_at"],
            IssueCode::InvalidType,
            "must be a time in ISO 8601, or milliseconds since 1970",
        );
    }
    at
}

/// A secret that must be there.
pub(super) fn secret(
    fields: &mut Fields<'_, '_>,
    name: &'static str,
    length: Length,
) -> Option<SecretString> {
    fields.text(name, length).map(SecretString::from)
}

/// A secret that may be absent.
pub(super) fn optional_secret(
    fields: &mut Fields<'_, '_>,
    name: &'static str,
    length: Length,
) -> Option<SecretString> {
    fields.optional_text(name, length).map(SecretString::from)
}

/// `connection_config`, which may be absent: any object, whose scopes are texts.
pub(super) fn connection_config(fields: &mut Fields<'_, '_>) -> Map<String, Value> {
    const SCOPES: &str = "oauth_scopes_override";
    let Some(config) = fields.optional_map("connection_config") else {
        return Map::new();
    };
    let is_list = |value: &Value| {
        value
            .as_array()
            .is_some_and(|items| items.iter().all(Value::is_string))
    };
    if config.get(SCOPES).is_some_and(|value| !is_list(value)) {
        fields.complain(
            &["connection_config", SCOPES],
            IssueCode::InvalidType,
            "must be an array of strings",
        );
    }
    config.clone()
}

/// JSON as it is kept beside the credentials.
pub(super) fn raw(value: &Value) -> SecretString {
    SecretString::new(value.to_string())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_instant_is_read_however_it_is_written() {
        let noon = Timestamp::from_seconds(1_787_313_600);
        for value in [
            json!("2026-08-21T12:00:00Z"),
            json!("2026-08-21T14:00:00.000+02:00"),
            json!("2026-08-21T12:00:00"),
            json!(1_787_313_600_000_i64),
            json!(1_787_313_600_000.0),
        ] {
            assert_eq!(instant(&value), Some(noon), "{value}");
        }
        assert_eq!(instant(&json!("2026-08-21")), Some(noon.plus_seconds(-12 * 3600)));
        for value in [
            json!("soon"),
            json!(""),
            json!(null),
            json!(-1),
            json!(1e300),
            json!(true),
            json!({}),
        ] {
            assert_eq!(instant(&value), None, "{value}");
        }
    }
}
