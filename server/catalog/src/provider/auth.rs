use serde_json::{Map, Value};
use terapi_model::AuthMode;

use super::params::{Params, Unset};
use super::reading::Declared;
use crate::document::{Data, Section};
use crate::template::{Path, UrlTemplate, Use};

/// How a provider lets a caller in: one variant a mode, holding only what that mode needs.
#[derive(Debug, Clone)]
pub enum AuthSpec {
    /// OAuth 2.0 authorization code.
    OAuth2(Box<OAuth2Spec>),
    /// A key; where it goes is up to `requests`, without any: `Authorization: Bearer`.
    ApiKey,
    /// User name and password, RFC 7617.
    Basic,
    /// OAuth 1.0a, RFC 5849.
    OAuth1(Box<OAuth1Spec>),
    /// OAuth 2.0 client credentials, RFC 6749 section 4.4.
    ClientCredentials(Box<ClientCredentialsSpec>),
    /// A token that an administrator issues by hand; requests are signed as in OAuth 1.0a.
    Tba(TbaSpec),
    /// No credentials.
    None,
}

impl AuthSpec {
    /// The mode's name.
    pub fn mode(&self) -> AuthMode {
        match self {
            AuthSpec::OAuth2(_) => AuthMode::OAuth2,
            AuthSpec::ApiKey => AuthMode::ApiKey,
            AuthSpec::Basic => AuthMode::Basic,
            AuthSpec::OAuth1(_) => AuthMode::OAuth1,
            AuthSpec::ClientCredentials(_) => AuthMode::OAuth2ClientCredentials,
            AuthSpec::Tba(_) => AuthMode::Tba,
            AuthSpec::None => AuthMode::None,
        }
    }

    /// The OAuth 2.0 data, when that is the mode.
    pub fn oauth2(&self) -> Option<&OAuth2Spec> {
        match self {
            AuthSpec::OAuth2(spec) => Some(spec),
            _ => None,
        }
    }

    /// Scopes proposed for a new integration.
    pub fn default_scopes(&self) -> &[String] {
        match self {
            AuthSpec::OAuth2(spec) => &spec.default_scopes,
            AuthSpec::OAuth1(spec) => &spec.default_scopes,
            AuthSpec::ClientCredentials(spec) => &spec.default_scopes,
            AuthSpec::ApiKey | AuthSpec::Basic | AuthSpec::Tba(_) | AuthSpec::None => &[],
        }
    }

    /// Scopes worth knowing.
    pub fn scopes(&self) -> &[ScopeInfo] {
        match self {
            AuthSpec::OAuth2(spec) => &spec.scopes,
            AuthSpec::OAuth1(spec) => &spec.scopes,
            AuthSpec::ClientCredentials(spec) => &spec.scopes,
            AuthSpec::ApiKey | AuthSpec::Basic | AuthSpec::Tba(_) | AuthSpec::None => &[],
        }
    }

    /// Every address that is called or shown before there is a connection.
    pub(super) fn addresses(&self) -> Vec<&UrlTemplate> {
        match self {
            AuthSpec::OAuth2(spec) => {
                let mut all = vec![&spec.authorization_url, &spec.token_url];
                all.extend(&spec.refresh_url);
                all
            }
            AuthSpec::OAuth1(spec) => vec![&spec.request_url, &spec.authorization_url, &spec.token_url],
            AuthSpec::ClientCredentials(spec) => vec![&spec.token_url],
            AuthSpec::ApiKey | AuthSpec::Basic | AuthSpec::Tba(_) | AuthSpec::None => Vec::new(),
        }
    }

    /// Whether this version lets end users connect in this mode. Others can be imported only.
    pub fn has_flow(&self) -> bool {
        matches!(
            self,
            AuthSpec::OAuth2(_) | AuthSpec::ApiKey | AuthSpec::Basic | AuthSpec::None
        )
    }

    /// The mode's own way to prove credentials in a single request is known, so that a test call can be made.
    pub(super) fn takes_verification(&self) -> bool {
        !matches!(self, AuthSpec::OAuth1(_) | AuthSpec::Tba(_))
    }

