//! What browsers and crawlers ask every origin for by name: `/favicon.ico` and `/robots.txt` (decision D1).

use axum::body::Body;
use axum::response::Response;
use http::{HeaderMap, HeaderName, header};
use terapi_app::base_path::Local;

use crate::route::Routes;
use crate::ui::assets;

/// The mark for who cannot show `favicon.svg`, which pages name in their heads.
const ICON: &[u8] = include_bytes!("../../frontend/static/favicon.ico");

/// What is for signed-in operators, or good once, and never a search result.
const PRIVATE: [&str; 4] = ["/app", "/ui", "/connect", "/oauth"];

/// The routes of this room.
pub fn routes() -> Routes {
    Routes::new().get("/favicon.ico", icon).get("/robots.txt", robots)
}

async fn icon(headers: HeaderMap) -> Response<Body> {
    assets::answer_anybody("favicon.ico", ICON, &headers)
}

/// RFC 9309. Paths begin where this instance does.
async fn robots() -> ([(HeaderName, &'static str); 2], String) {
    let headers = [
        (header::CONTENT_TYPE, "text/plain; charset=utf-8"),
        (header::CACHE_CONTROL, "public, max-age=3600"),
    ];
    let refused = PRIVATE
        .map(|path| format!("Disallow: {}\n", Local(path)))
        .concat();
    (
        headers,
        format!("User-agent: *\nAllow: {}\n{refused}", Local("/docs")),
    )
}
