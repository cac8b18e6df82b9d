use std::collections::HashMap;
use std::net::IpAddr;

use async_trait::async_trait;
use serde_json::Value;
use terapi_broker::Broker;
use terapi_broker::operators::SessionRecord;
use terapi_model::{OperatorId, Timestamp};
use terapi_vault::hash::{TokenHash, token_hash};
use tower_sessions::SessionStore;
use tower_sessions::session::{Id, Record};
use tower_sessions::session_store::{Error, Result};

use super::instant;

/// Whose session it is.
pub(super) const OPERATOR: &str = "operator";
/// The browser it began in.
pub(super) const USER_AGENT: &str = "user_agent";
/// The address it began from.
pub(super) const ADDRESS: &str = "address";

/// Sessions in the broker's database. Ids are hashed before they get there, and the stored record lacks its id:
/// who reads the database can sign in as nobody.
#[derive(Clone)]
pub(in crate::ui) struct StoreSessions(Broker);

impl StoreSessions {
    pub(super) fn new(broker: Broker) -> Self {
        Self(broker)
    }

    async fn write(&self, record: &Record, is_new: bool) -> Result<bool> {
        let text = |name: &str| record.data.get(name).and_then(Value::as_str);
        let session = SessionRecord {
            id_hash: hash(&record.id),
            operator_id: text(OPERATOR).and_then(OperatorId::parse),
            record: serde_json::to_string(&record.data).map_err(|error| Error::Encode(error.to_string()))?,
            user_agent: text(USER_AGENT).unwrap_or_default().to_owned(),
            address: text(ADDRESS).and_then(|address| address.parse::<IpAddr>().ok()),
            expires_at: timestamp(record),
        };
        self.0
            .operators()
            .save_session(session, is_new)
            .await
            .map_err(backend)
    }
}

impl std::fmt::Debug for StoreSessions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("StoreSessions")
    }
}

#[async_trait]
impl SessionStore for StoreSessions {
    async fn create(&self, record: &mut Record) -> Result<()> {
        while !self.write(record, true).await? {
            record.id = Id::default();
        }
        Ok(())
    }

    async fn save(&self, record: &Record) -> Result<()> {
        if self.write(record, false).await? {
            return Ok(());
        }
        Err(Error::Backend(
            "the session ended while it was changed".to_owned(),
        ))
    }

    async fn load(&self, id: &Id) -> Result<Option<Record>> {
        let Some(found) = self
            .0
            .operators()
            .load_session(&hash(id))
            .await
            .map_err(backend)?
        else {
            return Ok(None);
        };
        let data: HashMap<String, Value> =
            serde_json::from_str(&found.record).map_err(|error| Error::Decode(error.to_string()))?;
        Ok(Some(Record {
            id: *id,
            data,
            expiry_date: instant(found.expires_at),
        }))
    }

    async fn delete(&self, id: &Id) -> Result<()> {
        self.0
            .operators()
            .delete_session(&hash(id))
            .await
            .map_err(backend)
    }
}

fn hash(id: &Id) -> TokenHash {
    token_hash(&id.to_string())
}

fn timestamp(record: &Record) -> Timestamp {
    let millis = record.expiry_date.unix_timestamp_nanos() / 1_000_000;
    Timestamp::from_millis(i64::try_from(millis).unwrap_or(i64::MAX))
}

fn backend(error: impl std::fmt::Display) -> Error {
    Error::Backend(error.to_string())
}
