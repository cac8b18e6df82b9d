use std::net::IpAddr;

use terapi_model::{OperatorId, Timestamp};
use terapi_store::operator_sessions::{OperatorSessionRow, SEEN_EVERY};
use terapi_store::{StoreError, Tx, operator_sessions, operators};
use terapi_vault::SecretString;
use terapi_vault::hash::TokenHash;

use super::sign_in::Attempt;
use super::sign_up::check_password;
use super::throttle::Subject;
use super::{Operators, Overloaded, SignInError, SignUpError};

/// A session unused for this long has ended, seconds.
const IDLE_SECONDS: i64 = 24 * 3600;

/// A session as the session layer keeps it. The id itself is never stored, only its hash.
#[derive(Debug, Clone)]
pub struct SessionRecord {
    /// SHA-256 of the id in the cookie.
    pub id_hash: TokenHash,
    /// Whose it is, once they have signed in.
    pub operator_id: Option<OperatorId>,
    /// The session layer's own record, JSON.
    pub record: String,
    /// The browser, as it names itself.
    pub user_agent: String,
    /// Where it connected from.
    pub address: Option<IpAddr>,
    /// When it ends, used or not.
    pub expires_at: Timestamp,
}

/// A session in the operator's list of them.
#[derive(Debug, Clone)]
pub struct SessionView {
    /// Names it when it is to be revoked.
    pub id_hash: TokenHash,
    /// The browser, as it names itself.
    pub user_agent: String,
    /// Where it connected from; empty when unknown.
    pub address: String,
    /// When it began.
    pub created_at: Timestamp,
    /// When it was used last, to the minute.
    pub last_seen_at: Timestamp,
    /// When it ends at the latest.
    pub expires_at: Timestamp,
}

/// Why a password was not changed.
#[derive(Debug, thiserror::Error)]
pub enum ChangePasswordError {
    /// The current password is another.
    #[error("the current password is not right")]
    WrongPassword,
    /// Too many wrong tries.
    #[error("too many wrong passwords; try again in {retry_after_s} seconds")]
    Throttled {
        /// Seconds to wait.
        retry_after_s: i64,
    },
    /// The new one is too short or too long.
    #[error(transparent)]
    NewPassword(SignUpError),
    /// Too many passwords are being hashed.
    #[error(transparent)]
    Overloaded(#[from] Overloaded),
    /// The database does not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Operators<'_> {
    /// The record of a session that has neither ended nor idled for 24 hours; notes that it is in use.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn load_session(&self, id_hash: &TokenHash) -> Result<Option<SessionRecord>, StoreError> {
        let now = self.broker.now();
        let key = id_hash.to_hex();
        let row = operator_sessions::find_live(&mut self.broker.store().read().await?, &key, now).await?;
        let Some(row) = row.filter(|row| !is_idle(row, now)) else {
            return Ok(None);
        };
        if now.millis_since(row.last_seen_at) >= SEEN_EVERY {
            let mut tx = self.broker.store().begin().await?;
            operator_sessions::touch(&mut tx, &key, now).await?;
            tx.commit().await?;
        }
        Ok(Some(SessionRecord {
            id_hash: *id_hash,
            operator_id: row.operator_id,
            record: row.record,
            user_agent: row.user_agent,
            address: row.address.parse().ok(),
            expires_at: row.expires_at,
        }))
    }

