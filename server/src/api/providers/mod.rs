//! The catalogue (rest.md 7).

mod all;
mod get;
mod list;

use http::{HeaderMap, HeaderName, header};
use terapi_catalog::Language;
use utoipa_axum::routes;

use crate::route::Routes;

/// The routes of this room.
pub fn routes() -> Routes {
    Routes::new()
        .documented(routes!(list::list))
        .documented(routes!(get::get))
        .documented(routes!(all::all))
}

/// The language that a request asks for.
fn language(headers: &HeaderMap) -> Language {
    let asked: Vec<&str> = headers
        .get_all(header::ACCEPT_LANGUAGE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .collect();
    Language::accepted(&asked.join(","))
}

/// What an answer says of its language.
fn in_language(language: Language) -> [(HeaderName, &'static str); 2] {
    [
        (header::CONTENT_LANGUAGE, language.tag()),
        (header::VARY, "accept-language"),
    ]
}
