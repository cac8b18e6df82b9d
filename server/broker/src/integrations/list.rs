use terapi_model::{IntegrationKey, Scope};
use terapi_store::{environments, integrations};

use crate::Caller;

use super::get::view;
use super::{Integration, Integrations, ReadIntegrationError};

impl Integrations<'_> {
    /// The integrations of the caller's environment, by provider, then by age.
    ///
    /// # Errors
    /// [`ReadIntegrationError`].
    pub async fn list(&self, caller: &Caller) -> Result<Vec<Integration>, ReadIntegrationError> {
        caller.require(&[Scope::INTEGRATIONS_LIST, Scope::INTEGRATIONS_LIST_CREDENTIALS])?;
        let id = caller.environment()?;
        let mut db = self.broker.store().read().await?;
        let Some(environment) = environments::find(&mut db, id).await? else {
            return Ok(Vec::new());
        };
        let listed = integrations::list(&mut db, id).await?;
        let shown = listed
            .into_iter()
            .map(|found| view(self.broker, &environment, found.integration, found.connections));
        Ok(shown.collect::<Result<_, _>>()?)
    }

    /// The same, only those a connect session allows; `None` allows all.
    ///
    /// # Errors
    /// [`ReadIntegrationError`].
    pub async fn list_allowed(
        &self,
        caller: &Caller,
        allowed: Option<&[IntegrationKey]>,
    ) -> Result<Vec<Integration>, ReadIntegrationError> {
        let mut integrations = self.list(caller).await?;
        if let Some(allowed) = allowed {
            integrations.retain(|integration| allowed.contains(&integration.unique_key));
        }
        Ok(integrations)
    }
}