    /// Writes a session, new or changed. A session that was revoked meanwhile does not come back:
    /// `is_new` says whether it may be inserted. False when it was not there.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn save_session(&self, session: SessionRecord, is_new: bool) -> Result<bool, StoreError> {
        let now = self.broker.now();
        let row = OperatorSessionRow {
            id_hash: session.id_hash.to_hex(),
            operator_id: session.operator_id,
            record: session.record,
            user_agent: session.user_agent.chars().take(512).collect(),
            address: session
                .address
                .map(|address| address.to_string())
                .unwrap_or_default(),
            created_at: now,
            last_seen_at: now,
            expires_at: session.expires_at,
        };
        let mut tx = self.broker.store().begin().await?;
        if !is_new
            && operator_sessions::find_live(&mut tx, &row.id_hash, now)
                .await?
                .is_none()
        {
            return Ok(false);
        }
        operator_sessions::upsert(&mut tx, &row).await?;
        tx.commit().await?;
        Ok(true)
    }

    /// Ends a session.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn delete_session(&self, id_hash: &TokenHash) -> Result<(), StoreError> {
        let mut tx = self.broker.store().begin().await?;
        operator_sessions::delete(&mut tx, &id_hash.to_hex()).await?;
        tx.commit().await
    }

    /// An operator's live sessions, the one used last first.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn sessions(&self, operator: &OperatorId) -> Result<Vec<SessionView>, StoreError> {
        let now = self.broker.now();
        let mut db = self.broker.store().read().await?;
        let rows = operator_sessions::list_by_operator(&mut db, operator, now).await?;
        Ok(rows
            .into_iter()
            .filter(|row| !is_idle(row, now))
            .filter_map(shown)
            .collect())
    }

    /// Ends one of the operator's sessions; false when they have none of that id.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn revoke_session(
        &self,
        operator: &OperatorId,
        id_hash: &TokenHash,
    ) -> Result<bool, StoreError> {
        let key = id_hash.to_hex();
        let mut tx = self.broker.store().begin().await?;
        let found = operator_sessions::find_live(&mut tx, &key, self.broker.now()).await?;
        if found.is_none_or(|row| row.operator_id.as_ref() != Some(operator)) {
            return Ok(false);
        }
        operator_sessions::delete(&mut tx, &key).await?;
        tx.commit().await?;
        Ok(true)
    }

    /// Ends all the operator's sessions but the one they ask from. Returns how many.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn revoke_other_sessions(
        &self,
        operator: &OperatorId,
        keep: Option<&TokenHash>,
    ) -> Result<u64, StoreError> {
        let mut tx = self.broker.store().begin().await?;
        let revoked = end_others(&mut tx, operator, keep).await?;
        tx.commit().await?;
        Ok(revoked)
    }

    /// Sets a new password and ends all other sessions, in one step. Wrong current passwords count as failed
    /// sign-ins.
    ///
    /// # Errors
    /// [`ChangePasswordError`].
    pub async fn change_password(
        &self,
        operator: &OperatorId,
        current: &SecretString,
        new: &SecretString,
        keep: Option<&TokenHash>,
    ) -> Result<(), ChangePasswordError> {
        check_password(new).map_err(ChangePasswordError::NewPassword)?;
        let row = operators::find(&mut self.broker.store().read().await?, operator).await?;
        let row = row.ok_or(ChangePasswordError::WrongPassword)?;
        let attempt = Attempt::begin(self, vec![Subject::account(&row.email_key)]).await;
        let attempt = attempt.map_err(SignInError::from)?;
        if !attempt.check(self, current, Some(&row.password_hash)).await? {
            return Err(ChangePasswordError::WrongPassword);
        }
        let password_hash = self.broker.hasher().hash(new).await?;
        let mut tx = self.broker.store().begin().await?;
        operators::update_password(&mut tx, operator, &password_hash, self.broker.now()).await?;
        end_others(&mut tx, operator, keep).await?;
        tx.commit().await?;
        Ok(())
    }
}

fn is_idle(row: &OperatorSessionRow, now: Timestamp) -> bool {
    row.last_seen_at.plus_seconds(IDLE_SECONDS) <= now
}

async fn end_others(tx: &mut Tx, operator: &OperatorId, keep: Option<&TokenHash>) -> Result<u64, StoreError> {
    let kept = keep.map(TokenHash::to_hex).unwrap_or_default();
    operator_sessions::delete_by_operator_except(tx, operator, &kept).await
}

fn shown(row: OperatorSessionRow) -> Option<SessionView> {
    Some(SessionView {
        id_hash: TokenHash::from_hex(&row.id_hash)?,
        user_agent: row.user_agent,
        address: row.address,
        created_at: row.created_at,
        last_seen_at: row.last_seen_at,
        expires_at: row.expires_at,
    })
}

impl From<SignInError> for ChangePasswordError {
    fn from(error: SignInError) -> Self {
        match error {
            SignInError::WrongCredentials => Self::WrongPassword,
            SignInError::Throttled { retry_after_s } => Self::Throttled { retry_after_s },
            SignInError::Overloaded(overloaded) => Self::Overloaded(overloaded),
            SignInError::Store(error) => Self::Store(error),
        }
    }
}
