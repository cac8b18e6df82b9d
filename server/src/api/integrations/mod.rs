//! Integrations (rest.md 6).

mod body;
mod create;
mod delete;
mod get;
mod list;
mod quickstart;
mod update;

use axum::extract::State;
use serde::Serialize;
use serde_json::Value;
use terapi_broker::integrations::{Integration, ReadIntegrationError};
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::auth::ByKey;
use super::input::{JsonBody, NoQuery, Path, Query};
use crate::error::ApiError;
use crate::route::Routes;
use crate::state::AppState;

/// The routes of this room. `quickstart` is also a possible key: its other methods go to the key's handlers.
pub fn routes() -> Routes {
    let key = || Path("quickstart".to_owned());
    Routes::new()
        .documented(routes!(list::list, create::create))
        .documented(routes!(get::get, update::update, delete::delete))
        .documented(routes!(quickstart::quickstart))
        .get(
            "/integrations/quickstart",
            move |state: State<AppState>, by: ByKey, query: Query| get::get(state, by, query, key()),
        )
        .patch(
            "/integrations/quickstart",
            move |state: State<AppState>, by: ByKey, query: NoQuery, body: JsonBody| {
                update::update(state, by, query, key(), body)
            },
        )
        .delete(
            "/integrations/quickstart",
            move |state: State<AppState>, by: ByKey, query: NoQuery| delete::delete(state, by, query, key()),
        )
}

/// An integration.
#[derive(Serialize, ToSchema)]
pub struct IntegrationBody {
    /// What callers name it by.
    unique_key: String,
    /// Its provider.
    provider: String,
    /// The operator's name for it, else the provider's.
    display_name: String,
    /// Address of the provider's logo.
    logo: String,
    /// What published clients label the field of a key with, where it is called anything but "API key".
    #[serde(skip_serializing_if = "Option::is_none")]
    credentials_label: Option<CredentialsLabel>,
    /// Where the provider sends webhooks; only when asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    webhook_url: Option<Value>,
    /// Client id, secret and scopes; only when asked for and allowed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    credentials: Option<Value>,
    /// Whether webhooks of the provider are passed on.
    forward_webhooks: bool,
    /// When it was made.
    created_at: String,
    /// When it was changed last.
    updated_at: String,
}

/// Labels of credential fields.
#[derive(Serialize, ToSchema)]
pub struct CredentialsLabel {
    /// Of the key.
    #[serde(rename = "apiKey")]
    api_key: String,
}

/// `{data: integration}`
#[derive(Serialize, ToSchema)]
pub struct IntegrationAnswer {
    /// The integration.
    data: IntegrationBody,
}

impl IntegrationBody {
    pub(super) fn of(state: &AppState, integration: &Integration) -> Self {
        Self {
            unique_key: integration.unique_key.to_string(),
            provider: integration.provider.to_string(),
            display_name: integration.shown_name().to_owned(),
            logo: state.broker.settings().logo_url(integration.provider.as_str()),
            // Only integrations that the operator configures have a label of their own (rest.md 6).
            credentials_label: integration
                .key_label
                .clone()
                .filter(|_| !integration.config.is_empty() || !integration.secret_config.is_empty())
                .map(|api_key| CredentialsLabel { api_key }),
            webhook_url: None,
            credentials: None,
            forward_webhooks: integration.forward_webhooks,
            created_at: integration.created_at.to_rfc3339(),
            updated_at: integration.updated_at.to_rfc3339(),
        }
    }
}

impl From<ReadIntegrationError> for ApiError {
    fn from(error: ReadIntegrationError) -> Self {
        match error {
            ReadIntegrationError::Forbidden(forbidden) => forbidden.into(),
            ReadIntegrationError::Store(error) => error.into(),
            error @ ReadIntegrationError::Sealing(_) => Self::internal(&error),
        }
    }
}

fn unknown(key: &terapi_model::IntegrationKey) -> ApiError {
    ApiError::not_found(format!("this environment has no integration {key}"))
}
