//! Auth modes. This file is the one place that looks at the mode and goes to its own file; elsewhere nobody asks.

pub mod api_key;
pub mod basic;
pub mod oauth2;
mod provider_said;
mod setup;
mod token_answer;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderName, HeaderValue};
use serde_json::{Map, Value};
use terapi_catalog::{Param, Params, Provider, RenderError, Scope, Variable};
use terapi_model::{Issue, IssueCode};
use url::Url;

pub use provider_said::ProviderSaid;
pub(crate) use setup::{Setup, SetupError};
pub use token_answer::{TokenAnswer, TokenAnswerError};

use crate::credentials::{ClientCredentials, Credentials, OAuth1Credentials, OAuth2Credentials};
use crate::hidden::Hidden;

/// True when the credentials can be renewed without the end user (rest.md 12.2).
pub fn is_refreshable(credentials: &Credentials) -> bool {
    match credentials {
        Credentials::OAuth2(tokens) => tokens.refresh_token.is_some(),
        Credentials::ApiKey { .. }
        | Credentials::Basic { .. }
        | Credentials::ClientCredentials(_)
        | Credentials::OAuth1(_)
        | Credentials::Tba(_)
        | Credentials::None => false,
    }
}

/// Opened credentials together with what a request's templates may also name.
#[derive(Clone, Copy)]
pub struct Holder<'a> {
    /// The credentials.
    pub credentials: &'a Credentials,
    /// The connection's config.
    pub connection_config: &'a Map<String, Value>,
    /// The integration's settings, defaults applied.
    pub integration_config: &'a Map<String, Value>,
}

