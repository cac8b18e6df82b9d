//! Attempts whose process died between the callback and the result. Their code is spent and their tokens are lost, so
//! that they can only be ended: in the log, and for whoever still waits.

use terapi_model::OperationState;
use terapi_store::StoreError;
use terapi_store::oauth_attempts::{self, OAuthAttemptRow};

use super::{CompleteError, Connect, ResultFrame};
use crate::operations::OperationError;

/// How long a callback may be worked on, seconds: longer than a token request and every try to store its outcome.
const LONGEST_S: i64 = 60;

/// Most that are ended at once.
const AT_ONCE: u32 = 500;

impl Connect<'_> {
    /// Ends the attempts that nobody works on any more; answers how many.
    ///
    /// # Errors
    /// When the database does not answer.
    pub(crate) async fn end_interrupted(&self) -> Result<u64, StoreError> {
        let before = self.broker.now().plus_seconds(-LONGEST_S);
        let found = {
            let mut db = self.broker.store().read().await?;
            oauth_attempts::find_unfinished(&mut db, before, AT_ONCE).await?
        };
        let mut ended = 0;
        for attempt in &found {
            ended += u64::from(self.interrupt(attempt).await?);
        }
        Ok(ended)
    }

    /// The attempt, ended if nobody works on it any more.
    pub(super) async fn ended_if_interrupted(
        &self,
        attempt: OAuthAttemptRow,
    ) -> Result<OAuthAttemptRow, StoreError> {
        let limit = self.broker.now().plus_seconds(-LONGEST_S);
        let stale = attempt.finished_at.is_none() && attempt.consumed_at.is_some_and(|at| at <= limit);
        if !stale {
            return Ok(attempt);
        }
        self.interrupt(&attempt).await?;
        let mut db = self.broker.store().read().await?;
        let again = oauth_attempts::find(&mut db, &attempt.id).await?;
        Ok(again.unwrap_or(attempt))
    }

    /// False when it had a result after all.
    async fn interrupt(&self, attempt: &OAuthAttemptRow) -> Result<bool, StoreError> {
        let error = CompleteError::Interrupted;
        let connection = Some(&attempt.connection_id);
        let frame = ResultFrame::failure(&error, None, connection);
        let mut tx = self.broker.store().begin().await?;
        let ours =
            oauth_attempts::finish(&mut tx, &attempt.id, &frame.to_stored(), self.broker.now()).await?;
        if ours {
            let logged = OperationError::new(error.code(), &error.to_string());
            let trail = self.trail_of(attempt);
            trail.fail(&mut tx, &logged).await?;
            trail.record(&mut tx, OperationState::Failed, None, None).await?;
            self.announce_failure(&mut tx, attempt, &error).await?;
        }
        tx.commit().await?;
        if ours {
            tracing::warn!(operation = %attempt.operation_id, attempt = %attempt.id, "an authorization was interrupted");
            let listener = attempt.ws_client_id.as_deref();
            self.broker.results().tell(listener, Some(&attempt.id), &frame);
            self.broker.webhooks().wake();
        }
        Ok(ours)
    }
}