    pub(super) fn read(section: Section<'_>, declared: &Declared<'_>) -> Option<AuthSpec> {
        section.require("auth_mode")?;
        let name = section.text("auth_mode")?;
        let Some(mode) = AuthMode::from_wire(&name) else {
            let known = crate::document::nearest(&name, AuthMode::ALL.into_iter().map(AuthMode::as_wire));
            let hint = known
                .map(|known| format!(", did you mean `{known}`?"))
                .unwrap_or_default();
            section.complain("auth_mode", format!("there is no auth mode `{name}`{hint}"));
            return None;
        };
        let spec = match mode {
            AuthMode::OAuth2 => {
                OAuth2Spec::read(&section, declared).map(|spec| AuthSpec::OAuth2(Box::new(spec)))
            }
            AuthMode::ApiKey => Some(AuthSpec::ApiKey),
            AuthMode::Basic => Some(AuthSpec::Basic),
            AuthMode::OAuth1 => {
                OAuth1Spec::read(&section, declared).map(|spec| AuthSpec::OAuth1(Box::new(spec)))
            }
            AuthMode::OAuth2ClientCredentials => ClientCredentialsSpec::read(&section, declared)
                .map(|spec| AuthSpec::ClientCredentials(Box::new(spec))),
            AuthMode::Tba => Some(AuthSpec::Tba(TbaSpec {
                signature_method: read_signature(&section).unwrap_or(SignatureMethod::HmacSha256),
            })),
            AuthMode::None => Some(AuthSpec::None),
            later => {
                section.complain(
                    "auth_mode",
                    format!("{later} is not supported by this version yet"),
                );
                return None;
            }
        };
        section.finish();
        spec
    }
}

/// Proof Key for Code Exchange, RFC 7636.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pkce {
    /// `code_challenge_method=S256`.
    S256,
    /// Not sent.
    Off {
        /// Why: the file has to say.
        why: String,
    },
}

/// How the app proves itself at the token endpoint, RFC 6749 section 2.3.1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClientAuth {
    /// `client_id` and `client_secret` in the body.
    SecretPost,
    /// `Authorization: Basic`, id and secret form-encoded before base64.
    SecretBasic,
    /// `Authorization: Basic` of id and secret as they are, and both in the body as well.
    SecretBasicAndPost,
    /// `client_id` only: a public client.
    None,
}

/// How the body of a token request is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BodyFormat {
    /// `application/x-www-form-urlencoded`, as RFC 6749 has it.
    Form,
    /// JSON.
    Json,
}

/// A scope and what it is for, in our words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScopeInfo {
    /// As the provider spells it.
    pub name: String,
    /// One sentence.
    pub description: String,
}

/// Everything the authorization code flow needs to know about one provider.
#[derive(Debug, Clone)]
pub struct OAuth2Spec {
    /// The consent page. Its query, if it has one, is kept.
    pub authorization_url: UrlTemplate,
    /// The token endpoint.
    pub token_url: UrlTemplate,
    /// Parameters added to the consent page.
    pub authorization_params: Params,
    /// Parameters added to the code exchange. May replace `grant_type`.
    pub token_params: Params,
    /// Parameters added to a refresh. May replace `grant_type`. Absent: none are added.
    pub refresh_params: Option<Params>,
    /// Where tokens are refreshed, when it is not the token endpoint.
    pub refresh_url: Option<UrlTemplate>,
    /// Whether a code challenge is sent.
    pub pkce: Pkce,
    /// How the app proves itself.
    pub client_auth: ClientAuth,
    /// Body of the token request.
    pub body_format: BodyFormat,
    /// What joins scopes on the consent page.
    pub scope_separator: String,
    /// Scopes proposed for a new integration.
    pub default_scopes: Vec<String>,
    /// Scopes worth knowing.
    pub scopes: Vec<ScopeInfo>,
    /// Name of the code in the callback's query, `code` nearly everywhere.
    pub code_param: String,
    /// Where things stand in the token endpoint's answer.
    pub token_response: TokenResponse,
    /// Refresh this many seconds before the end of a token's life. Absent: decisions D15.
    pub token_expiration_buffer: Option<u64>,
    /// Seconds a token lives when the answer does not say.
    pub default_expires_in: Option<u64>,
    /// What the callback's `iss` has to be when there is one, RFC 9207 section 2.4. Compare with
    /// [`UrlTemplate::render_text`], which adds no slash.
    pub issuer: Option<UrlTemplate>,
    /// The consent page takes `user_scope` beside `scope`.
    pub user_scope: bool,
}