impl<'a> Holder<'a> {
    /// The values for templates of requests to the provider's API. `raw` is the parsed token answer.
    pub fn scope(&self, raw: &'a Map<String, Value>) -> Scope<'a> {
        let scope = Scope {
            connection_config: Some(self.connection_config),
            integration_config: Some(self.integration_config),
            app_api_key: self.integration_config.get("app_api_key").and_then(Value::as_str),
            ..Scope::default()
        };
        match self.credentials {
            Credentials::OAuth2(tokens) => Scope {
                raw: Some(raw),
                access_token: Some(tokens.access_token.expose()),
                ..scope
            },
            Credentials::ApiKey { api_key } => Scope {
                api_key: Some(api_key.expose()),
                ..scope
            },
            Credentials::Basic { username, password } => Scope {
                username: Some(username.expose()),
                password: Some(password.expose()),
                ..scope
            },
            Credentials::ClientCredentials(held) => Scope {
                raw: Some(raw),
                access_token: Some(held.token.expose()),
                oauth_client_id: Some(&held.client_id),
                oauth_client_secret: Some(held.client_secret.expose()),
                ..scope
            },
            Credentials::OAuth1(held) => Scope {
                raw: Some(raw),
                oauth_token: Some(held.oauth_token.expose()),
                oauth_token_secret: Some(held.oauth_token_secret.expose()),
                ..scope
            },
            Credentials::Tba(held) => Scope {
                oauth_token: Some(held.token_id.expose()),
                oauth_token_secret: Some(held.token_secret.expose()),
                ..scope
            },
            Credentials::None => scope,
        }
    }

    /// What must not be repeated of it: credentials, and settings that are declared secret.
    pub(crate) fn hidden(&self, provider: &Provider) -> Hidden {
        let mut hidden = Hidden::default();
        let raw = self.raw();
        let scope = self.scope(&raw);
        let credentials = [
            scope.access_token,
            scope.oauth_client_secret,
            scope.oauth_token,
            scope.oauth_token_secret,
            scope.api_key,
            scope.app_api_key,
            scope.username,
            scope.password,
        ];
        credentials
            .into_iter()
            .flatten()
            .for_each(|secret| hidden.add(secret));
        hidden.add_fields(self.integration_config, &provider.integration_config);
        hidden.add_fields(self.connection_config, &provider.connection_config);
        hidden
    }

    /// The token answer as members, for templates; empty for modes without one.
    pub fn raw(&self) -> Map<String, Value> {
        match self.credentials {
            Credentials::OAuth2(tokens) => raw_members(tokens),
            Credentials::ClientCredentials(ClientCredentials { raw, .. })
            | Credentials::OAuth1(OAuth1Credentials { raw, .. }) => {
                serde_json::from_str(raw.expose()).unwrap_or_default()
            }
            Credentials::ApiKey { .. }
            | Credentials::Basic { .. }
            | Credentials::Tba(_)
            | Credentials::None => Map::new(),
        }
    }
}

/// The token answer of these tokens as members; empty when it is not an object.
pub fn raw_members(tokens: &OAuth2Credentials) -> Map<String, Value> {
    serde_json::from_str(tokens.raw.expose()).unwrap_or_default()
}

/// Adds the provider's headers and query parameters to a request, and what proves the credentials: what the
/// provider's file says, or the mode's own `Authorization` header where it says nothing.
///
/// # Errors
/// When a header template makes a value that cannot be one.
pub fn authorize_request(
    provider: &Provider,
    holder: Holder<'_>,
    url: &mut Url,
    headers: &mut HeaderMap,
) -> Result<(), RenderError> {
    let raw = holder.raw();
    let scope = holder.scope(&raw);
    let requests = &provider.requests;
    add_headers(headers, &requests.headers, &scope)?;
    let query = requests.params.render(&scope)?;
    if !query.is_empty() {
        url.query_pairs_mut().extend_pairs(query);
    }
    let default = match holder.credentials {
        Credentials::OAuth2(tokens) => Some(format!("Bearer {}", tokens.access_token.expose())),
        Credentials::Basic { username, password } => Some(format!(
            "Basic {}",
            STANDARD.encode(format!("{}:{}", username.expose(), password.expose()))
        )),
        Credentials::ApiKey { api_key } => {
            let placed =
                names(&requests.headers, &Variable::ApiKey) || names(&requests.params, &Variable::ApiKey);
            (!placed).then(|| format!("Bearer {}", api_key.expose()))
        }
        Credentials::ClientCredentials(held) => Some(format!("Bearer {}", held.token.expose())),
        // Signed requests need the request as a whole; the catalogue takes no test call for these modes.
        Credentials::OAuth1(_) | Credentials::Tba(_) | Credentials::None => None,
    };
    if let Some(default) = default
        && !requests.headers.contains("authorization")
    {
        let mut value = HeaderValue::from_str(&default).map_err(|_| RenderError::HeaderControl)?;
        value.set_sensitive(true);
        headers.insert(AUTHORIZATION, value);
    }
    Ok(())
}

/// Adds rendered headers. They are marked as sensitive: a template may put a secret into any of them.
pub(crate) fn add_headers(
    headers: &mut HeaderMap,
    params: &Params,
    scope: &Scope<'_>,
) -> Result<(), RenderError> {
    for (name, value) in params.render(scope)? {
        let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| RenderError::HeaderControl)?;
        let mut value = HeaderValue::from_str(&value).map_err(|_| RenderError::HeaderControl)?;
        value.set_sensitive(true);
        headers.insert(name, value);
    }
    Ok(())
}

fn names(params: &Params, variable: &Variable) -> bool {
    params.iter().any(|(_, param)| match param {
        Param::Text(template) => template.variables().contains(variable),
        Param::Constant(_) => false,
    })
}

/// Checks what an end user typed into one of the provider's credential fields: size, characters, pattern. An empty
/// value takes the field's default. Returns the value to keep.
fn checked(
    provider: &Provider,
    field: &str,
    given: &str,
    least: usize,
    most: usize,
) -> Result<String, Issue> {
    let path = Provider::credential_wire_name(field);
    let declared = provider.credentials.get(field);
    let default = declared
        .and_then(|declared| declared.default_value.as_deref())
        .unwrap_or_default();
    let value = if given.is_empty() { default } else { given };
    let count = value.chars().count();
    if count < least {
        return Err(Issue::at([path], IssueCode::TooSmall, "is required"));
    }
    if count > most {
        return Err(Issue::at(
            [path],
            IssueCode::TooBig,
            format!("has at most {most} characters"),
        ));
    }
    if value.chars().any(char::is_control) {
        return Err(Issue::at(
            [path],
            IssueCode::InvalidFormat,
            "may not contain line breaks or control characters",
        ));
    }
    if let Some(declared) = declared.filter(|_| !value.is_empty()) {
        declared.check(value).map_err(|reason| {
            Issue::at([path], IssueCode::InvalidFormat, reason).with_pattern(declared.missed_pattern(value))
        })?;
    }
    Ok(value.to_owned())
}
