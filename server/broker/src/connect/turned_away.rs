//! Requests of browsers that were let in, and refused before anything was tried: a body that nobody can read, a name that
//! is none, a mode that is not built.

use terapi_model::{ErrorCode, IntegrationKey, OperationId};
use terapi_store::StoreError;

use super::journal::Refused;
use super::{BrowserAuth, Connect, Session};
use crate::operations::{OperationError, Trail};

/// What was refused, in the words of the answer.
#[derive(Debug)]
pub struct TurnedAway<'a> {
    /// The answer's code.
    pub code: ErrorCode,
    /// The answer's message. It repeats nothing that was typed.
    pub message: &'a str,
    /// The integration that was named, when it was a name.
    pub integration: Option<&'a IntegrationKey>,
    /// How credentials were to come: `oauth`, `apikey`, ….
    pub auth_type: &'static str,
}

impl Connect<'_> {
    /// Writes down that a try was turned away: it ends its operation badly, the session's or, with a public key, one of
    /// its own. Answers the operation that finds it; `None` when it could not be written.
    pub async fn turn_away(&self, auth: &BrowserAuth, refused: &TurnedAway<'_>) -> Option<OperationId> {
        let trail = self.trail_by(auth, refused.auth_type);
        self.write_refusal(&Refused {
            integration: refused.integration,
            connection: None,
            code: refused.code,
            message: refused.message.to_owned(),
            trail: &trail,
        })
        .await
    }

    /// Writes down that something was refused to the holder of a session which was no try to connect: a line of the
    /// session's operation, whatever that comes to. Answers the operation; `None` when it could not be written.
    pub async fn refuse_beside(
        &self,
        session: &Session,
        code: ErrorCode,
        message: &str,
    ) -> Option<OperationId> {
        let auth = BrowserAuth::Session(Box::new(session.clone()));
        let mut trail = Trail::new(self.broker, self.new_operation(&auth, "oauth"));
        trail.refuse(&OperationError::new(code, message));
        let kept = async {
            let mut tx = self.broker.store().begin().await?;
            trail.add_beside(&mut tx).await?;
            tx.commit().await
        };
        logged(kept.await.map(|()| trail.id().clone()))
    }

    /// Writes a refusal in a transaction of its own.
    pub(super) async fn write_refusal(&self, refused: &Refused<'_>) -> Option<OperationId> {
        let kept = async {
            let mut tx = self.broker.store().begin().await?;
            let kept = self.log_refusal(&mut tx, refused).await?;
            tx.commit().await?;
            Ok(kept.operation)
        };
        logged(kept.await)
    }
}

/// A refusal stands whether the log has it or not.
fn logged(kept: Result<OperationId, StoreError>) -> Option<OperationId> {
    kept.inspect_err(|error| tracing::warn!(%error, "a refusal could not be logged"))
        .ok()
}