impl OAuth2Spec {
    fn read(section: &Section<'_>, declared: &Declared<'_>) -> Option<OAuth2Spec> {
        let url = |key, usage| declared.url(section.require(key)?, &section.path_of(key), usage);
        let authorization_url = url("authorization_url", Use::AuthorizeUrl);
        let token_url = url("token_url", Use::TokenUrl);
        let refresh_url = section
            .take("refresh_url")
            .and_then(|node| declared.url(node, &section.path_of("refresh_url"), Use::TokenUrl));
        let params = |key, usage| Params::read(section.section(key), usage, Unset::Fail, declared);
        let client_auth = read_client_auth(section);
        let refresh_params = section
            .take("refresh_params")
            .is_some()
            .then(|| params("refresh_params", Use::RefreshParams));
        let spec = OAuth2Spec {
            authorization_params: params("authorization_params", Use::AuthorizeParams),
            token_params: params("token_params", Use::TokenParams),
            refresh_params,
            refresh_url,
            pkce: read_pkce(section),
            client_auth,
            body_format: read_body_format(section),
            scope_separator: read_scope_separator(section),
            default_scopes: section.texts("default_scopes"),
            scopes: read_scopes(section),
            code_param: section.text("code_param").unwrap_or_else(|| "code".to_owned()),
            token_response: TokenResponse::read(section.section("token_response")),
            token_expiration_buffer: section.number("token_expiration_buffer"),
            default_expires_in: section.number("default_expires_in"),
            issuer: section
                .take("issuer")
                .and_then(|node| declared.url(node, &section.path_of("issuer"), Use::AuthorizeUrl)),
            user_scope: section.flag("user_scope").unwrap_or(false),
            authorization_url: authorization_url?,
            token_url: token_url?,
        };
        section.not_yet(&[
            "revoke",
            "introspect",
            "post_connect",
            "authorization_url_fragment",
            "token_headers",
        ]);
        Some(spec)
    }
}

fn read_client_auth(section: &Section<'_>) -> ClientAuth {
    let read = section.choice(
        "client_auth",
        &[
            ("client_secret_post", ClientAuth::SecretPost),
            ("client_secret_basic", ClientAuth::SecretBasic),
            ("client_secret_basic_and_post", ClientAuth::SecretBasicAndPost),
            ("none", ClientAuth::None),
        ],
    );
    read.unwrap_or(ClientAuth::SecretPost)
}

fn read_body_format(section: &Section<'_>) -> BodyFormat {
    section
        .choice(
            "body_format",
            &[("form", BodyFormat::Form), ("json", BodyFormat::Json)],
        )
        .unwrap_or(BodyFormat::Form)
}

fn read_scope_separator(section: &Section<'_>) -> String {
    section
        .raw_text("scope_separator")
        .unwrap_or_else(|| " ".to_owned())
}

fn read_signature(section: &Section<'_>) -> Option<SignatureMethod> {
    section.choice("signature_method", &SignatureMethod::NAMES)
}

/// How OAuth 1.0a requests are signed, RFC 5849 section 3.4.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignatureMethod {
    /// HMAC with SHA-1.
    HmacSha1,
    /// HMAC with SHA-256.
    HmacSha256,
    /// RSA with SHA-1: the client secret is the private key.
    RsaSha1,
    /// Both secrets as they are; over TLS only.
    Plaintext,
}

impl SignatureMethod {
    const NAMES: [(&'static str, SignatureMethod); 4] = [
        ("HMAC-SHA1", SignatureMethod::HmacSha1),
        ("HMAC-SHA256", SignatureMethod::HmacSha256),
        ("RSA-SHA1", SignatureMethod::RsaSha1),
        ("PLAINTEXT", SignatureMethod::Plaintext),
    ];

    /// The name in provider files and in requests.
    pub fn as_str(self) -> &'static str {
        Self::NAMES
            .iter()
            .find(|entry| entry.1 == self)
            .map_or("", |entry| entry.0)
    }
}

