//! Keys that the operator brings along in `TERAPI_SECRET_KEY_<ENV>`.

use terapi_model::{AccountId, ApiKeyId, ApiKeyScopes, EnvironmentId, EnvironmentName};
use terapi_store::api_keys::ApiKeyRow;
use terapi_store::{StoreError, Tx, api_keys, environments, wire_ids};
use terapi_vault::SecretString;
use terapi_vault::hash::token_hash;

use crate::Broker;

use super::Keys;
use super::create::{MANAGED_NAME, last_four};
use super::format::{WeakKey, environment_of_variable, judge_imported};

/// A key from the process environment: what is kept of it.
#[derive(Debug)]
pub(crate) struct ImportedKey {
    environment: EnvironmentName,
    hash: String,
    last_four: String,
}

/// Why such a key was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ImportKeyError {
    /// What follows `TERAPI_SECRET_KEY_` cannot be an environment's name.
    #[error("`{0}` is not the name of an environment")]
    Environment(String),
    /// The key is not one.
    #[error(transparent)]
    Weak(#[from] WeakKey),
}

/// Why the keys were not imported.
#[derive(Debug, thiserror::Error)]
pub enum ImportKeysError {
    /// One of them is no good. The start stops with it.
    #[error("{MANAGED_NAME}{}: {cause}", .suffix.to_uppercase())]
    Refused {
        /// What follows `TERAPI_SECRET_KEY_`.
        suffix: String,
        /// What is wrong with it.
        cause: ImportKeyError,
    },
    /// The database does not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl ImportedKey {
    fn judge(suffix: &str, key: &SecretString) -> Result<Self, ImportKeyError> {
        let environment =
            environment_of_variable(suffix).ok_or_else(|| ImportKeyError::Environment(suffix.to_owned()))?;
        judge_imported(key.expose())?;
        Ok(Self {
            environment,
            hash: token_hash(key.expose()).to_hex(),
            last_four: last_four(key),
        })
    }
}

impl Keys<'_> {
    /// At start: makes the values of `TERAPI_SECRET_KEY_<ENV>`, given by environment name in any case, the managed
    /// keys of the first account's environments of these names, and stops managed keys that are no longer given.
    /// While there is no account, the first one takes them when it is made.
    ///
    /// # Errors
    /// [`ImportKeysError`].
    pub async fn import_managed(&self, given: Vec<(String, SecretString)>) -> Result<(), ImportKeysError> {
        let judged = given.into_iter().map(|(suffix, key)| {
            ImportedKey::judge(&suffix, &key).map_err(|cause| ImportKeysError::Refused { suffix, cause })
        });
        let keys = judged.collect::<Result<Vec<_>, _>>()?;
        let mut tx = self.broker.store().begin().await?;
        if let Some(first) = environments::list(&mut tx).await?.into_iter().next() {
            put_all(self.broker, &mut tx, &first.account_id, &keys).await?;
        }
        tx.commit().await?;
        // A second call changes the database only: keys are handed over once a process.
        let _ = self.broker.imported_keys().set(keys);
        Ok(())
    }
}

/// Gives the imported keys to the first account, inside the transaction that makes it.
pub(crate) async fn import_for(broker: &Broker, tx: &mut Tx, account: &AccountId) -> Result<(), StoreError> {
    match broker.imported_keys().get() {
        Some(imported) => put_all(broker, tx, account, imported).await,
        None => Ok(()),
    }
}

async fn put_all(
    broker: &Broker,
    tx: &mut Tx,
    account: &AccountId,
    imported: &[ImportedKey],
) -> Result<(), StoreError> {
    let environments = environments::list_by_account(tx, account).await?;
    for key in imported
        .iter()
        .filter(|key| environments.iter().all(|found| found.name != key.environment))
    {
        tracing::warn!(environment = %key.environment, "an imported key names an environment that does not exist");
    }
    for environment in environments {
        match imported.iter().find(|key| key.environment == environment.name) {
            Some(key) => put_managed(broker, tx, account, &environment.id, key).await?,
            None => drop(api_keys::soft_delete_managed(tx, &environment.id, broker.now()).await?),
        }
    }
    Ok(())
}

async fn put_managed(
    broker: &Broker,
    tx: &mut Tx,
    account: &AccountId,
    environment: &EnvironmentId,
    key: &ImportedKey,
) -> Result<(), StoreError> {
    let same = api_keys::find_live_by_hash(tx, &key.hash, broker.now())
        .await?
        .map(|found| found.key);
    if same.is_some_and(|same| !same.managed || same.environment_id.as_ref() != Some(environment)) {
        tracing::warn!(environment = %key.environment, "the imported key is another key's already");
        return Ok(());
    }
    let row = ApiKeyRow {
        id: broker.mint(ApiKeyId::mint),
        wire_id: wire_ids::next(tx).await?,
        account_id: account.clone(),
        environment_id: Some(environment.clone()),
        display_name: format!("{MANAGED_NAME}{}", key.environment.as_str().to_uppercase()),
        secret_hash: key.hash.clone(),
        last_four: key.last_four.clone(),
        scopes: ApiKeyScopes::full_environment(),
        managed: true,
        created_at: broker.now(),
        last_used_at: None,
        expires_at: None,
        deleted_at: None,
    };
    api_keys::upsert_managed(tx, &row).await.map(drop)
}
