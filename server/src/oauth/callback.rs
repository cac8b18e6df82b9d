use std::collections::BTreeMap;

use axum::extract::{RawQuery, Request, State};
use axum::response::{IntoResponse, Response};
use axum_extra::extract::CookieJar;
use http::{HeaderMap, Method, StatusCode, header};
use terapi_broker::connect::{BrowserId, Callback, CompleteError, ResultFrame};
use terapi_model::{ErrorCode, OperationId};
use url::{Url, form_urlencoded};
use uuid::Uuid;

use super::{flow_cookie, page};
use crate::api::input::{Path, collect};
use crate::error::ApiError;
use crate::state::AppState;

/// How large a posted answer may be, bytes. Some providers put an ID token beside the code.
const FORM_LIMIT: usize = 64 * 1024;

/// The field that [`page::repost`] adds.
const REPOSTED: &str = "terapi_reposted";

/// `GET /oauth/callback` (rest.md 9.5).
pub async fn get_shared(
    State(state): State<AppState>,
    jar: CookieJar,
    method: Method,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Response {
    if method == Method::HEAD {
        return looked_at();
    }
    let returned = Returned {
        fields: parse_query(query.as_deref()),
        own_redirect: None,
        method: Method::GET,
        headers,
    };
    complete(&state, &jar, returned).await
}

/// `GET /oauth/callback/{integration uuid}`: the redirect URI of one integration alone.
pub async fn get_own(
    State(state): State<AppState>,
    path: Path<String>,
    jar: CookieJar,
    method: Method,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Response {
    match integration_uuid(&path) {
        Some(_) if method == Method::HEAD => looked_at(),
        Some(uuid) => {
            let returned = Returned {
                fields: parse_query(query.as_deref()),
                own_redirect: Some(uuid),
                method: Method::GET,
                headers,
            };
            complete(&state, &jar, returned).await
        }
        None => unknown_address(&headers),
    }
}

/// Whoever only looks whether there is something here, as scanners of links do, uses no state up.
fn looked_at() -> Response {
    [(header::CACHE_CONTROL, "no-store")].into_response()
}

/// `POST /oauth/callback`: a provider that answers with a form.
pub async fn post_shared(State(state): State<AppState>, jar: CookieJar, request: Request) -> Response {
    let action = state.broker.settings().callback_url();
    posted(&state, &jar, request, None, &action).await
}

/// `POST /oauth/callback/{integration uuid}`.
pub async fn post_own(
    State(state): State<AppState>,
    path: Path<String>,
    jar: CookieJar,
    request: Request,
) -> Response {
    let Some(uuid) = integration_uuid(&path) else {
        return unknown_address(request.headers());
    };
    let action = state.broker.settings().own_callback_url(&uuid);
    posted(&state, &jar, request, Some(uuid), &action).await
}

/// The UUID in the path, written as UUIDs are. Anything else must get no further: [`page::repost`] sends a stranger's
/// fields from our own origin to the address that is made of it, and `../../app/…` would be past the same-origin
/// guard.
fn integration_uuid(path: &Path<String>) -> Option<String> {
    Some(Uuid::try_parse(&path.0).ok()?.hyphenated().to_string())
}

fn unknown_address(headers: &HeaderMap) -> Response {
    let unknown = ApiError::not_found("no integration has this redirect address");
    refused(headers, &unknown)
}

async fn posted(
    state: &AppState,
    jar: &CookieJar,
    request: Request,
    own: Option<String>,
    action: &str,
) -> Response {
    let headers = request.headers().clone();
    let mut fields = match read(request).await {
        Ok(fields) => fields,
        Err(error) => return refused(&headers, &error),
    };
    let reposted = fields.iter().any(|(name, _)| name == REPOSTED);
    if flow_cookie::read(jar, state.public_url()).is_none() && !reposted {
        return page::repost(page::language(None, &headers), action, &fields);
    }
    fields.retain(|(name, _)| name != REPOSTED);
    let returned = Returned {
        fields,
        own_redirect: own,
        method: Method::POST,
        headers,
    };
    complete(state, jar, returned).await
}

fn refused(headers: &HeaderMap, error: &ApiError) -> Response {
    let failure = page::Failure::of_start(page::language(None, headers), error);
    page::failure(error.status(), &failure, None, None)
}

async fn read(request: Request) -> Result<Vec<(String, String)>, ApiError> {
    let is_form = request.headers().get(header::CONTENT_TYPE).is_some_and(|named| {
        let essence = named.as_bytes().split(|byte| *byte == b';').next();
        essence.is_some_and(|essence| {
            essence
                .trim_ascii()
                .eq_ignore_ascii_case(b"application/x-www-form-urlencoded")
        })
    });
    if !is_form {
        return Err(ApiError::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            ErrorCode::InvalidContentType,
            "the provider's answer is not a form (application/x-www-form-urlencoded)",
        ));
    }
    Ok(parse(&collect(request.into_body(), FORM_LIMIT).await?))
}

fn parse_query(query: Option<&str>) -> Vec<(String, String)> {
    parse(query.unwrap_or_default().as_bytes())
}

fn parse(form: &[u8]) -> Vec<(String, String)> {
    form_urlencoded::parse(form).into_owned().collect()
}

/// What a browser came back with.
struct Returned {
    fields: Vec<(String, String)>,
    /// The integration's UUID, when it came to that integration's own redirect URI.
    own_redirect: Option<String>,
    method: Method,
    headers: HeaderMap,
}

async fn complete(state: &AppState, jar: &CookieJar, returned: Returned) -> Response {
    let browser = flow_cookie::read(jar, state.public_url());
    let mut params = BTreeMap::new();
    for (name, value) in returned.fields {
        params.entry(name).or_insert(value);
    }
    let installed = params.contains_key("installation_id") && params.contains_key("setup_action");
    let callback = Callback {
        params,
        browser: browser.map(|id| BrowserId::of_cookie(id.expose())),
        own_redirect: returned.own_redirect,
    };
    let completed = state.broker.connect().complete(callback).await;
    let frame = completed.frame();
    let language = page::language(completed.language.as_deref(), &returned.headers);
    if let Some(url) = &completed.return_url {
        let url = returning(url, &frame, completed.operation_id.as_ref());
        if returned.method == Method::POST {
            // A browser holds the answer to a form to the page's `form-action`, redirects included.
            return page::onward(language, &url);
        }
        let away = [
            (header::CACHE_CONTROL, "no-store"),
            (header::REFERRER_POLICY, "no-referrer"),
            (header::LOCATION, url.as_str()),
        ];
        return (StatusCode::SEE_OTHER, away).into_response();
    }
    let opener = completed.opener_waits.then(|| page::OpenerMessage::of(&frame));
    let (
        ResultFrame::Error {
            error_type,
            error_desc,
            cause,
            ..
        },
        Err(failure),
    ) = (&frame, &completed.outcome)
    else {
        return page::success(language, opener.as_ref());
    };
    if installed && matches!(failure.error, CompleteError::MissingState) {
        return page::installation_changed(language, &state.broker.settings().at("app"));
    }
    let said = failure.said.by_parameter();
    let said = said
        .map(|(name, text)| (name.to_owned(), text.to_owned()))
        .collect();
    let status = ApiError::from(&failure.error).status();
    let failure = page::Failure::of_callback(
        language,
        page::Reason::of_callback(&failure.error, error_type, cause.as_deref()),
        error_type,
        error_desc,
        said,
        completed.operation_id,
    );
    let look = failure.look(state).await;
    page::failure(status, &failure, opener.as_ref(), look.as_ref())
}

/// What a page that sent the browser away itself is told in its address, by name. A name without a value is not told.
type Told<'a> = [(&'static str, Option<&'a str>); 5];

fn told<'a>(frame: &'a ResultFrame, operation: Option<&'a OperationId>) -> Told<'a> {
    let (status, key, connection, error, log_id) = match frame {
        ResultFrame::Success {
            provider_config_key,
            connection_id,
            ..
        } => (
            "connected",
            Some(provider_config_key.as_str()),
            Some(connection_id.as_str()),
            None,
            None,
        ),
        ResultFrame::Error {
            provider_config_key,
            error_type,
            ..
        } => (
            "failed",
            provider_config_key.as_deref(),
            None,
            Some(error_type.as_str()),
            operation.map(OperationId::as_str),
        ),
    };
    [
        ("status", Some(status)),
        ("provider_config_key", key),
        ("connection_id", connection),
        ("error", error),
        ("log_id", log_id),
    ]
}

/// The address of the page that sent the browser away itself. What the page is told here is for show: the result that counts
/// is the stored one. What the address said of the kind before is gone, or the page would read that.
fn returning(url: &Url, frame: &ResultFrame, operation: Option<&OperationId>) -> Url {
    let mut url = url.clone();
    let told = told(frame, operation);
    let is_kept = |pair: &&str| {
        let name = form_urlencoded::parse(pair.as_bytes()).next();
        name.is_none_or(|(name, _)| told.iter().all(|(told, _)| *told != name))
    };
    let kept = url
        .query()
        .map(|query| query.split('&').filter(is_kept).collect::<Vec<_>>().join("&"));
    url.set_query(kept.as_deref().filter(|kept| !kept.is_empty()));
    let told = told.into_iter().filter_map(|(name, value)| Some((name, value?)));
    url.query_pairs_mut().extend_pairs(told);
    url
}
