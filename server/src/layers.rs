//! What wraps every request: its id and its log line, headers of every answer, CORS, and the shape of errors.

use std::panic::AssertUnwindSafe;

use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures::FutureExt;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use terapi_model::{ErrorCode, Issue, IssueCode};
use terapi_vault::{OsEntropy, token};
use tracing::Instrument;

use crate::api::input::has_bad_path;
use crate::error::ApiError;
use crate::state::AppState;

/// The start of a path: what is said or logged of a request must not grow with it.
pub(crate) fn shown(path: &str) -> String {
    path.chars().take(200).collect()
}

/// The id of a request, in its answer's `x-request-id` and in every log line about it.
#[derive(Debug, Clone)]
pub struct RequestId(pub String);

/// Pages whose path ends in a one-time token, wherever they stand.
const TOKEN_PAGES: [&str; 2] = ["/app/~/setup/", "/app/~/invite/"];

/// A path as the log may have it: not too long, and without a token that opens something.
fn loggable(path: &str) -> String {
    let decoded = percent_encoding::percent_decode_str(path).decode_utf8_lossy();
    match TOKEN_PAGES.into_iter().find(|page| decoded.contains(page)) {
        Some(page) => format!("{page}…"),
        None => shown(path),
    }
}

const REQUEST_ID: &str = "x-request-id";

/// Names the request, logs it without its query string, and tells the client the name.
pub(crate) async fn observe(mut request: Request, next: Next) -> Response {
    let id = token::hex(&OsEntropy, 8).expose().clone();
    request.extensions_mut().insert(RequestId(id.clone()));
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map(|path| path.as_str().to_owned());
    let span = tracing::info_span!("request", id = %id, method = %request.method());
    let path = loggable(request.uri().path());
    let started = tokio::time::Instant::now();
    let mut response = next.run(request).instrument(span.clone()).await;
    let code = response
        .extensions()
        .get::<ApiError>()
        .map(|error| error.code().as_str());
    span.in_scope(|| {
        tracing::info!(
            route = route.as_deref().unwrap_or("none"),
            path,
            status = response.status().as_u16(),
            code,
            ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
            "answered"
        );
    });
    if let Ok(value) = HeaderValue::try_from(id) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    response
}

/// Headers that every answer carries.
pub(crate) async fn security_headers(
    State(state): State<AppState>,
    request: Request,
    next: Next,
) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers.insert(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    if state.is_https() {
        headers.insert(
            header::STRICT_TRANSPORT_SECURITY,
            HeaderValue::from_static("max-age=31536000"),
        );
    }
    // Most answers hold somebody's data; the few that may be kept say so themselves.
    headers
        .entry(header::CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
    response
}

const ALLOWED_METHODS: &str = "GET,HEAD,PUT,PATCH,POST,DELETE";
const ALLOWED_HEADERS: &str = "Authorization,Content-Type,Accept,Origin,X-Requested-With,Nango-Activity-Log-Id,\
    Nango-Is-Dry-Run,Nango-Is-Sync,Provider-Config-Key,Connection-Id,Sentry-Trace,Baggage";
const EXPOSED_HEADERS: &str = "Authorization,Etag,Content-Type,Content-Length,X-Request-Id,X-Nango-Signature,\
    X-RateLimit-Limit,X-RateLimit-Remaining,X-RateLimit-Reset";

/// The path that answers for itself: only the Connect UI may call it, with credentials.
const OWN_CORS: &str = "/connect/telemetry";

/// Any site may call the public family, without credentials (rest.md 1.3). Errors carry the headers too, or a
/// browser hides them from the page.
pub(crate) async fn cors(request: Request, next: Next) -> Response {
    if request.uri().path() == OWN_CORS {
        return next.run(request).await;
    }
    let preflight = request.method() == Method::OPTIONS;
    let mut response = if preflight {
        StatusCode::NO_CONTENT.into_response()
    } else {
        next.run(request).await
    };
    let headers = response.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    if preflight {
        headers.insert(
            header::ACCESS_CONTROL_ALLOW_METHODS,
            HeaderValue::from_static(ALLOWED_METHODS),
        );
        headers.insert(
            header::ACCESS_CONTROL_ALLOW_HEADERS,
            HeaderValue::from_static(ALLOWED_HEADERS),
        );
        headers.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("600"));
    } else {
        headers.insert(
            header::ACCESS_CONTROL_EXPOSE_HEADERS,
            HeaderValue::from_static(EXPOSED_HEADERS),
        );
    }
    response
}

/// Paths that old browser packages call: their errors repeat the code as `type` (decision D7).
const BROWSER_AUTH: [&str; 7] = [
    "/connect/ui/result",
    "/oauth/connect",
    "/oauth2/auth",
    "/api-auth",
    "/auth",
    "/unauth",
    "/app-store-auth",
];

