//! The providers that an environment's users can connect to.

pub mod delete;
pub mod details;
pub mod form;
pub mod gallery;
pub mod list;
pub mod new;
pub mod provider_card;

use terapi_broker::integrations::{Integration, ReadIntegrationError};
use terapi_model::IntegrationKey;

use crate::answer::NoPage;
use crate::desk::Desk;
use crate::ui::logo::{picture, provider_picture};

/// The integration a page is about.
pub async fn load(desk: &Desk, key: &str) -> Result<Integration, NoPage> {
    let key = IntegrationKey::parse(key).map_err(|_| NoPage::NotFound)?;
    desk.broker
        .integrations()
        .get(&desk.caller, &key)
        .await
        .map_err(unread)?
        .ok_or(NoPage::NotFound)
}

/// How the integration looks that something is of; where there is none any more, how its provider does.
pub async fn picture_of(desk: &Desk, key: &IntegrationKey, provider: &str) -> Result<String, NoPage> {
    let found = desk.broker.integrations().get(&desk.caller, key).await;
    let found = found.map_err(unread)?;
    Ok(found.as_ref().map_or_else(|| provider_picture(provider), picture))
}

/// Why integrations could not be read, for the operator.
pub fn unread(error: ReadIntegrationError) -> NoPage {
    match error {
        ReadIntegrationError::Forbidden(reason) => NoPage::Forbidden(reason.to_string()),
        other => NoPage::Failed(other.to_string()),
    }
}
