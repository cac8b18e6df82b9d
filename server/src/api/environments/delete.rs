use axum::extract::State;
use http::StatusCode;
use terapi_broker::environments::DeleteEnvironmentError;
use terapi_model::{ErrorCode, Issue, IssueCode, Scope, WireId};

use crate::api::auth::ByKey;
use crate::api::input::{EmptyBody, NoQuery, Path};
use crate::error::ApiError;
use crate::state::AppState;

/// Deletes an environment of the account with everything in it; its keys and sessions stop working at once. Scope:
/// `account:environments:delete`.
#[utoipa::path(
    delete, path = "/environments/{environment_id}", tag = "Account",
    security(("account_key" = ["account:environments:delete"])),
    params(("environment_id" = i64, Path, minimum = 1, description = "The environment's integer id")),
    responses(
        (status = 204, description = "It is gone"),
        (status = 400, description = "`invalid_uri_params`, `cannot_delete_prod_environment`", body = crate::api::openapi::ErrorBody),
        (status = 404, description = "`not_found`", body = crate::api::openapi::ErrorBody),
    )
)]
pub(super) async fn delete(
    State(state): State<AppState>,
    ByKey(caller): ByKey,
    _: NoQuery,
    path: Path<String>,
    _: EmptyBody,
) -> Result<StatusCode, ApiError> {
    caller.require(&[Scope::ENVIRONMENTS_DELETE])?;
    let id = path.0.parse().ok().filter(|id| *id > 0).ok_or_else(|| {
        let message = "must be an integer above zero";
        ApiError::bad_path(vec![Issue::at(
            ["environmentId"],
            IssueCode::InvalidType,
            message,
        )])
    })?;
    match state.broker.environments().delete(&caller, WireId(id)).await? {
        true => Ok(StatusCode::NO_CONTENT),
        false => Err(ApiError::not_found("the account has no such environment")),
    }
}

impl From<DeleteEnvironmentError> for ApiError {
    fn from(error: DeleteEnvironmentError) -> Self {
        let message = error.to_string();
        match error {
            DeleteEnvironmentError::Production => Self::new(
                StatusCode::BAD_REQUEST,
                ErrorCode::CannotDeleteProdEnvironment,
                message,
            ),
            DeleteEnvironmentError::Forbidden(forbidden) => forbidden.into(),
            DeleteEnvironmentError::Store(error) => error.into(),
        }
    }
}
