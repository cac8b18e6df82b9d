use terapi_model::ErrorCode;

use crate::error::ApiError;

/// Browser routes of auth modes that this version does not speak (decision D18).
pub async fn refuse() -> ApiError {
    ApiError::new(
        axum::http::StatusCode::BAD_REQUEST,
        ErrorCode::InvalidAuthMode,
        "this version of Terapi does not support the auth mode of this route",
    )
}
