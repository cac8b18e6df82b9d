//! How many lines an operation may have. All attempts through one session leave theirs in its operation, and whoever has
//! the token, or has seen a callback's address, can try without end.

use terapi_model::{EnvironmentId, OperationId};
use terapi_store::{StoreError, Tx, operations as rows};

use super::Message;
use super::writer::write;
use crate::Broker;

/// Most lines of an operation.
const MOST_LINES: u32 = 1000;

/// Most lines of an operation for one more that tells of no try: those of tries must find room.
const MOST_BESIDE: u32 = 500;

/// Whether an operation has as many lines as it may have.
///
/// # Errors
/// [`StoreError`].
pub(crate) async fn is_full(tx: &mut Tx, id: &OperationId) -> Result<bool, StoreError> {
    has(tx, id, MOST_LINES).await
}

/// Writes lines that tell of no try, if the operation has not [`MOST_BESIDE`] lines already.
///
/// # Errors
/// [`StoreError`].
pub(crate) async fn write_beside(
    broker: &Broker,
    tx: &mut Tx,
    environment: &EnvironmentId,
    id: &OperationId,
    lines: impl IntoIterator<Item = Message, IntoIter: Send> + Send,
) -> Result<(), StoreError> {
    if has(tx, id, MOST_BESIDE).await? {
        return Ok(());
    }
    for line in lines {
        write(broker, tx, environment, id, line).await?;
    }
    Ok(())
}

async fn has(tx: &mut Tx, id: &OperationId, lines: u32) -> Result<bool, StoreError> {
    Ok(rows::count_messages(tx, id, lines).await? >= lines)
}
