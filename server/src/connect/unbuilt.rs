use axum::extract::{Request, State};
use http::StatusCode;
use terapi_model::ErrorCode;

use super::visitor::Visitor;
use crate::api::input::{LenientQuery, Path};
use crate::error::ApiError;
use crate::state::AppState;

/// Browser routes of auth modes that this version does not speak (decision D18). Who asks is judged first, so that the log
/// has what was refused.
pub async fn refuse(
    State(state): State<AppState>,
    path: Path<String>,
    LenientQuery(query): LenientQuery,
    request: Request,
) -> ApiError {
    match Visitor::admit(&state, &query, &request, &path.0, "unknown").await {
        Ok(visitor) => {
            let unbuilt = ApiError::new(
                StatusCode::BAD_REQUEST,
                ErrorCode::InvalidAuthMode,
                "this version of Terapi does not support the auth mode of this route",
            );
            visitor.refuse(unbuilt).await
        }
        Err(refused) => refused,
    }
}
