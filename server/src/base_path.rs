//! Serving beneath the path of the public URL.
//!
//! Proxies do either of two things with a prefix: they pass it on, or take it off. Both are served: here it is taken off
//! where it is, and every route is what it would be at the root. What goes out begins with it in any case
//! ([`terapi_app::base_path`]).

use axum::Router;
use axum::extract::{OriginalUri, Request};
use axum::middleware::{Next, from_fn};
use http::Uri;
use http::uri::PathAndQuery;
use terapi_model::BasePath;

/// `router` beneath `base` and, for proxies that take the prefix off, at the root.
pub fn beneath(base: BasePath, router: Router) -> Router {
    if base.is_root() {
        return router;
    }
    // A layer of the router itself would see the request when its route has been chosen.
    Router::new()
        .fallback_service(router)
        .layer(from_fn(move |mut request: Request, next: Next| {
            let base = base.clone();
            if let Some(bare) = strip(&base, request.uri()) {
                request.extensions_mut().insert(OriginalUri(bare.clone()));
                *request.uri_mut() = bare;
            }
            terapi_app::base_path::beneath(base, next.run(request))
        }))
}

/// The address without the base path, if its path begins with it.
fn strip(base: &BasePath, uri: &Uri) -> Option<Uri> {
    let rest = base.strip(uri.path())?;
    let rest = if rest.is_empty() { "/" } else { rest };
    let bare = match uri.query() {
        Some(query) => format!("{rest}?{query}"),
        None => rest.to_owned(),
    };
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(PathAndQuery::try_from(bare).ok()?);
    Uri::from_parts(parts).ok()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn the_base_path_is_taken_off_once_and_the_query_stays() {
        let base = BasePath::parse("/terapi").unwrap();
        for (uri, bare) in [
            ("/terapi", Some("/")),
            ("/terapi/", Some("/")),
            ("/terapi?apiURL=x%2Fy", Some("/?apiURL=x%2Fy")),
            ("/terapi/app/dev?q=1", Some("/app/dev?q=1")),
            ("/terapi/terapi/app", Some("/terapi/app")),
            ("/terapi//app", Some("//app")),
            ("/terapi/a%2Fb", Some("/a%2Fb")),
            ("http://example.com/terapi/app", Some("http://example.com/app")),
            ("/terapis", None),
            ("/app", None),
            ("/%74erapi/app", None),
        ] {
            let stripped = strip(&base, &uri.parse().unwrap());
            assert_eq!(stripped.map(|uri| uri.to_string()).as_deref(), bare, "{uri}");
        }
    }
}
