//! Serving beneath the path of the public URL.
//!
//! Proxies do either of two things with a prefix: they pass it on, or take it off. Both are served: here it is taken off
//! where it is, and every route is what it would be at the root. What goes out begins with it in any case
//! ([`terapi_app::base_path`]).

use axum::Router;
use axum::extract::Request;
use axum::middleware::{Next, from_fn};
use terapi_model::BasePath;

use crate::rewrite::rewritten;

/// `router` beneath `base` and, for proxies that take the prefix off, at the root.
pub fn beneath(base: BasePath, router: Router) -> Router {
    if base.is_root() {
        return router;
    }
    let prefix = base.clone();
    rewritten(router, move |path| strip(&prefix, path)).layer(from_fn(move |request: Request, next: Next| {
        terapi_app::base_path::beneath(base.clone(), next.run(request))
    }))
}

/// The path without the base path, if it begins with it.
fn strip<'p>(base: &BasePath, path: &'p str) -> Option<&'p str> {
    let rest = base.strip(path)?;
    Some(if rest.is_empty() { "/" } else { rest })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use http::Uri;

    use super::*;
    use crate::rewrite::with_path;

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
            let uri: Uri = uri.parse().unwrap();
            let stripped = strip(&base, uri.path()).and_then(|path| with_path(&uri, path));
            assert_eq!(stripped.map(|uri| uri.to_string()).as_deref(), bare, "{uri}");
        }
    }
}
