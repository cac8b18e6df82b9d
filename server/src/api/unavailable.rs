//! Routes that a client of the reference may call and Terapi answers with 501 (decision D18), so that it reads a
//! sentence instead of a page.

use http::StatusCode;

use crate::error::ApiError;
use crate::route::Routes;

/// Of products that Terapi does not have (rest.md 17).
const OTHER_PRODUCTS: [&str; 17] = [
    "/action/{*rest}",
    "/cli/telemetry",
    "/functions",
    "/functions/{*rest}",
    "/integrations/{unique_key}/functions",
    "/integrations/{unique_key}/functions/{*rest}",
    "/mcp",
    "/providers/{provider}/templates",
    "/records",
    "/records/{*rest}",
    "/scripts/config",
    "/sync",
    "/sync/{*rest}",
    "/syncs",
    "/syncs/{*rest}",
    "/unified-apis/{*rest}",
    "/v1/{*rest}",
];

/// Of parts that this version does not have.
const NOT_YET: [&str; 3] = [
    "/proxy",
    "/proxy/{*path}",
    "/webhook/{environment_uuid}/{provider_config_key}",
];

/// The routes of this room.
pub fn routes() -> Routes {
    let routes = OTHER_PRODUCTS
        .into_iter()
        .fold(Routes::new(), |routes, path| routes.any(path, other_product));
    let routes = NOT_YET
        .into_iter()
        .fold(routes, |routes, path| routes.any(path, not_yet));
    routes.any("/proxy/", not_yet).get(
        "/oauth/client-metadata/{environment_uuid}/{provider_config_key}",
        no_client_metadata,
    )
}

async fn other_product() -> ApiError {
    ApiError::feature_disabled(
        "Terapi looks after authorizations only; syncs, actions, records and functions are not part of it",
    )
}

/// As the contract answers where there are no such documents (rest.md 9.10).
async fn no_client_metadata() -> ApiError {
    not_yet().await.with_status(StatusCode::NOT_FOUND)
}

async fn not_yet() -> ApiError {
    ApiError::feature_disabled("this version of Terapi does not have this route yet")
}
