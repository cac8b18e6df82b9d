//! What this installation is: made at the first start, checked at every one.

use terapi_model::Timestamp;
use terapi_store::instance::InstanceRow;
use terapi_store::{Store, StoreError, instance};
use terapi_vault::{Entropy, Keyring, OpenError, SecretString, token};

use crate::sealing::{Sealing, SealingError, cell};

/// What the canary says when it opens.
const CANARY: &str = "terapi";

/// The installation cannot be used with this keyring.
#[derive(Debug, thiserror::Error)]
pub enum InstanceError {
    /// The database was sealed with a key that the keyring lacks.
    #[error(
        "the encryption key does not fit this database ({0}); restore the key file or TERAPI_ENCRYPTION_KEYS \
         that it was made with: without that key its secrets cannot be read"
    )]
    WrongKey(OpenError),
    /// The canary opens, but is not what it should be.
    #[error("the database's canary is not what it should be; the database was altered")]
    Altered,
    /// The database does not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Whether the database belongs to an installation already. Asked before an encryption key is made: a new key for
/// old data would lock it away.
///
/// # Errors
/// When the database does not answer.
pub async fn exists(store: &Store) -> Result<bool, StoreError> {
    Ok(instance::find(&mut store.read().await?).await?.is_some())
}

/// Checks that the keyring opens this database, by a canary that the first start leaves there.
///
/// # Errors
/// [`InstanceError`]; the start stops with it.
pub async fn prove_key(
    store: &Store,
    keyring: &Keyring,
    now: Timestamp,
    entropy: &dyn Entropy,
) -> Result<(), InstanceError> {
    let sealing = Sealing::new(keyring, entropy);
    let mut tx = store.begin().await?;
    if let Some(row) = instance::find(&mut tx).await? {
        return check_canary(sealing, &row);
    }
    let id = token::uuid_v4(entropy);
    let canary_sealed = sealing.seal_text(&cell::canary(&id), &SecretString::from(CANARY));
    if instance::insert_once(
        &mut tx,
        &InstanceRow {
            id,
            canary_sealed,
            created_at: now,
        },
    )
    .await?
    {
        return Ok(tx.commit().await?);
    }
    // Another process was quicker; its canary counts.
    let row = instance::find(&mut tx).await?.ok_or(InstanceError::Altered)?;
    check_canary(sealing, &row)
}

fn check_canary(sealing: Sealing<'_>, row: &InstanceRow) -> Result<(), InstanceError> {
    match sealing.open_text(&cell::canary(&row.id), &row.canary_sealed) {
        Ok(text) if text.matches(CANARY) => Ok(()),
        Err(SealingError::Unopenable { cause, .. }) => Err(InstanceError::WrongKey(cause)),
        _ => Err(InstanceError::Altered),
    }
}
