//! `/ui/{function}`: hands what an island asks to the dashboard's server functions. Which functions there are is
//! the dashboard's affair, as pages are.

use axum::Extension;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, header};
use leptos::context::provide_context;
use leptos::server_fn::axum::get_server_fn_service;
use leptos::server_fn::error::FromServerFnError;
use leptos_axum::handle_server_fns_with_context;
use terapi_app::{SignedIn, UiError};
use tokio::time::timeout;

use super::dashboard::{SLOWEST, is_over_limit, site};
use super::refusal::Refusal;
use crate::state::AppState;

/// The most that a call may send, bytes.
const CALL_LIMIT: usize = 16 * 1024;

/// The most that an error says, bytes.
const ERROR_LIMIT: usize = 4 * 1024;

/// Every request below `/ui`.
pub(super) async fn call(
    State(state): State<AppState>,
    Extension(signed_in): Extension<Option<SignedIn>>,
    request: Request,
) -> Response {
    if get_server_fn_service(request.uri().path(), request.method().clone()).is_none() {
        return Refusal::unknown_function().answer(&request);
    }
    let shape = Refusal::shape(&request);
    let (parts, body) = request.into_parts();
    // Read whole before anything waits for it: a function has no clock of its own.
    let body = match timeout(SLOWEST, to_bytes(body, CALL_LIMIT)).await {
        Ok(Ok(body)) => body,
        Ok(Err(error)) if is_over_limit(&error) => {
            return Refusal::too_large(CALL_LIMIT, &shape).shaped(shape);
        }
        Ok(Err(_)) | Err(_) => return Refusal::unreadable().shaped(shape),
    };
    let mut request = Request::from_parts(parts, Body::from(body));
    // What accepts HTML would be led back to where it says that it came from. Islands post no forms.
    request
        .headers_mut()
        .insert(header::ACCEPT, HeaderValue::from_static("application/json"));
    let site = site(&state);
    let contexts = move || {
        provide_context(site.clone());
        provide_context(signed_in.clone());
    };
    let response = handle_server_fns_with_context(contexts, request)
        .await
        .into_response();
    if response.status().is_success() {
        return response;
    }
    match to_bytes(response.into_body(), ERROR_LIMIT).await {
        Ok(error) => Refusal::of_call(&UiError::de(error)).shaped(shape),
        Err(_) => Refusal::failed().shaped(shape),
    }
}
