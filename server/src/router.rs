//! Puts the rooms together and wraps the public family of routes (decision D20).
//!
//! Public routes are everything outside `/app/**` and `/ui/**`: no session layer is mounted on them, CORS is open
//! without credentials, errors are JSON, and pages where people look: in popups, in the Connect UI, and at an address that
//! there is not. The cookie family is [`crate::ui`]'s, with layers of its own.

use std::sync::LazyLock;

use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::{Json, Router};
use http::{HeaderName, Method, StatusCode, header};
use terapi_model::ErrorCode;
use utoipa::openapi::{OpenApi, Server};

use crate::api::input::has_bad_path;
use crate::api::openapi;
use crate::error::ApiError;
use crate::layers::{answer_errors, cors, is_under, judge_request, observe, security_headers, shown};
use crate::oauth::page;
use crate::route::{Route, Routes};
use crate::state::AppState;
use crate::ui::Refusal;
use crate::{
    api, base_path, connect, docs, health, images, oauth, origin_files, rate_limit, sdk, trailing_slash, ui,
};

fn public_routes() -> Routes {
    api::routes()
        .merge(oauth::routes())
        .merge(connect::routes())
        .merge(images::routes())
        .merge(sdk::routes())
        .get("/openapi.json", serve_openapi)
        .get("/docs/api", serve_reference)
        .merge(docs::routes())
        .merge(origin_files::routes())
        .merge(health::routes())
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
    let base = state.broker.settings().base_path();
    let router = public(state.clone()).merge(ui::router(state));
    base_path::beneath(base, trailing_slash::ignored(table(), router))
}

/// The public family with its layers. Outermost first: request id and log, security headers, CORS, panics, then
/// what judges a request before any handler sees it.
pub fn public(state: AppState) -> Router {
    public_routes()
        .router
        .fallback(unknown_path)
        .method_not_allowed_fallback(unknown_method)
        .layer(from_fn(rate_limit::announce))
        .layer(from_fn(judge_request))
        .layer(from_fn(show_bad_address))
        .layer(from_fn(answer_errors))
        .layer(from_fn(cors))
        .layer(from_fn_with_state(state.clone(), security_headers))
        .layer(from_fn(observe))
        .with_state(state)
}

/// Addresses that people look at, and one below them that scripts ask.
const PAGES: [&str; 4] = [
    "/oauth/connect",
    "/oauth/callback",
    "/app-auth/connect",
    "/connect/ui",
];
const NO_PAGE: &str = "/connect/ui/result";

/// What [`judge_request`] refuses in JSON is a page where a person is looking.
async fn show_bad_address(request: Request, next: Next) -> Response {
    let path = request.uri().path();
    let is_page = PAGES.iter().any(|page| is_under(path, page)) && path != NO_PAGE;
    if request.method() == Method::GET && is_page && has_bad_path(path) {
        let error = ApiError::bad_path(Vec::new());
        let failure = page::Failure::of_start(page::language(None, request.headers()), &error);
        return page::failure(error.status(), &failure, None, None);
    }
    next.run(request).await
}

async fn unknown_path(request: Request) -> Response {
    let shape = Refusal::shape(&request);
    if shape.is_page() {
        return Refusal::unknown_path().shaped(shape);
    }
    let (method, path) = (request.method(), shown(request.uri().path()));
    ApiError::not_found(format!("there is nothing at {method} {path}")).into_response()
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

/// The OpenAPI document of the public routes.
pub fn describe() -> OpenApi {
    let (paths, schemas) = public_routes().into_documented();
    openapi::document(paths, schemas)
}

/// `GET /openapi.json`. Without a server in it, its paths begin at the root of the host it was got from.
async fn serve_openapi() -> ([(HeaderName, &'static str); 1], Json<OpenApi>) {
    let mut document = describe();
    let base = terapi_app::base_path::base_path();
    if !base.is_root() {
        document.servers = Some(vec![Server::new(base.as_str())]);
    }
    ([(header::CACHE_CONTROL, "public, max-age=300")], Json(document))
}

/// `GET /docs/api`. The document is the same as long as the process lives.
async fn serve_reference(State(state): State<AppState>) -> impl IntoResponse {
    static PAGE: LazyLock<String> =
        LazyLock::new(|| docs::reference(&serde_json::to_value(describe()).unwrap_or_default()));
    let host = state.broker.settings().host();
    (docs::headers(), docs::reference_at(&PAGE, host))
}
