use serde_json::{Map, Value};
use terapi_model::{ConnectionKey, IntegrationKey, Issue, IssueCode, Scope};
use terapi_store::{StoreError, connections, integrations};

use super::{Connections, object};
use crate::{Caller, Forbidden};

/// Most bytes of a connection's metadata, as JSON.
pub const MAX_METADATA_BYTES: usize = 256 * 1024;

/// Why metadata was not written. Nothing is written then, of any of the connections.
#[derive(Debug, thiserror::Error)]
pub enum MetadataError {
    /// Not for this caller.
    #[error(transparent)]
    Forbidden(#[from] Forbidden),
    /// The integration, or at least one of its connections, does not exist.
    #[error("there is no connection `{0}` of this integration")]
    UnknownConnection(ConnectionKey),
    /// It cannot be stored.
    #[error("metadata {}", .0.message)]
    Invalid(Issue),
    /// The database does not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What becomes of metadata that is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MetadataChange {
    /// It is replaced.
    Replace,
    /// The given top-level members are laid over it.
    Merge,
}

impl Connections<'_> {
    /// Writes the metadata of one or several connections, all of them or none.
    ///
    /// # Errors
    /// [`MetadataError`].
    pub async fn write_metadata(
        &self,
        caller: &Caller,
        integration: &IntegrationKey,
        keys: &[ConnectionKey],
        given: &Map<String, Value>,
        change: MetadataChange,
    ) -> Result<(), MetadataError> {
        caller.require(&[Scope::CONNECTIONS_UPDATE])?;
        let environment = caller.environment()?;
        let Some(first) = keys.first() else { return Ok(()) };
        let now = self.broker.now();
        let mut tx = self.broker.store().begin().await?;
        let integration = integrations::find(&mut tx, environment, integration).await?;
        let integration = integration.ok_or_else(|| MetadataError::UnknownConnection(first.clone()))?;
        // In one order whoever writes, so that two writers cannot wait for each other.
        let mut keys: Vec<&ConnectionKey> = keys.iter().collect();
        keys.sort_unstable();
        keys.dedup();
        for key in keys {
            let row = connections::find_row(&mut tx, &integration.id, key).await?;
            let row = match row {
                Some(row) => connections::find_for_update(&mut tx, &row.id).await?,
                None => None,
            };
            let row = row.ok_or_else(|| MetadataError::UnknownConnection(key.clone()))?;
            let mut metadata = match change {
                MetadataChange::Replace => Map::new(),
                MetadataChange::Merge => row.metadata.as_ref().map(object).unwrap_or_default(),
            };
            metadata.extend(given.clone());
            let metadata = Value::Object(metadata);
            check(&metadata).map_err(MetadataError::Invalid)?;
            connections::set_metadata(&mut tx, &row.id, Some(&metadata), now).await?;
        }
        tx.commit().await?;
        Ok(())
    }
}

/// Whether it can be stored: not too large, and without NUL, which PostgreSQL does not keep.
pub(super) fn check(metadata: &Value) -> Result<(), Issue> {
    let text = metadata.to_string();
    let (code, message) = if text.len() > MAX_METADATA_BYTES {
        let limit = format!("has at most {} KiB", MAX_METADATA_BYTES / 1024);
        (IssueCode::TooBig, limit)
    } else if text.contains("\\u0000") && has_nul(metadata) {
        (
            IssueCode::InvalidFormat,
            "may not hold a NUL character".to_owned(),
        )
    } else {
        return Ok(());
    };
    Err(Issue::at(["metadata"], code, message))
}

/// Whether there is a NUL character in it, at any depth.
pub(super) fn has_nul(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains('\0'),
        Value::Array(items) => items.iter().any(has_nul),
        Value::Object(members) => members
            .iter()
            .any(|(key, value)| key.contains('\0') || has_nul(value)),
        _ => false,
    }
}
