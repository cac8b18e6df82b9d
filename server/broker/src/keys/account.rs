//! Keys of an account: they make and delete environments and their keys, and act on no environment.

use terapi_model::{AccountId, ApiKeyId, ApiKeyScopes};
use terapi_store::{Tx, api_keys};
use terapi_vault::SecretString;

use crate::Caller;

use super::create::{CreateKeyError, MAX_KEYS, NewKey, check_scopes, checked_name, insert_key};
use super::{ApiKey, DeleteKeyError, Keys, ListKeysError};

/// What stands in an account key where others have their environment's name; no environment can have it.
const ACCOUNT: &str = "account";

impl Keys<'_> {
    /// Makes a key of the caller's account, with scopes that begin with `account:`. For owners and admins. The
    /// second value is the key itself; it cannot be shown again.
    ///
    /// # Errors
    /// [`CreateKeyError`].
    pub async fn create_account_key(
        &self,
        caller: &Caller,
        display_name: &str,
        scopes: ApiKeyScopes,
    ) -> Result<(ApiKey, SecretString), CreateKeyError> {
        caller.require_account_manager()?;
        let display_name = checked_name(display_name)?;
        check_scopes("account:", &scopes)?;
        let mut tx = self.broker.store().begin().await?;
        let made = self
            .insert_account_key(&mut tx, &caller.account_id, &display_name, scopes)
            .await?;
        tx.commit().await?;
        Ok(made)
    }

    /// The account's own live keys, oldest first. For owners and admins.
    ///
    /// # Errors
    /// [`ListKeysError`].
    pub async fn list_account_keys(&self, caller: &Caller) -> Result<Vec<ApiKey>, ListKeysError> {
        caller.require_account_manager()?;
        let mut db = self.broker.store().read().await?;
        let rows = api_keys::list_of_account(&mut db, &caller.account_id).await?;
        Ok(rows.into_iter().map(ApiKey::from).collect())
    }

    /// Deletes one of the account's own keys; it stops working at once. False when there is none of that id. For
    /// owners and admins.
    ///
    /// # Errors
    /// [`DeleteKeyError`].
    pub async fn delete_account_key(&self, caller: &Caller, id: &ApiKeyId) -> Result<bool, DeleteKeyError> {
        caller.require_account_manager()?;
        let mut tx = self.broker.store().begin().await?;
        let now = self.broker.now();
        let deleted = api_keys::soft_delete_of_account(&mut tx, &caller.account_id, id, now).await?;
        tx.commit().await?;
        Ok(deleted)
    }

    /// The database's rule about names covers keys of environments only, so theirs is checked here.
    async fn insert_account_key(
        &self,
        tx: &mut Tx,
        account: &AccountId,
        display_name: &str,
        scopes: ApiKeyScopes,
    ) -> Result<(ApiKey, SecretString), CreateKeyError> {
        let others = api_keys::list_of_account(tx, account).await?;
        if others.iter().any(|key| key.display_name == display_name) {
            return Err(CreateKeyError::NameTaken);
        }
        if others.len() >= MAX_KEYS {
            return Err(CreateKeyError::TooMany);
        }
        let key = NewKey::drawn(self.broker, ACCOUNT, display_name, scopes);
        let secret = key.secret.duplicate();
        let row = insert_key(self.broker, tx, account, None, key).await?;
        Ok((row.into(), secret))
    }
}
