use leptos::prelude::*;

use super::UiError;

/// The address of the connection that a Connect session of `environment` has made or renewed, as soon as there is
/// one. `operation` is the session's.
#[server(prefix = "/ui", endpoint = "await-connection")]
pub async fn await_connection(environment: String, operation: String) -> Result<Option<String>, UiError> {
    let desk = crate::desk::Desk::of_call(&environment).await?;
    Ok(crate::pages::connections::wait::made_by(&desk, &operation).await?)
}
