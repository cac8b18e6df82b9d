use std::collections::BTreeMap;

use axum::Json;
use axum::extract::{FromRequest, FromRequestParts, Request, State};
use http::StatusCode;
use serde::Serialize;
use terapi_app::base_path::Local;
use terapi_broker::connect::{Session, SessionDefaults, SessionOverrides, SessionView};
use terapi_model::{ConnectUiSettings, ErrorCode, IntegrationKey};
use utoipa::ToSchema;

use crate::api::auth::BySession;
use crate::api::connections::EndUserBody;
use crate::api::input::{EmptyBody, NoQuery};
use crate::connect::visitor::answer_beside;
use crate::error::ApiError;
use crate::layers::judge_content_type;
use crate::state::AppState;

/// `{data: session}`
#[derive(Serialize, ToSchema)]
pub struct SessionAnswer {
    /// The session.
    data: SessionBody,
}

/// What the holder of a session token sees of it.
#[derive(Serialize, ToSchema)]
pub struct SessionBody {
    /// Whose account will be connected.
    #[serde(rename = "endUser")]
    end_user: Option<EndUserBody>,
    /// How the Connect UI looks.
    #[serde(rename = "connectUISettings")]
    #[schema(value_type = Object)]
    connect_ui_settings: ConnectUiSettings,
    /// Integrations to choose from; absent: all.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Vec<String>>)]
    allowed_integrations: Option<Vec<IntegrationKey>>,
    /// Presets by integration.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    #[schema(value_type = Object)]
    integrations_config_defaults: BTreeMap<IntegrationKey, SessionDefaults>,
    /// True when a connection is renewed, else absent.
    #[serde(rename = "isReconnecting", skip_serializing_if = "std::ops::Not::not")]
    is_reconnecting: bool,
    /// What to show differently, by integration.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    #[schema(value_type = Object)]
    overrides: BTreeMap<IntegrationKey, SessionOverrides>,
    /// Where the results of popups are heard of.
    #[serde(rename = "websocketsPath")]
    websockets_path: &'static str,
}

impl From<SessionView> for SessionBody {
    fn from(view: SessionView) -> Self {
        let mut connect_ui_settings = view.connect_ui;
        connect_ui_settings.logo = connect_ui_settings.logo.map(|logo| Local(logo).to_string());
        Self {
            end_user: view.end_user.map(EndUserBody::from),
            connect_ui_settings,
            allowed_integrations: view.allowed_integrations,
            integrations_config_defaults: view.defaults,
            is_reconnecting: view.is_reconnecting,
            overrides: view.overrides,
            // Its reader writes the path of the API's address before it, so that a base path is in it already.
            websockets_path: "/",
        }
    }
}

/// The session of the token.
#[utoipa::path(
    get, path = "/connect/session", tag = "Connect", security(("connect_session" = [])),
    responses(
        (status = 200, description = "The session", body = SessionAnswer),
        (status = 401, description = "`unknown_connect_session_token`", body = crate::api::openapi::ErrorBody),
    )
)]
pub(super) async fn get(
    State(state): State<AppState>,
    BySession(session): BySession,
    request: Request,
) -> Result<Json<SessionAnswer>, ApiError> {
    let shown = show(&state, &session, request).await;
    answer_beside(&state, &session, shown).await
}

async fn show(
    state: &AppState,
    session: &Session,
    request: Request,
) -> Result<Json<SessionAnswer>, ApiError> {
    expect_nothing(state, request).await?;
    let view = state.broker.connect().session_view(session).await?;
    let view = view.ok_or_else(|| ApiError::not_found("the connection of this session no longer exists"))?;
    Ok(Json(SessionAnswer { data: view.into() }))
}

/// Ends the session of the token.
#[utoipa::path(
    delete, path = "/connect/session", tag = "Connect", security(("connect_session" = [])),
    responses((status = 204, description = "It has ended"))
)]
pub(super) async fn delete(
    State(state): State<AppState>,
    BySession(session): BySession,
    request: Request,
) -> Result<StatusCode, ApiError> {
    let ended = end(&state, &session, request).await;
    answer_beside(&state, &session, ended).await
}

async fn end(state: &AppState, session: &Session, request: Request) -> Result<StatusCode, ApiError> {
    expect_nothing(state, request).await?;
    if state.broker.connect().delete_session(session).await? {
        return Ok(StatusCode::NO_CONTENT);
    }
    Err(ApiError::new(
        StatusCode::BAD_REQUEST,
        ErrorCode::ServerError,
        "this session had already ended",
    ))
}

/// These routes take neither query nor body.
async fn expect_nothing(state: &AppState, request: Request) -> Result<(), ApiError> {
    judge_content_type(request.uri().path(), request.headers())?;
    let (mut parts, body) = request.into_parts();
    NoQuery::from_request_parts(&mut parts, state).await?;
    EmptyBody::from_request(Request::from_parts(parts, body), state).await?;
    Ok(())
}
