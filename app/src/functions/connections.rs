use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use super::UiError;

/// Where a Connect session that was opened for a test stands.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Awaited {
    /// The address of the connection that it has made or renewed, as soon as there is one.
    pub address: Option<String>,
    /// Why its last try failed, for people, until another try begins.
    pub problem: Option<String>,
}

/// Where a Connect session of `environment` stands. `operation` is the session's.
#[server(prefix = "/ui", endpoint = "await-connection")]
pub async fn await_connection(environment: String, operation: String) -> Result<Awaited, UiError> {
    let desk = crate::desk::Desk::of_call(&environment).await?;
    Ok(crate::pages::connections::wait::awaited(&desk, &operation).await?)
}
