//! Integrations of the simulated provider, for `--demo`.

use std::collections::BTreeMap;

use terapi_model::{AuthMode, EnvironmentId, IntegrationKey, ProviderName};
use terapi_store::{Tx, environments, integrations};
use url::Url;

use crate::Broker;

use super::{CreateIntegrationError, IntegrationCredentials, Integrations, NewIntegration};

/// The client that Acme always knows. Nothing but Acme accepts it, and Acme keeps nothing worth a secret.
const CLIENT_ID: &str = "acme-demo";
const CLIENT_SECRET: &str = "acme-demo-secret";

/// The environment that demo integrations go to.
const ENVIRONMENT: &str = "dev";

impl Integrations<'_> {
    /// Makes integrations of the simulated provider at `acme` in every environment called `dev` that has none yet.
    /// Answers how many.
    ///
    /// # Errors
    /// [`CreateIntegrationError`].
    pub async fn create_demo(&self, acme: &Url) -> Result<usize, CreateIntegrationError> {
        let mut tx = self.broker.store().begin().await?;
        let mut made = 0;
        for environment in environments::list(&mut tx).await? {
            if environment.name.as_str() == ENVIRONMENT {
                made += insert_demo(self.broker, &mut tx, &environment.id, acme).await?;
            }
        }
        tx.commit().await?;
        Ok(made)
    }
}

/// The same for one environment, inside a transaction.
pub(crate) async fn insert_demo(
    broker: &Broker,
    tx: &mut Tx,
    environment: &EnvironmentId,
    acme: &Url,
) -> Result<usize, CreateIntegrationError> {
    let mut made = 0;
    for name in ["acme", "acme-api-key", "acme-basic"] {
        let new = demo_integration(name, acme);
        if integrations::find(tx, environment, &new.unique_key)
            .await?
            .is_some()
        {
            continue;
        }
        let row = broker.integrations().new_row(environment, new)?;
        integrations::insert(tx, &row).await?;
        made += 1;
    }
    Ok(made)
}

fn demo_integration(name: &str, acme: &Url) -> NewIntegration {
    let base_url = acme.as_str().trim_end_matches('/').to_owned();
    let client = || IntegrationCredentials {
        mode: AuthMode::OAuth2,
        client_id: CLIENT_ID.to_owned(),
        client_secret: Some(CLIENT_SECRET.into()),
        scopes: None,
        webhook_secret: None,
    };
    NewIntegration {
        provider: ProviderName::from_stored(name.to_owned()),
        unique_key: IntegrationKey::from_stored(name.to_owned()),
        display_name: None,
        forward_webhooks: true,
        credentials: (name == "acme").then(client),
        integration_config: BTreeMap::from([("base_url".to_owned(), base_url)]),
        custom: BTreeMap::new(),
        own_redirect: false,
        draft: false,
    }
}
