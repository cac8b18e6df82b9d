//! Trying credentials before they are stored (rest.md 12.7): the provider's file may name a cheap call that only works
//! with good ones.

use http::header::{ACCEPT, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, Method};
use terapi_catalog::{Provider, RenderError, UrlTemplate, Verification};
use terapi_model::ErrorCode;
use url::Url;

use crate::auth::{self, Holder};
use crate::egress::{Egress, EgressError, Outbound};
use crate::hidden::Hidden;
use crate::operations::{Redacted, Trail};

/// Credentials did not pass.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum VerificationError {
    /// The provider answered, and not with success.
    #[error("the provider did not accept these credentials (status {0})")]
    Refused(u16),
    /// The provider answered that it is broken, which says nothing about the credentials.
    #[error("the provider could not say whether these credentials are good: it answered with status {0}")]
    Broken(u16),
    /// The call cannot be made with this config.
    #[error("the provider's test call cannot be made: {0}")]
    Template(#[from] RenderError),
    /// No answer.
    #[error("the provider could not be asked whether these credentials are good: {0}")]
    Egress(#[from] EgressError),
}

impl VerificationError {
    /// Whether it refused, could not be reached, or took too long. Logs and pages tell these apart; the JSON routes
    /// answer `connection_test_failed` to all of them (rest.md 12.7).
    pub(crate) fn code(&self) -> ErrorCode {
        match self {
            Self::Refused(_) | Self::Template(_) => ErrorCode::ConnectionTestFailed,
            Self::Egress(EgressError::Timeout { .. }) => ErrorCode::ProviderTimeout,
            Self::Broken(_) | Self::Egress(_) => ErrorCode::ProviderUnreachable,
        }
    }
}

/// Calls the endpoints the provider's file names, in order, until one answers with 2xx. Without such a list
/// everything passes untested. Every call leaves a line.
pub(crate) async fn verify(
    egress: &Egress,
    provider: &Provider,
    holder: Holder<'_>,
    trail: &mut Trail<'_>,
) -> Result<(), VerificationError> {
    let Some(verification) = &provider.verification else {
        return Ok(());
    };
    let hidden = holder.hidden(provider);
    let mut last = None;
    for endpoint in &verification.endpoints {
        let request = request(provider, verification, endpoint, holder)?;
        let call = trail.call(
            &request.method,
            shown(provider, verification, endpoint, holder, &hidden),
            &request.headers,
        );
        let answer = egress.send(request).await.map_err(|error| error.without(&hidden));
        let seen = answer
            .as_ref()
            .ok()
            .map(|answer| (answer.status, &answer.headers));
        trail.exchanged("Credentials tried at the provider", call, seen, None);
        let status = answer?.status;
        if (200..300).contains(&status) {
            return Ok(());
        }
        last = Some(status);
    }
    match last {
        None => Ok(()),
        Some(status) if status >= 500 => Err(VerificationError::Broken(status)),
        Some(status) => Err(VerificationError::Refused(status)),
    }
}

/// The address that is called, as far as it may be shown.
fn shown(
    provider: &Provider,
    verification: &Verification,
    endpoint: &UrlTemplate,
    holder: Holder<'_>,
    hidden: &Hidden,
) -> Redacted {
    let raw = holder.raw();
    let base = verification
        .base_url
        .as_ref()
        .or(provider.requests.base_url.as_ref());
    let templates: Vec<&UrlTemplate> = base.into_iter().chain([endpoint]).collect();
    Redacted::address(&templates, &holder.scope(&raw), provider, hidden)
}

fn request(
    provider: &Provider,
    verification: &Verification,
    endpoint: &UrlTemplate,
    holder: Holder<'_>,
) -> Result<Outbound, RenderError> {
    let raw = holder.raw();
    let scope = holder.scope(&raw);
    let base = verification
        .base_url
        .as_ref()
        .or(provider.requests.base_url.as_ref())
        .ok_or(RenderError::NotUrl)?;
    let base = base.render(&scope)?;
    let mut url = below(&base, &endpoint.render_path(&scope)?)?;
    let mut headers = HeaderMap::new();
    headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
    auth::authorize_request(provider, holder, &mut url, &mut headers)?;
    auth::add_headers(&mut headers, &verification.headers, &scope)?;
    let method = if verification.method == "POST" {
        Method::POST
    } else {
        Method::GET
    };
    let body = match &verification.body {
        Some(body) if method == Method::POST => {
            headers
                .entry(CONTENT_TYPE)
                .or_insert(HeaderValue::from_static("application/json"));
            body.to_string().into_bytes()
        }
        _ => Vec::new(),
    };
    Ok(Outbound {
        method,
        url,
        headers,
        body,
    })
}

/// `path`, which begins with a slash, below the path of `base`. Never leaves the base's host.
fn below(base: &Url, path: &str) -> Result<Url, RenderError> {
    let root = base
        .as_str()
        .split(['?', '#'])
        .next()
        .unwrap_or_default()
        .trim_end_matches('/');
    let url = Url::parse(&format!("{root}{path}")).map_err(|_| RenderError::NotUrl)?;
    if url.origin() == base.origin() && url.username().is_empty() {
        Ok(url)
    } else {
        Err(RenderError::NotUrl)
    }
}
