use serde_json::{Map, Value};
use terapi_catalog::Provider;
use terapi_model::{ConnectionId, EnvironmentId, Timestamp};
use terapi_store::credentials::{self, NewCredential};
use terapi_store::{StoreError, Tx, connections};

use crate::Broker;
use crate::credentials::Credentials;
use crate::sealing::{SealingError, cell};

/// What an authorization or an import brought for a connection.
pub(crate) struct Held<'a> {
    pub(crate) environment: &'a EnvironmentId,
    pub(crate) connection: &'a ConnectionId,
    pub(crate) provider: &'a Provider,
    /// Its whole config.
    pub(crate) config: Map<String, Value>,
    pub(crate) credentials: &'a Credentials,
    pub(crate) lifetime_ms: Option<i64>,
    pub(crate) granted_scopes: Option<&'a [String]>,
    pub(crate) requested_scopes: &'a [String],
    /// The one time of everything that is written with it.
    pub(crate) now: Timestamp,
}

/// Gives a connection its config and its credentials, sealed for its row. Returns the fields of the config that lie
/// sealed.
///
/// # Errors
/// When something cannot be sealed, or the database does not answer.
pub(crate) async fn put_held<E>(broker: &Broker, tx: &mut Tx, held: Held<'_>) -> Result<Map<String, Value>, E>
where
    E: From<SealingError> + From<StoreError>,
{
    let (id, environment, now) = (held.connection, held.environment, held.now);
    let (open, secret) = split_secret(held.provider, held.config);
    let sealed = if secret.is_empty() {
        None
    } else {
        let place = cell::connection_secret_config(id, environment);
        Some(broker.sealing().seal_json(&place, &secret)?)
    };
    connections::set_config(tx, id, &Value::Object(open), sealed.as_ref(), now).await?;
    let credential = NewCredential {
        connection_id: id.clone(),
        environment_id: environment.clone(),
        auth_mode: held.credentials.auth_mode(),
        sealed: broker
            .sealing()
            .seal_json(&cell::credential(id, environment), held.credentials)?,
        expires_at: held.credentials.expires_at(),
        lifetime: held.lifetime_ms,
        granted_scopes: held.granted_scopes.map(joined),
        requested_scopes: (!held.requested_scopes.is_empty()).then(|| joined(held.requested_scopes)),
    };
    credentials::put(tx, &credential, now).await?;
    Ok(secret)
}

/// Scopes as they are stored. A scope has no NUL (RFC 6749 section 3.3) and PostgreSQL takes none: for one that a provider
/// made up, a token that was rotated must not be lost.
pub(crate) fn joined(scopes: &[String]) -> String {
    let sound = scopes.iter().map(String::as_str);
    sound
        .filter(|scope| !scope.contains('\0'))
        .collect::<Vec<_>>()
        .join(",")
}

/// Splits a config into what lies open in the database and what the provider declares secret.
fn split_secret(provider: &Provider, config: Map<String, Value>) -> (Map<String, Value>, Map<String, Value>) {
    let (secret, open) = config.into_iter().partition(|(name, _)| {
        provider
            .connection_config
            .get(name)
            .is_some_and(|field| field.secret)
    });
    (open, secret)
}
