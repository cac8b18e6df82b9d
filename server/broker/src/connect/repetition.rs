//! Typed credentials that come a second time: a double click whose first half is done already, or a press of the button
//! again because no answer was seen. Nobody has two accounts behind one key.

use serde_json::{Map, Value};
use terapi_model::{ConnectionKey, IntegrationId, Timestamp};
use terapi_store::connections::{self, ConnectionRow};
use terapi_store::credentials::{self, CredentialRow};
use terapi_store::{Access, StoreError, Tx};

use super::landing::LandingError;
use super::{Connect, Session};
use crate::credentials::Credentials;
use crate::sealing::SealingError;

/// How long after a connection was made the same credentials and settings, typed by the same visitor for the same
/// integration, are about that connection: seconds.
const SAME_FOR_S: i64 = 60;

/// What was typed, and the settings that came with it.
#[derive(Clone, Copy)]
pub(super) struct Repeatable<'a> {
    pub(super) credentials: &'a Credentials,
    pub(super) config: &'a Map<String, Value>,
}

impl Connect<'_> {
    /// The connection that this session made with just that a moment ago. Hold the session first.
    pub(super) async fn repeated_in_session(
        &self,
        tx: &mut Tx,
        session: &Session,
        integration: &IntegrationId,
        typed: Repeatable<'_>,
    ) -> Result<Option<ConnectionKey>, LandingError> {
        let made =
            connections::list_made_in_session(tx, &session.id, integration, self.a_moment_ago()).await?;
        for (row, credential) in made {
            if self.is_same(&row, &credential, typed)? {
                return Ok(Some(row.connection_id));
            }
        }
        Ok(None)
    }

    /// Whether the connection that a page named was made with just that a moment ago. Without a session, the name is all
    /// that tells one visitor from another.
    pub(super) async fn is_repeated<E>(
        &self,
        db: &mut impl Access,
        row: &ConnectionRow,
        typed: Repeatable<'_>,
    ) -> Result<bool, E>
    where
        E: From<SealingError> + From<StoreError>,
    {
        if row.created_at < self.a_moment_ago() {
            return Ok(false);
        }
        match credentials::find(db, &row.id).await? {
            Some(credential) => Ok(self.is_same(row, &credential, typed)?),
            None => Ok(false),
        }
    }

    fn a_moment_ago(&self) -> Timestamp {
        self.broker.now().plus_seconds(-SAME_FOR_S)
    }

    fn is_same(
        &self,
        row: &ConnectionRow,
        credential: &CredentialRow,
        typed: Repeatable<'_>,
    ) -> Result<bool, SealingError> {
        Ok(self.broker.open_credentials(credential)? == *typed.credentials
            && self.broker.whole_config(row)? == *typed.config)
    }
}
