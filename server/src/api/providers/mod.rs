//! The catalogue (rest.md 7).

mod all;
mod get;
mod list;

use std::collections::BTreeMap;

use http::{HeaderMap, HeaderName, header};
use terapi_catalog::Language;
use utoipa::ToSchema;
use utoipa_axum::routes;

use crate::route::Routes;

/// The routes of this room.
pub fn routes() -> Routes {
    Routes::new()
        .documented(routes!(list::list))
        .documented(routes!(get::get))
        .documented(routes!(all::all))
}

/// The catalogue.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes the answer in the OpenAPI document")]
pub struct ProviderList {
    /// Every provider, by name.
    data: Vec<ProviderBody>,
}

/// One provider.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes the answer in the OpenAPI document")]
pub struct ProviderAnswer {
    /// The provider.
    data: ProviderBody,
}

/// A provider: what a form, a page and a request need to know. What does not concern its mode is absent; more keys of
/// the same kind may be there.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes the answer in the OpenAPI document")]
pub struct ProviderBody {
    /// What integrations name it by.
    name: String,
    /// For people.
    display_name: String,
    /// How accounts are connected, as `OAUTH2` or `API_KEY`.
    auth_mode: String,
    /// Its logo.
    logo_url: String,
    /// What kind of product it is.
    #[schema(nullable = false)]
    categories: Option<Vec<String>>,
    /// The provider's own documentation.
    #[schema(nullable = false)]
    docs: Option<String>,
    /// Fields that the end user fills in, by name.
    #[schema(nullable = false)]
    connection_config: Option<BTreeMap<String, ProviderField>>,
    /// Credentials that the end user fills in, by name.
    #[schema(nullable = false)]
    credentials: Option<BTreeMap<String, ProviderField>>,
    /// Fields that the operator fills in, by name.
    #[schema(nullable = false)]
    integration_config: Option<BTreeMap<String, ProviderField>>,
}

/// A field of a form.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes the answer in the OpenAPI document")]
pub struct ProviderField {
    /// Always `string`.
    r#type: String,
    /// Its label, in the language asked for.
    title: String,
    /// What it is, in the language asked for.
    description: String,
    /// Where it stands. Fields of a connection that have none follow the credentials.
    #[schema(nullable = false)]
    order: Option<i64>,
    /// An example value.
    #[schema(nullable = false)]
    example: Option<String>,
    /// What a value must match.
    #[schema(nullable = false)]
    pattern: Option<String>,
    /// `hostname`, `uri`, `uuid` or `email`.
    #[schema(nullable = false)]
    format: Option<String>,
    /// True when it may be left empty.
    #[schema(nullable = false)]
    optional: Option<bool>,
    /// True when it must not be shown in the clear.
    #[schema(nullable = false)]
    secret: Option<bool>,
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
