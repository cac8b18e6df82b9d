use leptos::prelude::*;

use super::UiError;

/// The address of the connection that a test has made in `environment` since then (milliseconds since 1970), as
/// soon as there is one.
#[server(prefix = "/ui", endpoint = "await-connection")]
pub async fn await_connection(
    environment: String,
    integration: String,
    since: i64,
) -> Result<Option<String>, UiError> {
    let desk = crate::desk::Desk::of_call(&environment).await?;
    let since = terapi_model::Timestamp::from_millis(since);
    Ok(crate::pages::connections::wait::made_since(&desk, &integration, since).await?)
}
