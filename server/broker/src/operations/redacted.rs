//! What may stand in the log. There is no way from a text to a [`Redacted`] but through a function that knows which
//! values are fit to be shown; everything it does not know is replaced.

use http::{HeaderMap, HeaderName};
use serde_json::{Map, Value};
use terapi_catalog::{Fields, Provider, Scope, UrlTemplate, Variable};
use url::{Url, form_urlencoded};

use crate::auth::{ProviderSaid, TokenAnswer};
use crate::hidden::{Hidden, cut};

/// Stands where a value was.
pub const MASK: &str = "[redacted]";

/// Longest value that is repeated, in characters.
pub(super) const LONGEST: usize = 500;

/// Parameters of a consent page whose values are no secret (RFC 6749, RFC 7636, OpenID Connect Core). `state`, `nonce`,
/// `code_challenge` and whatever a caller adds are not among them.
const OPEN_PARAMS: [&str; 22] = [
    "response_type",
    "client_id",
    "redirect_uri",
    "scope",
    "user_scope",
    "optional_scope",
    "code_challenge_method",
    "response_mode",
    "access_type",
    "include_granted_scopes",
    "approval_prompt",
    "prompt",
    "display",
    "audience",
    "resource",
    "max_age",
    "ui_locales",
    "acr_values",
    "owner",
    "duration",
    "grant_type",
    "iss",
];

/// What providers say about an error in a callback.
const ERROR_PARAMS: [&str; 6] = [
    "error",
    "error_description",
    "error_reason",
    "error_uri",
    "status_code",
    "error_message",
];

/// Headers whose values are no secret.
const OPEN_HEADERS: [&str; 12] = [
    "accept",
    "accept-language",
    "cache-control",
    "content-length",
    "content-type",
    "date",
    "retry-after",
    "server",
    "user-agent",
    "x-ratelimit-limit",
    "x-ratelimit-remaining",
    "x-request-id",
];

/// A value that is fit for the log.
#[derive(Debug, Clone, PartialEq)]
pub struct Redacted(Value);

impl Redacted {
    /// An address without its user, its fragment and the values of its query, but for parameters known to be harmless
    /// and those that the provider's file sets itself; nowhere in it stands what is hidden.
    pub fn url(url: &Url, provider: Option<&Provider>, hidden: &Hidden) -> Self {
        let mut shown = url.clone();
        // Both fail only for addresses without a host, which have neither.
        let _ = shown.set_username("");
        let _ = shown.set_password(None);
        shown.set_fragment(None);
        shown.set_query(None);
        let mut text = hidden.without(shown.as_str());
        let mut query = form_urlencoded::Serializer::new(String::new());
        for (name, value) in url.query_pairs() {
            let value = shown_value(&name, &value, provider, hidden);
            query.append_pair(&hidden.without(&name), &value);
        }
        let query = query.finish();
        if !query.is_empty() {
            text.push('?');
            text.push_str(&query);
        }
        Self(Value::String(text))
    }

    /// An address of a provider's file, the templates one after the other: where a setting stands that anybody may see,
    /// its value, and elsewhere [`MASK`].
    pub fn address(
        templates: &[&UrlTemplate],
        scope: &Scope<'_>,
        provider: &Provider,
        hidden: &Hidden,
    ) -> Self {
        let is_open = |variable: &Variable| match variable {
            Variable::ConnectionConfig(path) => is_open_field(&provider.connection_config, path.as_str()),
            Variable::IntegrationConfig(path) => is_open_field(&provider.integration_config, path.as_str()),
            Variable::OauthClientId => true,
            _ => false,
        };
        let mut shown = String::new();
        for template in templates {
            let part = template.show(scope, MASK, is_open);
            let part = part.unwrap_or_else(|| template.to_string());
            shown.truncate(shown.trim_end_matches('/').len());
            shown.push_str(&part);
        }
        Self(Value::String(cut(&hidden.without(&shown), LONGEST)))
    }

