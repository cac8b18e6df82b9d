//! Registered OAuth clients, and how they prove who they are.

use std::collections::HashMap;

use axum::http::header::{AUTHORIZATION, WWW_AUTHENTICATE};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use url::form_urlencoded;

use crate::acme::{DEMO_CLIENT_ID, DEMO_CLIENT_SECRET};
use crate::params::Params;
use crate::script::{ClientAuthRule, oauth_error};

/// A registered client.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Client {
    pub(crate) client_id: String,
    /// `None` for a public client.
    #[serde(default)]
    pub(crate) client_secret: Option<String>,
    /// Shown on the consent page; the id when left out.
    #[serde(default)]
    pub(crate) name: Option<String>,
    /// The only redirect URIs accepted, compared as text; empty accepts any.
    #[serde(default)]
    pub(crate) redirect_uris: Vec<String>,
}

impl Client {
    pub(crate) fn display_name(&self) -> &str {
        self.name.as_deref().unwrap_or(&self.client_id)
    }

    pub(crate) fn accepts_redirect(&self, redirect_uri: &str) -> bool {
        self.redirect_uris.is_empty() || self.redirect_uris.iter().any(|pinned| pinned == redirect_uri)
    }
}

/// All clients by id.
#[derive(Debug)]
pub(crate) struct Clients(HashMap<String, Client>);

impl Default for Clients {
    fn default() -> Self {
        let demo = Client {
            client_id: DEMO_CLIENT_ID.to_owned(),
            client_secret: Some(DEMO_CLIENT_SECRET.to_owned()),
            name: Some("Terapi".to_owned()),
            redirect_uris: Vec::new(),
        };
        Self(HashMap::from([(demo.client_id.clone(), demo)]))
    }
}

impl Clients {
    pub(crate) fn register(&mut self, client: Client) {
        self.0.insert(client.client_id.clone(), client);
    }

    pub(crate) fn get(&self, client_id: &str) -> Option<&Client> {
        self.0.get(client_id)
    }

    /// The id of the client that makes a request to the token, revocation or introspection endpoint.
    ///
    /// A client that sends its secret in the header and in the body must be right in both: RFC 6749 section 2.3
    /// forbids sending two, but some providers demand it.
    ///
    /// # Errors
    /// The 401 `invalid_client` answer of RFC 6749 section 5.2.
    pub(crate) fn authenticate(
        &self,
        rule: ClientAuthRule,
        headers: &HeaderMap,
        params: &Params,
    ) -> Result<String, Box<Response>> {
        let has_header = headers.contains_key(AUTHORIZATION);
        self.identify(rule, headers, params).map_err(|reason| {
            let mut response = oauth_error(StatusCode::UNAUTHORIZED, "invalid_client", Some(reason));
            if has_header {
                let challenge = HeaderValue::from_static("Basic realm=\"acme\", charset=\"UTF-8\"");
                response.headers_mut().insert(WWW_AUTHENTICATE, challenge);
            }
            Box::new(response)
        })
    }

    fn identify(
        &self,
        rule: ClientAuthRule,
        headers: &HeaderMap,
        params: &Params,
    ) -> Result<String, &'static str> {
        let header = match headers.get(AUTHORIZATION) {
            Some(value) => Some(basic_credentials(value).ok_or("The Authorization header is not Basic.")?),
            None => None,
        };
        let in_body = params.get("client_secret").is_some();
        match rule {
            ClientAuthRule::Body if header.is_some() => return Err("Authenticate in the body."),
            ClientAuthRule::Basic if in_body || header.is_none() => {
                return Err("Authenticate with a Basic header.");
            }
            _ => {}
        }
        let header = header.map(|(id, secret)| (form_decoded(&id), form_decoded(&secret)));
        let client_id = match (&header, params.get("client_id")) {
            (Some((id, _)), Some(other)) if id != other => return Err("Two different client ids."),
            (Some((id, _)), _) => id.as_str(),
            (None, Some(id)) => id,
            (None, None) => return Err("No client id."),
        };
        let client = self.get(client_id).ok_or("Unknown client.")?;
        let presented = [
            header.as_ref().map(|(_, secret)| secret.as_str()),
            params.get("client_secret"),
        ];
        let is_right = match &client.client_secret {
            None => presented.iter().flatten().all(|secret| secret.is_empty()),
            Some(expected) => {
                presented.iter().flatten().count() > 0
                    && presented.iter().flatten().all(|secret| secret == expected)
            }
        };
        if is_right {
            Ok(client.client_id.clone())
        } else {
            Err("Wrong client secret.")
        }
    }
}

/// The two parts of a Basic header as they stand, or `None` when it is no such header.
pub(crate) fn basic_credentials(value: &HeaderValue) -> Option<(String, String)> {
    let (scheme, encoded) = value.to_str().ok()?.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?;
    let (user, password) = decoded.split_once(':')?;
    Some((user.to_owned(), password.to_owned()))
}

/// Decodes one form-urlencoded value, which is what RFC 6749 section 2.3.1 puts into the Basic header.
fn form_decoded(value: &str) -> String {
    let pair = format!("v={}", value.replace('&', "%26"));
    form_urlencoded::parse(pair.as_bytes())
        .next()
        .map(|(_, decoded)| decoded.into_owned())
        .unwrap_or_default()
}
