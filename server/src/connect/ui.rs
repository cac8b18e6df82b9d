//! `/connect/ui`: the page on which an end user connects an account. A public route: it knows no operator, and the
//! session token travels in a hidden field of its form, never in a cookie (decision D22).

use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use axum_extra::extract::CookieJar;
use http::{HeaderValue, header};
use terapi_app::serve;

use crate::oauth::flow_cookie;
use crate::router::Routes;
use crate::state::AppState;
use crate::ui;

/// The most that the form may send, bytes (decision D25).
const FORM_LIMIT: usize = 16 * 1024;

/// The page, with and without a slash at its end, because published packages ask for either.
pub fn routes() -> Routes {
    Routes::new()
        .get("/connect/ui", show)
        .get("/connect/ui/", show)
        .post("/connect/ui", submit)
        .post("/connect/ui/", submit)
        .post("/connect/ui/start", submit)
}

async fn show(State(state): State<AppState>, request: Request) -> Response {
    let visit = ui::visit(&state, None, &request);
    finish(ui::respond(&state, serve::connect_get(&ui::site(&state), visit).await))
}

/// Takes the form. Where it starts an authorization, the browser is given the id that the callback will ask for
/// (decision D9); so is it whenever the form comes, for an hour from then.
async fn submit(State(state): State<AppState>, request: Request) -> Response {
    let jar = CookieJar::from_headers(request.headers());
    let browser = flow_cookie::read_or_draw(&jar, state.public_url());
    let visit = ui::visit(&state, None, &request);
    let form = match ui::read_form(request, FORM_LIMIT).await {
        Ok(form) => form,
        Err(refusal) => return finish(refusal),
    };
    let cookie = flow_cookie::renew(&browser, state.public_url());
    let answer = serve::connect_post(&ui::site(&state), visit, form, browser).await;
    (CookieJar::new().add(cookie), finish(ui::respond(&state, answer))).into_response()
}

/// Headers of the page and of its refusals. There is no opener policy: the popup and its opener must reach one
/// another.
fn finish(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.entry(header::CONTENT_SECURITY_POLICY).or_insert(HeaderValue::from_static(
        "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    ));
    response
}