    /// Parameters by name; values as in [`Redacted::url`].
    pub fn params<'a>(
        params: impl IntoIterator<Item = (&'a str, &'a str)>,
        provider: Option<&Provider>,
        hidden: &Hidden,
    ) -> Self {
        let shown = params.into_iter().map(|(name, value)| {
            let value = shown_value(name, value, provider, hidden);
            (cut(&hidden.without(name), LONGEST), Value::String(value))
        });
        Self(Value::Object(shown.collect()))
    }

    /// The names in a provider's callback, with the values of those that tell of an error, but for what is hidden.
    pub fn callback<'a>(params: impl IntoIterator<Item = (&'a str, &'a str)>, hidden: &Hidden) -> Self {
        let shown = params.into_iter().take(50).map(|(name, value)| {
            let open = ERROR_PARAMS.contains(&name) || name == "iss" || name == "scope";
            let value = if open {
                cut(&hidden.without(value), LONGEST)
            } else {
                MASK.to_owned()
            };
            (cut(&hidden.without(name), LONGEST), Value::String(value))
        });
        Self(Value::Object(shown.collect()))
    }

    /// What a provider said about an error; `None` when it said nothing.
    pub fn said(said: &ProviderSaid) -> Option<Self> {
        let said = said.by_parameter();
        let said: Map<String, Value> = said
            .map(|(name, text)| (name.to_owned(), Value::from(text)))
            .collect();
        (!said.is_empty()).then_some(Self(Value::Object(said)))
    }

    /// A connection's config: values only of fields that the provider declares and does not declare secret.
    pub fn config(config: &Map<String, Value>, provider: &Provider) -> Self {
        let shown = config.iter().map(|(name, value)| {
            let declared = provider.connection_config.get(name.as_str());
            let open = declared.is_some_and(|field| !field.secret) || name == "oauth_scopes_override";
            let value = if open { cut_json(value) } else { Value::from(MASK) };
            (cut(name, LONGEST), value)
        });
        Self(Value::Object(shown.collect()))
    }

    /// Headers; values only of those known to be harmless.
    pub fn headers(headers: &HeaderMap) -> Self {
        let shown = headers.iter().map(|(name, value)| {
            let open = is_open_header(name);
            let value = value.to_str().ok().filter(|_| open);
            (
                name.to_string(),
                Value::String(value.map_or(MASK.to_owned(), |value| cut(value, LONGEST))),
            )
        });
        Self(Value::Object(shown.collect()))
    }

    /// Scopes, which are names and no secrets.
    pub fn scopes(scopes: &[String]) -> Self {
        Self(
            scopes
                .iter()
                .map(|scope| Value::String(cut(scope, LONGEST)))
                .collect(),
        )
    }

    /// A name that somebody gave: an id, a key, a label. Never a credential.
    pub fn name(name: &str) -> Self {
        Self(Value::String(cut(name, LONGEST)))
    }

    /// What a token endpoint gave, without what it gave it for.
    pub fn token_answer(answer: &TokenAnswer) -> Self {
        let members = [
            (
                "granted_scopes",
                answer.granted_scopes.as_deref().map(Self::scopes),
            ),
            (
                "expires_at",
                answer.expires_at.map(|at| Self::name(&at.to_rfc3339())),
            ),
            (
                "refresh_token",
                answer.refresh_token.as_ref().map(|_| Self::hidden()),
            ),
        ];
        Self::object(
            members
                .into_iter()
                .filter_map(|(name, value)| Some((name, value?))),
        )
    }

    /// A number.
    pub fn number(number: impl Into<i64>) -> Self {
        Self(Value::from(number.into()))
    }

    /// Something that is there and not shown.
    pub fn hidden() -> Self {
        Self(Value::from(MASK))
    }

    /// An object of such values.
    pub fn object<'a>(members: impl IntoIterator<Item = (&'a str, Redacted)>) -> Self {
        let members = members
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value.0));
        Self(Value::Object(members.collect()))
    }

    /// As the database keeps it.
    pub(super) fn into_json(self) -> Value {
        self.0
    }
}

/// A parameter's value: nothing of it, or what is left without what is hidden.
fn shown_value(name: &str, value: &str, provider: Option<&Provider>, hidden: &Hidden) -> String {
    if is_open(name, provider) {
        cut(&hidden.without(value), LONGEST)
    } else {
        MASK.to_owned()
    }
}

/// Whether a setting is declared, and not as secret.
fn is_open_field(declared: &Fields, name: &str) -> bool {
    declared.get(name).is_some_and(|field| !field.secret)
}

