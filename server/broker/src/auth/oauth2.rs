//! OAuth 2.0 authorization code with PKCE (RFC 6749 section 4.1, RFC 7636, RFC 9700): what is sent to a provider and
//! how its answer is read. Pure but for the three functions that send.
//!
//! The `oauth2` crate has the challenge, the consent page's address and the words for errors. Token requests are written
//! here: docs/DECISIONS.md says why.

use std::collections::BTreeMap;

use ::oauth2::basic::BasicClient;
use ::oauth2::{AuthUrl, ClientId, CsrfToken, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, Method};
use serde_json::{Map, Value};
use terapi_catalog::{BodyFormat, ClientAuth, OAuth2Spec, Params, Pkce, Provider, RenderError, Scope};
use terapi_model::Timestamp;
use terapi_vault::{Entropy, SecretString, token};
use url::Url;
use url::form_urlencoded;

use super::token_answer::{TokenAnswer, TokenAnswerError};
use crate::egress::{Egress, EgressError, Outbound};
use crate::hidden::Hidden;
use crate::operations::{Redacted, Trail};

/// Parameters of the consent page that a caller cannot replace: they tie the answer to this attempt, and another
/// response type would be another flow (RFC 9700 section 2.1.2). A request object would replace all of them at once
/// (RFC 9101 section 6.3).
const OURS: [&str; 8] = [
    "response_type",
    "client_id",
    "redirect_uri",
    "state",
    "code_challenge",
    "code_challenge_method",
    "request",
    "request_uri",
];

/// Those of them that a provider's file cannot replace either: any other challenge would fit no verifier.
const PKCE: [&str; 2] = ["code_challenge", "code_challenge_method"];

/// The word that published clients send for "leave this parameter out".
pub const REMOVE: &str = "undefined";

/// The app registered at the provider, and the values its templates may use.
#[derive(Clone, Copy)]
pub struct App<'a> {
    /// Client id.
    pub client_id: &'a str,
    /// Client secret; public clients have none.
    pub client_secret: Option<&'a SecretString>,
    /// The connection's config.
    pub connection_config: &'a Map<String, Value>,
    /// The integration's settings, defaults applied.
    pub integration_config: &'a Map<String, Value>,
}

impl<'a> App<'a> {
    fn scope(&self) -> Scope<'a> {
        Scope {
            connection_config: Some(self.connection_config),
            integration_config: Some(self.integration_config),
            oauth_client_id: Some(self.client_id),
            oauth_client_secret: self.client_secret.map(|secret| secret.expose().as_str()),
            ..Scope::default()
        }
    }
}

/// What one start of the flow adds to the provider's definition.
pub struct Authorization<'a> {
    /// Where the provider sends the browser back to.
    pub redirect_uri: &'a str,
    /// The single-use state (RFC 6749 section 10.12).
    pub state: &'a SecretString,
    /// The PKCE verifier, when the provider takes a challenge.
    pub verifier: Option<&'a PkceCodeVerifier>,
    /// Scopes to ask for.
    pub scopes: &'a [String],
    /// Scopes on behalf of the user, for providers that know two kinds.
    pub user_scope: Option<&'a str>,
    /// Parameters of the caller or the session; the text `undefined` removes one.
    pub params: &'a BTreeMap<String, String>,
}

