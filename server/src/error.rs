//! How a failure looks on the wire: `{"error":{"code","message","errors"?,"payload"?}}` (rest.md 1.4), always JSON,
//! always with a code and a message. The one place besides the handlers that names HTTP statuses.

use std::borrow::Cow;

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use serde_json::{Map, Value, json};
use terapi_broker::Forbidden;
use terapi_model::{ErrorCode, Issue, OperationId};
use terapi_store::StoreError;

/// The field that names an operation.
const LOG_ID: &str = "log_id";

/// So many issues are told of at most.
const MOST_ISSUES: usize = 100;

/// A failed request.
#[derive(Debug, Clone)]
pub struct ApiError(Box<Failure>);

#[derive(Debug, Clone)]
struct Failure {
    status: StatusCode,
    code: ErrorCode,
    message: Cow<'static, str>,
    issues: Vec<Issue>,
    payload: Option<Value>,
    fields: Vec<(&'static str, Value)>,
    headers: HeaderMap,
}

impl ApiError {
    /// A failure with a status, a stable code and a sentence for people.
    pub fn new(status: StatusCode, code: ErrorCode, message: impl Into<Cow<'static, str>>) -> Self {
        Self(Box::new(Failure {
            status,
            code,
            message: message.into(),
            issues: Vec::new(),
            payload: None,
            fields: Vec::new(),
            headers: HeaderMap::new(),
        }))
    }

    /// 400 `invalid_query_params`.
    pub fn bad_query(issues: Vec<Issue>) -> Self {
        Self::new(
            StatusCode::BAD_REQUEST,
            ErrorCode::InvalidQueryParams,
            summary("the query", &issues),
        )
        .with_issues(issues)
    }

    /// 400 `invalid_uri_params`.
    pub fn bad_path(issues: Vec<Issue>) -> Self {
        Self::new(
            StatusCode::BAD_REQUEST,
            ErrorCode::InvalidUriParams,
            summary("the path", &issues),
        )
        .with_issues(issues)
    }

    /// 400 `invalid_body` with everything that is wrong.
    pub fn bad_body(issues: Vec<Issue>) -> Self {
        Self::new(
            StatusCode::BAD_REQUEST,
            ErrorCode::InvalidBody,
            summary("the body", &issues),
        )
        .with_issues(issues)
    }

    /// 400 `invalid_body` for a rule that is about the body as a whole.
    pub fn bad_body_because(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, ErrorCode::InvalidBody, message)
    }

    /// 401, with the challenge that RFC 9110 section 11.6.1 asks for.
    pub fn unauthorized(code: ErrorCode, message: &'static str) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, code, message)
            .with_header(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"))
    }

    /// 403 `forbidden`.
    pub fn forbidden(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::FORBIDDEN, ErrorCode::Forbidden, message)
    }