/// Everything OAuth 1.0a needs to know about one provider.
#[derive(Debug, Clone)]
pub struct OAuth1Spec {
    /// Where temporary credentials come from.
    pub request_url: UrlTemplate,
    /// The consent page.
    pub authorization_url: UrlTemplate,
    /// Where the token comes from.
    pub token_url: UrlTemplate,
    /// Parameters added to the request for temporary credentials.
    pub request_params: Params,
    /// Parameters added to the consent page.
    pub authorization_params: Params,
    /// Method of the request for temporary credentials: `POST` or `GET`.
    pub request_method: &'static str,
    /// Method of the request for the token: `POST` or `GET`.
    pub token_method: &'static str,
    /// How requests are signed.
    pub signature_method: SignatureMethod,
    /// What joins scopes on the consent page.
    pub scope_separator: String,
    /// Scopes proposed for a new integration.
    pub default_scopes: Vec<String>,
    /// Scopes worth knowing.
    pub scopes: Vec<ScopeInfo>,
}

impl OAuth1Spec {
    fn read(section: &Section<'_>, declared: &Declared<'_>) -> Option<OAuth1Spec> {
        let url = |key, usage| declared.url(section.require(key)?, &section.path_of(key), usage);
        let request_url = url("request_url", Use::TokenUrl);
        let authorization_url = url("authorization_url", Use::AuthorizeUrl);
        let token_url = url("token_url", Use::TokenUrl);
        let params = |key, usage| Params::read(section.section(key), usage, Unset::Fail, declared);
        let method = |key| {
            section
                .choice(key, &[("POST", "POST"), ("GET", "GET")])
                .unwrap_or("POST")
        };
        Some(OAuth1Spec {
            request_params: params("request_params", Use::TokenParams),
            authorization_params: params("authorization_params", Use::AuthorizeParams),
            request_method: method("request_method"),
            token_method: method("token_method"),
            signature_method: read_signature(section).unwrap_or(SignatureMethod::HmacSha1),
            scope_separator: read_scope_separator(section),
            default_scopes: section.texts("default_scopes"),
            scopes: read_scopes(section),
            request_url: request_url?,
            authorization_url: authorization_url?,
            token_url: token_url?,
        })
    }
}

/// Everything the client credentials grant needs to know about one provider. The client is the end user's own.
#[derive(Debug, Clone)]
pub struct ClientCredentialsSpec {
    /// The token endpoint.
    pub token_url: UrlTemplate,
    /// Parameters added to the token request. May replace `grant_type`.
    pub token_params: Params,
    /// How the client proves itself.
    pub client_auth: ClientAuth,
    /// Body of the token request.
    pub body_format: BodyFormat,
    /// What joins scopes in the token request.
    pub scope_separator: String,
    /// Scopes proposed for a new integration.
    pub default_scopes: Vec<String>,
    /// Scopes worth knowing.
    pub scopes: Vec<ScopeInfo>,
    /// Where things stand in the token endpoint's answer.
    pub token_response: TokenResponse,
    /// Ask for another token this many seconds before the end of one's life. Absent: decisions D15.
    pub token_expiration_buffer: Option<u64>,
    /// Seconds a token lives when the answer does not say.
    pub default_expires_in: Option<u64>,
}

impl ClientCredentialsSpec {
    fn read(section: &Section<'_>, declared: &Declared<'_>) -> Option<ClientCredentialsSpec> {
        let token_url = declared.url(
            section.require("token_url")?,
            &section.path_of("token_url"),
            Use::TokenUrl,
        );
        let token_params = section.section("token_params");
        let spec = ClientCredentialsSpec {
            token_params: Params::read(token_params, Use::TokenParams, Unset::Fail, declared),
            client_auth: read_client_auth(section),
            body_format: read_body_format(section),
            scope_separator: read_scope_separator(section),
            default_scopes: section.texts("default_scopes"),
            scopes: read_scopes(section),
            token_response: TokenResponse::read(section.section("token_response")),
            token_expiration_buffer: section.number("token_expiration_buffer"),
            default_expires_in: section.number("default_expires_in"),
            token_url: token_url?,
        };
        section.not_yet(&["token_headers", "revoke"]);
        Some(spec)
    }
}

/// What token-based authentication needs to know about one provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TbaSpec {
    /// How requests are signed.
    pub signature_method: SignatureMethod,
}

fn read_pkce(section: &Section<'_>) -> Pkce {
    let Some(node) = section.take("pkce") else {
        return Pkce::S256;
    };
    match &node.data {
        Data::Scalar(Value::String(word)) if word == "S256" => Pkce::S256,
        Data::Map(_) => {
            let off = section.section("pkce");
            let why = off
                .as_ref()
                .and_then(|off| off.require("off").and_then(|_| off.text("off")));
            if let Some(off) = off {
                off.finish();
            }
            Pkce::Off {
                why: why.unwrap_or_default(),
            }
        }
        _ => {
            section.complain("pkce", "expected `S256` or `{off: \"why\"}`");
            Pkce::S256
        }
    }
}

