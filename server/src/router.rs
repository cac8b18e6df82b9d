//! Puts the rooms together and wraps the public family of routes (decision D20).
//!
//! Public routes are everything outside `/app/**` and `/ui/**`: no session layer is mounted on them, CORS is open
//! without credentials, errors are JSON. The cookie family is [`crate::ui`]'s, with layers of its own.

use std::panic::AssertUnwindSafe;
use std::sync::OnceLock;

use axum::Router;
use axum::extract::{MatchedPath, Request, State};
use axum::handler::Handler;
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodFilter, any, on};
use futures::FutureExt;
use http::{HeaderValue, Method, StatusCode, header};
use terapi_model::{ErrorCode, Issue, IssueCode};
use terapi_vault::{OsEntropy, token};
use tracing::Instrument;
use utoipa::openapi::path::{HttpMethod, Paths};
use utoipa::openapi::{RefOr, Schema};
use utoipa_axum::router::UtoipaMethodRouter;

use crate::api::input::has_bad_path;
use crate::error::ApiError;
use crate::state::AppState;
use crate::{api, connect, health, images, oauth, ui};

/// Schemas by name.
type Schemas = Vec<(String, RefOr<Schema>)>;

/// Which of the two families a route belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Family {
    /// For programs and end users' browsers: no operator cookie.
    Public,
    /// For operators' browsers: session cookie, same-origin guard, no CORS.
    Cookie,
}

/// One row of the route table.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Route {
    /// The path, with `{parameters}`.
    pub path: String,
    /// The method; `None` stands for any.
    pub method: Option<&'static str>,
    /// The family.
    pub family: Family,
}

/// Public routes together with their rows of the table, so that the table cannot lack one.
#[derive(Default)]
pub struct Routes {
    router: Router<AppState>,
    table: Vec<Route>,
    paths: Paths,
    schemas: Schemas,
}

impl Routes {
    /// No routes.
    pub fn new() -> Self {
        Self::default()
    }

    fn on<H, T>(mut self, method: MethodFilter, name: &'static str, path: &str, handler: H) -> Self
    where
        H: Handler<T, AppState>,
        T: 'static,
    {
        self.router = self.router.route(path, on(method, handler));
        self.record(path, Some(name));
        self
    }

    fn record(&mut self, path: &str, method: Option<&'static str>) {
        self.table.push(Route {
            path: path.to_owned(),
            method,
            family: Family::Public,
        });
    }

    /// GET (and HEAD) of `path`.
    #[must_use]
    pub fn get<H: Handler<T, AppState>, T: 'static>(self, path: &str, handler: H) -> Self {
        self.on(MethodFilter::GET, "GET", path, handler)
    }

    /// POST of `path`.
    #[must_use]
    pub fn post<H: Handler<T, AppState>, T: 'static>(self, path: &str, handler: H) -> Self {
        self.on(MethodFilter::POST, "POST", path, handler)
    }

    /// PATCH of `path`.
    #[must_use]
    pub fn patch<H: Handler<T, AppState>, T: 'static>(self, path: &str, handler: H) -> Self {
        self.on(MethodFilter::PATCH, "PATCH", path, handler)
    }

    /// DELETE of `path`.
    #[must_use]
    pub fn delete<H: Handler<T, AppState>, T: 'static>(self, path: &str, handler: H) -> Self {
        self.on(MethodFilter::DELETE, "DELETE", path, handler)
    }

    /// Every method of `path`.
    #[must_use]
    pub fn any<H: Handler<T, AppState>, T: 'static>(mut self, path: &str, handler: H) -> Self {
        self.router = self.router.route(path, any(handler));
        self.record(path, None);
        self
    }

    /// Handlers with a `#[utoipa::path]`, as `routes!` collects them: they are in the OpenAPI document too.
    #[must_use]
    pub fn documented(mut self, (schemas, paths, methods): UtoipaMethodRouter<AppState>) -> Self {
        self.schemas.extend(schemas);
        // One call has one path: axum's method router knows no other.
        if let Some((path, item)) = paths.paths.into_iter().next() {
            self.router = self.router.route(&path, methods);
            for (method, operation) in operations(item) {
                self.record(&path, Some(method.1));
                self.paths
                    .add_path_operation(path.clone(), vec![method.0], operation);
            }
        }
        self
    }

    /// These routes and `other`'s.
    #[must_use]
    pub fn merge(mut self, other: Routes) -> Self {
        self.router = self.router.merge(other.router);
        self.table.extend(other.table);
        for (path, item) in other.paths.paths {
            for (method, operation) in operations(item) {
                self.paths
                    .add_path_operation(path.clone(), vec![method.0], operation);
            }
        }
        self.schemas.extend(other.schemas);
        self
    }

    /// What is documented of these routes.
    fn into_documented(self) -> (Paths, Schemas) {
        (self.paths, self.schemas)
    }
}

