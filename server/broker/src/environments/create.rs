use terapi_model::{AccountId, ConnectUiSettings, EnvironmentId, EnvironmentName};
use terapi_store::environments::EnvironmentRow;
use terapi_store::{StoreError, Tx, environments, wire_ids};
use terapi_vault::{SecretString, token};

use crate::Broker;
use crate::sealing::cell;

/// Adds an environment to an account and returns it with its webhook signing key. Browsers may authenticate with
/// the public key alone in `dev` and nowhere else (decision D5).
pub(crate) async fn insert_environment(
    broker: &Broker,
    tx: &mut Tx,
    account: &AccountId,
    name: &str,
    is_production: bool,
) -> Result<(EnvironmentRow, SecretString), StoreError> {
    let now = broker.now();
    let id = broker.mint(EnvironmentId::mint);
    let signing_key = SecretString::new(token::uuid_v4(broker.entropy()));
    let row = EnvironmentRow {
        wire_id: wire_ids::next(tx).await?,
        uuid: token::uuid_v4(broker.entropy()),
        account_id: account.clone(),
        name: EnvironmentName::from_stored(name.to_owned()),
        is_production,
        public_key: token::uuid_v4(broker.entropy()),
        public_key_enabled: name == "dev",
        public_key_may_overwrite: false,
        hmac_enabled: false,
        hmac_key_sealed: None,
        webhook_signing_key_sealed: broker
            .sealing()
            .seal_text(&cell::webhook_signing_key(&id), &signing_key),
        callback_url: None,
        callback_bound: true,
        connect_ui: ConnectUiSettings::default(),
        allowed_origins: Vec::new(),
        created_at: now,
        updated_at: now,
        deleted_at: None,
        webhook_url: None,
        webhook_secondary_url: None,
        webhook_on_creation: true,
        webhook_on_refresh_error: true,
        id,
    };
    environments::insert(tx, &row).await?;
    Ok((row, signing_key))
}