fn read_scopes(section: &Section<'_>) -> Vec<ScopeInfo> {
    let Some(scopes) = section.section("scopes") else {
        return Vec::new();
    };
    let described = scopes.entries().iter().filter_map(|entry| {
        let description = super::params::text_of(&entry.node, &scopes.path_of(&entry.key), &scopes)?;
        Some(ScopeInfo {
            name: entry.key.clone(),
            description: description.trim().to_owned(),
        })
    });
    described.collect()
}

/// Where things stand in the token endpoint's answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenResponse {
    /// Objects to look in when the answer itself has no access token, in this order (Slack's `authed_user`).
    pub alternates: Vec<Path>,
    /// Path of the access token in the object.
    pub access_token: Path,
    /// Path of the refresh token.
    pub refresh_token: Path,
    /// Path of the lifetime in seconds.
    pub expires_in: Path,
    /// Path of the granted scopes.
    pub scope: Path,
    /// An answer that says 200 and means failure.
    pub fails_when: Option<FailsWhen>,
}

/// A value that marks an answer as a failure: Slack's `ok: false`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailsWhen {
    /// Path of the marker.
    pub path: Path,
    /// The value that means failure.
    pub equals: Value,
    /// Path of the provider's error code, for people.
    pub error: Option<Path>,
}

impl Default for TokenResponse {
    fn default() -> Self {
        let path = |text| Path::parse(text).expect("the standard names are paths");
        TokenResponse {
            alternates: Vec::new(),
            access_token: path("access_token"),
            refresh_token: path("refresh_token"),
            expires_in: path("expires_in"),
            scope: path("scope"),
            fails_when: None,
        }
    }
}

impl TokenResponse {
    fn read(section: Option<Section<'_>>) -> TokenResponse {
        let mut response = TokenResponse::default();
        let Some(section) = section else { return response };
        response.alternates = section
            .texts("alternates")
            .iter()
            .filter_map(|text| path_in(&section, "alternates", text))
            .collect();
        for (key, slot) in [
            ("access_token", &mut response.access_token),
            ("refresh_token", &mut response.refresh_token),
            ("expires_in", &mut response.expires_in),
            ("scope", &mut response.scope),
        ] {
            if let Some(path) = section.text(key).and_then(|text| path_in(&section, key, &text)) {
                *slot = path;
            }
        }
        response.fails_when = section.section("fails_when").and_then(|fails| {
            fails.require("path");
            let path = fails.text("path").and_then(|text| path_in(&fails, "path", &text));
            let equals = fails.require("equals").map(crate::document::Node::to_json);
            let error = fails
                .text("error")
                .and_then(|text| path_in(&fails, "error", &text));
            fails.finish();
            Some(FailsWhen {
                path: path?,
                equals: equals?,
                error,
            })
        });
        section.finish();
        response
    }

    /// The object that holds the access token: the answer itself, or the first alternate that has one.
    pub fn object<'r>(&self, answer: &'r Map<String, Value>) -> Option<&'r Map<String, Value>> {
        let holds = |object: &&Map<String, Value>| {
            self.access_token
                .find(object)
                .and_then(Value::as_str)
                .is_some_and(|token| !token.is_empty())
        };
        std::iter::once(answer)
            .chain(
                self.alternates
                    .iter()
                    .filter_map(|path| path.find(answer)?.as_object()),
            )
            .find(holds)
    }

    /// The provider's error code when the answer says it failed in spite of its status; empty when it names none.
    pub fn failure(&self, answer: &Map<String, Value>) -> Option<String> {
        let fails = self.fails_when.as_ref()?;
        (fails.path.find(answer)? == &fails.equals).then(|| {
            let error = fails
                .error
                .as_ref()
                .and_then(|path| path.find(answer))
                .and_then(Value::as_str);
            error.unwrap_or_default().to_owned()
        })
    }
}

pub(super) fn path_in(section: &Section<'_>, key: &str, text: &str) -> Option<Path> {
    let path = Path::parse(text);
    if path.is_none() {
        section.complain(key, format!("`{text}` is not a dotted path"));
    }
    path
}
