use terapi_model::{AccountId, EnvironmentId, EnvironmentName};
use terapi_store::{StoreError, environments};

use super::{Environment, Environments};

impl Environments<'_> {
    /// An account's environments, oldest first.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn list(&self, account: &AccountId) -> Result<Vec<Environment>, StoreError> {
        let mut db = self.broker.store().read().await?;
        let mut rows = environments::list_by_account(&mut db, account).await?;
        // Those of one sign-up have the same time; their integer ids were counted up.
        rows.sort_by_key(|row| row.wire_id);
        Ok(rows.into_iter().map(Environment::from).collect())
    }

    /// The environment with this id.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn find(&self, id: &EnvironmentId) -> Result<Option<Environment>, StoreError> {
        let row = environments::find(&mut self.broker.store().read().await?, id).await?;
        Ok(row.map(Environment::from))
    }

    /// An account's environment of this name.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn find_by_name(
        &self,
        account: &AccountId,
        name: &str,
    ) -> Result<Option<Environment>, StoreError> {
        let Ok(name) = EnvironmentName::parse(name) else {
            return Ok(None);
        };
        let row = environments::find_by_name(&mut self.broker.store().read().await?, account, &name).await?;
        Ok(row.map(Environment::from))
    }

    /// The environment a browser's public key means.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn by_public_key(&self, public_key: &str) -> Result<Option<Environment>, StoreError> {
        let public_key = public_key.to_ascii_lowercase();
        let row =
            environments::find_by_public_key(&mut self.broker.store().read().await?, &public_key).await?;
        Ok(row.map(Environment::from))
    }

    /// The environment that a webhook URL names.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn by_uuid(&self, uuid: &str) -> Result<Option<Environment>, StoreError> {
        let uuid = uuid.to_ascii_lowercase();
        let row = environments::find_by_uuid(&mut self.broker.store().read().await?, &uuid).await?;
        Ok(row.map(Environment::from))
    }
}
