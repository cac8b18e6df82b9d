use std::time::Duration;

use axum::body::{Body, HttpBody};
use axum::extract::{FromRequest, Request};
use bytes::BytesMut;
use http::StatusCode;
use http_body_util::BodyExt;
use serde_json::{Map, Value};
use terapi_model::{ErrorCode, Issue, IssueCode};

use crate::error::ApiError;

/// How large a JSON body may be (decision D25).
pub const JSON_LIMIT: usize = 2 * 1024 * 1024;
/// How long a body may take to arrive.
const SLOWEST: Duration = Duration::from_secs(30);
/// How much of an oversized body is read and thrown away, so that a client that is still sending can read the
/// answer instead of a broken connection.
const DRAINED: usize = 16 * 1024 * 1024;

/// A JSON body of at most `LIMIT` bytes: an object or an array; no body at all is an empty object.
///
/// The content type has been judged before (rest.md 1.2).
pub struct JsonBody<const LIMIT: usize = JSON_LIMIT>(pub Value);

impl<const LIMIT: usize, S: Send + Sync> FromRequest<S> for JsonBody<LIMIT> {
    type Rejection = ApiError;

    async fn from_request(request: Request, _state: &S) -> Result<Self, ApiError> {
        let bytes = collect(request.into_body(), LIMIT).await?;
        if bytes.is_empty() {
            return Ok(Self(Value::Object(Map::new())));
        }
        // Where it broke is said, what was there is not: the body may hold a secret.
        let value: Value = serde_json::from_slice(&bytes).map_err(|error| {
            // serde_json has no kind for it. Without a limit a short body could exhaust the stack.
            let fault = match error.to_string().starts_with("recursion limit exceeded") {
                true => "the body is nested too deeply, 127 levels are read",
                false => "the body is not JSON",
            };
            invalid_json(format!(
                "{fault} (line {}, column {})",
                error.line(),
                error.column()
            ))
        })?;
        if value.is_object() || value.is_array() {
            Ok(Self(value))
        } else {
            Err(invalid_json("the body must be a JSON object".to_owned()))
        }
    }
}

/// The body of a route that takes none; an empty object passes.
pub struct EmptyBody;

impl<S: Send + Sync> FromRequest<S> for EmptyBody {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let JsonBody(value) = JsonBody::<JSON_LIMIT>::from_request(request, state).await?;
        if value.as_object().is_some_and(Map::is_empty) {
            return Ok(Self);
        }
        let issue = Issue::at([""; 0], IssueCode::UnrecognizedKeys, "this route takes no body");
        Err(ApiError::bad_body(vec![issue]))
    }
}

fn invalid_json(message: String) -> ApiError {
    ApiError::new(StatusCode::BAD_REQUEST, ErrorCode::InvalidJson, message)
}

/// A whole body of at most `limit` bytes.
///
/// # Errors
/// 413 when it is larger, 408 when it takes too long, 400 when it breaks off.
pub async fn collect(body: Body, limit: usize) -> Result<BytesMut, ApiError> {
    match tokio::time::timeout(SLOWEST, read(body, limit)).await {
        Ok(read) => read,
        Err(_) => Err(ApiError::new(
            StatusCode::REQUEST_TIMEOUT,
            ErrorCode::InvalidBody,
            format!("the body did not arrive within {} seconds", SLOWEST.as_secs()),
        )),
    }
}

async fn read(mut body: Body, limit: usize) -> Result<BytesMut, ApiError> {
    let mut bytes = BytesMut::new();
    let mut size = 0_usize;
    let announced = usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX);
    let mut fits = announced <= limit;
    if announced > DRAINED {
        return Err(too_large(limit));
    }
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| {
            ApiError::new(
                StatusCode::BAD_REQUEST,
                ErrorCode::InvalidBody,
                "the body broke off before its end",
            )
        })?;
        let Some(data) = frame.data_ref() else { continue };
        size = size.saturating_add(data.len());
        fits &= size <= limit;
        if fits {
            bytes.extend_from_slice(data);
        } else if size > DRAINED {
            break;
        }
    }
    if fits { Ok(bytes) } else { Err(too_large(limit)) }
}

