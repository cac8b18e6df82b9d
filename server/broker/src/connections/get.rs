use serde_json::{Map, Value};
use terapi_model::{ConnectionId, ConnectionKey, IntegrationKey, Scope};
use terapi_store::connections::{self, ConnectionDetail, FETCHED_EVERY};
use terapi_store::{StoreError, connection_tags, integrations};

use super::{Connection, Connections, view};
use crate::credentials::Credentials;
use crate::operations::OperationActor;
use crate::refresh::{RefreshError, RefreshFailure, Wanted};
use crate::sealing::{SealingError, cell};
use crate::{Caller, Forbidden};

/// How to fetch a connection.
#[derive(Debug, Clone, Copy, Default)]
pub struct GetOptions {
    /// With its credentials, renewed if need be. Asks for the scope that allows it.
    pub with_credentials: bool,
    /// Renew even when there is no need; asks for credentials by itself.
    pub force_refresh: bool,
    /// How many seconds the access token must still live; `None`: decision D15.
    pub min_ttl: Option<u32>,
}

/// A connection and, where asked for, its credentials.
#[derive(Debug)]
pub struct FetchedConnection {
    /// The connection.
    pub connection: Connection,
    /// Its credentials.
    pub credentials: Option<Credentials>,
}

/// Why a connection was not fetched.
#[derive(Debug, thiserror::Error)]
pub enum GetConnectionError {
    /// Not for this caller.
    #[error(transparent)]
    Forbidden(#[from] Forbidden),
    /// No integration of this environment has the key.
    #[error("there is no such integration")]
    UnknownIntegration,
    /// It has no such connection.
    #[error("there is no such connection")]
    NotFound,
    /// There is one, but its credentials cannot be served.
    #[error("{reason}")]
    InvalidCredentials {
        /// Why.
        reason: RefreshFailure,
        /// The connection, without credentials.
        connection: Box<Connection>,
    },
    /// A stored secret does not open.
    #[error(transparent)]
    Sealing(#[from] SealingError),
    /// The database does not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why a connection was not read.
#[derive(Debug, thiserror::Error)]
pub enum ReadConnectionError {
    /// Not for this caller.
    #[error(transparent)]
    Forbidden(#[from] Forbidden),
    /// A stored secret does not open.
    #[error(transparent)]
    Sealing(#[from] SealingError),
    /// The database does not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

const READ: [Scope; 2] = [Scope::CONNECTIONS_READ, Scope::CONNECTIONS_READ_CREDENTIALS];

impl Connections<'_> {
    /// Fetches a connection as a program does: with credentials they are renewed when they are about to end, and the
    /// fetch is noted.
    ///
    /// # Errors
    /// [`GetConnectionError`].
    pub async fn get(
        &self,
        caller: &Caller,
        integration: &IntegrationKey,
        key: &ConnectionKey,
        options: GetOptions,
    ) -> Result<FetchedConnection, GetConnectionError> {
        caller.require(&READ)?;
        if options.with_credentials || options.force_refresh {
            caller.require(&[Scope::CONNECTIONS_READ_CREDENTIALS])?;
        }
        let environment = caller.environment()?;
        let detail = {
            let mut db = self.broker.store().read().await?;
            match connections::find(&mut db, environment, integration, key).await? {
                Some(detail) => detail,
                None if integrations::find(&mut db, environment, integration)
                    .await?
                    .is_none() =>
                {
                    return Err(GetConnectionError::UnknownIntegration);
                }
                None => return Err(GetConnectionError::NotFound),
            }
        };
        if !options.with_credentials && !options.force_refresh {
            let connection = self.shown(detail, Map::new()).await?;
            return Ok(FetchedConnection {
                connection,
                credentials: None,
            });
        }
        let id = detail.connection.id.clone();
        let wanted = Wanted {
            force: options.force_refresh,
            min_ttl: options.min_ttl,
        };
        match self
            .broker
            .fresh_credentials(&detail, wanted, OperationActor::of(caller))
            .await
        {
            Ok(fresh) => {
                let now = self.broker.now();
                if detail
                    .connection
                    .last_fetched_at
                    .is_none_or(|at| now.millis_since(at) >= FETCHED_EVERY)
                {
                    self.note_fetch(&id).await;
                }
                // Renewing changes the row; what is shown must go with the credentials it is shown with.
                let latest = match fresh.renewed {
                    true => self
                        .find_again(caller, &id)
                        .await?
                        .ok_or(GetConnectionError::NotFound)?,
                    false => detail,
                };
                let secret_config = self.broker.secret_config(&latest.connection)?;
                let mut connection = self.shown(latest, secret_config).await?;
                connection.last_fetched_at = Some(now);
                Ok(FetchedConnection {
                    connection,
                    credentials: Some(fresh.credentials),
                })
            }
            Err(RefreshError::Failure(reason)) => {
                let latest = self
                    .find_again(caller, &id)
                    .await?
                    .ok_or(GetConnectionError::NotFound)?;
                let connection = Box::new(self.shown(latest, Map::new()).await?);
                Err(GetConnectionError::InvalidCredentials { reason, connection })
            }
            Err(RefreshError::Gone) => Err(GetConnectionError::NotFound),
            Err(RefreshError::Sealing(error)) => Err(error.into()),
            Err(RefreshError::Store(error)) => Err(error.into()),
        }
    }

    /// A connection by our id, for people: nothing is renewed, noted or opened.
    ///
    /// # Errors
    /// [`ReadConnectionError`].
    pub async fn get_by_id(
        &self,
        caller: &Caller,
        id: &ConnectionId,
    ) -> Result<Option<Connection>, ReadConnectionError> {
        caller.require(&READ)?;
        match self.find_again(caller, id).await? {
            Some(detail) => Ok(Some(self.shown(detail, Map::new()).await?)),
            None => Ok(None),
        }
    }

    /// A connection's credentials as they are stored, for operators who may see secrets: nothing is renewed or noted.
    ///
    /// # Errors
    /// [`ReadConnectionError`].
    pub async fn reveal(
        &self,
        caller: &Caller,
        id: &ConnectionId,
    ) -> Result<Option<Credentials>, ReadConnectionError> {
        caller.require(&[Scope::CONNECTIONS_READ_CREDENTIALS])?;
        let detail = self.find_again(caller, id).await?;
        let Some(credential) = detail.and_then(|detail| detail.credential) else {
            return Ok(None);
        };
        let place = cell::credential(&credential.connection_id, &credential.environment_id);
        let credentials = self.broker.sealing().open_json(&place, &credential.sealed)?;
        tracing::info!(connection = %id, "credentials revealed");
        Ok(Some(credentials))
    }

    async fn find_again(
        &self,
        caller: &Caller,
        id: &ConnectionId,
    ) -> Result<Option<ConnectionDetail>, FindError> {
        let environment = caller.environment()?;
        let mut db = self.broker.store().read().await?;
        Ok(connections::find_by_id(&mut db, environment, id).await?)
    }

    async fn shown(
        &self,
        detail: ConnectionDetail,
        secret_config: Map<String, Value>,
    ) -> Result<Connection, StoreError> {
        let mut db = self.broker.store().read().await?;
        let tags = connection_tags::find(&mut db, &detail.connection.id).await?;
        Ok(view(detail, tags, secret_config))
    }

    /// A fetch that could not be noted is still a fetch.
    async fn note_fetch(&self, id: &ConnectionId) {
        let noted = async {
            let mut tx = self.broker.store().begin().await?;
            connections::touch(&mut tx, id, self.broker.now()).await?;
            tx.commit().await
        };
        if let Err(error) = noted.await {
            tracing::warn!(connection = %id, %error, "a fetch could not be noted");
        }
    }
}

/// What finding a row by id can run into.
#[derive(Debug, thiserror::Error)]
enum FindError {
    #[error(transparent)]
    Forbidden(#[from] Forbidden),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<FindError> for GetConnectionError {
    fn from(error: FindError) -> Self {
        match error {
            FindError::Forbidden(error) => Self::Forbidden(error),
            FindError::Store(error) => Self::Store(error),
        }
    }
}

impl From<FindError> for ReadConnectionError {
    fn from(error: FindError) -> Self {
        match error {
            FindError::Forbidden(error) => Self::Forbidden(error),
            FindError::Store(error) => Self::Store(error),
        }
    }
}
