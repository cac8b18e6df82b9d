//! A token endpoint's answer (RFC 6749 section 5), read as providers write it rather than as the RFC does.

use oauth2::basic::BasicErrorResponseType;
use serde::Deserialize;
use serde::de::IntoDeserializer;
use serde::de::value::StrDeserializer;
use serde_json::{Map, Value};
use terapi_catalog::TokenResponse;
use terapi_model::Timestamp;
use terapi_vault::SecretString;

use crate::hidden::{Hidden, cut};

/// No token lives longer than this; a longer claim is cut, so that arithmetic on it cannot overflow.
const LONGEST_LIFE_S: f64 = 100.0 * 365.0 * 86_400.0;

/// Tokens, and what else was said with them.
#[derive(Debug)]
pub struct TokenAnswer {
    /// Access token.
    pub access_token: SecretString,
    /// Refresh token; absent when none came.
    pub refresh_token: Option<SecretString>,
    /// When the access token ends, by `expires_at` or `expires_in`.
    pub expires_at: Option<Timestamp>,
    /// How long it was said to live, in milliseconds, counted from the answer.
    pub lifetime_ms: Option<i64>,
    /// Granted scopes; `None` when the answer does not say.
    pub granted_scopes: Option<Vec<String>>,
    /// The whole answer as JSON text, plus `expires_at` when it could be computed.
    pub raw: SecretString,
    /// The whole answer, to copy what the provider's file says is kept.
    pub members: Map<String, Value>,
}

/// Why there are no tokens in an answer. `Display` repeats what the provider said about the error and nothing else.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TokenAnswerError {
    /// The provider said no, in RFC 6749's words or in its own.
    #[error("the provider refused: {error}{}", .description.as_ref().map(|text| format!(" ({text})")).unwrap_or_default())]
    Refused {
        /// HTTP status.
        status: u16,
        /// `error` (RFC 6749 section 5.2), or the provider's own word for it, cut to 100 characters.
        error: BasicErrorResponseType,
        /// `error_description`, cut to 300 characters.
        description: Option<String>,
    },
    /// A status that is no success, without a readable error.
    #[error("the provider's token endpoint answered with status {0}")]
    Status(u16),
    /// Neither JSON nor a form.
    #[error("the provider's token endpoint answered something that is not JSON ({0})")]
    NotJson(String),
    /// JSON, but no access token in it.
    #[error("the provider's token endpoint answered without an access token")]
    NoAccessToken,
}

impl TokenAnswerError {
    /// True when the provider said that the grant itself is dead (RFC 6749 section 5.2 `invalid_grant`). An outage
    /// that says so too says nothing.
    pub fn is_invalid_grant(&self) -> bool {
        let is_said = matches!(
            self,
            Self::Refused {
                error: BasicErrorResponseType::InvalidGrant,
                ..
            }
        );
        is_said && !self.is_passing()
    }

    /// True when it may be different in a while: 408, 429 and 5xx, and whatever is no answer at all.
    pub fn is_passing(&self) -> bool {
        match self {
            Self::Refused { status, .. } | Self::Status(status) => matches!(status, 408 | 429 | 500..=599),
            Self::NotJson(_) | Self::NoAccessToken => true,
        }
    }
}

impl TokenAnswer {
    /// Reads an answer. `default_life_s` is the provider file's word on tokens that say nothing of their life. What was
    /// sent as a secret is not repeated from a refusal (decision D10): `hidden` knows those texts.
    ///
    /// # Errors
    /// [`TokenAnswerError`].
    pub fn read(
        status: u16,
        content_type: Option<&str>,
        body: &[u8],
        shape: &TokenResponse,
        default_life_s: Option<u64>,
        hidden: &Hidden,
        now: Timestamp,
    ) -> Result<Self, TokenAnswerError> {
        let (text, members) = match members_of(content_type, body) {
            Some(found) => found,
            None if !(200..300).contains(&status) => return Err(TokenAnswerError::Status(status)),
            None => {
                return Err(TokenAnswerError::NotJson(
                    content_type.map_or("no content type", media_type).to_owned(),
                ));
            }
        };
        if let Some(error) = shape.failure(&members) {
            let error = if error.is_empty() {
                "the answer says that it failed"
            } else {
                &error
            };
            let error = error_word(&hidden.without(error));
            return Err(TokenAnswerError::Refused {
                status,
                error,
                description: None,
            });
        }
        let succeeded = (200..300).contains(&status);
        let Some(object) = shape.object(&members).filter(|_| succeeded) else {
            return Err(match refusal(status, &members, hidden) {
                Some(refused) => refused,
                None if succeeded => TokenAnswerError::NoAccessToken,
                None => TokenAnswerError::Status(status),
            });
        };
        let text_at = |path: &terapi_catalog::Path| {
            let found = path
                .find(object)
                .and_then(Value::as_str)
                .filter(|found| !found.is_empty());
            found.map(SecretString::from)
        };
        let access_token = text_at(&shape.access_token).ok_or(TokenAnswerError::NoAccessToken)?;
        let said = shape.expires_in.find(object).and_then(seconds);
        let expires_in = said.or_else(|| default_life_s.map(|life| life as f64));
        let until = object.get("expires_at").and_then(moment);
        let lifetime_ms = match (expires_in, until) {
            (Some(seconds), _) => Some((seconds.clamp(0.0, LONGEST_LIFE_S) * 1000.0) as i64),
            (None, Some(until)) => Some(until.millis_since(now).max(0)),
            (None, None) => None,
        };
        let expires_at = until.or_else(|| lifetime_ms.map(|life| now.plus_millis(life)));
        let raw = match (expires_at, members.contains_key("expires_at")) {
            (Some(at), false) if said.is_some() => with_member(&text, "expires_at", &at.to_rfc3339()),
            _ => text,
        };
        Ok(Self {
            access_token,
            refresh_token: text_at(&shape.refresh_token),
            expires_at,
            lifetime_ms,
            granted_scopes: shape.scope.find(object).and_then(scopes),
            raw: raw.into(),
            members,
        })
    }
}

