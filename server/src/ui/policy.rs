//! What a browser may do with our pages: the table of policies by route, security.md 3.5.

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::{HeaderName, HeaderValue, header};
use url::Url;

use super::refusal::Refusal;

const OPENER: HeaderName = HeaderName::from_static("cross-origin-opener-policy");
const RESOURCE: HeaderName = HeaderName::from_static("cross-origin-resource-policy");
const PERMISSIONS: HeaderName = HeaderName::from_static("permissions-policy");

/// Nothing of the device is asked for, in our pages or in what they frame.
const NO_PERMISSIONS: HeaderValue = HeaderValue::from_static(
    "accelerometer=(), autoplay=(), camera=(), display-capture=(), fullscreen=(), geolocation=(), gyroscope=(), \
     magnetometer=(), microphone=(), midi=(), payment=(), publickey-credentials-get=(), screen-wake-lock=(), \
     serial=(), usb=(), xr-spatial-tracking=()",
);

/// The content security policy of what is no page: it loads nothing and sends nothing.
pub(crate) const NOTHING: &str =
    "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// The same, but for a style that carries `nonce`, and the icon.
pub(super) fn bare(nonce: &str) -> HeaderValue {
    value(format!("{NOTHING}; style-src 'nonce-{nonce}'; img-src 'self'"))
}

/// The content security policy of a dashboard page whose scripts carry `nonce`.
pub(crate) fn dashboard(nonce: &str, public_url: &Url) -> HeaderValue {
    value(format!(
        "default-src 'none'; script-src 'nonce-{nonce}' 'strict-dynamic' 'wasm-unsafe-eval'; \
         style-src 'self' 'nonce-{nonce}'; img-src 'self' data:; font-src 'self'; connect-src 'self' {}; \
         frame-src 'self'; form-action 'self'; base-uri 'none'; object-src 'none'; frame-ancestors 'none'",
        websocket_origin(public_url)
    ))
}

/// The content security policy of a Connect UI page whose scripts carry `nonce`. It has no `form-action`: the
/// answer to its form leads to the provider, and browsers hold the redirect against that directive.
/// `frame_ancestors` are the origins that may show it in a frame, any when empty (decision D22).
pub(crate) fn connect(nonce: &str, public_url: &Url, frame_ancestors: &[String]) -> HeaderValue {
    let ancestors = if frame_ancestors.is_empty() {
        "*".to_owned()
    } else {
        frame_ancestors.join(" ")
    };
    value(format!(
        "default-src 'none'; script-src 'nonce-{nonce}' 'strict-dynamic'; style-src 'self' 'nonce-{nonce}'; \
         img-src 'self' data:; font-src 'self'; connect-src 'self' {}; base-uri 'none'; object-src 'none'; \
         frame-ancestors {ancestors}",
        websocket_origin(public_url)
    ))
}

fn value(policy: String) -> HeaderValue {
    HeaderValue::try_from(policy).expect("nonces are base64, origins are ASCII")
}

/// `'self'` does not cover WebSockets in every browser.
fn websocket_origin(public_url: &Url) -> String {
    let origin = public_url.origin().ascii_serialization();
    match origin.strip_prefix("http") {
        Some(rest) => format!("ws{rest}"),
        None => origin,
    }
}

/// Headers of every answer of the cookie family. A failure that came without a page gets one.
pub(super) async fn protect(request: Request, next: Next) -> Response {
    let shape = Refusal::shape(&request);
    let mut response = next.run(request).await;
    if response.status().is_server_error() && !response.headers().contains_key(header::CONTENT_TYPE) {
        response = Refusal::failed().shaped(shape).into_response();
    }
    let headers = response.headers_mut();
    headers
        .entry(header::CONTENT_SECURITY_POLICY)
        .or_insert(HeaderValue::from_static(NOTHING));
    headers.insert(OPENER, HeaderValue::from_static("same-origin-allow-popups"));
    headers.insert(RESOURCE, HeaderValue::from_static("same-origin"));
    headers.insert(PERMISSIONS, NO_PERMISSIONS);
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
