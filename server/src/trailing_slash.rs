//! One slash at the end of a public path counts for nothing: published packages send it (`GET /records/?model=…`).
//!
//! Routes that are written with it keep it, and so does everything below `/proxy`, where the path is the provider's.
//! The dashboard makes its own addresses and takes no others.

use axum::Router;
use axum::extract::{OriginalUri, Request};
use axum::middleware::{Next, from_fn};
use http::Uri;
use http::uri::PathAndQuery;

use crate::layers::is_under;
use crate::route::{Family, Route};

/// `router`, whose routes are those of `table`, with that slash taken off.
pub fn ignored(table: Vec<Route>, router: Router) -> Router {
    let written: Vec<String> = table
        .into_iter()
        .filter(|route| route.family == Family::Public && route.path.ends_with('/'))
        .map(|route| route.path)
        .collect();
    // A layer of the router itself would see the request when its route has been chosen.
    Router::new()
        .fallback_service(router)
        .layer(from_fn(move |mut request: Request, next: Next| {
            if let Some(bare) = strip(&written, request.uri()) {
                request.extensions_mut().insert(OriginalUri(bare.clone()));
                *request.uri_mut() = bare;
            }
            next.run(request)
        }))
}

/// The address without the slash, if it is one that counts for nothing.
fn strip(written: &[String], uri: &Uri) -> Option<Uri> {
    let path = uri.path();
    let bare = path.strip_suffix('/').filter(|bare| !bare.is_empty())?;
    let keeps_it = ["/proxy", "/app", "/ui"].iter().any(|kept| is_under(path, kept));
    if keeps_it || written.iter().any(|route| route == path) {
        return None;
    }
    let bare = match uri.query() {
        Some(query) => format!("{bare}?{query}"),
        None => bare.to_owned(),
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
        ] {
            let stripped = strip(&written, &uri.parse().unwrap());
            assert_eq!(stripped.map(|uri| uri.to_string()).as_deref(), bare, "{uri}");
        }
    }
}