impl TokenAnswer {
    /// Puts another refresh token in place of the one that came, also in [`TokenAnswer::raw`]; where the answer has none
    /// it is added to the members.
    pub fn replace_refresh_token(&mut self, token: &str, shape: &TokenResponse) {
        self.refresh_token = Some(SecretString::from(token));
        let mut members: Map<String, Value> = serde_json::from_str(self.raw.expose()).unwrap_or_default();
        let came = shape
            .object(&members)
            .and_then(|object| shape.refresh_token.find(object));
        match came.and_then(Value::as_str).map(str::to_owned) {
            Some(came) => replace_each(&mut members, &came, token),
            None => drop(members.insert("refresh_token".to_owned(), Value::from(token))),
        }
        self.raw = Value::Object(members).to_string().into();
    }
}

/// Puts `new` in place of every text that is `old`.
fn replace_each(members: &mut Map<String, Value>, old: &str, new: &str) {
    let mut open: Vec<&mut Value> = members.values_mut().collect();
    while let Some(value) = open.pop() {
        match value {
            Value::String(text) if text == old => new.clone_into(text),
            Value::Array(items) => open.extend(items),
            Value::Object(inner) => open.extend(inner.values_mut()),
            _ => {}
        }
    }
}

/// The answer as JSON text and as members. A form is taken too, when the content type says so: some providers write
/// one unless they are begged for JSON.
fn members_of(content_type: Option<&str>, body: &[u8]) -> Option<(String, Map<String, Value>)> {
    let text = std::str::from_utf8(body)
        .ok()?
        .trim_start_matches('\u{feff}')
        .trim();
    if let Ok(members) = serde_json::from_str::<Map<String, Value>>(text) {
        return Some((text.to_owned(), members));
    }
    let kind = content_type.map(media_type)?;
    let is_form = kind.eq_ignore_ascii_case("application/x-www-form-urlencoded")
        || (kind.eq_ignore_ascii_case("text/plain") && text.starts_with("access_token="));
    if !is_form {
        return None;
    }
    let members: Map<String, Value> = url::form_urlencoded::parse(text.as_bytes())
        .map(|(name, value)| (name.into_owned(), Value::String(value.into_owned())))
        .collect();
    Some((serde_json::to_string(&members).ok()?, members))
}

fn media_type(content_type: &str) -> &str {
    content_type.split(';').next().unwrap_or_default().trim()
}

/// The provider's error in the shapes seen in the wild: `error` as a text or as an object with a code, or `message`.
fn refusal(status: u16, members: &Map<String, Value>, hidden: &Hidden) -> Option<TokenAnswerError> {
    let text = |value: &Value| {
        value
            .as_str()
            .filter(|text| !text.is_empty())
            .map(|text| hidden.without(text))
    };
    let (error, nested) = match members.get("error") {
        Some(Value::Object(inner)) => {
            let code = ["code", "type", "error"]
                .iter()
                .find_map(|key| text(inner.get(*key)?));
            (code, inner.get("message").and_then(text))
        }
        Some(value) => (text(value), None),
        None => (None, None),
    };
    let described = ["error_description", "message", "error_message"]
        .iter()
        .find_map(|key| text(members.get(*key)?));
    let description = described.or(nested).map(|text| cut(&text, 300));
    let error = error.or_else(|| description.as_ref().map(|_| format!("status {status}")))?;
    Some(TokenAnswerError::Refused {
        status,
        error: error_word(&error),
        description,
    })
}

