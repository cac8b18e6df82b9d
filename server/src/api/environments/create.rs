use axum::Json;
use axum::extract::State;
use http::StatusCode;
use serde::Serialize;
use serde_json::Value;
use terapi_broker::environments::{AddEnvironmentError, NewEnvironment};
use terapi_model::{EnvironmentName, ErrorCode, Issue, IssueCode, Scope};
use terapi_vault::SecretString;
use url::Url;
use utoipa::ToSchema;

use crate::api::auth::ByKey;
use crate::api::input::{Fields, JsonBody, Length, NoQuery, read_object};
use crate::error::ApiError;
use crate::state::AppState;

/// Most characters of an address.
const ADDRESS: Length = Length::maybe_empty(2048);

const NO_ADDRESS: &str = "must be an absolute address";

/// A new environment.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes the body in the OpenAPI document")]
#[serde(deny_unknown_fields)]
pub struct CreateEnvironment {
    /// Unique among the account's.
    #[schema(min_length = 1, max_length = 255, pattern = "^[a-z0-9_-]+$")]
    pub name: String,
    /// Whether it holds real customers' data; needs the scope `account:environments:set_production`. Always true for
    /// `prod`.
    pub is_production: Option<bool>,
    /// Where providers send browsers back to, when it is not this instance's own callback.
    #[schema(max_length = 2048)]
    pub callback_url: Option<String>,
    /// What HMACs of public-key calls are keyed with.
    #[schema(min_length = 1, max_length = 1000)]
    pub hmac_key: Option<String>,
    /// Whether public-key calls need an HMAC.
    pub hmac_enabled: Option<bool>,
    /// Taken for compatibility; Terapi sends none.
    pub slack_notifications: Option<bool>,
    /// Taken for compatibility and not kept.
    #[schema(max_length = 2048)]
    pub otlp_endpoint: Option<String>,
    /// Taken for compatibility and not kept.
    #[schema(max_items = 100)]
    pub otlp_headers: Option<Vec<OtlpHeader>>,
}

/// A header for an exporter of traces.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes the body in the OpenAPI document")]
#[serde(deny_unknown_fields)]
pub struct OtlpHeader {
    /// Its name.
    #[schema(min_length = 1, max_length = 256)]
    pub name: String,
    /// Its value.
    #[schema(min_length = 1, max_length = 4000)]
    pub value: String,
}

/// The environment that was made.
#[derive(Serialize, ToSchema)]
pub struct CreatedEnvironmentAnswer {
    /// The environment.
    data: CreatedEnvironment,
}

/// What an environment is called.
#[derive(Serialize, ToSchema)]
pub struct CreatedEnvironment {
    /// Its integer id.
    id: i64,
    /// Its name.
    name: String,
}

/// Makes an environment of the account. It has no key yet: `POST /environment/api-keys` makes one. Scope:
/// `account:environments:create`, and `account:environments:set_production` for a production environment.
#[utoipa::path(
    post, path = "/environments", tag = "Account", security(("account_key" = ["account:environments:create"])),
    request_body = CreateEnvironment,
    responses(
        (status = 200, description = "The environment", body = CreatedEnvironmentAnswer),
        (status = 400, description = "`invalid_body`, `resource_capped`, `invalid_is_prod_flag`", body = crate::api::openapi::ErrorBody),
        (status = 409, description = "`conflict`: another environment has the name", body = crate::api::openapi::ErrorBody),
    )
)]
pub(super) async fn create(
    State(state): State<AppState>,
    ByKey(caller): ByKey,
    _: NoQuery,
    JsonBody(body): JsonBody,
) -> Result<Json<CreatedEnvironmentAnswer>, ApiError> {
    caller.require(&[Scope::ENVIRONMENTS_CREATE])?;
    let new = read_object(&body, read).map_err(ApiError::bad_body)?;
    let made = state.broker.environments().add(&caller, new).await?;
    Ok(Json(CreatedEnvironmentAnswer {
        data: CreatedEnvironment {
            id: made.wire_id.0,
            name: made.name.as_str().to_owned(),
        },
    }))
}

fn read(fields: &mut Fields<'_, '_>) -> Option<NewEnvironment> {
    let name = fields.name("name", EnvironmentName::parse);
    let is_production = fields.optional_flag("is_production");
    let callback_url = fields.optional_text("callback_url", ADDRESS);
    if callback_url == Some("") {
        fields.complain(&["callback_url"], IssueCode::InvalidFormat, NO_ADDRESS);
    }
    let hmac_key = fields.optional_text("hmac_key", Length::to(1000));
    let hmac_enabled = fields.optional_flag("hmac_enabled").unwrap_or_default();
    fields.optional_flag("slack_notifications");
    let otlp_endpoint = fields.optional_text("otlp_endpoint", ADDRESS);
    if otlp_endpoint.is_some_and(|text| !text.is_empty() && Url::parse(text).is_err()) {
        fields.complain(&["otlp_endpoint"], IssueCode::InvalidFormat, NO_ADDRESS);
    }
    read_otlp_headers(fields);
    fields.strict();
    Some(NewEnvironment {
        name: name?,
        is_production,
        callback_url: callback_url.map(str::to_owned),
        hmac_key: hmac_key.map(|key| SecretString::new(key.to_owned())),
        hmac_enabled,
    })
}

fn read_otlp_headers(fields: &mut Fields<'_, '_>) {
    let headers: &[Value] = fields.optional_array("otlp_headers").unwrap_or_default();
    if headers.len() > 100 {
        fields.complain(&["otlp_headers"], IssueCode::TooBig, "has at most 100 items");
    }
    for (index, header) in headers.iter().take(100).enumerate() {
        fields.nested_of(&["otlp_headers", &index.to_string()], header, |header| {
            header.text("name", Length::to(256));
            header.text("value", Length::to(4000));
            header.strict();
            Some(())
        });
    }
}

impl From<AddEnvironmentError> for ApiError {
    fn from(error: AddEnvironmentError) -> Self {
        use AddEnvironmentError as E;
        let message = error.to_string();
        let at = |field: &str, code, message| Self::bad_body(vec![Issue::at([field], code, message)]);
        match error {
            E::NameTaken => Self::new(StatusCode::CONFLICT, ErrorCode::Conflict, message),
            E::TooMany => Self::new(StatusCode::BAD_REQUEST, ErrorCode::ResourceCapped, message),
            E::AlwaysProduction => Self::new(StatusCode::BAD_REQUEST, ErrorCode::InvalidIsProdFlag, message),
            E::HmacKeyMissing | E::HmacKeyInvalid => at("hmac_key", IssueCode::Custom, message),
            E::CallbackUrl(_) => at("callback_url", IssueCode::InvalidFormat, message),
            E::Forbidden(forbidden) => forbidden.into(),
            E::Store(error) => error.into(),
        }
    }
}
