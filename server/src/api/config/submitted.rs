use serde_json::Value;
use terapi_model::{ErrorCode, IntegrationKey, Issue, IssueCode};
use terapi_vault::SecretString;
use utoipa::ToSchema;

use crate::api::input::{Fields, Length};
use crate::error::ApiError;

/// An integration in the old shape. Names that are not listed are passed over.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes the body in the OpenAPI document")]
pub struct ConfigInput {
    /// A provider of the catalogue.
    pub provider: String,
    /// What callers name it by.
    pub provider_config_key: String,
    /// The OAuth client's id.
    pub oauth_client_id: Option<String>,
    /// The OAuth client's secret.
    pub oauth_client_secret: Option<String>,
    /// Separated by commas or spaces; or a list.
    #[schema(value_type = Option<String>)]
    pub oauth_scopes: Option<Value>,
}

/// The OAuth client of such a body.
#[derive(Default)]
pub(super) struct Client {
    pub(super) id: Option<String>,
    pub(super) secret: Option<SecretString>,
    pub(super) scopes: Option<Vec<String>>,
}

impl Client {
    pub(super) fn is_given(&self) -> bool {
        self.id.is_some() || self.secret.is_some() || self.scopes.is_some()
    }

    pub(super) fn read(fields: &mut Fields<'_, '_>) -> Self {
        Self {
            id: fields
                .optional_text("oauth_client_id", Length::to(255))
                .map(str::to_owned),
            secret: fields
                .optional_text("oauth_client_secret", Length::to(usize::MAX))
                .map(SecretString::from),
            scopes: scopes(fields),
        }
    }
}

fn scopes(fields: &mut Fields<'_, '_>) -> Option<Vec<String>> {
    let list = |text: &str| -> Vec<String> {
        let parts = text.split(|letter: char| letter == ',' || letter.is_whitespace());
        parts
            .filter(|scope| !scope.is_empty())
            .map(str::to_owned)
            .collect()
    };
    match fields.value("oauth_scopes")? {
        Value::String(text) => Some(list(text)),
        Value::Array(items) if items.iter().all(Value::is_string) => Some(
            items
                .iter()
                .filter_map(Value::as_str)
                .map(str::to_owned)
                .collect(),
        ),
        _ => {
            let message = "must be a string, or an array of strings";
            fields.complain(&["oauth_scopes"], IssueCode::InvalidType, message);
            None
        }
    }
}

/// The key of the integration, which must be there.
pub(super) fn key(body: &Value) -> Result<IntegrationKey, ApiError> {
    let Some(text) = body.get("provider_config_key").and_then(Value::as_str) else {
        return Err(ApiError::new(
            http::StatusCode::BAD_REQUEST,
            ErrorCode::MissingProviderConfig,
            "provider_config_key is required and must be a string",
        ));
    };
    IntegrationKey::parse(text).map_err(|error| {
        let path = ["provider_config_key"];
        ApiError::bad_body(vec![Issue::at(path, IssueCode::InvalidFormat, error.to_string())])
    })
}
