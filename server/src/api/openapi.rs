//! The OpenAPI document: collected from the handlers, served at `/openapi.json`, printed by `terapi openapi`, and
//! committed as `server/openapi.json`, which a test compares.

use serde::Serialize;
use serde_json::Value;
use utoipa::openapi::path::Paths;
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::openapi::{ComponentsBuilder, Info, OpenApi, OpenApiBuilder};
use utoipa::{PartialSchema, ToSchema};

use crate::route::Schemas;

/// What every failure answers.
#[derive(Serialize, ToSchema)]
pub struct ErrorBody {
    /// The failure.
    error: ErrorDetail,
}

/// What went wrong.
#[derive(Serialize, ToSchema)]
pub struct ErrorDetail {
    /// Stable; branch on it.
    code: String,
    /// For people; may change.
    message: String,
    /// What was wrong with the input, for `invalid_*` codes.
    errors: Option<Vec<InputIssue>>,
    /// More about this code, if there is more.
    payload: Option<Value>,
}

/// One broken rule of an input.
#[derive(Serialize, ToSchema)]
pub struct InputIssue {
    /// `invalid_type`, `unrecognized_keys`, `invalid_format`, `too_small`, `too_big`, `invalid_value`,
    /// `invalid_union`, `invalid_key` or `custom`.
    code: String,
    /// For people.
    message: String,
    /// From the root to the field.
    path: Vec<String>,
}

/// That it was done.
#[derive(Serialize, ToSchema)]
pub struct Success {
    /// Always true.
    success: bool,
}

impl Success {
    /// The answer.
    pub const YES: Self = Self { success: true };
}

/// The document of these paths and schemas.
pub fn document(paths: Paths, schemas: Schemas) -> OpenApi {
    let mut referenced = Vec::new();
    ErrorBody::schemas(&mut referenced);
    let components = ComponentsBuilder::new()
        .schemas_from_iter(schemas)
        .schemas_from_iter(referenced)
        .schema(ErrorBody::name(), ErrorBody::schema())
        .security_scheme("secret_key", bearer("A secret key of an environment."))
        .security_scheme("account_key", bearer("A key of the account, which acts on no environment."))
        .security_scheme("connect_session", bearer("The token of a connect session."))
        .build();
    let mut info = Info::new("Terapi", env!("CARGO_PKG_VERSION"));
    info.description = Some(
        "Everything a backend does with Terapi. A secret key selects its environment. Failures answer \
         `{error: {code, message, errors?, payload?}}`."
            .to_owned(),
    );
    OpenApiBuilder::new()
        .info(info)
        .paths(paths)
        .components(Some(components))
        .build()
}

fn bearer(description: &str) -> SecurityScheme {
    let mut scheme = Http::new(HttpAuthScheme::Bearer);
    scheme.description = Some(description.to_owned());
    SecurityScheme::Http(scheme)
}
