//! Statuses of what the broker's connect room refuses. The JSON routes answer them; the popup's pages carry them.

use http::{HeaderValue, StatusCode, header};
use terapi_broker::auth::TokenAnswerError;
use terapi_broker::auth::oauth2::ExchangeError;
use terapi_broker::connect::{BeginError, CompleteError, Logged, Refusal, SubmitError};
use terapi_broker::egress::EgressError;
use terapi_model::ErrorCode;

use crate::error::ApiError;

/// What a refusal before the mode mattered looks like under `code`.
fn refused(refusal: &Refusal, code: ErrorCode) -> ApiError {
    let status = match refusal {
        Refusal::UnknownIntegration(_) | Refusal::UnknownProvider(_)
            if code != ErrorCode::ProviderConfigErr =>
        {
            StatusCode::NOT_FOUND
        }
        Refusal::ConnectionExists => StatusCode::FORBIDDEN,
        Refusal::Sealing(error) => return ApiError::internal(error),
        Refusal::Store(error) => return ApiError::from(error.clone()),
        _ => StatusCode::BAD_REQUEST,
    };
    ApiError::new(status, code, refusal.to_string()).with_issues(refusal.issues())
}

impl From<SubmitError> for ApiError {
    fn from(error: SubmitError) -> Self {
        if let SubmitError::Refused(refusal) = &error {
            return refused(refusal, error.code());
        }
        let (status, code) = match &error {
            // One code for credentials that did not pass (rest.md 12.7); the message and the log say why.
            SubmitError::Unreachable(_) | SubmitError::Timeout(_) => {
                (StatusCode::BAD_REQUEST, ErrorCode::ConnectionTestFailed)
            }
            SubmitError::IntegrationGone => (StatusCode::NOT_FOUND, error.code()),
            _ => (StatusCode::BAD_REQUEST, error.code()),
        };
        Self::new(status, code, error.to_string()).with_issues(error.issues())
    }
}

impl From<BeginError> for ApiError {
    fn from(error: BeginError) -> Self {
        match &error {
            BeginError::Refused(refusal) => {
                let refused = refused(refusal, error.code());
                // The popup's pages answer 400 to all that is not ours to break (rest.md 9.4).
                if refused.status() == StatusCode::NOT_FOUND {
                    refused.with_status(StatusCode::BAD_REQUEST)
                } else {
                    refused
                }
            }
            _ => Self::new(StatusCode::BAD_REQUEST, error.code(), error.to_string()),
        }
    }
}

impl<E> From<Logged<E>> for ApiError
where
    ApiError: From<E>,
{
    fn from(failure: Logged<E>) -> Self {
        Self::from(failure.error).with_log_id(failure.operation_id.as_ref())
    }
}

impl From<&CompleteError> for ApiError {
    fn from(error: &CompleteError) -> Self {
        let status = match error {
            CompleteError::Token(ExchangeError::Egress(EgressError::Timeout { .. })) => {
                StatusCode::GATEWAY_TIMEOUT
            }
            CompleteError::Token(ExchangeError::Egress(_)) => StatusCode::BAD_GATEWAY,
            // The provider's own no is the request's failed dependency; nonsense is a bad gateway's.
            CompleteError::Token(ExchangeError::Answer(TokenAnswerError::Refused { .. })) => {
                StatusCode::FAILED_DEPENDENCY
            }
            CompleteError::Token(ExchangeError::Answer(_)) => StatusCode::BAD_GATEWAY,
            CompleteError::ConnectionExists => StatusCode::FORBIDDEN,
            CompleteError::Sealing(error) => return Self::internal(error),
            CompleteError::Store(error) => return Self::from(error.clone()),
            CompleteError::Interrupted => {
                return Self::new(StatusCode::SERVICE_UNAVAILABLE, error.code(), error.to_string())
                    .with_header(header::RETRY_AFTER, HeaderValue::from_static("1"));
            }
            _ => StatusCode::BAD_REQUEST,
        };
        Self::new(status, error.code(), error.to_string())
    }
}