/// Turns a panic into a 500 and gives every JSON error what only the router knows.
pub(crate) async fn answer_errors(request: Request, next: Next) -> Response {
    let id = request.extensions().get::<RequestId>().map(|id| id.0.clone());
    let browser_auth = BROWSER_AUTH
        .iter()
        .any(|prefix| is_under(request.uri().path(), prefix));
    let response = match AssertUnwindSafe(next.run(request)).catch_unwind().await {
        Ok(response) => response,
        Err(panic) => {
            let message = panic
                .downcast_ref::<String>()
                .map(String::as_str)
                .or_else(|| panic.downcast_ref::<&str>().copied())
                .unwrap_or("no message");
            tracing::error!(message, "a handler panicked");
            ApiError::broken().into_response()
        }
    };
    let Some(error) = response.extensions().get::<ApiError>() else {
        return response;
    };
    if !(browser_auth || error.status().is_server_error()) {
        return response;
    }
    let mut again = error.clone().into_response_for(id.as_deref(), browser_auth);
    for (name, value) in response.headers() {
        if name != header::CONTENT_LENGTH {
            again.headers_mut().insert(name.clone(), value.clone());
        }
    }
    again
}

/// Prefixes on which a body must be JSON (rest.md 1.2), and paths below them that are excepted.
const JSON_ONLY: [&str; 11] = [
    "/oauth",
    "/api-auth",
    "/auth",
    "/providers",
    "/environments",
    "/environment",
    "/environment-variables",
    "/integrations",
    "/connection",
    "/connections",
    "/connect",
];
const NOT_JSON_ONLY: [&str; 3] = ["/oauth/callback", "/oauth/client-metadata", "/connect/ui"];

/// Paths whose handlers call [`judge_content_type`] themselves, when they know in whose operation a refusal belongs.
const JUDGED_LATER: [&str; 4] = ["/api-auth", "/auth", "/oauth/connect", "/connect/session"];

/// 415 where a body must be JSON and is announced as something else (rest.md 1.2).
///
/// # Errors
/// 415 `invalid_content_type`.
pub(crate) fn judge_content_type(path: &str, headers: &HeaderMap) -> Result<(), ApiError> {
    let json_only = JSON_ONLY.iter().any(|prefix| is_under(path, prefix))
        && !NOT_JSON_ONLY.iter().any(|prefix| is_under(path, prefix));
    let Some(content_type) = headers.get(header::CONTENT_TYPE).filter(|_| json_only) else {
        return Ok(());
    };
    let is_json = content_type
        .as_bytes()
        .get(.."application/json".len())
        .is_some_and(|start| start.eq_ignore_ascii_case(b"application/json"));
    if is_json {
        return Ok(());
    }
    Err(ApiError::new(
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
        ErrorCode::InvalidContentType,
        "the content type must be application/json",
    ))
}

/// Refuses what no handler could read.
pub(crate) async fn judge_request(request: Request, next: Next) -> Response {
    let path = request.uri().path();
    if has_bad_path(path) {
        let issue = Issue::at(
            [""; 0],
            IssueCode::InvalidFormat,
            "the path has an invalid percent escape",
        );
        return ApiError::bad_path(vec![issue]).into_response();
    }
    let is_judged_later = JUDGED_LATER.iter().any(|prefix| is_under(path, prefix));
    if !is_judged_later && let Err(refused) = judge_content_type(path, request.headers()) {
        return refused.into_response();
    }
    next.run(request).await
}

/// True when `path` is `prefix` or below it.
pub(crate) fn is_under(path: &str, prefix: &str) -> bool {
    path.strip_prefix(prefix)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use axum::Router;
    use axum::body::{Body, to_bytes};
    use axum::middleware::from_fn;
    use axum::routing::get;
    use tower::ServiceExt as _;

    use super::*;

    #[test]
    fn a_one_time_token_in_a_path_is_not_logged() {
        for path in [
            "/app/~/setup/hush",
            "/app/%7E/setup/hush",
            "/app/~/invite/hush/x",
            // A proxy that passes a prefix on which the public URL does not name.
            "/x/app/~/setup/hush",
        ] {
            assert!(!loggable(path).contains("hush"), "{path}");
        }
        assert_eq!(loggable("/connections/c1"), "/connections/c1");
    }

    #[test]
    fn a_prefix_ends_where_a_segment_does() {
        assert!(is_under("/connect", "/connect") && is_under("/connect/sessions", "/connect"));
        assert!(!is_under("/connections", "/connect") && !is_under("/", "/connect"));
    }

    #[tokio::test]
    async fn a_panic_is_answered_in_json_with_the_requests_id() {
        let router: Router = Router::new()
            .route("/auth/boom", get(async || -> &'static str { panic!("hush") }))
            .layer(from_fn(answer_errors))
            .layer(from_fn(cors))
            .layer(from_fn(observe));
        let request = Request::get("/auth/boom").body(Body::empty()).unwrap();
        let response = router.oneshot(request).await.unwrap();
        assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
        assert_eq!(response.headers()[header::ACCESS_CONTROL_ALLOW_ORIGIN], "*");
        let id = response.headers()[REQUEST_ID].to_str().unwrap().to_owned();
        let body = to_bytes(response.into_body(), 1 << 16).await.unwrap();
        let body: serde_json::Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(body["error"]["code"], "server_error");
        assert_eq!(body["type"], "server_error", "where old browser packages look");
        assert_eq!(body["error"]["payload"]["request_id"], id);
        assert!(!body.to_string().contains("hush"));
    }
}
