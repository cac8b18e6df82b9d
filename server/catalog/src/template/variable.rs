//! The names a placeholder can hold, and which of them each kind of text may use.

use std::fmt;

use serde_json::{Map, Value};

/// A dotted path into JSON: `team.id`. A key that itself contains dots (`installation.uuid`) is found too.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Path(String);

impl Path {
    /// Reads a path of letters, digits, `_` and `-`, separated by dots. `None` when it is anything else.
    pub fn parse(text: &str) -> Option<Path> {
        let segment = |part: &str| {
            !part.is_empty()
                && part
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b"_-".contains(&b))
        };
        (text.len() <= 200 && text.split('.').all(segment)).then(|| Path(text.to_owned()))
    }

    /// The path as it was written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The value at this path of an object.
    pub fn find<'a>(&self, object: &'a Map<String, Value>) -> Option<&'a Value> {
        find(&self.0, object)
    }

    /// The value at this path of any JSON value; `None` when it is no object.
    pub fn find_in<'a>(&self, value: &'a Value) -> Option<&'a Value> {
        self.find(value.as_object()?)
    }
}

fn find<'a>(path: &str, object: &'a Map<String, Value>) -> Option<&'a Value> {
    if let Some(value) = object.get(path) {
        return Some(value);
    }
    path.match_indices('.')
        .find_map(|(dot, _)| find(&path[dot + 1..], object.get(&path[..dot])?.as_object()?))
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A value a template can ask for. One internal name each; the contract's spellings are read as aliases.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Variable {
    /// `connection_config.x`: given by the person who connects, or kept from the provider's answers.
    ConnectionConfig(Path),
    /// `integration_config.x`: given by the operator.
    IntegrationConfig(Path),
    /// `raw.x`: any value of the token response, or of imported credentials.
    Raw(Path),
    /// `credentials.x`: a field of the mode that has no name of its own here.
    Credential(Path),
    /// `access_token`
    AccessToken,
    /// `refresh_token`
    RefreshToken,
    /// `oauth_client_id`
    OauthClientId,
    /// `oauth_client_secret`
    OauthClientSecret,
    /// `oauth_token` (OAuth 1.0a)
    OauthToken,
    /// `oauth_token_secret` (OAuth 1.0a)
    OauthTokenSecret,
    /// `api_key`: the connection's own key.
    ApiKey,
    /// `app_api_key`: one key for the whole integration.
    AppApiKey,
    /// `username`
    Username,
    /// `password`
    Password,
    /// `basic_auth_encoded`: base64 of `username:password`.
    BasicAuthEncoded,
}

/// Internal name, the contract's name, variant: for the names that take no path.
const PLAIN: [(&str, &str, Variable); 11] = [
    ("access_token", "accessToken", Variable::AccessToken),
    ("refresh_token", "refreshToken", Variable::RefreshToken),
    ("oauth_client_id", "clientId", Variable::OauthClientId),
    ("oauth_client_secret", "clientSecret", Variable::OauthClientSecret),
    ("oauth_token", "oauthToken", Variable::OauthToken),
    (
        "oauth_token_secret",
        "oauthTokenSecret",
        Variable::OauthTokenSecret,
    ),
    ("api_key", "apiKey", Variable::ApiKey),
    ("app_api_key", "appApiKey", Variable::AppApiKey),
    ("username", "username", Variable::Username),
    ("password", "password", Variable::Password),
    (
        "basic_auth_encoded",
        "basicAuthEncoded",
        Variable::BasicAuthEncoded,
    ),
];

impl Variable {
    /// Reads a name in either spelling. `None` when there is no such name.
    pub fn parse(name: &str) -> Option<Variable> {
        if let Some((_, _, variable)) = PLAIN
            .iter()
            .find(|(ours, wire, _)| name == *ours || name == *wire)
        {
            return Some(variable.clone());
        }
        let (space, path) = name.split_once('.')?;
        match space {
            "connection_config" | "connectionConfig" => Path::parse(path).map(Variable::ConnectionConfig),
            "integration_config" | "integrationConfig" => Path::parse(path).map(Variable::IntegrationConfig),
            "raw" => Path::parse(path).map(Variable::Raw),
            "credentials" => match path.strip_prefix("raw.") {
                Some(inner) => Path::parse(inner).map(Variable::Raw),
                None => PLAIN
                    .iter()
                    .find(|(ours, wire, _)| path == *ours || path == *wire)
                    .map(|(_, _, variable)| variable.clone())
                    .or_else(|| Path::parse(path).map(Variable::Credential)),
            },
            _ => None,
        }
    }

