use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde_json::Value;
use terapi_broker::connect::{UiEvent, UiReport};
use terapi_model::{ErrorCode, IntegrationKey, IssueCode, Timestamp};

use super::visitor::answer_beside;
use crate::api::input::{JsonBody, Length, read_object};
use crate::error::ApiError;
use crate::state::AppState;

/// How far a browser's clock may be off, in milliseconds.
const CLOCK_OFF_MS: i64 = 2 * 3600 * 1000;

/// `POST /connect/telemetry`: the Connect UI tells what its end user sees and does (rest.md 4.5). A beacon carries no
/// headers, so that the token is in the body.
pub async fn post(
    State(state): State<AppState>,
    headers: HeaderMap,
    body: Result<JsonBody<{ super::FORM_LIMIT }>, ApiError>,
) -> Response {
    let noted = note(&state, &headers, body).await;
    let answer = noted.map_or_else(IntoResponse::into_response, IntoResponse::into_response);
    allow(&state, answer)
}

/// `OPTIONS /connect/telemetry`: a beacon with a JSON body is a request with credentials, which a browser asks about
/// first (browser-and-modes.md 2.4).
pub async fn preflight(State(state): State<AppState>) -> Response {
    let allowed = [
        (header::ACCESS_CONTROL_ALLOW_METHODS, "POST"),
        (header::ACCESS_CONTROL_ALLOW_HEADERS, "Authorization,Content-type"),
        (header::ACCESS_CONTROL_MAX_AGE, "36000"),
    ];
    allow(&state, (StatusCode::NO_CONTENT, allowed).into_response())
}

/// Lets the Connect UI's own origin in, and no other, with credentials.
fn allow(state: &AppState, mut answer: Response) -> Response {
    let origin = state.public_url().origin().ascii_serialization();
    let headers = answer.headers_mut();
    if let Ok(origin) = HeaderValue::try_from(origin) {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    }
    headers.insert(
        header::ACCESS_CONTROL_ALLOW_CREDENTIALS,
        HeaderValue::from_static("true"),
    );
    headers.insert(header::VARY, HeaderValue::from_static("Origin"));
    answer
}

async fn note(
    state: &AppState,
    headers: &HeaderMap,
    body: Result<JsonBody<{ super::FORM_LIMIT }>, ApiError>,
) -> Result<StatusCode, ApiError> {
    let JsonBody(body) = body?;
    let token = body.get("token").and_then(Value::as_str);
    let token = token.filter(|token| !token.is_empty()).ok_or_else(|| {
        ApiError::unauthorized(
            ErrorCode::MissingAuthHeader,
            "send the session token as `token` in the body",
        )
    })?;
    // Not counted: one visit sends more reports than calls, and an operation takes only so many.
    let session = state.broker.connect().authenticate_session(token).await?;
    let report = read(&body, state.broker.now(), headers);
    let report = answer_beside(state, &session, report).await?;
    state.broker.connect().report(&session, &report).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn read<'h>(body: &Value, now: Timestamp, headers: &'h HeaderMap) -> Result<UiReport<'h>, ApiError> {
    let (event, at, integration) = read_object(body, |fields| {
        fields.value("token");
        let event = fields.text("event", Length::to(64));
        let event = event.and_then(|text| {
            let event = UiEvent::parse(text);
            if event.is_none() {
                fields.complain(
                    &["event"],
                    IssueCode::InvalidValue,
                    "is not an event of the Connect UI",
                );
            }
            event
        });
        let at = fields.text("timestamp", Length::to(64)).and_then(|text| {
            let at = Timestamp::parse_rfc3339(text);
            let near = at.filter(|at| now.millis_since(*at).abs() <= CLOCK_OFF_MS);
            if near.is_none() {
                fields.complain(
                    &["timestamp"],
                    IssueCode::InvalidFormat,
                    "must be a date within two hours of now",
                );
            }
            near
        });
        let integration = fields.optional_nested("dimensions", |dimensions| {
            let key = dimensions.optional_name("integration", IntegrationKey::parse);
            dimensions.strict();
            Some(key)
        });
        fields.strict();
        Some((event?, at?, integration.flatten()))
    })
    .map_err(ApiError::bad_body)?;
    let user_agent = headers
        .get(header::USER_AGENT)
        .and_then(|value| value.to_str().ok());
    Ok(UiReport {
        event,
        at,
        integration,
        user_agent,
    })
}
