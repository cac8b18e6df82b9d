//! What the routes for typed credentials have in common: who asks is admitted, the body read, the credentials submitted,
//! and what came of it is answered (rest.md 9.7). A refusal is in the log, and carries the id that finds it there.

use axum::Json;
use axum::extract::{FromRequest, Request, State};
use serde_json::{Value, json};
use terapi_broker::connect::{BrowserAuth, BrowserInput, Connect, Connected, Logged, SubmitError};
use terapi_model::{IntegrationKey, Issue};

use super::FORM_LIMIT;
use super::browser_input;
use super::visitor::Visitor;
use crate::api::input::{Fields, JsonBody, LenientQuery, Path, Query, read_object};
use crate::error::ApiError;
use crate::route::Routes;
use crate::state::AppState;

/// One kind of typed credentials.
pub(super) trait Typed: Sized + Send + 'static {
    /// Where browsers send it, each followed by the integration's key.
    const ROUTES: &'static [&'static str];
    /// `meta.authType` of the log.
    const AUTH_TYPE: &'static str;

    /// Takes it out of the body.
    ///
    /// # Errors
    /// What is wrong with the body.
    fn read(body: &Value) -> Result<Self, Vec<Issue>>;

    /// Connects with it.
    fn submit(self, submission: Submission<'_>) -> impl Future<Output = Submitted> + Send;
}

/// What else came with typed credentials.
pub(super) struct Submission<'a> {
    /// Where they are submitted.
    pub connect: Connect<'a>,
    /// By whom.
    pub auth: &'a BrowserAuth,
    /// For which integration.
    pub key: &'a IntegrationKey,
    /// The query.
    pub input: BrowserInput,
}

/// What became of them.
pub(super) type Submitted = Result<Connected, Logged<SubmitError>>;

/// The routes of one kind.
pub(super) fn routes<T: Typed>() -> Routes {
    T::ROUTES.iter().fold(Routes::new(), |routes, path| {
        routes.post(&format!("{path}/{{integration}}"), post::<T>)
    })
}

/// Reads the fields of a form as `read` says, and refuses all others but `type`: published packages drop the one they were
/// given, by hand it may well be sent.
///
/// # Errors
/// Every issue that was found.
pub(super) fn read_form<'v, T>(
    body: &'v Value,
    read: impl FnOnce(&mut Fields<'v, '_>) -> Option<T>,
) -> Result<T, Vec<Issue>> {
    read_object(body, |fields| {
        fields.value("type");
        let form = read(fields);
        fields.strict();
        form
    })
}

async fn post<T: Typed>(
    State(state): State<AppState>,
    path: Path<String>,
    LenientQuery(query): LenientQuery,
    request: Request,
) -> Result<Json<Value>, ApiError> {
    let visitor = Visitor::admit(&state, &query, &request, &path.0, T::AUTH_TYPE).await?;
    let submitted = submit::<T>(&state, &visitor, &path, &query, request).await;
    visitor.answer(submitted).await
}

async fn submit<T: Typed>(
    state: &AppState,
    visitor: &Visitor<'_>,
    path: &Path<String>,
    query: &Query,
    request: Request,
) -> Result<Json<Value>, ApiError> {
    let JsonBody(body) = JsonBody::<FORM_LIMIT>::from_request(request, state).await?;
    let typed = T::read(&body).map_err(ApiError::bad_body)?;
    let key = path.parse("providerConfigKey", IntegrationKey::parse)?;
    let submission = Submission {
        connect: state.broker.connect(),
        auth: &visitor.auth,
        key: &key,
        input: browser_input::read(query),
    };
    let connected = typed.submit(submission).await?;
    Ok(Json(json!({
        "connectionId": connected.connection_key,
        "providerConfigKey": connected.integration_key,
    })))
}
