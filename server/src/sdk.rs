//! `/sdk/terapi.js`: our own module for pages that connect their users' accounts without a package, and its types.

use axum::body::Body;
use axum::response::Response;
use http::HeaderMap;

use crate::route::Routes;
use crate::ui::assets;

const MODULE: &[u8] = include_bytes!("../../frontend/static/sdk/terapi.js");
const TYPES: &[u8] = include_bytes!("../../frontend/static/sdk/terapi.d.ts");

/// The routes of this room.
pub fn routes() -> Routes {
    Routes::new()
        .get("/sdk/terapi.js", module)
        .get("/sdk/terapi.d.ts", types)
}

async fn module(headers: HeaderMap) -> Response<Body> {
    assets::answer_anybody("sdk/terapi.js", MODULE, &headers)
}

async fn types(headers: HeaderMap) -> Response<Body> {
    assets::answer_anybody("sdk/terapi.d.ts", TYPES, &headers)
}
