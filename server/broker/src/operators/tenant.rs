//! A new account and the two environments it begins with.

use terapi_model::{AccountId, EnvironmentId};
use terapi_store::accounts::AccountRow;
use terapi_store::{Tx, accounts};
use terapi_vault::SecretString;

use crate::Broker;
use crate::environments::insert_environment;
use crate::integrations::insert_demo;

use super::SignUpError;

/// Names of a new account's environments, and whether they are production.
const FIRST_ENVIRONMENTS: [(&str, bool); 2] = [("dev", false), ("prod", true)];

/// An environment that was just made, with what is only known now.
pub(super) struct NewEnvironment {
    pub(super) id: EnvironmentId,
    pub(super) name: &'static str,
    pub(super) public_key: String,
    pub(super) webhook_signing_key: SecretString,
}

pub(super) async fn create(
    broker: &Broker,
    tx: &mut Tx,
    name: &str,
) -> Result<(AccountId, Vec<NewEnvironment>), SignUpError> {
    let now = broker.now();
    let account = AccountRow {
        id: broker.mint(AccountId::mint),
        name: name.to_owned(),
        created_at: now,
        updated_at: now,
    };
    accounts::insert(tx, &account).await?;
    let mut environments = Vec::new();
    for (name, is_production) in FIRST_ENVIRONMENTS {
        let (row, webhook_signing_key) =
            insert_environment(broker, tx, &account.id, name, is_production).await?;
        if let (false, Some(acme)) = (is_production, &broker.settings().demo) {
            insert_demo(broker, tx, &row.id, acme).await?;
        }
        environments.push(NewEnvironment {
            id: row.id,
            name,
            public_key: row.public_key,
            webhook_signing_key,
        });
    }
    Ok((account.id, environments))
}