/// Tokens could not be obtained.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ExchangeError {
    /// The request could not be written.
    #[error(transparent)]
    Template(#[from] RenderError),
    /// No answer came.
    #[error(transparent)]
    Egress(#[from] EgressError),
    /// The answer has no tokens in it.
    #[error(transparent)]
    Answer(#[from] TokenAnswerError),
}

impl ExchangeError {
    /// True when the provider said that the grant is dead.
    pub fn is_invalid_grant(&self) -> bool {
        matches!(self, Self::Answer(answer) if answer.is_invalid_grant())
    }
}

/// A new PKCE verifier of 256 bits (RFC 7636 section 4.1), where the provider takes a challenge.
pub fn new_verifier(spec: &OAuth2Spec, entropy: &dyn Entropy) -> Option<PkceCodeVerifier> {
    match spec.pkce {
        Pkce::S256 => Some(PkceCodeVerifier::new(
            token::base64url(entropy, 32).expose().clone(),
        )),
        Pkce::Off { .. } => None,
    }
}

/// True when `token_params` ask for something else than the code exchange.
pub fn has_foreign_grant(spec: &OAuth2Spec, app: App<'_>) -> Result<bool, RenderError> {
    let params = spec.token_params.render(&app.scope())?;
    Ok(params
        .iter()
        .any(|(name, value)| name == "grant_type" && value != "authorization_code"))
}

/// The issuer an answer must name, where the provider's file declares one (RFC 9207). Without the slash that a bare
/// origin is written with as an address, since issuers are compared as text.
///
/// # Errors
/// When its template lacks a value.
pub fn issuer(spec: &OAuth2Spec, app: App<'_>) -> Result<Option<String>, RenderError> {
    let Some(template) = &spec.issuer else {
        return Ok(None);
    };
    let url = template.render(&app.scope())?;
    let text = url.as_str();
    Ok(Some(
        if url.path() == "/" {
            text.trim_end_matches('/')
        } else {
            text
        }
        .to_owned(),
    ))
}

/// The consent page's address (RFC 6749 section 4.1.1). Later wins: the template's own query, ours, the provider's
/// `authorization_params`, `user_scope`, the caller's; nobody replaces the challenge. `scope` is left out when there
/// is none.
///
/// # Errors
/// When a template lacks a value or makes no acceptable address.
pub fn authorize_url(spec: &OAuth2Spec, app: App<'_>, with: &Authorization<'_>) -> Result<Url, RenderError> {
    let scope = app.scope();
    let mut page = spec.authorization_url.render(&scope)?;
    let mut query = Pairs(page.query_pairs().into_owned().collect());
    page.set_query(None);
    let redirect_uri = RedirectUrl::new(with.redirect_uri.to_owned()).map_err(|_| RenderError::NotUrl)?;
    let client = BasicClient::new(ClientId::new(app.client_id.to_owned()))
        .set_auth_uri(AuthUrl::from_url(page))
        .set_redirect_uri(redirect_uri);
    let mut request = client.authorize_url(|| CsrfToken::new(with.state.expose().clone()));
    if let Some(verifier) = with.verifier {
        request = request.set_pkce_challenge(PkceCodeChallenge::from_code_verifier_sha256(verifier));
    }
    if !with.scopes.is_empty() {
        // Not as the crate's scopes: it knows no separator but the space.
        request = request.add_extra_param("scope", with.scopes.join(&spec.scope_separator));
    }
    let (mut url, _) = request.url();
    // From here on by hand: the crate appends, and what follows replaces and removes.
    for (name, value) in url.query_pairs() {
        query.set(&name, &value);
    }
    let declared = spec.authorization_params.render(&scope)?;
    for (name, value) in declared.iter().filter(|(name, _)| !PKCE.contains(&name.as_str())) {
        query.set(name, value);
    }
    if let Some(user_scope) = with.user_scope {
        query.set("user_scope", user_scope);
    }
    for (name, value) in with
        .params
        .iter()
        .filter(|(name, _)| !OURS.contains(&name.as_str()))
    {
        match value.as_str() {
            REMOVE => query.remove(name),
            value => query.set(name, value),
        }
    }
    url.set_query(None);
    url.query_pairs_mut().extend_pairs(query.0);
    Ok(url)
}

/// Where a token request is sent from, and what it leaves behind.
pub(crate) struct Asking<'a, 'b> {
    /// The way out.
    pub(crate) egress: &'a Egress,
    /// Whose settings stand in the address.
    pub(crate) provider: &'a Provider,
    /// What the answer may not repeat.
    pub(crate) hidden: &'a Hidden,
    /// Gets a line of the request: its parameters are `about`.
    pub(crate) trail: &'a mut Trail<'b>,
    /// What the line says of it.
    pub(crate) about: Redacted,
}

/// Exchanges a code for tokens (RFC 6749 section 4.1.3).
///
/// # Errors
/// [`ExchangeError`].
pub(crate) async fn exchange_code(
    asking: Asking<'_, '_>,
    spec: &OAuth2Spec,
    app: App<'_>,
    code: &SecretString,
    redirect_uri: &str,
    verifier: Option<&PkceCodeVerifier>,
    now: impl Fn() -> Timestamp,
) -> Result<TokenAnswer, ExchangeError> {
    let request = code_request(spec, app, code, redirect_uri, verifier)?;
    let shown = Redacted::address(&[&spec.token_url], &app.scope(), asking.provider, asking.hidden);
    ask(asking, spec, request, shown, now).await
}

/// Exchanges a refresh token for tokens (RFC 6749 section 6). `raw` is the answer that brought it.
///
/// # Errors
/// [`ExchangeError`].
pub(crate) async fn refresh(
    asking: Asking<'_, '_>,
    spec: &OAuth2Spec,
    app: App<'_>,
    refresh_token: &SecretString,
    raw: &Map<String, Value>,
    now: impl Fn() -> Timestamp,
) -> Result<TokenAnswer, ExchangeError> {
    let request = refresh_request(spec, app, refresh_token, raw)?;
    let scope = Scope {
        raw: Some(raw),
        ..app.scope()
    };
    let url = spec.refresh_url.as_ref().unwrap_or(&spec.token_url);
    let shown = Redacted::address(&[url], &scope, asking.provider, asking.hidden);
    ask(asking, spec, request, shown, now).await
}

/// Sends a token request, whose address may be `shown` so.
async fn ask(
    asking: Asking<'_, '_>,
    spec: &OAuth2Spec,
    request: Outbound,
    shown: Redacted,
    now: impl Fn() -> Timestamp,
) -> Result<TokenAnswer, ExchangeError> {
    let Asking {
        egress,
        hidden,
        trail,
        about,
        ..
    } = asking;
    let call = trail.call(&request.method, shown, &request.headers);
    let answer = egress.send(request).await;
    let seen = answer.as_ref().ok();
    let seen = seen.map(|answer| (answer.status, &answer.headers));
    trail.exchanged("Tokens requested", call, seen, Some(about));
    let answer = answer.map_err(|error| error.without(hidden))?;
    let content_type = answer
        .headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    let (shape, life) = (&spec.token_response, spec.default_expires_in);
    Ok(TokenAnswer::read(
        answer.status,
        content_type,
        &answer.body,
        shape,
        life,
        hidden,
        now(),
    )?)
}

fn code_request(
    spec: &OAuth2Spec,
    app: App<'_>,
    code: &SecretString,
    redirect_uri: &str,
    verifier: Option<&PkceCodeVerifier>,
) -> Result<Outbound, RenderError> {
    let scope = app.scope();
    let mut body = Body::of(spec, app);
    body.set("grant_type", "authorization_code");
    body.set("code", code.expose());
    body.set("redirect_uri", redirect_uri);
    if let Some(verifier) = verifier {
        body.set("code_verifier", verifier.secret());
    }
    body.extend(&spec.token_params, &scope)?;
    Ok(body.into_request(spec, app, spec.token_url.render(&scope)?))
}

/// With `refresh_params`, or else with `token_params` but for their `grant_type`, which is the code's.
fn refresh_request(
    spec: &OAuth2Spec,
    app: App<'_>,
    refresh_token: &SecretString,
    raw: &Map<String, Value>,
) -> Result<Outbound, RenderError> {
    let scope = Scope {
        raw: Some(raw),
        refresh_token: Some(refresh_token.expose()),
        ..app.scope()
    };
    let mut body = Body::of(spec, app);
    body.set("refresh_token", refresh_token.expose());
    match &spec.refresh_params {
        Some(params) => {
            body.set("grant_type", "refresh_token");
            body.extend(params, &scope)?;
        }
        None => {
            body.extend(&spec.token_params, &scope)?;
            body.set("grant_type", "refresh_token");
        }
    }
    let url = spec
        .refresh_url
        .as_ref()
        .unwrap_or(&spec.token_url)
        .render(&scope)?;
    Ok(body.into_request(spec, app, url))
}

/// Names and values in order, each name once.
struct Pairs(Vec<(String, String)>);

impl Pairs {
    fn set(&mut self, name: &str, value: &str) {
        match self.0.iter_mut().find(|(known, _)| known == name) {
            Some(pair) => value.clone_into(&mut pair.1),
            None => self.0.push((name.to_owned(), value.to_owned())),
        }
    }

    fn remove(&mut self, name: &str) {
        self.0.retain(|(known, _)| known != name);
    }
}

/// The body of a token request, with the app's proof in it where that belongs there.
struct Body(Map<String, Value>);

impl Body {
    fn of(spec: &OAuth2Spec, app: App<'_>) -> Self {
        let mut body = Self(Map::new());
        match spec.client_auth {
            ClientAuth::SecretPost | ClientAuth::SecretBasicAndPost => {
                body.set("client_id", app.client_id);
                if let Some(secret) = app.client_secret {
                    body.set("client_secret", secret.expose());
                }
            }
            ClientAuth::None => body.set("client_id", app.client_id),
            ClientAuth::SecretBasic => {}
        }
        body
    }

    fn set(&mut self, name: &str, value: &str) {
        self.0.insert(name.to_owned(), Value::String(value.to_owned()));
    }

    fn extend(&mut self, params: &Params, scope: &Scope<'_>) -> Result<(), RenderError> {
        self.0.extend(params.render_json(scope)?);
        Ok(())
    }

    fn into_request(self, spec: &OAuth2Spec, app: App<'_>, url: Url) -> Outbound {
        let (content_type, body) = match spec.body_format {
            BodyFormat::Json => ("application/json", Value::Object(self.0).to_string().into_bytes()),
            BodyFormat::Form => {
                let mut form = form_urlencoded::Serializer::new(String::new());
                for (name, value) in &self.0 {
                    match value {
                        Value::String(text) => form.append_pair(name, text),
                        other => form.append_pair(name, &other.to_string()),
                    };
                }
                ("application/x-www-form-urlencoded", form.finish().into_bytes())
            }
        };
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        if let Some(proof) = basic_proof(spec, app) {
            headers.insert(AUTHORIZATION, proof);
        }
        Outbound {
            method: Method::POST,
            url,
            headers,
            body,
        }
    }
}

/// `Authorization: Basic` of the app. RFC 6749 section 2.3.1 form-encodes both parts first; providers that want both
/// header and body do not.
fn basic_proof(spec: &OAuth2Spec, app: App<'_>) -> Option<HeaderValue> {
    let secret = app.client_secret.map_or("", |secret| secret.expose());
    let pair = match spec.client_auth {
        ClientAuth::SecretBasic => format!("{}:{}", form_encoded(app.client_id), form_encoded(secret)),
        ClientAuth::SecretBasicAndPost => format!("{}:{secret}", app.client_id),
        ClientAuth::SecretPost | ClientAuth::None => return None,
    };
    let mut value = HeaderValue::from_str(&format!("Basic {}", STANDARD.encode(pair))).ok()?;
    value.set_sensitive(true);
    Some(value)
}

fn form_encoded(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect()
}
