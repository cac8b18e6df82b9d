//! The values a template is rendered with.

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};

use super::variable::Variable;

/// The values at hand when a template is rendered. Set what there is, leave the rest at its default:
/// `Scope { access_token: Some(token), ..Scope::default() }`. It has no `Debug`, since it borrows secrets.
#[derive(Clone, Copy, Default)]
pub struct Scope<'a> {
    /// The connection's config.
    pub connection_config: Option<&'a Map<String, Value>>,
    /// The integration's settings given by the operator, defaults applied (see [`crate::Fields::with_defaults`]).
    pub integration_config: Option<&'a Map<String, Value>>,
    /// The token response, or imported credentials.
    pub raw: Option<&'a Map<String, Value>>,
    /// Credential fields that have no place of their own below.
    pub credentials: Option<&'a Map<String, Value>>,
    /// OAuth 2 access token.
    pub access_token: Option<&'a str>,
    /// OAuth 2 refresh token.
    pub refresh_token: Option<&'a str>,
    /// The app registered at the provider.
    pub oauth_client_id: Option<&'a str>,
    /// Its secret.
    pub oauth_client_secret: Option<&'a str>,
    /// OAuth 1.0a token.
    pub oauth_token: Option<&'a str>,
    /// OAuth 1.0a token secret.
    pub oauth_token_secret: Option<&'a str>,
    /// The connection's API key.
    pub api_key: Option<&'a str>,
    /// The integration's API key.
    pub app_api_key: Option<&'a str>,
    /// User name of Basic credentials.
    pub username: Option<&'a str>,
    /// Password of Basic credentials.
    pub password: Option<&'a str>,
}

impl<'a> Scope<'a> {
    /// The text of a variable. `None` when it is absent, empty, or neither text, number nor boolean.
    pub(crate) fn get(&self, variable: &Variable) -> Option<Cow<'a, str>> {
        let plain = match variable {
            Variable::ConnectionConfig(path) => return path.find(self.connection_config?).and_then(text),
            Variable::IntegrationConfig(path) => return path.find(self.integration_config?).and_then(text),
            Variable::Raw(path) => return path.find(self.raw?).and_then(text),
            Variable::Credential(path) => return path.find(self.credentials?).and_then(text),
            Variable::BasicAuthEncoded => {
                let pair = format!("{}:{}", self.username?, self.password.unwrap_or_default());
                return Some(Cow::Owned(STANDARD.encode(pair)));
            }
            Variable::AccessToken => self.access_token,
            Variable::RefreshToken => self.refresh_token,
            Variable::OauthClientId => self.oauth_client_id,
            Variable::OauthClientSecret => self.oauth_client_secret,
            Variable::OauthToken => self.oauth_token,
            Variable::OauthTokenSecret => self.oauth_token_secret,
            Variable::ApiKey => self.api_key,
            Variable::AppApiKey => self.app_api_key,
            // An empty name or password is a value: many keys travel as one half of a Basic pair.
            Variable::Username => return self.username.map(Cow::Borrowed),
            Variable::Password => return self.password.map(Cow::Borrowed),
        };
        plain.filter(|text| !text.is_empty()).map(Cow::Borrowed)
    }
}

/// The text of a scalar; `None` for null, empty text and anything nested.
pub(crate) fn text(value: &Value) -> Option<Cow<'_, str>> {
    match value {
        Value::String(text) if !text.is_empty() => Some(Cow::Borrowed(text)),
        Value::Number(number) => Some(Cow::Owned(number.to_string())),
        Value::Bool(flag) => Some(Cow::Borrowed(if *flag { "true" } else { "false" })),
        _ => None,
    }
}
