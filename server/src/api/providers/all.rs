use axum::Json;
use axum::extract::State;
use http::{HeaderName, header};
use serde_json::{Map, Value};
use terapi_catalog::wire;

use crate::state::AppState;

/// The whole catalogue, by name; open to anybody.
#[utoipa::path(
    get, path = "/providers.json", tag = "Providers",
    responses((status = 200, description = "Provider by name", body = Object))
)]
pub(super) async fn all(State(state): State<AppState>) -> ([(HeaderName, &'static str); 1], Json<Value>) {
    let providers: Map<String, Value> = state
        .broker
        .catalogue()
        .list()
        .map(|provider| {
            (
                provider.name.as_str().to_owned(),
                Value::Object(wire::body(provider)),
            )
        })
        .collect();
    (
        [(header::CACHE_CONTROL, "public, max-age=300")],
        Json(Value::Object(providers)),
    )
}
