//! The site's files (wasm, its loader, the stylesheet) at `/assets/{site hash}/{path}`.
//!
//! A release build carries them inside the binary, compressed ahead of time; every page names the
//! hash of the whole site, so that an answer never goes stale and is cached for a year. Without
//! embedded files (tests, `cargo leptos watch`) they are read from disk at each request, under
//! the name `dev`, and never cached.

use std::borrow::Cow;
use std::path::{Component, Path, PathBuf};
use std::sync::LazyLock;

use axum::Router;
use axum::body::Body;
use axum::extract::Path as UrlPath;
use axum::routing::get;
use http::header::{self, HeaderMap, HeaderValue};
use http::{Response, StatusCode};

/// One embedded file with its compressed forms.
struct File {
    /// Relative to the site's root, with `/`: `pkg/terapi.js`.
    path: &'static str,
    /// Of the raw bytes: the first 16 bytes of their SHA-256, in hex.
    hash: &'static str,
    raw: &'static [u8],
    brotli: Option<&'static [u8]>,
    gzip: Option<&'static [u8]>,
}

include!(concat!(env!("OUT_DIR"), "/assets.rs"));

/// Stands in for the hash when nothing is embedded.
const UNEMBEDDED: &str = "dev";

/// Where the files are when nothing is embedded: what `cargo leptos watch` says, or its default.
#[expect(
    clippy::disallowed_methods,
    reason = "cargo-leptos hands the folder over in this variable, in development only"
)]
static SITE_ROOT: LazyLock<PathBuf> = LazyLock::new(|| {
    std::env::var_os("LEPTOS_SITE_ROOT").map_or_else(|| PathBuf::from("target/site"), PathBuf::from)
});

/// Names this build's set of files; 16 hex digits, or `dev` when nothing is embedded.
pub fn site_hash() -> &'static str {
    if EMBEDDED.is_empty() {
        UNEMBEDDED
    } else {
        EMBEDDED_HASH
    }
}

/// Where the files are, without a slash at the end: `/assets/{site hash}`. With the base path before it, the
/// `root` of Leptos' `HydrationScripts`, and the start of the stylesheet's address.
pub fn site_path() -> &'static str {
    static PATH: LazyLock<String> = LazyLock::new(|| format!("/assets/{}", site_hash()));
    &PATH
}

/// The one route of this module, for any state.
pub fn router<S: Clone + Send + Sync + 'static>() -> Router<S> {
    Router::new().route("/assets/{site_hash}/{*path}", get(serve))
}

async fn serve(UrlPath((hash, path)): UrlPath<(String, String)>, headers: HeaderMap) -> Response<Body> {
    if hash != site_hash() {
        return not_found();
    }
    if EMBEDDED.is_empty() {
        return serve_from_disk(&SITE_ROOT, &path).await;
    }
    match EMBEDDED.iter().find(|file| file.path == path) {
        Some(file) => answer(file, &headers),
        None => not_found(),
    }
}

/// Answers with the smallest form of `file` the client takes, or 304 if it has that form already
/// (RFC 9110 sections 8.8.3 and 13.1.2: each form has an entity tag of its own).
fn answer(file: &File, headers: &HeaderMap) -> Response<Body> {
    let (coding, bytes) = match (file.brotli, file.gzip) {
        (Some(bytes), _) if accepts(headers, "br") => (Some("br"), bytes),
        (_, Some(bytes)) if accepts(headers, "gzip") => (Some("gzip"), bytes),
        _ => (None, file.raw),
    };
    let tag = match coding {
        Some(coding) => format!("\"{}-{coding}\"", file.hash),
        None => format!("\"{}\"", file.hash),
    };
    let tag = HeaderValue::try_from(tag).expect("hex digits and a coding's name are visible ASCII");
    let mut response = if has_current(headers, &tag) {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        response
    } else {
        let mut response = Response::new(Body::from(bytes));
        set(&mut response, header::CONTENT_TYPE, content_type(file.path));
        if let Some(coding) = coding {
            set(&mut response, header::CONTENT_ENCODING, coding);
        }
        response
    };
    response.headers_mut().insert(header::ETAG, tag);
    set(
        &mut response,
        header::CACHE_CONTROL,
        "public, max-age=31536000, immutable",
    );
    set(&mut response, header::VARY, "accept-encoding");
    protect(&mut response);
    response
}

