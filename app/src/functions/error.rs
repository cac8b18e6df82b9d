use leptos::server_fn::codec::JsonEncoding;
use leptos::server_fn::error::{FromServerFnError, ServerFnErrorErr};
use serde::{Deserialize, Serialize};
use terapi_model::ErrorCode;

/// Why a function has no answer, in the JSON of every other error: `{"error":{"code","message"}}`. It says what
/// the asker may know; reasons of our own go to the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UiError {
    error: Told,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Told {
    code: String,
    message: String,
}

impl UiError {
    fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self {
            error: Told {
                code: code.as_str().to_owned(),
                message: message.into(),
            },
        }
    }

    /// The stable code.
    pub fn code(&self) -> &str {
        &self.error.code
    }

    /// The code's explanation, for people.
    pub fn message(&self) -> &str {
        &self.error.message
    }

    /// True when asking again later may help.
    pub fn may_pass(&self) -> bool {
        self.code() == ErrorCode::Unavailable.as_str() || self.code() == ErrorCode::ServerError.as_str()
    }
}

impl FromServerFnError for UiError {
    type Encoder = JsonEncoding;

    fn from_server_fn_error(error: ServerFnErrorErr) -> Self {
        match error {
            ServerFnErrorErr::Args(_)
            | ServerFnErrorErr::MissingArg(_)
            | ServerFnErrorErr::Deserialization(_) => {
                Self::new(ErrorCode::InvalidBody, "What was sent could not be read.")
            }
            ServerFnErrorErr::Request(_) => {
                Self::new(ErrorCode::Unavailable, "The server could not be reached.")
            }
            _ => Self::new(ErrorCode::ServerError, "Something went wrong on the server."),
        }
    }
}

#[cfg(feature = "ssr")]
impl From<crate::answer::NoPage> for UiError {
    fn from(reason: crate::answer::NoPage) -> Self {
        use crate::answer::NoPage;
        match reason {
            NoPage::SignInFirst => Self::new(ErrorCode::Forbidden, "Nobody is signed in."),
            NoPage::Forbidden(message) => Self::new(ErrorCode::Forbidden, message),
            NoPage::NotFound => Self::new(ErrorCode::NotFound, "There is no such thing in this account."),
            NoPage::SeeOther(_) => {
                Self::new(ErrorCode::NotFound, "A page knows the way; a function does not.")
            }
            NoPage::Failed(cause) => {
                tracing::error!(cause, "a function failed");
                Self::new(ErrorCode::ServerError, "Something went wrong on the server.")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_written_like_all_others_and_read_back() {
        let error = UiError::new(ErrorCode::Forbidden, "No.");
        let json = String::from_utf8(error.ser().to_vec()).unwrap_or_default();
        assert_eq!(json, r#"{"error":{"code":"forbidden","message":"No."}}"#);
        assert_eq!(UiError::de(json.into()), error);
    }

    #[test]
    fn reasons_of_the_framework_are_not_passed_on() {
        let error = UiError::from_server_fn_error(ServerFnErrorErr::ServerError("canary".into()));
        assert_eq!(error.code(), "server_error");
        assert!(!error.message().contains("canary"));
    }
}
