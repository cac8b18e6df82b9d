//! The cookie family of routes (decision D20): the dashboard below `/app`, its server functions below `/ui`, and
//! beside them, without any cookie, the site's files.
//!
//! Outermost first: request id and log, security headers, the same-origin guard, the session, who is signed in.

pub mod assets;
mod dashboard;
mod functions;
mod guard;
mod policy;
mod refusal;
pub mod session;

use axum::Router;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::response::Response;
use axum::routing::any;
use terapi_app::route::Route as Page;
use tower_http::catch_panic::CatchPanicLayer;

pub(crate) use dashboard::{number, read_form, respond, site, tell_when};
pub(crate) use policy::NOTHING;
pub(crate) use refusal::Refusal;

use crate::layers;
use crate::route::{Family, Route};
use crate::state::AppState;

/// The family with its layers.
pub fn router(state: AppState) -> Router {
    Router::new()
        .route("/app", any(dashboard::serve_page))
        .route("/app/", any(dashboard::serve_page))
        .route("/app/{*page}", any(dashboard::serve_page))
        .route("/ui", any(functions::call))
        .route("/ui/{*function}", any(functions::call))
        .layer(from_fn(session::identify))
        .layer(session::layer(&state))
        .layer(from_fn_with_state(state.clone(), session::protect_removal))
        .layer(from_fn_with_state(state.clone(), guard::same_origin))
        .layer(CatchPanicLayer::custom(broken))
        .layer(from_fn(policy::protect))
        .merge(assets::router())
        .layer(from_fn_with_state(state.clone(), layers::security_headers))
        .layer(from_fn(layers::observe))
        .with_state(state)
}

/// The family's rows of the route table.
pub fn table() -> Vec<Route> {
    let row = |path: &str, method, family| Route {
        path: path.to_owned(),
        method,
        family,
    };
    let mut table = vec![
        row("/ui/{*function}", None, Family::Cookie),
        row("/assets/{site_hash}/{*path}", Some("GET"), Family::Public),
    ];
    for (path, methods) in Page::SHAPES {
        table.extend(
            methods
                .iter()
                .map(|method| row(path, Some(*method), Family::Cookie)),
        );
    }
    table
}

/// A panic's answer; [`policy::protect`] gives it a page.
fn broken(panic: Box<dyn std::any::Any + Send>) -> Response {
    let message = panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("no message");
    tracing::error!(message, "a page panicked");
    let mut response = Response::default();
    *response.status_mut() = http::StatusCode::INTERNAL_SERVER_ERROR;
    response
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use axum::body::Body;
    use http::{Request, header};
    use tower::ServiceExt;

    use super::*;

    #[tokio::test]
    async fn a_panic_becomes_a_page_that_says_nothing_of_it() {
        let router: Router = Router::new()
            .route("/", any(async || -> Response { panic!("canary") }))
            .layer(CatchPanicLayer::custom(broken))
            .layer(from_fn(policy::protect));
        let request = Request::get("/")
            .header(header::ACCEPT, "text/html")
            .body(Body::empty())
            .unwrap();
        let response = router.oneshot(request).await.unwrap();
        assert_eq!(response.status(), http::StatusCode::INTERNAL_SERVER_ERROR);
        assert_eq!(
            response.headers()[header::CONTENT_TYPE],
            "text/html; charset=utf-8"
        );
        assert_eq!(response.headers()[header::CACHE_CONTROL], "no-store");
        let body = axum::body::to_bytes(response.into_body(), 1 << 16).await.unwrap();
        assert!(!String::from_utf8_lossy(&body).contains("canary"));
    }
}
