//! Typed credentials that come a second time from the same visitor: from two tabs, by a double click, or because the
//! button was pressed again when no answer was seen. Nobody has two accounts behind one key; whoever types another one
//! has another account. A public key tells no visitor from another: there is nothing to repeat, and an answer that depends
//! on what somebody else has typed would let anybody try keys and passwords out.

use serde_json::{Map, Value};
use terapi_model::{ConnectionKey, IntegrationId, Timestamp};
use terapi_store::{Tx, connections};

use super::landing::LandingError;
use super::{BrowserInput, Connect, Session};
use crate::credentials::Credentials;

/// For how many seconds a page's call, of which nobody says when it was begun, may be an earlier one again.
const SAME_FOR_S: i64 = 60;

/// What was typed: the credentials, and the settings that came with them. Where a mode asks for no credentials, the
/// settings alone tell one account from another.
#[derive(Clone, Copy)]
pub(super) struct Submitted<'a> {
    pub(super) credentials: &'a Credentials,
    pub(super) config: &'a Map<String, Value>,
}

impl BrowserInput {
    /// Since when a connection with what was typed is the one that this is about: since a form of ours was shown, where
    /// one was, and else for a minute before its arrival.
    pub(super) fn typed_since(&self, arrival: Timestamp) -> Timestamp {
        match self.shown_at {
            Some(_) => self.began(arrival),
            None => arrival.plus_seconds(-SAME_FOR_S),
        }
    }
}

impl Connect<'_> {
    /// The oldest connection that this session has made with just that since then. Hold the session first.
    pub(super) async fn submitted_in_session(
        &self,
        tx: &mut Tx,
        session: &Session,
        integration: &IntegrationId,
        (since, submitted): (Timestamp, Submitted<'_>),
    ) -> Result<Option<ConnectionKey>, LandingError> {
        let made = connections::list_made_in_session(tx, &session.id, integration, since).await?;
        for (row, credential) in made.into_iter().rev() {
            if self.broker.open_credentials(&credential)? == *submitted.credentials
                && self.broker.whole_config(&row)? == *submitted.config
            {
                return Ok(Some(row.connection_id));
            }
        }
        Ok(None)
    }
}