    /// The name of the contract, as published clients read it in `GET /providers`.
    pub fn wire_name(&self) -> String {
        match self {
            Variable::ConnectionConfig(path) => format!("connectionConfig.{path}"),
            Variable::IntegrationConfig(path) => format!("integrationConfig.{path}"),
            Variable::Raw(path) => format!("credentials.raw.{path}"),
            Variable::Credential(path) => format!("credentials.{path}"),
            plain => PLAIN
                .iter()
                .find(|entry| entry.2 == *plain)
                .map_or("", |entry| entry.1)
                .to_owned(),
        }
    }

    /// Whether the value proves who is calling.
    pub fn is_credential(&self) -> bool {
        !matches!(
            self,
            Variable::ConnectionConfig(_)
                | Variable::IntegrationConfig(_)
                | Variable::Raw(_)
                | Variable::OauthClientId
                | Variable::Username
        )
    }

    /// Every name without a path, for "did you mean".
    pub(crate) fn plain_names() -> impl Iterator<Item = &'static str> {
        PLAIN.iter().map(|entry| entry.0)
    }
}

impl fmt::Display for Variable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Variable::ConnectionConfig(path) => write!(f, "connection_config.{path}"),
            Variable::IntegrationConfig(path) => write!(f, "integration_config.{path}"),
            Variable::Raw(path) => write!(f, "raw.{path}"),
            Variable::Credential(path) => write!(f, "credentials.{path}"),
            plain => f.write_str(
                PLAIN
                    .iter()
                    .find(|entry| entry.2 == *plain)
                    .map_or("", |entry| entry.0),
            ),
        }
    }
}

/// What a template is for. It decides which names may stand in it: a secret in an address that a browser sees is
/// refused when the file is loaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Use {
    /// The address of the consent page.
    AuthorizeUrl,
    /// Query parameters of the consent page.
    AuthorizeParams,
    /// The token endpoint, also for refreshing.
    TokenUrl,
    /// The body of the token request.
    TokenParams,
    /// The body of the refresh request.
    RefreshParams,
    /// The root of the provider's API, and paths below it.
    BaseUrl,
    /// A header of a request to the provider's API.
    Header,
    /// A query parameter of a request to the provider's API.
    Query,
}

impl Use {
    /// Whether a template of this use may name the variable.
    pub fn allows(self, variable: &Variable) -> bool {
        use Variable::{
            ApiKey, AppApiKey, ConnectionConfig, Credential, IntegrationConfig, OauthClientId,
            OauthClientSecret, Raw, RefreshToken, Username,
        };
        match self {
            Use::AuthorizeUrl | Use::TokenUrl => {
                matches!(variable, ConnectionConfig(_) | IntegrationConfig(_))
            }
            Use::AuthorizeParams => matches!(
                variable,
                ConnectionConfig(_) | IntegrationConfig(_) | OauthClientId
            ),
            Use::TokenParams => matches!(
                variable,
                ConnectionConfig(_) | IntegrationConfig(_) | OauthClientId | OauthClientSecret | AppApiKey
            ),
            Use::RefreshParams => matches!(
                variable,
                ConnectionConfig(_)
                    | IntegrationConfig(_)
                    | OauthClientId
                    | OauthClientSecret
                    | AppApiKey
                    | Raw(_)
                    | RefreshToken
            ),
            Use::BaseUrl => matches!(
                variable,
                ConnectionConfig(_)
                    | IntegrationConfig(_)
                    | Raw(_)
                    | Credential(_)
                    | ApiKey
                    | AppApiKey
                    | Username
            ),
            Use::Header | Use::Query => !matches!(variable, RefreshToken),
        }
    }

    /// How the use is called in error messages.
    pub fn describe(self) -> &'static str {
        match self {
            Use::AuthorizeUrl => "an authorization URL",
            Use::AuthorizeParams => "authorization parameters",
            Use::TokenUrl => "a token URL",
            Use::TokenParams => "token parameters",
            Use::RefreshParams => "refresh parameters",
            Use::BaseUrl => "a base URL or path",
            Use::Header => "a request header",
            Use::Query => "a request parameter",
        }
    }
}
