use axum::extract::FromRequestParts;
use http::request::Parts;
use percent_encoding::percent_decode_str;
use serde::de::DeserializeOwned;
use terapi_model::{Issue, IssueCode, KeyError};

use super::has_bad_escape;
use crate::error::ApiError;

/// Path parameters, percent-decoded; a failure is 400 `invalid_uri_params`.
#[derive(Debug, Clone)]
pub struct Path<T>(pub T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Path<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        match axum::extract::Path::<T>::from_request_parts(parts, state).await {
            Ok(axum::extract::Path(value)) => Ok(Self(value)),
            Err(rejection) => {
                let issue = Issue::at([""; 0], IssueCode::InvalidFormat, rejection.body_text());
                Err(ApiError::bad_path(vec![issue]))
            }
        }
    }
}

impl Path<String> {
    /// The parameter `name`, if `parse` takes it.
    ///
    /// # Errors
    /// 400 `invalid_uri_params`, naming the parameter and the rule.
    pub fn parse<T>(
        &self,
        name: &str,
        parse: impl FnOnce(&str) -> Result<T, KeyError>,
    ) -> Result<T, ApiError> {
        parse(&self.0).map_err(|error| {
            let code = match error {
                KeyError::Length if self.0.is_empty() => IssueCode::TooSmall,
                KeyError::Length => IssueCode::TooBig,
                KeyError::Alphabet | KeyError::DotSegment => IssueCode::InvalidFormat,
            };
            ApiError::bad_path(vec![Issue::at([name], code, error.to_string())])
        })
    }
}

/// True when a raw path has an escape that is none, or does not decode to UTF-8.
pub fn has_bad_path(raw: &str) -> bool {
    has_bad_escape(raw) || percent_decode_str(raw).decode_utf8().is_err()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_decodes_or_is_refused() {
        for sound in ["/connections/a%20b", "/connections/a%2Fb", "/", "/%C3%A9"] {
            assert!(!has_bad_path(sound), "{sound}");
        }
        for bad in ["/connections/%", "/a%2", "/%zz", "/%ff"] {
            assert!(has_bad_path(bad), "{bad}");
        }
    }
}
