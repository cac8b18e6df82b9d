//! The same-origin guard of the cookie family (decision D20): whatever may change something must come from one of
//! our own pages. It needs no token in a form, and it looks at nothing but headers that a page cannot set.

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::{HeaderMap, Method, header};
use url::Url;

use super::refusal::Refusal;
use crate::state::AppState;

/// Refuses requests from other sites; GET and HEAD pass, because they change nothing.
pub(super) async fn same_origin(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let safe = matches!(*request.method(), Method::GET | Method::HEAD);
    if safe || is_ours(request.headers(), state.public_url()) {
        return next.run(request).await;
    }
    tracing::warn!(
        origin = request
            .headers()
            .get(header::ORIGIN)
            .and_then(|value| value.to_str().ok()),
        "a request from another site was refused"
    );
    Refusal::cross_site(state.broker.settings().at("app")).answer(&request)
}

/// Whether the browser says that one of our pages, or its user by hand, made this request.
///
/// Browsers name their page's relation to us (`Sec-Fetch-Site`, Fetch Metadata) and its origin (RFC 6454). An
/// origin that is not the public one is refused even from `same-origin`: it is this server under another name,
/// such as 127.0.0.1 for localhost or a name that somebody pointed here.
fn is_ours(headers: &HeaderMap, public_url: &Url) -> bool {
    let origin = headers.get(header::ORIGIN).map(|value| value.as_bytes());
    let is_public = |origin: &[u8]| origin == public_url.origin().ascii_serialization().as_bytes();
    match headers.get("sec-fetch-site").map(|value| value.as_bytes()) {
        Some(b"same-origin" | b"none") => origin.is_none_or(|origin| origin == b"null" || is_public(origin)),
        Some(_) => false,
        None => origin.is_some_and(is_public),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn only_our_own_pages_pass() {
        let table = [
            // (Sec-Fetch-Site, Origin, passes)
            (Some("same-origin"), Some("http://localhost:3003"), true),
            (Some("same-origin"), None, true),
            (Some("same-origin"), Some("null"), true),
            (Some("none"), None, true),
            (Some("same-origin"), Some("http://127.0.0.1:3003"), false),
            (Some("same-origin"), Some("http://evil.example:3003"), false),
            (Some("same-site"), Some("http://localhost:4000"), false),
            (Some("same-site"), None, false),
            (Some("cross-site"), Some("http://localhost:3003"), false),
            (Some("cross-site"), None, false),
            (Some(""), Some("http://localhost:3003"), false),
            (None, Some("http://localhost:3003"), true),
            (None, Some("http://localhost"), false),
            (None, Some("https://localhost:3003"), false),
            (None, Some("http://localhost:3003.evil.example"), false),
            (None, Some("null"), false),
            (None, Some(""), false),
            (None, None, false),
        ];
        let public_url = Url::parse("http://localhost:3003").unwrap();
        for (site, origin, passes) in table {
            let mut headers = HeaderMap::new();
            site.map(|site| headers.insert("sec-fetch-site", site.parse().unwrap()));
            origin.map(|origin| headers.insert(header::ORIGIN, origin.parse().unwrap()));
            assert_eq!(is_ours(&headers, &public_url), passes, "{site:?} {origin:?}");
        }
    }
}
