use terapi_model::{IntegrationKey, Scope};
use terapi_store::integrations;

use crate::Caller;

use super::{Integrations, ReadIntegrationError};

/// What was deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DeletedIntegration {
    /// How many connections went with it.
    pub connections: i64,
}

impl Integrations<'_> {
    /// Deletes an integration of the caller's environment and all its connections; `None` when there is none of
    /// this key.
    ///
    /// # Errors
    /// [`ReadIntegrationError`].
    pub async fn delete(
        &self,
        caller: &Caller,
        key: &IntegrationKey,
    ) -> Result<Option<DeletedIntegration>, ReadIntegrationError> {
        caller.require(&[Scope::INTEGRATIONS_DELETE])?;
        let mut tx = self.broker.store().begin().await?;
        let Some(row) = integrations::find_for_update(&mut tx, caller.environment()?, key).await? else {
            return Ok(None);
        };
        let connections = integrations::count_live_connections(&mut tx, &row.id).await?;
        integrations::soft_delete(&mut tx, &row.id, self.broker.now()).await?;
        tx.commit().await?;
        Ok(Some(DeletedIntegration { connections }))
    }
}
