use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::{HeaderValue, header};
use url::Url;

use crate::state::AppState;

/// What the session cookie is called. The `__Host-` form binds it to this host and to TLS (RFC 6265bis section
/// 4.1.3.2); browsers refuse it over plain http.
pub fn name(public_url: &Url) -> &'static str {
    if public_url.scheme() == "https" {
        "__Host-terapi"
    } else {
        "terapi"
    }
}

/// The session layer removes its cookie without saying `Secure`, and browsers ignore that for a `__Host-` cookie:
/// the removal is given the attributes that the cookie was set with.
pub(in crate::ui) async fn protect_removal(
    State(state): State<AppState>,
    request: Request,
    next: Next,
) -> Response {
    let mut response = next.run(request).await;
    let removal = format!("{}=;", name(state.public_url()));
    let attributes = if state.is_https() {
        "; HttpOnly; SameSite=Lax; Secure"
    } else {
        "; HttpOnly; SameSite=Lax"
    };
    let cookies: Vec<HeaderValue> = response
        .headers()
        .get_all(header::SET_COOKIE)
        .iter()
        .cloned()
        .collect();
    response.headers_mut().remove(header::SET_COOKIE);
    for cookie in cookies {
        let mended = cookie
            .to_str()
            .ok()
            .filter(|text| text.starts_with(&removal))
            .and_then(|text| HeaderValue::try_from(format!("{text}{attributes}")).ok());
        response
            .headers_mut()
            .append(header::SET_COOKIE, mended.unwrap_or(cookie));
    }
    response
}