type Documented = ((HttpMethod, &'static str), utoipa::openapi::path::Operation);

fn operations(item: utoipa::openapi::path::PathItem) -> Vec<Documented> {
    [
        ((HttpMethod::Get, "GET"), item.get),
        ((HttpMethod::Post, "POST"), item.post),
        ((HttpMethod::Put, "PUT"), item.put),
        ((HttpMethod::Patch, "PATCH"), item.patch),
        ((HttpMethod::Delete, "DELETE"), item.delete),
    ]
    .into_iter()
    .filter_map(|(method, operation)| Some((method, operation?)))
    .collect()
}

fn public_routes() -> Routes {
    api::routes()
        .merge(oauth::routes())
        .merge(connect::routes())
        .merge(images::routes())
        .merge(Routes {
            router: health::routes(),
            table: ["/health", "/ready"]
                .map(|path| Route {
                    path: path.to_owned(),
                    method: Some("GET"),
                    family: Family::Public,
                })
                .to_vec(),
            ..Routes::default()
        })
}

/// Every route of both families.
pub fn table() -> Vec<Route> {
    let mut table = public_routes().table;
    table.extend(ui::table());
    table.sort();
    table
}

/// The whole server.
pub fn all(state: AppState) -> Router {
    public(state.clone()).merge(ui::router(state))
}

/// The public family with its layers. Outermost first: request id and log, security headers, CORS, panics, then
/// what judges a request before any handler sees it.
pub fn public(state: AppState) -> Router {
    public_routes()
        .router
        .fallback(unknown_path)
        .method_not_allowed_fallback(unknown_method)
        .layer(from_fn(judge_request))
        .layer(from_fn(answer_errors))
        .layer(from_fn(cors))
        .layer(from_fn_with_state(state.clone(), security_headers))
        .layer(from_fn(observe))
        .with_state(state)
}

async fn unknown_path(request: Request) -> ApiError {
    ApiError::not_found(format!(
        "there is nothing at {} {}",
        request.method(),
        shown(request.uri().path())
    ))
}

async fn unknown_method(request: Request) -> ApiError {
    ApiError::new(
        StatusCode::METHOD_NOT_ALLOWED,
        ErrorCode::MethodNotAllowed,
        format!(
            "{} does not take {}",
            shown(request.uri().path()),
            request.method()
        ),
    )
}

fn shown(path: &str) -> String {
    path.chars().take(200).collect()
}

/// The id of a request, in its answer's `x-request-id` and in every log line about it.
#[derive(Debug, Clone)]
pub struct RequestId(pub String);

/// Pages whose path ends in a one-time token.
const TOKEN_PAGES: [&str; 2] = ["/app/~/setup/", "/app/~/invite/"];

/// A path as the log may have it: not too long, and without a token that opens something.
fn loggable(path: &str) -> String {
    let decoded = percent_encoding::percent_decode_str(path).decode_utf8_lossy();
    match TOKEN_PAGES.into_iter().find(|page| decoded.starts_with(page)) {
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
            ms = started.elapsed().as_millis(),
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

/// Any site may call the public family, without credentials (rest.md 1.3). Errors carry the headers too, or a
/// browser hides them from the page.
async fn cors(request: Request, next: Next) -> Response {
    let preflight = request.method() == Method::OPTIONS
        && request
            .headers()
            .contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
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
const BROWSER_AUTH: [&str; 6] = [
    "/oauth/connect",
    "/oauth2/auth",
    "/api-auth",
    "/auth",
    "/unauth",
    "/app-store-auth",
];

/// Turns a panic into a 500 and gives every JSON error what only the router knows.
async fn answer_errors(request: Request, next: Next) -> Response {
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

/// Refuses what no handler could read.
async fn judge_request(request: Request, next: Next) -> Response {
    let path = request.uri().path();
    if has_bad_path(path) {
        let issue = Issue::at(
            [""; 0],
            IssueCode::InvalidFormat,
            "the path has an invalid percent escape",
        );
        return ApiError::bad_path(vec![issue]).into_response();
    }
    let json_only = JSON_ONLY.iter().any(|prefix| is_under(path, prefix))
        && !NOT_JSON_ONLY.iter().any(|prefix| is_under(path, prefix));
    if json_only && let Some(content_type) = request.headers().get(header::CONTENT_TYPE) {
        let is_json = content_type
            .as_bytes()
            .get(.."application/json".len())
            .is_some_and(|start| start.eq_ignore_ascii_case(b"application/json"));
        if !is_json {
            return ApiError::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                ErrorCode::InvalidContentType,
                "the content type must be application/json",
            )
            .into_response();
        }
    }
    next.run(request).await
}

/// True when `path` is `prefix` or below it.
fn is_under(path: &str, prefix: &str) -> bool {
    path.strip_prefix(prefix)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// The OpenAPI document's paths and schemas, built once.
pub(crate) fn documented() -> &'static (Paths, Schemas) {
    static DOCUMENTED: OnceLock<(Paths, Schemas)> = OnceLock::new();
    DOCUMENTED.get_or_init(|| public_routes().into_documented())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use axum::body::{Body, to_bytes};
    use axum::routing::get;
    use tower::ServiceExt as _;

    use super::*;

    #[test]
    fn a_one_time_token_in_a_path_is_not_logged() {
        for path in ["/app/~/setup/hush", "/app/%7E/setup/hush", "/app/~/invite/hush/x"] {
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
