use terapi_model::{AccountId, ApiKeyId, ApiKeyScopes, EnvironmentId, Scope, Timestamp, WireId};
use terapi_store::api_keys::ApiKeyRow;
use terapi_store::{Constraint, StoreError, Tx, api_keys, environments, wire_ids};
use terapi_vault::SecretString;
use terapi_vault::hash::token_hash;

use crate::{Broker, Caller, Forbidden};

use super::format::draw_secret;
use super::{ApiKey, Keys};

/// Most live keys of an environment.
pub(super) const MAX_KEYS: usize = 50;
/// Most characters of a key's name.
const MAX_NAME: usize = 255;

/// How names of imported keys begin; no other key has such a name.
pub(super) const MANAGED_NAME: &str = "TERAPI_SECRET_KEY_";

/// Why no key was made.
#[derive(Debug, thiserror::Error)]
pub enum CreateKeyError {
    /// Not for this caller.
    #[error(transparent)]
    Forbidden(#[from] Forbidden),
    /// The environment is gone.
    #[error("there is no such environment")]
    NoSuchEnvironment,
    /// Empty or too long.
    #[error("a key's name has between 1 and {MAX_NAME} characters")]
    NameInvalid,
    /// Another key of the environment, or of the account, has the name.
    #[error("another key has this name")]
    NameTaken,
    /// None, or one that is not for such a key.
    #[error(
        "choose at least one scope; those of environments begin with `environment:`, of accounts with `account:`"
    )]
    ScopesInvalid,
    /// In the past.
    #[error("the expiry is in the past")]
    ExpiryInvalid,
    /// There are as many as may be.
    #[error("an environment has at most {MAX_KEYS} keys, and so has an account; delete one first")]
    TooMany,
    /// The database does not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A key about to be stored.
pub(crate) struct NewKey {
    pub(crate) secret: SecretString,
    pub(crate) display_name: String,
    pub(crate) scopes: ApiKeyScopes,
    pub(crate) expires_at: Option<Timestamp>,
}

impl NewKey {
    /// With a fresh secret for the environment called `environment`.
    pub(crate) fn drawn(broker: &Broker, environment: &str, name: &str, scopes: ApiKeyScopes) -> Self {
        Self {
            secret: draw_secret(broker.entropy(), environment),
            display_name: name.to_owned(),
            scopes,
            expires_at: None,
        }
    }
}

/// Stores a key's hash.
pub(crate) async fn insert_key(
    broker: &Broker,
    tx: &mut Tx,
    account: &AccountId,
    environment: Option<&EnvironmentId>,
    key: NewKey,
) -> Result<ApiKeyRow, StoreError> {
    let row = ApiKeyRow {
        id: broker.mint(ApiKeyId::mint),
        wire_id: wire_ids::next(tx).await?,
        account_id: account.clone(),
        environment_id: environment.cloned(),
        display_name: key.display_name,
        secret_hash: token_hash(key.secret.expose()).to_hex(),
        last_four: last_four(&key.secret),
        scopes: key.scopes,
        managed: false,
        created_at: broker.now(),
        last_used_at: None,
        expires_at: key.expires_at,
        deleted_at: None,
    };
    api_keys::insert(tx, &row).await?;
    Ok(row)
}

pub(super) fn last_four(secret: &SecretString) -> String {
    let text = secret.expose();
    text[text.len().saturating_sub(4)..].to_owned()
}

impl Keys<'_> {
    /// Makes a key for the caller's environment. The second value is the key itself; it cannot be shown again.
    ///
    /// # Errors
    /// [`CreateKeyError`].
    pub async fn create(
        &self,
        caller: &Caller,
        display_name: &str,
        scopes: ApiKeyScopes,
        expires_at: Option<Timestamp>,
    ) -> Result<(ApiKey, SecretString), CreateKeyError> {
        caller.require_writer()?;
        let environment = caller.environment()?;
        let display_name = checked_name(display_name)?;
        check_scopes("environment:", &scopes)?;
        if expires_at.is_some_and(|at| at <= self.broker.now()) {
            return Err(CreateKeyError::ExpiryInvalid);
        }
        let mut tx = self.broker.store().begin().await?;
        let made = self
            .create_in(&mut tx, environment, &display_name, scopes, expires_at)
            .await?;
        tx.commit().await?;
        Ok(made)
    }

    /// Makes a full-access key for one of the caller's account's environments, by the environment's integer id
    /// (rest.md 8.3). The second value is the key itself; it cannot be shown again.
    ///
    /// # Errors
    /// [`CreateKeyError`].
    pub async fn create_for(
        &self,
        caller: &Caller,
        environment: WireId,
        display_name: &str,
    ) -> Result<(ApiKey, SecretString), CreateKeyError> {
        caller.require(&[Scope::API_KEYS_CREATE])?;
        let display_name = checked_name(display_name)?;
        let mut tx = self.broker.store().begin().await?;
        let found = environments::find_by_wire_id(&mut tx, &caller.account_id, environment)
            .await?
            .ok_or(CreateKeyError::NoSuchEnvironment)?;
        let scopes = ApiKeyScopes::full_environment();
        let made = self
            .create_in(&mut tx, &found.id, &display_name, scopes, None)
            .await?;
        tx.commit().await?;
        Ok(made)
    }

    async fn create_in(
        &self,
        tx: &mut Tx,
        environment: &EnvironmentId,
        display_name: &str,
        scopes: ApiKeyScopes,
        expires_at: Option<Timestamp>,
    ) -> Result<(ApiKey, SecretString), CreateKeyError> {
        let found = environments::find_for_update(tx, environment)
            .await?
            .ok_or(CreateKeyError::NoSuchEnvironment)?;
        if api_keys::list_by_environment(tx, environment).await?.len() >= MAX_KEYS {
            return Err(CreateKeyError::TooMany);
        }
        let mut key = NewKey::drawn(self.broker, found.name.as_str(), display_name, scopes);
        key.expires_at = expires_at;
        let secret = key.secret.duplicate();
        let row = insert_key(self.broker, tx, &found.account_id, Some(environment), key)
            .await
            .map_err(taken)?;
        Ok((row.into(), secret))
    }
}

fn taken(error: StoreError) -> CreateKeyError {
    match error {
        StoreError::Conflict {
            constraint: Constraint::ApiKeyName,
        } => CreateKeyError::NameTaken,
        other => other.into(),
    }
}

pub(super) fn checked_name(name: &str) -> Result<String, CreateKeyError> {
    let name = name.trim();
    let sound = (1..=MAX_NAME).contains(&name.chars().count()) && !name.chars().any(char::is_control);
    if name.starts_with(MANAGED_NAME) {
        return Err(CreateKeyError::NameTaken);
    }
    if sound {
        Ok(name.to_owned())
    } else {
        Err(CreateKeyError::NameInvalid)
    }
}

pub(super) fn check_scopes(prefix: &str, scopes: &ApiKeyScopes) -> Result<(), CreateKeyError> {
    let is_scope = |text: &String| {
        text.starts_with(prefix)
            && text.len() <= 100
            && text
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || b"_:*".contains(&byte))
    };
    if !scopes.0.is_empty() && scopes.0.len() <= 50 && scopes.0.iter().all(is_scope) {
        Ok(())
    } else {
        Err(CreateKeyError::ScopesInvalid)
    }
}
