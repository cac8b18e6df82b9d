//! `/connect/ui`: the page on which an end user connects an account. A public route: it knows no operator and reads
//! no cookie; the session token travels in the link that opens it and in a hidden field of its form, or, when the
//! page's script asks, in a header (decision D22). Where the form starts an authorization, its answer leads to
//! `/connect/ui/go`, which binds it to this browser.

use axum::Json;
use axum::extract::{Request, State};
use axum::response::{Html, IntoResponse, Response};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use serde_json::json;
use terapi_app::connect::{self, ConnectAnswer, ConnectVisit};
use terapi_app::{Answer, Form, Query};

use super::FORM_LIMIT;
use crate::layers::RequestId;
use crate::rate_limit::Kind;
use crate::route::Routes;
use crate::state::AppState;
use crate::ui;

/// The page's script asks for a view alone.
const VIEW: HeaderName = HeaderName::from_static("terapi-view");
/// The page's script has a window for the provider.
const WINDOW: HeaderName = HeaderName::from_static("terapi-window");
/// The page that gave the script its token.
const ORIGIN: HeaderName = HeaderName::from_static("terapi-origin");

/// The page, with and without a slash at its end, because published packages ask for either; and its form.
pub fn routes() -> Routes {
    Routes::new()
        .get("/connect/ui", show)
        .get("/connect/ui/", show)
        .get("/connect/ui/start", return_from_start)
        .post("/connect/ui/start", start)
}

async fn show(State(state): State<AppState>, request: Request) -> Response {
    let (site, visit) = (ui::site(&state), visit(&request));
    let in_address = visit.query.get("session_token");
    if let Some(wait) = count(&state, visit.bearer.as_deref().or(in_address)).await {
        return busy(&state, &visit, None, wait);
    }
    respond(&state, connect::get(&site, &visit).await)
}

async fn return_from_start(State(state): State<AppState>, request: Request) -> Response {
    respond(&state, connect::return_from_start(&visit(&request)))
}

async fn start(State(state): State<AppState>, request: Request) -> Response {
    let (site, visit) = (ui::site(&state), visit(&request));
    match ui::read_form(request, FORM_LIMIT).await {
        Ok(form) => {
            let token = visit.bearer.as_deref().unwrap_or(form.text("session_token"));
            if let Some(wait) = count(&state, Some(token)).await {
                return busy(&state, &visit, Some(&form), wait);
            }
            respond(&state, connect::start(&site, &visit, form).await)
        }
        Err(refusal) if refusal.status() == StatusCode::PAYLOAD_TOO_LARGE => {
            respond(&state, connect::too_large(&site, &visit).await)
        }
        Err(refusal) => protect(refusal),
    }
}

/// Counts a view for the account of its session, as the calls of browser packages are (rest.md 1.6); answers how many
/// seconds to wait when it is one too many. Views without a good session do nothing that costs anything.
async fn count(state: &AppState, token: Option<&str>) -> Option<i64> {
    let token = token.filter(|_| state.rate_limit.is_on())?;
    let session = state.broker.connect().authenticate_session(token).await.ok()?;
    let account = &session.caller.account_id;
    state.rate_limit.wait(account, Kind::Global, state.broker.now())
}

fn busy(state: &AppState, visit: &ConnectVisit, form: Option<&Form>, wait: i64) -> Response {
    let site = ui::site(state);
    respond(state, connect::busy(&site, visit, form, wait.unsigned_abs()))
}

fn visit(request: &Request) -> ConnectVisit {
    let headers = request.headers();
    let text = |name: &HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    ConnectVisit {
        query: Query::parse(request.uri().query().unwrap_or_default()),
        bearer: bearer(headers),
        accept_language: text(&header::ACCEPT_LANGUAGE).unwrap_or_default().to_owned(),
        framed: headers
            .get("sec-fetch-dest")
            .is_some_and(|destination| destination == "iframe"),
        partial: headers.contains_key(VIEW),
        windowed: headers.contains_key(WINDOW),
        origin: text(&ORIGIN).map(str::to_owned),
        request_id: request
            .extensions()
            .get::<RequestId>()
            .map(|id| id.0.clone())
            .unwrap_or_default(),
    }
}

fn bearer(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme
        .eq_ignore_ascii_case("bearer")
        .then(|| token.trim().to_owned())
}

fn respond(state: &AppState, answer: ConnectAnswer) -> Response {
    protect(match answer {
        ConnectAnswer::Document(document) => ui::respond(state, Answer::Document(document)),
        ConnectAnswer::View { status, html } => {
            let view = [(VIEW, HeaderValue::from_static("1"))];
            let mut response = (ui::number(status), view, Html(html)).into_response();
            ui::tell_when(status, response.headers_mut());
            response
        }
        ConnectAnswer::SeeOther(location) => match HeaderValue::try_from(location) {
            Ok(location) => (StatusCode::SEE_OTHER, [(header::LOCATION, location)]).into_response(),
            Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        },
        ConnectAnswer::Start {
            authorize_url,
            attempt,
        } => Json(json!({ "authorize_url": authorize_url, "attempt": attempt })).into_response(),
    })
}

/// Headers of the page and of its refusals. There is no opener policy: a popup and its opener must reach one
/// another.
fn protect(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // A document and its views have one address.
    headers.append(
        header::VARY,
        HeaderValue::from_static("terapi-view, authorization, accept-language"),
    );
    headers
        .entry(header::CONTENT_SECURITY_POLICY)
        .or_insert(HeaderValue::from_static(ui::NOTHING));
    response
}
