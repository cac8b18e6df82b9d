//! The one place that seals and opens secrets.
//!
//! A sealed value is bound to its cell: table, column, row and owner (see [`terapi_vault::Place`]). The
//! functions of [`cell`] are the only makers of such places, one for each sealed column of the migrations, so
//! that whoever opens cannot disagree with whoever sealed. The owner is the environment, or the account for rows
//! that belong to an account.

use serde::Serialize;
use serde::de::DeserializeOwned;
use terapi_vault::{
    Entropy, Keyring, NotText, OpenError, Place, Sealed, SecretBytes, SecretJsonError, SecretString, open,
    seal,
};

use crate::Broker;

/// A stored secret cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SealingError {
    /// Wrong key, or the value was moved or altered.
    #[error("a stored secret of table {table} does not open: {cause}")]
    Unopenable {
        /// Where it lies.
        table: String,
        /// What the vault says.
        cause: OpenError,
    },
    /// It opens, but is not text.
    #[error(transparent)]
    NotText(#[from] NotText),
    /// It opens, but is not the JSON it should be.
    #[error(transparent)]
    NotJson(#[from] SecretJsonError),
}

/// The cells that hold sealed values.
pub mod cell {
    use terapi_model::{ConnectSessionId, ConnectionId, EnvironmentId, IntegrationId, OAuthAttemptId};
    use terapi_vault::Place;

    /// `instance.canary_sealed`. The row owns itself.
    pub fn canary(instance_id: &str) -> Place<'_> {
        Place {
            table: "instance",
            column: "canary_sealed",
            row_id: instance_id,
            owner_id: instance_id,
        }
    }

    /// `environment.hmac_key_sealed`.
    pub fn hmac_key(environment: &EnvironmentId) -> Place<'_> {
        environment_cell("hmac_key_sealed", environment)
    }

    /// `environment.webhook_signing_key_sealed`.
    pub fn webhook_signing_key(environment: &EnvironmentId) -> Place<'_> {
        environment_cell("webhook_signing_key_sealed", environment)
    }

    /// `environment_variable.value_sealed`.
    pub fn variable<'a>(variable_id: &'a str, environment: &'a EnvironmentId) -> Place<'a> {
        Place {
            table: "environment_variable",
            column: "value_sealed",
            row_id: variable_id,
            owner_id: environment.as_str(),
        }
    }

    /// `integration.client_secret_sealed`.
    pub fn client_secret<'a>(integration: &'a IntegrationId, environment: &'a EnvironmentId) -> Place<'a> {
        integration_cell("client_secret_sealed", integration, environment)
    }

    /// `integration.webhook_secret_sealed`.
    pub fn webhook_secret<'a>(integration: &'a IntegrationId, environment: &'a EnvironmentId) -> Place<'a> {
        integration_cell("webhook_secret_sealed", integration, environment)
    }

    /// `integration.secret_config_sealed`: JSON object of texts.
    pub fn integration_secret_config<'a>(
        integration: &'a IntegrationId,
        environment: &'a EnvironmentId,
    ) -> Place<'a> {
        integration_cell("secret_config_sealed", integration, environment)
    }

    /// `integration.custom_sealed`: JSON object of texts.
    pub fn custom<'a>(integration: &'a IntegrationId, environment: &'a EnvironmentId) -> Place<'a> {
        integration_cell("custom_sealed", integration, environment)
    }

    /// `connection.secret_config_sealed`: JSON object.
    pub fn connection_secret_config<'a>(
        connection: &'a ConnectionId,
        environment: &'a EnvironmentId,
    ) -> Place<'a> {
        Place {
            table: "connection",
            column: "secret_config_sealed",
            row_id: connection.as_str(),
            owner_id: environment.as_str(),
        }
    }

    /// `credential.sealed`: JSON of the credentials.
    pub fn credential<'a>(connection: &'a ConnectionId, environment: &'a EnvironmentId) -> Place<'a> {
        Place {
            table: "credential",
            column: "sealed",
            row_id: connection.as_str(),
            owner_id: environment.as_str(),
        }
    }

    /// `connect_session.defaults_sealed`: JSON.
    pub fn session_defaults<'a>(session: &'a ConnectSessionId, environment: &'a EnvironmentId) -> Place<'a> {
        Place {
            table: "connect_session",
            column: "defaults_sealed",
            row_id: session.as_str(),
            owner_id: environment.as_str(),
        }
    }

    /// `oauth_attempt.secret_sealed`: JSON.
    pub fn attempt_secret<'a>(attempt: &'a OAuthAttemptId, environment: &'a EnvironmentId) -> Place<'a> {
        Place {
            table: "oauth_attempt",
            column: "secret_sealed",
            row_id: attempt.as_str(),
            owner_id: environment.as_str(),
        }
    }

    fn environment_cell<'a>(column: &'a str, environment: &'a EnvironmentId) -> Place<'a> {
        Place {
            table: "environment",
            column,
            row_id: environment.as_str(),
            owner_id: environment.as_str(),
        }
    }

    fn integration_cell<'a>(
        column: &'a str,
        integration: &'a IntegrationId,
        environment: &'a EnvironmentId,
    ) -> Place<'a> {
        Place {
            table: "integration",
            column,
            row_id: integration.as_str(),
            owner_id: environment.as_str(),
        }
    }
}

/// Seals and opens with this instance's keyring; see [`Broker::sealing`].
#[derive(Clone, Copy)]
pub struct Sealing<'b> {
    keyring: &'b Keyring,
    entropy: &'b dyn Entropy,
}

impl Broker {
    /// Seals and opens the secrets of the database.
    pub(crate) fn sealing(&self) -> Sealing<'_> {
        Sealing::new(self.keyring(), self.entropy())
    }
}

impl<'b> Sealing<'b> {
    /// With this keyring; nonces come from `entropy`.
    pub const fn new(keyring: &'b Keyring, entropy: &'b dyn Entropy) -> Self {
        Self { keyring, entropy }
    }

    /// Seals a text for its cell.
    pub fn seal_text(self, place: &Place<'_>, text: &SecretString) -> Sealed {
        seal(self.keyring, place, text.expose().as_bytes(), self.entropy)
    }

    /// Seals a value as JSON for its cell.
    ///
    /// # Errors
    /// [`SealingError::NotJson`] when the value cannot be JSON, as a map with keys that are no texts.
    pub fn seal_json<T: Serialize + ?Sized>(
        self,
        place: &Place<'_>,
        value: &T,
    ) -> Result<Sealed, SealingError> {
        let plain = SecretBytes::from_json(value)?;
        Ok(seal(self.keyring, place, plain.expose(), self.entropy))
    }

    /// Opens a text.
    ///
    /// # Errors
    /// When it does not open in this cell, or is not text.
    pub fn open_text(self, place: &Place<'_>, sealed: &Sealed) -> Result<SecretString, SealingError> {
        Ok(self.open(place, sealed)?.into_text()?)
    }

    /// Opens a JSON value.
    ///
    /// # Errors
    /// When it does not open in this cell, or has another shape.
    pub fn open_json<T: DeserializeOwned>(
        self,
        place: &Place<'_>,
        sealed: &Sealed,
    ) -> Result<T, SealingError> {
        Ok(self.open(place, sealed)?.parse_json()?)
    }

    fn open(self, place: &Place<'_>, sealed: &Sealed) -> Result<SecretBytes, SealingError> {
        open(self.keyring, place, sealed).map_err(|cause| SealingError::Unopenable {
            table: place.table.to_owned(),
            cause,
        })
    }
}