/// The crate's word for an error, which is the provider's own where RFC 6749 has none.
fn error_word(text: &str) -> BasicErrorResponseType {
    let text = cut(text, 100);
    let text: StrDeserializer<'_, serde::de::value::Error> = text.as_str().into_deserializer();
    BasicErrorResponseType::deserialize(text).expect("every text is a word for an error")
}

/// A number, also as text or with a fraction. Zero and what is no number say nothing; less than zero says "ended".
fn seconds(value: &Value) -> Option<f64> {
    let number = match value {
        Value::Number(number) => number.as_f64()?,
        Value::String(text) => text.trim().parse().ok()?,
        _ => return None,
    };
    (number.is_finite() && number != 0.0).then_some(number)
}

/// A date, or a number of seconds or milliseconds since 1970: milliseconds when that lands after 1971.
fn moment(value: &Value) -> Option<Timestamp> {
    const IN_1971: f64 = 31_536_000_000.0;
    if let Some(at) = value.as_str().and_then(Timestamp::parse_rfc3339) {
        return Some(at);
    }
    let number = seconds(value).filter(|number| *number > 0.0)?;
    let millis = if number > IN_1971 { number } else { number * 1000.0 };
    (millis < 1e16).then(|| Timestamp::from_millis(millis as i64))
}

/// Scopes as a list, or as text with commas or spaces between them.
fn scopes(value: &Value) -> Option<Vec<String>> {
    match value {
        Value::String(text) => Some(
            text.split([' ', ','])
                .filter(|scope| !scope.is_empty())
                .map(str::to_owned)
                .collect(),
        ),
        Value::Array(items) => Some(
            items
                .iter()
                .filter_map(Value::as_str)
                .map(str::to_owned)
                .collect(),
        ),
        _ => None,
    }
}

