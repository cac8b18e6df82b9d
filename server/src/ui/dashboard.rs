//! `/app/**`: hands a request to the dashboard and its answer to the browser. Which pages there are is the
//! dashboard's affair ([`terapi_app::route`]).

use std::net::IpAddr;
use std::time::Duration;

use axum::Extension;
use axum::body::{Body, to_bytes};
use axum::extract::{ConnectInfo, Request, State};
use axum::response::{Html, IntoResponse, Response};
use axum_extra::extract::CookieJar;
use axum_extra::extract::cookie::{Cookie, SameSite};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use terapi_app::base_path::Local;
use terapi_app::route::Route;
use terapi_app::{
    Answer, Document, Form, Policy, Query, SessionChange, SignedIn, Site, Status, Theme, Visit,
};
use tokio::time::timeout;
use tower_sessions::Session;

use super::refusal::Refusal;
use super::{assets, policy, session};
use crate::layers::RequestId;
use crate::serve::Peer;
use crate::state::AppState;

/// The most that a form of the dashboard may send, bytes.
const FORM_LIMIT: usize = 64 * 1024;

/// How long a form may take to arrive.
pub(super) const SLOWEST: Duration = Duration::from_secs(30);

/// Every request below `/app`.
pub(super) async fn serve_page(
    State(state): State<AppState>,
    Extension(signed_in): Extension<Option<SignedIn>>,
    session: Session,
    request: Request,
) -> Response {
    let site = site(&state);
    let visit = visit(&state, signed_in, &request);
    let (address, headers, shape) = (visit.address, request.headers().clone(), Refusal::shape(&request));
    let answer = match *request.method() {
        Method::GET | Method::HEAD => terapi_app::get(&site, visit).await,
        Method::POST => match read_form(request, FORM_LIMIT).await {
            Ok(form) => terapi_app::post(&site, visit, form).await,
            Err(refusal) => return refusal,
        },
        _ => {
            let mut response = Refusal::unknown_method().answer(&request);
            response
                .headers_mut()
                .insert(header::ALLOW, HeaderValue::from_static("GET, HEAD, POST"));
            return response;
        }
    };
    if let Answer::SeeOther { session: change, .. } = &answer
        && let Err(error) = change_session(&state, &session, change, &headers, address).await
    {
        return Refusal::unavailable(&error, &shape).shaped(shape);
    }
    respond(&state, answer)
}

/// What the pages are given of this instance.
pub(crate) fn site(state: &AppState) -> Site {
    Site {
        broker: state.broker.clone(),
        assets: Local(assets::site_path()).to_string().into(),
    }
}

fn visit(state: &AppState, signed_in: Option<SignedIn>, request: &Request) -> Visit {
    let headers = request.headers();
    let peer = request
        .extensions()
        .get::<Peer>()
        .map_or(IpAddr::from([0, 0, 0, 0]), |ConnectInfo(peer)| peer.ip());
    Visit {
        path: request.uri().path().to_owned(),
        query: Query::parse(request.uri().query().unwrap_or_default()),
        signed_in,
        theme: theme(headers),
        address: state.client_address(headers, peer),
        request_id: request
            .extensions()
            .get::<RequestId>()
            .map(|id| id.0.clone())
            .unwrap_or_default(),
    }
}

fn theme(headers: &HeaderMap) -> Theme {
    CookieJar::from_headers(headers)
        .get(Theme::COOKIE)
        .map_or(Theme::default(), |cookie| Theme::parse(cookie.value()))
}

/// Reads a form's body whole, or says why not.
pub(crate) async fn read_form(request: Request, limit: usize) -> Result<Form, Response> {
    let shape = Refusal::shape(&request);
    let refuse = |refusal: Refusal| refusal.shaped(shape.clone());
    if !is_form(request.headers()) {
        return Err(refuse(Refusal::not_a_form()));
    }
    let body: Body = request.into_body();
    match timeout(SLOWEST, to_bytes(body, limit)).await {
        Ok(Ok(bytes)) => Ok(Form::parse(&bytes)),
        Ok(Err(error)) if is_over_limit(&error) => Err(refuse(Refusal::too_large(limit, &shape))),
        Ok(Err(_)) | Err(_) => Err(refuse(Refusal::unreadable())),
    }
}

