use serde_json::Value;
use terapi_model::Issue;
use terapi_vault::SecretString;

use super::typed::{Submission, Submitted, Typed, read_form};
use crate::api::input::Length;

/// `POST /api-auth/api-key/{integration}`: an end user typed a key.
pub(super) struct ApiKey(SecretString);

impl Typed for ApiKey {
    const ROUTES: &'static [&'static str] = &["/api-auth/api-key"];
    const AUTH_TYPE: &'static str = "apikey";

    fn read(body: &Value) -> Result<Self, Vec<Issue>> {
        let key = read_form(body, |fields| fields.text("apiKey", Length::to(1024)))?;
        Ok(Self(SecretString::from(key)))
    }

    async fn submit(self, to: Submission<'_>) -> Submitted {
        to.connect.submit_api_key(to.auth, to.key, to.input, self.0).await
    }
}
