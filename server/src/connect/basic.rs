use serde_json::Value;
use terapi_model::Issue;
use terapi_vault::SecretString;

use super::typed::{Submission, Submitted, Typed, read_form};
use crate::api::input::Length;

/// `POST /api-auth/basic/{integration}`: an end user typed a user name and a password. Either may be empty, and one of
/// them may be missing, as packages send it when a script gave only the other.
pub(super) struct Basic {
    username: SecretString,
    password: SecretString,
}

impl Typed for Basic {
    const ROUTES: &'static [&'static str] = &["/api-auth/basic"];
    const AUTH_TYPE: &'static str = "basic";

    fn read(body: &Value) -> Result<Self, Vec<Issue>> {
        let (username, password) = read_form(body, |fields| {
            let username = fields.optional_text("username", Length::maybe_empty(1024));
            let password = fields.optional_text("password", Length::maybe_empty(1024));
            if !fields.has("username") && !fields.has("password") {
                fields.text("username", Length::maybe_empty(1024));
            }
            Some((username.unwrap_or_default(), password.unwrap_or_default()))
        })?;
        Ok(Self {
            username: SecretString::from(username),
            password: SecretString::from(password),
        })
    }

    async fn submit(self, to: Submission<'_>) -> Submitted {
        to.connect
            .submit_basic(to.auth, to.key, to.input, self.username, self.password)
            .await
    }
}
