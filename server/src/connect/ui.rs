//! `/connect/ui`: the page on which an end user connects an account. A public route: it knows no operator and reads
//! no cookie; the session token travels in the link that opens it and in a hidden field of its form (decision D22).
//! Where the form starts an authorization, its answer leads to `/oauth/connect`, which binds it to this browser.

use axum::extract::{Request, State};
use axum::response::Response;
use http::{HeaderValue, header};
use terapi_app::Query;
use terapi_app::connect::{self, ConnectVisit};

use super::FORM_LIMIT;
use crate::layers::RequestId;
use crate::route::Routes;
use crate::state::AppState;
use crate::ui;

/// The page, with and without a slash at its end, because published packages ask for either; and its form.
pub fn routes() -> Routes {
    Routes::new()
        .get("/connect/ui", show)
        .get("/connect/ui/", show)
        .post("/connect/ui/start", start)
}

async fn show(State(state): State<AppState>, request: Request) -> Response {
    let answer = connect::get(&ui::site(&state), &visit(&request)).await;
    protect(ui::respond(&state, answer))
}

async fn start(State(state): State<AppState>, request: Request) -> Response {
    let visit = visit(&request);
    match ui::read_form(request, FORM_LIMIT).await {
        Ok(form) => protect(ui::respond(
            &state,
            connect::start(&ui::site(&state), &visit, form).await,
        )),
        Err(refusal) => protect(refusal),
    }
}

fn visit(request: &Request) -> ConnectVisit {
    ConnectVisit {
        query: Query::parse(request.uri().query().unwrap_or_default()),
        request_id: request
            .extensions()
            .get::<RequestId>()
            .map(|id| id.0.clone())
            .unwrap_or_default(),
    }
}

/// Headers of the page and of its refusals. There is no opener policy: a popup and its opener must reach one
/// another.
fn protect(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers
        .entry(header::CONTENT_SECURITY_POLICY)
        .or_insert(HeaderValue::from_static(ui::NOTHING));
    response
}