fn is_open(name: &str, provider: Option<&Provider>) -> bool {
    let declared = provider
        .and_then(|provider| provider.auth.oauth2())
        .is_some_and(|spec| spec.authorization_params.iter().any(|(known, _)| known == name));
    OPEN_PARAMS.contains(&name) || (declared && !is_telling(name))
}

/// Names under which a value is a secret even if a provider's file has it.
fn is_telling(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    [
        "secret",
        "token",
        "password",
        "key",
        "code",
        "state",
        "nonce",
        "assertion",
        "challenge",
    ]
    .iter()
    .any(|part| name.contains(part))
}

fn is_open_header(name: &HeaderName) -> bool {
    OPEN_HEADERS.contains(&name.as_str())
}

fn cut_json(value: &Value) -> Value {
    match value {
        Value::String(text) => Value::String(cut(text, LONGEST)),
        Value::Array(items) => items.iter().take(100).map(cut_json).collect(),
        Value::Object(_) => Value::from("{…}"),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use serde_json::json;
    use terapi_catalog::Catalogue;

    use super::*;

    #[test]
    fn an_address_keeps_what_is_known_to_be_harmless_and_nothing_else() {
        let url = "https://u:pw@acme.example/authorize?client_id=c&state=s&login_ticket=t&scope=a+b#frag";
        let open = Hidden::default();
        let shown = Redacted::url(&Url::parse(url).unwrap(), None, &open).into_json();
        assert_eq!(
            shown,
            "https://acme.example/authorize?client_id=c&state=%5Bredacted%5D&login_ticket=%5Bredacted%5D&scope=a+b"
        );
        let mut hidden = Hidden::default();
        hidden.add("Hush1ö");
        hidden.add("Hush1");
        let url =
            Url::parse("https://hush1.example/Hush1%C3%B6/x?client_id=a-hush1%c3%b6-b&y=Hush1").unwrap();
        assert_eq!(
            Redacted::url(&url, None, &hidden).into_json(),
            "https://[secret].example/[secret]/x?client_id=a-%5Bsecret%5D-b&y=%5Bredacted%5D"
        );
    }

    #[test]
    fn a_parameter_of_the_providers_file_is_shown_unless_its_name_tells_of_a_secret() {
        let catalogue = Catalogue::load(None).unwrap();
        let declared = catalogue.list().find_map(|provider| {
            let params = &provider.auth.oauth2()?.authorization_params;
            let mut names = params.iter().map(|(name, _)| name);
            let name = names.find(|name| !is_telling(name))?;
            Some((provider, name.to_owned()))
        });
        let (provider, name) = declared.expect("some file adds a parameter to the consent page");
        let given = [
            (name.as_str(), "x"),
            ("private_key", "hush"),
            ("whatever", "hush"),
        ];
        let shown = Redacted::params(given, Some(provider), &Hidden::default()).into_json();
        assert_eq!(shown, json!({ name: "x", "private_key": MASK, "whatever": MASK }));
    }

    #[test]
    fn headers_and_config_show_only_what_is_declared() {
        let mut headers = HeaderMap::new();
        headers.insert("x-api-key", HeaderValue::from_static("hush"));
        headers.insert("set-cookie", HeaderValue::from_static("hush"));
        headers.insert("content-type", HeaderValue::from_static("text/plain"));
        assert_eq!(
            Redacted::headers(&headers).into_json(),
            json!({ "x-api-key": MASK, "set-cookie": MASK, "content-type": "text/plain" })
        );
        let catalogue = Catalogue::load(None).unwrap();
        let acme = catalogue.get("acme").expect("the demo provider is built in");
        let config = json!({ "unheard_of": "hush", "oauth_scopes_override": ["a"] });
        let config = config.as_object().cloned().unwrap_or_default();
        assert_eq!(
            Redacted::config(&config, acme).into_json(),
            json!({ "unheard_of": MASK, "oauth_scopes_override": ["a"] })
        );
    }

    #[test]
    fn a_strangers_text_is_cut_and_has_no_control_characters() {
        let long = format!("a\0\u{1b}[31m{}", "b".repeat(9999));
        let Value::String(shown) = Redacted::name(&long).into_json() else {
            panic!("a name is a text")
        };
        assert_eq!(shown.chars().count(), LONGEST);
        assert!(shown.starts_with("a[31mb"));
    }
}
