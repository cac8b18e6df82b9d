use serde_json::Value;
use terapi_model::Issue;

use super::typed::{Submission, Submitted, Typed};

/// `POST /auth/unauthenticated/{integration}`, `/unauth/{integration}` to older packages: a connection to an API that
/// lets everybody in. Whatever JSON is in the body says nothing.
pub(super) struct Unauthenticated;

impl Typed for Unauthenticated {
    const ROUTES: &'static [&'static str] = &["/auth/unauthenticated", "/unauth"];
    const AUTH_TYPE: &'static str = "unauth";

    fn read(_: &Value) -> Result<Self, Vec<Issue>> {
        Ok(Self)
    }

    async fn submit(self, to: Submission<'_>) -> Submitted {
        to.connect.submit_nothing(to.auth, to.key, to.input).await
    }
}
