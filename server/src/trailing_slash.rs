//! One slash at the end of a public path counts for nothing: published packages send it (`GET /records/?model=…`).
//!
//! Routes that are written with it keep it, and so does everything below `/proxy`, where the path is the provider's.
//! The dashboard makes its own addresses and takes no others, and links of the page below `/docs` are relative.

use axum::Router;

use crate::layers::is_under;
use crate::rewrite::rewritten;
use crate::route::{Family, Route};

/// `router`, whose routes are those of `table`, with that slash taken off.
pub fn ignored(table: Vec<Route>, router: Router) -> Router {
    let written: Vec<String> = table
        .into_iter()
        .filter(|route| route.family == Family::Public && route.path.ends_with('/'))
        .map(|route| route.path)
        .collect();
    rewritten(router, move |path| strip(&written, path))
}

/// The path without the slash, if it is one that counts for nothing.
fn strip<'p>(written: &[String], path: &'p str) -> Option<&'p str> {
    let bare = path.strip_suffix('/').filter(|bare| !bare.is_empty())?;
    let keeps_it = ["/proxy", "/app", "/ui", "/docs"]
        .iter()
        .any(|kept| is_under(path, kept));
    if keeps_it || written.iter().any(|route| route == path) {
        return None;
    }
    Some(bare)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use http::Uri;

    use super::*;
    use crate::rewrite::with_path;

    #[test]
    fn one_slash_is_taken_off_where_no_route_is_written_with_it() {
        let written = ["/connect/ui/".to_owned()];
        for (uri, bare) in [
            ("/records/?model=a%2Fb", Some("/records?model=a%2Fb")),
            ("/connections/a%2F/", Some("/connections/a%2F")),
            ("/records//", Some("/records/")),
            ("http://example.com/records/", Some("http://example.com/records")),
            ("/connect/ui/go/", Some("/connect/ui/go")),
            ("/connect/ui/", None),
            ("/", None),
            ("/records", None),
            ("/proxy/", None),
            ("/proxy/user/", None),
            ("/app/dev/", None),
            ("/ui/", None),
            ("/docs/api/", None),
        ] {
            let uri: Uri = uri.parse().unwrap();
            let stripped = strip(&written, uri.path()).and_then(|path| with_path(&uri, path));
            assert_eq!(stripped.map(|uri| uri.to_string()).as_deref(), bare, "{uri}");
        }
    }
}