/// A file under an address that stays the same from build to build, for pages of other sites. `raw` is what it holds
/// where nothing is embedded.
pub fn answer_anybody(path: &'static str, raw: &'static [u8], headers: &HeaderMap) -> Response<Body> {
    let unembedded = File {
        path,
        hash: UNEMBEDDED,
        raw,
        brotli: None,
        gzip: None,
    };
    let file = EMBEDDED.iter().find(|file| file.path == path);
    let mut response = answer(file.unwrap_or(&unembedded), headers);
    set(
        &mut response,
        header::CACHE_CONTROL,
        match file {
            Some(_) => "public, max-age=3600",
            None => "no-store",
        },
    );
    set(
        &mut response,
        header::HeaderName::from_static("cross-origin-resource-policy"),
        "cross-origin",
    );
    response
}

async fn serve_from_disk(root: &Path, path: &str) -> Response<Body> {
    // The folder is the developer's own, but a path out of it is refused all the same.
    let inside = Path::new(path)
        .components()
        .all(|part| matches!(part, Component::Normal(_)));
    let Some(bytes) = (if inside {
        tokio::fs::read(root.join(path)).await.ok()
    } else {
        None
    }) else {
        return not_found();
    };
    let mut response = Response::new(Body::from(bytes));
    set(&mut response, header::CONTENT_TYPE, content_type(path));
    set(&mut response, header::CACHE_CONTROL, "no-store");
    protect(&mut response);
    response
}

fn not_found() -> Response<Body> {
    let mut response = Response::new(Body::from("no such file\n"));
    *response.status_mut() = StatusCode::NOT_FOUND;
    set(&mut response, header::CONTENT_TYPE, "text/plain; charset=utf-8");
    set(&mut response, header::CACHE_CONTROL, "no-store");
    protect(&mut response);
    response
}

/// No other site may load these files, no browser may guess their type.
fn protect(response: &mut Response<Body>) {
    set(response, header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    set(
        response,
        header::HeaderName::from_static("cross-origin-resource-policy"),
        "same-origin",
    );
}

fn set(response: &mut Response<Body>, name: header::HeaderName, value: &'static str) {
    response
        .headers_mut()
        .insert(name, HeaderValue::from_static(value));
}

/// Whether `Accept-Encoding` allows `coding` (RFC 9110 section 12.5.3). Without the header no
/// coding is used: a client that names none may well understand none.
fn accepts(headers: &HeaderMap, coding: &str) -> bool {
    let mut any = false;
    let values = headers.get_all(header::ACCEPT_ENCODING);
    for item in values
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
    {
        let mut parts = item.split(';').map(str::trim);
        let name = parts.next().unwrap_or_default();
        let refused = parts.any(|parameter| {
            let weight = parameter
                .strip_prefix("q=")
                .or_else(|| parameter.strip_prefix("Q="));
            weight.is_some_and(|q| q.parse::<f32>().is_ok_and(|q| q == 0.0))
        });
        if name.eq_ignore_ascii_case(coding) {
            return !refused;
        }
        any |= name == "*" && !refused;
    }
    any
}

fn has_current(headers: &HeaderMap, tag: &HeaderValue) -> bool {
    let values = headers.get_all(header::IF_NONE_MATCH);
    values
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|item| {
            let item = item.trim();
            item == "*" || item.strip_prefix("W/").unwrap_or(item).as_bytes() == tag.as_bytes()
        })
}

