//! Serving an address as if it were another one.

use axum::Router;
use axum::extract::{OriginalUri, Request};
use axum::middleware::{Next, from_fn};
use http::Uri;
use http::uri::PathAndQuery;

/// `router`, which sees the path that `path` makes of the one that came, where it makes one. The query stays.
pub fn rewritten<F>(router: Router, path: F) -> Router
where
    F: Fn(&str) -> Option<&str> + Clone + Send + Sync + 'static,
{
    // A layer of the router itself would see the request when its route has been chosen.
    Router::new()
        .fallback_service(router)
        .layer(from_fn(move |mut request: Request, next: Next| {
            let uri = request.uri();
            if let Some(other) = path(uri.path()).and_then(|path| with_path(uri, path)) {
                request.extensions_mut().insert(OriginalUri(other.clone()));
                *request.uri_mut() = other;
            }
            next.run(request)
        }))
}

/// `uri` with another path, if that is one.
pub(crate) fn with_path(uri: &Uri, path: &str) -> Option<Uri> {
    let other = match uri.query() {
        Some(query) => format!("{path}?{query}"),
        None => path.to_owned(),
    };
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(PathAndQuery::try_from(other).ok()?);
    Uri::from_parts(parts).ok()
}