    /// 404 `not_found`.
    pub fn not_found(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::NOT_FOUND, ErrorCode::NotFound, message)
    }

    /// 501 `feature_disabled`.
    pub fn feature_disabled(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::NOT_IMPLEMENTED, ErrorCode::FeatureDisabled, message)
    }

    /// 500 `server_error`. What happened goes to the log, here and once; the client learns only the request id,
    /// which the router adds.
    pub fn internal(error: &(dyn std::error::Error + 'static)) -> Self {
        tracing::error!(error = %Chain(error), "the request failed inside");
        Self::broken()
    }

    /// 500 `server_error` for something that was logged already.
    pub fn broken() -> Self {
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            ErrorCode::ServerError,
            "something went wrong on the server; its log has the reason under this request id",
        )
    }

    /// 503 `unavailable`: the database cannot be reached for the moment.
    pub fn unavailable(error: &(dyn std::error::Error + 'static)) -> Self {
        tracing::error!(error = %Chain(error), "the database cannot be reached");
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            ErrorCode::Unavailable,
            "the server cannot reach its database at the moment; try again shortly",
        )
        .with_header(header::RETRY_AFTER, HeaderValue::from_static("1"))
    }

    /// With another status.
    #[must_use]
    pub fn with_status(mut self, status: StatusCode) -> Self {
        self.0.status = status;
        self
    }

    /// With `errors`: the first of them, because an answer must not grow with what was sent.
    #[must_use]
    pub fn with_issues(mut self, mut issues: Vec<Issue>) -> Self {
        issues.truncate(MOST_ISSUES);
        self.0.issues = issues;
        self
    }

    /// With `payload`.
    #[must_use]
    pub fn with_payload(mut self, payload: Value) -> Self {
        self.0.payload = Some(payload);
        self
    }

    /// With a further field of `error`.
    #[must_use]
    pub fn with_field(mut self, name: &'static str, value: impl Into<Value>) -> Self {
        self.0.fields.push((name, value.into()));
        self
    }

    /// With `log_id`, which finds the operation in the logs, when there is one.
    #[must_use]
    pub fn with_log_id(self, operation: Option<&OperationId>) -> Self {
        match operation {
            Some(id) => self.with_field(LOG_ID, id.as_str()),
            None => self,
        }
    }

    /// Finds the operation in the logs.
    pub fn log_id(&self) -> Option<&str> {
        let field = self.0.fields.iter().find(|(name, _)| *name == LOG_ID);
        field.and_then(|(_, id)| id.as_str())
    }

    /// With a response header.
    #[must_use]
    pub fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.0.headers.insert(name, value);
        self
    }

    /// The HTTP status.
    pub fn status(&self) -> StatusCode {
        self.0.status
    }

    /// The stable code.
    pub fn code(&self) -> ErrorCode {
        self.0.code
    }

    /// For people.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// What is wrong with the input.
    pub fn issues(&self) -> &[Issue] {
        &self.0.issues
    }

    /// The value of `error` on the wire.
    fn to_json(&self) -> Map<String, Value> {
        let failure = &self.0;
        let mut error = Map::new();
        error.insert("code".into(), failure.code.as_str().into());
        error.insert("message".into(), failure.message.as_ref().into());
        if !failure.issues.is_empty() {
            error.insert("errors".into(), json!(failure.issues));
        }
        if let Some(payload) = &failure.payload {
            error.insert("payload".into(), payload.clone());
        }
        for (name, value) in &failure.fields {
            error.insert((*name).into(), value.clone());
        }
        error
    }

    /// The answer, with `request_id` in the payload of a failure that is ours, and with the code repeated as a
    /// top-level `type` where old browser packages look for it (decision D7).
    pub fn into_response_for(self, request_id: Option<&str>, with_type: bool) -> Response {
        let mut error = self.to_json();
        if let Some(id) = request_id.filter(|_| self.0.status.is_server_error() && self.0.payload.is_none()) {
            error.insert("payload".into(), json!({ "request_id": id }));
        }
        let mut body = json!({ "error": error });
        if with_type {
            body["type"] = self.0.code.as_str().into();
        }
        let mut response = (self.0.status, Json(body)).into_response();
        response.headers_mut().extend(self.0.headers.clone());
        response.extensions_mut().insert(self);
        response
    }
}

impl std::fmt::Display for ApiError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.0.code, self.0.message)
    }
}

impl std::error::Error for ApiError {}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        self.into_response_for(None, false)
    }
}

impl From<Forbidden> for ApiError {
    fn from(forbidden: Forbidden) -> Self {
        Self::forbidden(forbidden.to_string())
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unavailable { .. } => Self::unavailable(&error),
            error => Self::internal(&error),
        }
    }
}

/// The first issue is in the message too: many people look no further.
fn summary(what: &str, issues: &[Issue]) -> String {
    let Some(first) = issues.first() else {
        return format!("{what} is not valid");
    };
    let place = if first.path.is_empty() {
        String::new()
    } else {
        format!("{} ", first.path.join("."))
    };
    match issues.len() {
        1 => format!("{what} is not valid: {place}{}", first.message),
        count => format!(
            "{what} is not valid: {place}{} (and {} more)",
            first.message,
            count - 1
        ),
    }
}

/// An error with its causes on one line.
struct Chain<'e>(&'e (dyn std::error::Error + 'static));

impl std::fmt::Display for Chain<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.0)?;
        let mut source = self.0.source();
        while let Some(error) = source {
            write!(f, ": {error}")?;
            source = error.source();
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use terapi_model::IssueCode;

    use super::*;

    async fn body(response: Response) -> Value {
        let bytes = axum::body::to_bytes(response.into_body(), 1 << 16).await.unwrap();
        serde_json::from_slice(&bytes).unwrap()
    }

    #[tokio::test]
    async fn an_error_has_code_message_and_what_was_wrong() {
        let issue = Issue::at(["end_user", "id"], IssueCode::TooSmall, "may not be empty");
        let response = ApiError::bad_body(vec![issue]).into_response();
        assert_eq!(response.status(), StatusCode::BAD_REQUEST);
        assert_eq!(
            body(response).await,
            json!({"error": {
                "code": "invalid_body",
                "message": "the body is not valid: end_user.id may not be empty",
                "errors": [{"code": "too_small", "message": "may not be empty", "path": ["end_user", "id"]}],
            }})
        );
    }

    #[tokio::test]
    async fn a_failure_of_ours_names_the_request_and_not_the_reason() {
        let error = std::io::Error::other("password=hush");
        let response = ApiError::internal(&error).into_response_for(Some("req1"), true);
        let body = body(response).await;
        assert_eq!(body["type"], "server_error");
        assert_eq!(body["error"]["payload"]["request_id"], "req1");
        assert!(!body.to_string().contains("hush"));
    }
}