/// A JSON object's text with one more text member; everything else stays as it was written.
fn with_member(object: &str, name: &str, value: &str) -> String {
    let Some(body) = object.strip_suffix('}') else {
        return object.to_owned();
    };
    let body = body.trim_end();
    let comma = if body.ends_with('{') { "" } else { "," };
    format!("{body}{comma}\"{name}\":\"{value}\"}}")
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_700_000_000_000);

    fn read(body: &str) -> Result<TokenAnswer, TokenAnswerError> {
        TokenAnswer::read(
            200,
            Some("application/json"),
            body.as_bytes(),
            &TokenResponse::default(),
            None,
            &Hidden::default(),
            NOW,
        )
    }

    #[test]
    fn a_lifetime_is_read_however_it_is_written() {
        for (written, life_ms) in [
            ("3600", Some(3_600_000)),
            ("\"3600\"", Some(3_600_000)),
            ("\" 3600.0 \"", Some(3_600_000)),
            ("3600.5", Some(3_600_500)),
            ("-3600", Some(0)),
            ("0", None),
            ("null", None),
            ("\"soon\"", None),
            ("\"NaN\"", None),
            ("1e300", Some(3_153_600_000_000)),
            ("{}", None),
        ] {
            let answer = read(&format!(r#"{{"access_token":"a","expires_in":{written}}}"#)).unwrap();
            assert_eq!(answer.lifetime_ms, life_ms, "{written}");
            assert_eq!(
                answer.expires_at,
                life_ms.map(|life| NOW.plus_millis(life)),
                "{written}"
            );
        }
        assert_eq!(read(r#"{"access_token":"a"}"#).unwrap().expires_at, None);
    }

    #[test]
    fn a_moment_is_a_date_or_seconds_or_milliseconds() {
        for written in [
            "\"2023-11-14T23:13:20Z\"",
            "1700003600",
            "1700003600000",
            "\"1700003600\"",
        ] {
            let answer = read(&format!(r#"{{"access_token":"a","expires_at":{written}}}"#)).unwrap();
            assert_eq!(answer.expires_at, Some(NOW.plus_seconds(3600)), "{written}");
            assert_eq!(answer.lifetime_ms, Some(3_600_000), "{written}");
        }
    }

    #[test]
    fn the_answer_is_kept_as_received_with_the_computed_end() {
        let answer =
            read("{\"access_token\":\"a\", \"expires_in\": 10,\n\"n\":12345678901234567890123 }\n").unwrap();
        assert_eq!(
            answer.raw.expose(),
            "{\"access_token\":\"a\", \"expires_in\": 10,\n\"n\":12345678901234567890123,\"expires_at\":\"2023-11-14T22:13:30.000Z\"}"
        );
        assert!(serde_json::from_str::<Value>(answer.raw.expose()).is_ok());
    }

    #[test]
    fn scopes_come_as_text_or_as_a_list() {
        for written in ["\"read write\"", "\"read,write\"", "[\"read\",\"write\"]"] {
            let answer = read(&format!(r#"{{"access_token":"a","scope":{written}}}"#)).unwrap();
            assert_eq!(
                answer.granted_scopes,
                Some(vec!["read".to_owned(), "write".to_owned()]),
                "{written}"
            );
        }
        assert_eq!(read(r#"{"access_token":"a"}"#).unwrap().granted_scopes, None);
    }

    #[test]
    fn what_is_no_token_is_said_clearly() {
        let shape = TokenResponse::default();
        let mut hidden = Hidden::default();
        hidden.add("s3cret");
        let read = |status, kind, body: &str| {
            TokenAnswer::read(status, kind, body.as_bytes(), &shape, None, &hidden, NOW)
                .unwrap_err()
                .to_string()
        };
        assert_eq!(
            read(200, Some("text/html; charset=utf-8"), "<html>"),
            "the provider's token endpoint answered something that is not JSON (text/html)"
        );
        assert_eq!(
            read(500, Some("text/html"), "<html>"),
            "the provider's token endpoint answered with status 500"
        );
        assert_eq!(
            read(
                400,
                None,
                r#"{"error":"invalid_grant","error_description":"gone"}"#
            ),
            "the provider refused: invalid_grant (gone)"
        );
        assert_eq!(
            read(200, None, r#"{"error":"bad_code"}"#),
            "the provider refused: bad_code"
        );
        assert_eq!(
            read(400, None, r#"{"error":{"code":"E1","message":"no"}}"#),
            "the provider refused: E1 (no)"
        );
        assert_eq!(
            read(
                400,
                None,
                r#"{"error":"invalid_grant","error_description":"code s3cret is not good"}"#
            ),
            "the provider refused: invalid_grant (code [secret] is not good)"
        );
        assert_eq!(
            read(400, None, r#"{"message":"nope"}"#),
            "the provider refused: status 400 (nope)"
        );
        assert_eq!(
            read(200, None, "{}"),
            "the provider's token endpoint answered without an access token"
        );
        assert_eq!(
            read(200, None, r#"{"access_token":""}"#),
            "the provider's token endpoint answered without an access token"
        );
        assert_eq!(
            read(400, None, r#"{"access_token":"a"}"#),
            "the provider's token endpoint answered with status 400"
        );
        assert_eq!(
            read(200, None, ""),
            "the provider's token endpoint answered something that is not JSON (no content type)"
        );
    }

    #[test]
    fn a_form_is_taken_when_it_says_so() {
        let answer = TokenAnswer::read(
            200,
            Some("application/x-www-form-urlencoded; charset=utf-8"),
            b"access_token=gho_1&scope=repo%2Cuser&token_type=bearer",
            &TokenResponse::default(),
            None,
            &Hidden::default(),
            NOW,
        )
        .unwrap();
        assert_eq!(answer.access_token.expose(), "gho_1");
        assert_eq!(
            answer.granted_scopes,
            Some(vec!["repo".to_owned(), "user".to_owned()])
        );
        assert_eq!(
            answer.raw.expose(),
            r#"{"access_token":"gho_1","scope":"repo,user","token_type":"bearer"}"#
        );
    }

    #[test]
    fn only_a_dead_grant_is_final() {
        let error = |status, error: &str| TokenAnswerError::Refused {
            status,
            error: error_word(error),
            description: None,
        };
        assert!(error(400, "invalid_grant").is_invalid_grant());
        assert!(!error(400, "invalid_grant").is_passing());
        assert!(!error(503, "invalid_grant").is_invalid_grant());
        assert!(error(429, "slow_down").is_passing());
        assert!(TokenAnswerError::Status(503).is_passing());
        assert!(!TokenAnswerError::Status(404).is_passing());
    }

    proptest::proptest! {
        #[test]
        fn no_answer_makes_it_stumble(status in 100_u16..600, body: Vec<u8>, life: f64, until: i64, text: String) {
            let shape = TokenResponse::default();
            let _ = TokenAnswer::read(status, Some(&text), &body, &shape, None, &Hidden::default(), NOW);
            let json = serde_json::json!({
                "access_token": "a", "expires_in": life, "expires_at": until, "scope": text, "error": text,
            });
            let answer = TokenAnswer::read(200, None, json.to_string().as_bytes(), &shape, None, &Hidden::default(), NOW).unwrap();
            proptest::prop_assert!(answer.lifetime_ms.is_none_or(|life| (0..=3_153_600_000_000).contains(&life)));
            proptest::prop_assert!(serde_json::from_str::<Value>(answer.raw.expose()).is_ok());
        }
    }
}