fn too_large(limit: usize) -> ApiError {
    ApiError::new(
        StatusCode::PAYLOAD_TOO_LARGE,
        ErrorCode::RequestTooLarge,
        format!("the body may have at most {} kB here", limit / 1024),
    )
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    async fn body<const LIMIT: usize>(text: impl Into<Body>) -> Result<Value, (StatusCode, ErrorCode)> {
        let request = Request::new(text.into());
        match JsonBody::<LIMIT>::from_request(request, &()).await {
            Ok(JsonBody(value)) => Ok(value),
            Err(error) => Err((error.status(), error.code())),
        }
    }

    #[tokio::test]
    async fn a_body_is_an_object_or_an_array_or_nothing() {
        assert_eq!(body::<99>("").await, Ok(serde_json::json!({})));
        assert_eq!(body::<99>("{\"a\":1}").await, Ok(serde_json::json!({"a": 1})));
        assert_eq!(body::<99>("[]").await, Ok(serde_json::json!([])));
        let refused = Err((StatusCode::BAD_REQUEST, ErrorCode::InvalidJson));
        for text in ["{", "null", "1", "\"a\"", "a=b", "{\"a\":1}x", "\u{feff}{}"] {
            assert_eq!(body::<99>(text).await, refused, "{text}");
        }
        assert_eq!(
            body::<99>(vec![b'{', b'"', 0xff, b'"', b':', b'1', b'}']).await,
            refused
        );
        assert_eq!(body::<9999>("[".repeat(200)).await, refused);
    }

    #[tokio::test]
    async fn a_body_that_is_nested_too_deeply_is_not_called_something_else() {
        let message = async |depth: usize| {
            let text = format!("{}{}", "[".repeat(depth), "]".repeat(depth));
            let read = JsonBody::<9999>::from_request(Request::new(Body::from(text)), &()).await;
            read.err().map(|error| error.message().to_owned())
        };
        assert_eq!(message(127).await, None);
        let refused = "the body is nested too deeply, 127 levels are read (line 1, column 128)";
        assert_eq!(message(128).await.as_deref(), Some(refused));
    }

    #[tokio::test]
    async fn an_oversized_body_is_refused_whether_announced_or_not() {
        let refused = Err((StatusCode::PAYLOAD_TOO_LARGE, ErrorCode::RequestTooLarge));
        assert_eq!(body::<8>("{\"a\":123}").await, refused);
        let chunks = futures::stream::iter((0..9).map(|_| Ok::<_, std::io::Error>("{\"a\":")));
        assert_eq!(body::<8>(Body::from_stream(chunks)).await, refused);
        assert!(body::<9>("{\"a\":123}").await.is_ok());
    }

    #[tokio::test]
    async fn a_broken_off_body_is_the_clients_error() {
        let broken = futures::stream::iter([Ok("{"), Err(std::io::Error::other("gone"))]);
        let refused = Err((StatusCode::BAD_REQUEST, ErrorCode::InvalidBody));
        assert_eq!(body::<99>(Body::from_stream(broken)).await, refused);
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_never_ends_is_given_up() {
        let stalled = futures::stream::pending::<Result<&str, std::io::Error>>();
        let refused = Err((StatusCode::REQUEST_TIMEOUT, ErrorCode::InvalidBody));
        assert_eq!(body::<99>(Body::from_stream(stalled)).await, refused);
    }

    #[tokio::test]
    async fn what_does_not_parse_is_not_repeated() {
        let request = Request::new(Body::from("{\"apiKey\": hush}"));
        let error = JsonBody::<99>::from_request(request, &()).await.err().unwrap();
        assert!(!error.message().contains("hush"));
        assert!(error.message().contains("line 1, column"));
    }
}
