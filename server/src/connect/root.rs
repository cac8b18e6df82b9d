use std::net::SocketAddr;

use axum::extract::ws::WebSocketUpgrade;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::{ConnectInfo, RawQuery, State};
use axum::response::{IntoResponse, Redirect, Response};
use http::HeaderMap;
use terapi_app::base_path::Local;
use terapi_app::route::Route;

use super::websocket;
use crate::state::AppState;

/// Where the Connect UI is.
const UI: &str = "/connect/ui/";

/// `GET /`: the socket of the browser packages when an upgrade is asked for, the Connect UI when its parameters
/// came (decision D7), the dashboard otherwise.
pub async fn get(
    State(state): State<AppState>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Response {
    if let Ok(upgrade) = upgrade {
        let address = state.client_address(&headers, peer.ip());
        return websocket::accept(upgrade, address, state);
    }
    let framed = headers
        .get("sec-fetch-dest")
        .is_some_and(|destination| destination == "iframe");
    match query {
        Some(query) if framed || query.split('&').any(|pair| pair.starts_with("apiURL=")) => {
            Redirect::temporary(&format!("{}?{query}", Local(UI))).into_response()
        }
        None if framed => Redirect::temporary(&Local(UI).to_string()).into_response(),
        _ => Redirect::temporary(&Route::Home.to_string()).into_response(),
    }
}
