use std::collections::BTreeMap;

use axum::extract::{RawForm, State};
use axum::response::Response;
use axum_extra::extract::CookieJar;
use terapi_broker::connect::{BrowserId, Callback, CompleteError, CompleteFailure};
use url::form_urlencoded;

use super::{flow_cookie, page};
use crate::api::input::Path;
use crate::error::ApiError;
use crate::state::AppState;

/// The field that [`page::repost`] adds.
const REPOSTED: &str = "terapi_reposted";

/// `GET /oauth/callback` (rest.md 9.5).
pub async fn get_shared(State(state): State<AppState>, jar: CookieJar, RawForm(form): RawForm) -> Response {
    complete(&state, &jar, parse(&form), None).await
}

/// `GET /oauth/callback/{integration uuid}`: the redirect URI of one integration alone.
pub async fn get_own(
    State(state): State<AppState>,
    path: Path<String>,
    jar: CookieJar,
    RawForm(form): RawForm,
) -> Response {
    complete(&state, &jar, parse(&form), Some(path.0)).await
}

/// `POST /oauth/callback`: a provider that answers with a form.
pub async fn post_shared(State(state): State<AppState>, jar: CookieJar, RawForm(form): RawForm) -> Response {
    let action = state.broker.settings().callback_url();
    posted(&state, &jar, parse(&form), None, &action).await
}

/// `POST /oauth/callback/{integration uuid}`.
pub async fn post_own(
    State(state): State<AppState>,
    path: Path<String>,
    jar: CookieJar,
    RawForm(form): RawForm,
) -> Response {
    let action = state.broker.settings().own_callback_url(&path.0);
    posted(&state, &jar, parse(&form), Some(path.0), &action).await
}

async fn posted(
    state: &AppState,
    jar: &CookieJar,
    mut fields: Vec<(String, String)>,
    own: Option<String>,
    action: &str,
) -> Response {
    let reposted = fields.iter().any(|(name, _)| name == REPOSTED);
    if flow_cookie::read(jar, state.public_url()).is_none() && !reposted {
        return page::repost(action, &fields);
    }
    fields.retain(|(name, _)| name != REPOSTED);
    complete(state, jar, fields, own).await
}

fn parse(form: &[u8]) -> Vec<(String, String)> {
    form_urlencoded::parse(form).into_owned().collect()
}

async fn complete(
    state: &AppState,
    jar: &CookieJar,
    fields: Vec<(String, String)>,
    own_redirect: Option<String>,
) -> Response {
    let browser = flow_cookie::read(jar, state.public_url());
    let mut params = BTreeMap::new();
    for (name, value) in fields {
        params.entry(name).or_insert(value);
    }
    let installed = params.contains_key("installation_id") && params.contains_key("setup_action");
    let callback = Callback {
        params,
        browser: browser.map(|id| BrowserId::of_cookie(id.expose())),
        own_redirect,
    };
    let completed = state.broker.connect().complete(callback).await;
    match completed.outcome {
        Ok(_) => page::success(),
        Err(CompleteFailure {
            error: CompleteError::MissingState,
            ..
        }) if installed => page::installation_changed(&state.broker.settings().at("app")),
        Err(failure) => {
            let status = ApiError::from(&failure.error).status();
            page::failure(
                status,
                &page::Failure::of_callback(&failure, completed.operation_id.as_ref()),
            )
        }
    }
}
