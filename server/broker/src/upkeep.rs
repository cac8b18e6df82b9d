//! Sweeping out what has had its time. One instance at a time.

use terapi_store::{
    StoreError, connect_sessions, leases, oauth_attempts, operation_attempts, operator_sessions,
    sign_in_failures, webhook_deliveries,
};
use terapi_vault::token;

use crate::Broker;
use crate::operations;

/// The lease's name.
const SWEEP: &str = "sweep";
/// How long one sweep may take before another instance may begin, seconds.
const LEASE_SECONDS: i64 = 300;
/// How long failed sign-ins are kept; they count for 15 minutes.
const FAILURE_SECONDS: i64 = 3600;
/// How long the result of an attempt is kept after its ten minutes: longer than the session that asks for it lives.
const ATTEMPT_SECONDS: i64 = 3600;
/// How long an ended connect session are kept for those who still ask.
const ENDED_SECONDS: i64 = 24 * 3600;

/// How long it is kept what became of a webhook.
const DELIVERY_SECONDS: i64 = 30 * 24 * 3600;

/// So many operations are ended in one transaction.
const AT_ONCE: u32 = 500;

/// What a sweep removed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Swept {
    /// Ended dashboard sessions.
    pub operator_sessions: u64,
    /// Failed sign-ins that no longer count.
    pub sign_in_failures: u64,
    /// OAuth attempts that ended a day ago.
    pub oauth_attempts: u64,
    /// Connect sessions that ended a day ago.
    pub connect_sessions: u64,
    /// Webhooks that ended a month ago.
    pub webhook_deliveries: u64,
    /// Authorizations that a process left behind, now ended.
    pub interrupted_attempts: u64,
    /// Running operations whose time was over, now ended.
    pub expired_operations: u64,
    /// Tries whose time was over below operations that had ended before, now ended.
    pub abandoned_tries: u64,
}

impl Broker {
    /// Removes what has expired; `None` when another instance is at it. The server calls it at an interval.
    ///
    /// # Errors
    /// When the database does not answer. Either everything that has expired is removed or nothing.
    pub async fn sweep(&self) -> Result<Option<Swept>, StoreError> {
        let holder = token::uuid_v4(self.entropy());
        let now = self.now();
        let mut tx = self.store().begin().await?;
        let ours = leases::acquire(&mut tx, SWEEP, &holder, now, now.plus_seconds(LEASE_SECONDS)).await?;
        tx.commit().await?;
        if !ours {
            return Ok(None);
        }
        let swept = self.sweep_as_holder().await;
        let mut tx = self.store().begin().await?;
        leases::release(&mut tx, SWEEP, &holder).await?;
        tx.commit().await?;
        swept.map(Some)
    }

    async fn sweep_as_holder(&self) -> Result<Swept, StoreError> {
        // Before operations expire: these have failed, and nobody went away.
        let interrupted_attempts = self.connect().end_interrupted().await?;
        let mut expired_operations = 0;
        loop {
            let mut tx = self.store().begin().await?;
            let ended = operations::end_expired(self, &mut tx, AT_ONCE).await?;
            tx.commit().await?;
            expired_operations += ended;
            if ended < u64::from(AT_ONCE) {
                break;
            }
        }
        let mut tx = self.store().begin().await?;
        let abandoned_tries = operation_attempts::end_abandoned(&mut tx, self.now()).await?;
        tx.commit().await?;
        let removed = remove_expired(self).await?;
        Ok(Swept {
            interrupted_attempts,
            expired_operations,
            abandoned_tries,
            ..removed
        })
    }
}

async fn remove_expired(broker: &Broker) -> Result<Swept, StoreError> {
    let now = broker.now();
    let ended = now.plus_seconds(-ENDED_SECONDS);
    let mut tx = broker.store().begin().await?;
    let swept = Swept {
        operator_sessions: operator_sessions::delete_expired(&mut tx, now).await?,
        sign_in_failures: sign_in_failures::delete_before(&mut tx, now.plus_seconds(-FAILURE_SECONDS))
            .await?,
        // Attempts first: they point to their sessions.
        oauth_attempts: oauth_attempts::delete_expired(&mut tx, now.plus_seconds(-ATTEMPT_SECONDS)).await?,
        connect_sessions: connect_sessions::delete_expired(&mut tx, ended).await?,
        webhook_deliveries: webhook_deliveries::delete_finished(&mut tx, now.plus_seconds(-DELIVERY_SECONDS))
            .await?,
        ..Swept::default()
    };
    tx.commit().await?;
    Ok(swept)
}