/// True for the one encoding that our forms use. A form without fields sends no body, and some clients then name
/// no type.
fn is_form(headers: &HeaderMap) -> bool {
    let Some(named) = headers.get(header::CONTENT_TYPE) else {
        return headers
            .get(header::CONTENT_LENGTH)
            .is_none_or(|length| length == "0");
    };
    named
        .as_bytes()
        .split(|byte| *byte == b';')
        .next()
        .is_some_and(|essence| {
            essence
                .trim_ascii()
                .eq_ignore_ascii_case(b"application/x-www-form-urlencoded")
        })
}

pub(super) fn is_over_limit(error: &axum::Error) -> bool {
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        if cause.is::<http_body_util::LengthLimitError>() {
            return true;
        }
        source = cause.source();
    }
    false
}

async fn change_session(
    state: &AppState,
    session: &Session,
    change: &SessionChange,
    headers: &HeaderMap,
    address: IpAddr,
) -> Result<(), tower_sessions::session::Error> {
    match change {
        SessionChange::Keep => Ok(()),
        SessionChange::SignIn(operator) => {
            session::begin(session, operator, state.broker.now(), headers, address).await
        }
        SessionChange::SignOut => session::end(session).await,
    }
}

/// The dashboard's answer in HTTP.
pub(crate) fn respond(state: &AppState, answer: Answer) -> Response {
    match answer {
        Answer::Document(document) => show(state, document),
        Answer::SeeOther { location, theme, .. } => {
            let Ok(location) = HeaderValue::try_from(location) else {
                tracing::error!("a page led to an address that no header can hold");
                return StatusCode::INTERNAL_SERVER_ERROR.into_response();
            };
            let jar = theme.map_or_else(CookieJar::new, |theme| {
                CookieJar::new().add(keep(theme, state.is_https()))
            });
            (StatusCode::SEE_OTHER, [(header::LOCATION, location)], jar).into_response()
        }
    }
}

fn show(state: &AppState, document: Document) -> Response {
    let policy = match document.policy {
        Policy::Dashboard => policy::dashboard(&document.nonce, state.public_url()),
        Policy::Connect => policy::connect(&document.nonce, state.public_url(), &state.frame_ancestors),
    };
    let mut response = (number(document.status), Html(document.html)).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    if document.status == Status::MethodNotAllowed {
        headers.insert(header::ALLOW, HeaderValue::from_static("GET, HEAD"));
    }
    tell_when(document.status, headers);
    response
}

/// Says when to come again, where that is known.
pub(crate) fn tell_when(status: Status, headers: &mut HeaderMap) {
    let wait = match status {
        Status::TooMany { retry_after } => retry_after,
        // Passwords in the queue before this one are checked within a few seconds.
        Status::Busy => 5,
        _ => return,
    };
    headers.insert(header::RETRY_AFTER, HeaderValue::from(wait));
}

pub(crate) const fn number(status: Status) -> StatusCode {
    match status {
        Status::Ok => StatusCode::OK,
        Status::Invalid => StatusCode::UNPROCESSABLE_ENTITY,
        Status::Forbidden => StatusCode::FORBIDDEN,
        Status::NotFound => StatusCode::NOT_FOUND,
        Status::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
        Status::TooMany { .. } => StatusCode::TOO_MANY_REQUESTS,
        Status::Busy => StatusCode::SERVICE_UNAVAILABLE,
        Status::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        Status::Failed => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// The theme cookie: for a year, for the dashboard alone.
fn keep(theme: Theme, secure: bool) -> Cookie<'static> {
    Cookie::build((Theme::COOKIE, theme.as_str()))
        .path(Route::Home.to_string())
        .http_only(true)
        .secure(secure)
        .same_site(SameSite::Lax)
        .max_age(time::Duration::days(365))
        .build()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_form_that_never_ends_is_given_up() {
        let stalled = futures::stream::pending::<Result<&str, std::io::Error>>();
        let request = Request::post("/app/~/sign-in")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Body::from_stream(stalled))
            .unwrap();
        let refusal = read_form(request, FORM_LIMIT).await.unwrap_err();
        assert_eq!(refusal.status(), StatusCode::BAD_REQUEST);
    }
}
