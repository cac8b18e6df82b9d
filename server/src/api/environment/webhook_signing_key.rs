use axum::Json;
use axum::extract::State;
use serde::Serialize;
use terapi_broker::environments::RotateSigningKeyError;
use utoipa::ToSchema;

use crate::api::auth::ByKey;
use crate::api::input::{EmptyBody, NoQuery};
use crate::error::ApiError;
use crate::state::AppState;

/// The new signing key.
#[derive(Serialize, ToSchema)]
pub struct RotatedSigningKeyAnswer {
    /// The key.
    data: RotatedSigningKey,
}

/// What webhooks are signed with from now on.
#[derive(Serialize, ToSchema)]
pub struct RotatedSigningKey {
    /// The key, a UUID v4.
    #[schema(format = "uuid")]
    webhook_signing_key: String,
}

/// Replaces the key that the environment's webhooks are signed with; the old one signs nothing any more. Scope:
/// `environment:webhook_signing_key:rotate`.
#[utoipa::path(
    post, path = "/environment/webhook-signing-key/rotate", tag = "Environment", security(("secret_key" = ["environment:webhook_signing_key:rotate"])),
    responses(
        (status = 200, description = "The new key", body = RotatedSigningKeyAnswer),
        (status = 404, description = "`not_found`", body = crate::api::openapi::ErrorBody),
    )
)]
pub(super) async fn rotate(
    State(state): State<AppState>,
    ByKey(caller): ByKey,
    _: NoQuery,
    _: EmptyBody,
) -> Result<Json<RotatedSigningKeyAnswer>, ApiError> {
    let key = state
        .broker
        .environments()
        .rotate_webhook_signing_key(&caller)
        .await?;
    Ok(Json(RotatedSigningKeyAnswer {
        data: RotatedSigningKey {
            webhook_signing_key: key.expose().clone(),
        },
    }))
}

impl From<RotateSigningKeyError> for ApiError {
    fn from(error: RotateSigningKeyError) -> Self {
        match error {
            RotateSigningKeyError::Forbidden(forbidden) => forbidden.into(),
            RotateSigningKeyError::NotFound => Self::not_found(error.to_string()),
            RotateSigningKeyError::Store(error) => error.into(),
        }
    }
}
