use axum::Json;
use axum::extract::{OriginalUri, Request, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum_extra::extract::CookieJar;
use http::{HeaderMap, StatusCode, Uri, header};
use serde_json::{Value, json};
use terapi_app::base_path::Local;
use terapi_broker::connect::{BrowserAuth, BrowserId, ResultFrame};
use terapi_model::{ErrorCode, IntegrationKey};
use terapi_vault::{OsEntropy, token};
use url::Url;

use super::{flow_cookie, page};
use crate::api::auth::bearer;
use crate::api::input::{LenientQuery, Path, Query};
use crate::connect::browser_input;
use crate::connect::visitor::Visitor;
use crate::error::ApiError;
use crate::layers::judge_content_type;
use crate::rate_limit::Kind;
use crate::state::AppState;

/// Marks a request that was already sent to the public host, so that a proxy which rewrites `Host` cannot make
/// it go round for ever.
const MOVED: &str = "terapi_moved";

/// `GET /oauth/connect/`: published packages do not look at the key that they are given. It is refused as any other, with
/// a page, and with a frame to whoever listens.
pub async fn get_nameless(
    state: State<AppState>,
    uri: OriginalUri,
    query: LenientQuery,
    jar: CookieJar,
    request: Request,
) -> Response {
    get(state, uri, Path(String::new()), query, jar, request).await
}

/// `POST /oauth/connect/`, the same for a script.
pub async fn post_nameless(
    state: State<AppState>,
    query: LenientQuery,
    headers: HeaderMap,
    uri: Uri,
) -> Result<Json<Value>, ApiError> {
    post(state, Path(String::new()), query, headers, uri).await
}

/// `GET /oauth/connect/{integration}`: where a popup begins (rest.md 9.4). Packages do not encode the key: one with a slash
/// comes here too, and is refused here.
pub async fn get(
    State(state): State<AppState>,
    OriginalUri(uri): OriginalUri,
    path: Path<String>,
    LenientQuery(query): LenientQuery,
    jar: CookieJar,
    request: Request,
) -> Response {
    if let Some(moved) = on_public_host(&state, request.headers(), &uri, &query) {
        return Redirect::temporary(moved.as_str()).into_response();
    }
    let language = page::language(None, request.headers());
    let admitted = Visitor::admit(&state, &query, &request, &path.0, "oauth").await;
    match begin(&state, &path, &query, admitted, jar).await {
        Ok(response) => response,
        Err(error) => {
            let opener = browser_input::opener_waits(&query)
                .then(|| page::OpenerMessage::of(&refusal_frame(&path.0, &error)));
            let failure = page::Failure::of_start(language, &error);
            let look = failure.look(&state).await;
            page::failure(error.status(), &failure, opener.as_ref(), look.as_ref())
        }
    }
}

/// `POST /oauth/connect/{integration}`, the same for a script: the answer says where the popup has to go, and which
/// attempt to ask for the result of.
pub async fn post(
    State(state): State<AppState>,
    path: Path<String>,
    LenientQuery(query): LenientQuery,
    headers: HeaderMap,
    uri: Uri,
) -> Result<Json<Value>, ApiError> {
    let judged = judge_content_type(uri.path(), &headers);
    let auth = match authenticate(&state, &query, &headers).await {
        Ok(auth) => auth,
        // What kind of body comes does not depend on who asks (rest.md 1.2).
        Err(refused) => return judged.and(Err(refused)),
    };
    let visitor = Visitor::of(&state, auth, &path.0, "oauth");
    visitor.answer(judged).await?;
    let prepared = prepare(&state, &visitor.auth, &path, &query).await;
    visitor.answer(prepared).await
}

/// A session token may also come as the bearer.
async fn authenticate(state: &AppState, query: &Query, headers: &HeaderMap) -> Result<BrowserAuth, ApiError> {
    if !headers.contains_key(header::AUTHORIZATION) {
        return browser_input::authenticate(state, query).await;
    }
    let connect = state.broker.connect();
    let token = bearer(headers)?;
    let auth = connect
        .authenticate_browser(Some(token.expose()), query.text("public_key"))
        .await?;
    let account = &auth.environment().account_id;
    state
        .rate_limit
        .count(account, Kind::Global, state.broker.now())?;
    Ok(auth)
}

fn key_of(path: &Path<String>) -> Result<IntegrationKey, ApiError> {
    if path.0.is_empty() {
        let message = "the address names no integration";
        return Err(ApiError::new(
            StatusCode::BAD_REQUEST,
            ErrorCode::NoProviderConfigKey,
            message,
        ));
    }
    path.parse("providerConfigKey", IntegrationKey::parse)
}

async fn prepare(
    state: &AppState,
    auth: &BrowserAuth,
    path: &Path<String>,
    query: &Query,
) -> Result<Json<Value>, ApiError> {
    let key = key_of(path)?;
    let mut input = browser_input::read(query);
    if matches!(auth, BrowserAuth::PublicKey(_)) && input.ws_client_id.is_none() {
        // Without a session, knowing this name is what opens the result.
        input.ws_client_id = Some(token::uuid_v4(&OsEntropy));
    }
    let listener = input.ws_client_id.clone();
    let prepared = state.broker.connect().prepare(auth, &key, input).await?;
    let mut answer = json!({ "authorize_url": prepared.start_url, "attempt": prepared.attempt_id });
    if let Some(listener) = listener {
        answer["listener"] = listener.into();
    }
    Ok(Json(answer))
}

async fn begin(
    state: &AppState,
    path: &Path<String>,
    query: &Query,
    admitted: Result<Visitor<'_>, ApiError>,
    jar: CookieJar,
) -> Result<Response, ApiError> {
    let connect = state.broker.connect();
    let input = browser_input::read(query);
    let admitted = async {
        let visitor = admitted?;
        Ok((visitor.answer(key_of(path)).await?, visitor.auth))
    };
    let (key, auth) = match admitted.await {
        Ok(admitted) => admitted,
        Err(error) => {
            // Nothing has begun that could keep this: whoever listens is told directly.
            if let Some(listener) = &input.ws_client_id {
                connect.tell(listener, &refusal_frame(&path.0, &error));
            }
            return Err(error);
        }
    };
    let browser = flow_cookie::read_or_draw(&jar, state.public_url());
    let begun = connect
        .begin(&auth, &key, input, &BrowserId::of_cookie(browser.expose()))
        .await?;
    let jar = jar.add(flow_cookie::renew(&browser, state.public_url()));
    let away = [
        (header::CACHE_CONTROL, "no-store"),
        (header::LOCATION, begun.authorize_url.as_str()),
    ];
    Ok((StatusCode::FOUND, jar, away).into_response())
}

fn refusal_frame(key: &str, error: &ApiError) -> ResultFrame {
    ResultFrame::Error {
        provider_config_key: Some(key.to_owned()),
        connection_id: None,
        error_type: error.code().as_str().to_owned(),
        error_desc: error.message().to_owned(),
        cause: None,
        provider: None,
    }
}

/// The same request on the public host, when it came in on another: a cookie set on `127.0.0.1` would not come
/// back to `localhost` (decision D9).
fn on_public_host(state: &AppState, headers: &HeaderMap, uri: &http::Uri, query: &Query) -> Option<Url> {
    let host = headers.get(header::HOST)?.to_str().ok()?;
    let public = state.public_url();
    if host.eq_ignore_ascii_case(authority(public)) || query.get(MOVED).is_some() {
        return None;
    }
    let mut moved = public.clone();
    moved.set_path(&Local(uri.path()).to_string());
    let query = uri.query().filter(|query| !query.is_empty());
    moved.set_query(Some(
        &query.map_or_else(|| format!("{MOVED}=1"), |query| format!("{query}&{MOVED}=1")),
    ));
    Some(moved)
}

/// Host and, unless it is the scheme's own, port.
fn authority(url: &Url) -> &str {
    &url[url::Position::BeforeHost..url::Position::AfterPort]
}