/// By the end of the name. Browsers compile wasm while it streams only under its own type.
fn content_type(path: &str) -> &'static str {
    let end = path
        .rsplit_once('.')
        .map_or(Cow::Borrowed(""), |(_, end)| Cow::Owned(end.to_ascii_lowercase()));
    match &*end {
        "wasm" => "application/wasm",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "ts" => "text/plain; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "html" => "text/html; charset=utf-8",
        "txt" => "text/plain; charset=utf-8",
        "json" | "map" => "application/json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "webp" => "image/webp",
        "woff2" => "font/woff2",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use axum::body::to_bytes;
    use http::Request;
    use tower::ServiceExt as _;

    static WASM: File = File {
        path: "pkg/terapi.wasm",
        hash: "00112233",
        raw: b"raw bytes",
        brotli: Some(b"br"),
        gzip: Some(b"gzip"),
    };

    fn ask(name: header::HeaderName, value: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(name, HeaderValue::from_static(value))])
    }

    async fn body(response: Response<Body>) -> Vec<u8> {
        to_bytes(response.into_body(), 1 << 16).await.unwrap().to_vec()
    }

    #[tokio::test]
    async fn the_best_encoding_the_client_takes_is_sent() {
        for (accepted, coding, sent) in [
            ("gzip, deflate, br, zstd", Some("br"), "br"),
            ("gzip", Some("gzip"), "gzip"),
            ("br;q=0, gzip;q=0.5", Some("gzip"), "gzip"),
            ("*", Some("br"), "br"),
            ("*, br;q=0.0", Some("gzip"), "gzip"),
            ("BR", Some("br"), "br"),
            ("identity", None, "raw bytes"),
            ("*;q=0", None, "raw bytes"),
            ("", None, "raw bytes"),
        ] {
            let response = answer(&WASM, &ask(header::ACCEPT_ENCODING, accepted));
            let named = response
                .headers()
                .get(header::CONTENT_ENCODING)
                .map(|value| value.to_str().unwrap());
            assert_eq!(named, coding, "{accepted:?}");
            assert_eq!(response.headers()[header::VARY], "accept-encoding");
            assert_eq!(body(response).await, sent.as_bytes(), "{accepted:?}");
        }
        assert_eq!(body(answer(&WASM, &HeaderMap::new())).await, b"raw bytes");
    }

    #[tokio::test]
    async fn embedded_files_are_cached_for_a_year_and_kept_to_this_site() {
        let response = answer(&WASM, &HeaderMap::new());
        assert_eq!(response.status(), StatusCode::OK);
        for (name, value) in [
            ("content-type", "application/wasm"),
            ("cache-control", "public, max-age=31536000, immutable"),
            ("x-content-type-options", "nosniff"),
            ("cross-origin-resource-policy", "same-origin"),
            ("etag", "\"00112233\""),
        ] {
            assert_eq!(response.headers()[name], value);
        }
    }

    #[tokio::test]
    async fn a_client_that_has_the_same_form_gets_304() {
        let mut headers = ask(header::IF_NONE_MATCH, "\"other\", W/\"00112233-br\"");
        headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static("br"));
        let response = answer(&WASM, &headers);
        assert_eq!(response.status(), StatusCode::NOT_MODIFIED);
        assert_eq!(response.headers()[header::ETAG], "\"00112233-br\"");
        assert!(body(response).await.is_empty());

        headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static("gzip"));
        assert_eq!(answer(&WASM, &headers).status(), StatusCode::OK);
    }

    #[test]
    fn every_kind_of_file_the_site_has_names_its_type() {
        assert_eq!(content_type("pkg/terapi.js"), "text/javascript; charset=utf-8");
        assert_eq!(content_type("pkg/terapi.CSS"), "text/css; charset=utf-8");
        assert_eq!(content_type("favicon.svg"), "image/svg+xml");
        assert_eq!(
            content_type("pkg/snippets/x/inline0.js"),
            "text/javascript; charset=utf-8"
        );
        assert_eq!(content_type("LICENSE"), "application/octet-stream");
    }

    #[tokio::test]
    async fn files_on_disk_are_served_uncached_and_only_from_their_folder() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("site")).unwrap();
        std::fs::write(folder.path().join("site/a.js"), "1").unwrap();
        std::fs::write(folder.path().join("secret.txt"), "2").unwrap();
        let root = folder.path().join("site");

        let response = serve_from_disk(&root, "a.js").await;
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(response.headers()[header::CACHE_CONTROL], "no-store");
        assert_eq!(
            response.headers()[header::CONTENT_TYPE],
            "text/javascript; charset=utf-8"
        );
        assert_eq!(body(response).await, b"1");

        let secret = folder.path().join("secret.txt");
        for path in [
            "../secret.txt",
            "./../secret.txt",
            secret.to_str().unwrap(),
            "b.js",
            "",
            ".",
        ] {
            assert_eq!(
                serve_from_disk(&root, path).await.status(),
                StatusCode::NOT_FOUND,
                "{path:?}"
            );
        }
    }

    #[tokio::test]
    async fn another_site_hash_is_not_found() {
        let request = Request::get("/assets/0000000000000000/pkg/terapi.js")
            .body(Body::empty())
            .unwrap();
        let response = router::<()>().oneshot(request).await.unwrap();
        assert_eq!(response.status(), StatusCode::NOT_FOUND);
        assert_eq!(response.headers()[header::CACHE_CONTROL], "no-store");
        assert_eq!(response.headers()["x-content-type-options"], "nosniff");
    }

    #[test]
    fn pages_load_from_the_hash_of_this_build() {
        assert_eq!(site_path(), format!("/assets/{}", site_hash()));
        assert!(site_hash().chars().all(|c| c.is_ascii_alphanumeric()));
    }
}
