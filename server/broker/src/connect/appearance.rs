//! How the pages look that a popup ends on.

use terapi_model::{ConnectUiSettings, OperationId};
use terapi_store::{StoreError, environments, operations};

use super::Connect;

impl Connect<'_> {
    /// The look that the environment of `operation` has chosen for its end users; `None` when there is no such operation.
    /// Whoever asks has the id from an attempt of theirs, and learns what its Connect UI shows anybody who has a session.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn appearance(&self, operation: &OperationId) -> Result<Option<ConnectUiSettings>, StoreError> {
        let mut db = self.broker.store().read().await?;
        let Some(operation) = operations::find(&mut db, operation).await? else {
            return Ok(None);
        };
        let environment = environments::find(&mut db, &operation.environment_id).await?;
        Ok(environment.map(|environment| environment.connect_ui))
    }
}
