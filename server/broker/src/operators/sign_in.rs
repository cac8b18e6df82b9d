use std::net::IpAddr;

use terapi_model::Timestamp;
use terapi_store::{StoreError, operators, sign_in_failures};
use terapi_vault::SecretString;

use super::throttle::{Subject, WINDOW_SECONDS, wait};
use super::{MAX_PASSWORD, Operator, Operators, Overloaded};

/// Why a sign-in did not happen.
#[derive(Debug, thiserror::Error)]
pub enum SignInError {
    /// Unknown e-mail or wrong password; which of them is not told.
    #[error("this e-mail and password do not match")]
    WrongCredentials,
    /// Too many failures lately, for this e-mail or from this address.
    #[error("too many failed sign-ins; try again in {retry_after_s} seconds")]
    Throttled {
        /// Seconds to wait.
        retry_after_s: i64,
    },
    /// Too many passwords are being checked.
    #[error(transparent)]
    Overloaded(#[from] Overloaded),
    /// The database does not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why a try may not be made.
#[derive(Debug)]
pub(super) enum NoAttempt {
    /// Too many lately.
    Throttled {
        /// Seconds to wait.
        retry_after_s: i64,
    },
    /// The database does not answer.
    Store(StoreError),
}

impl From<StoreError> for NoAttempt {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<NoAttempt> for SignInError {
    fn from(error: NoAttempt) -> Self {
        match error {
            NoAttempt::Throttled { retry_after_s } => Self::Throttled { retry_after_s },
            NoAttempt::Store(error) => Self::Store(error),
        }
    }
}

impl Operators<'_> {
    /// Checks e-mail and password. Takes the same time and gives the same answer for unknown e-mails; after 5
    /// failures for an e-mail, known or not, or 20 from an address within 15 minutes it pauses, and attempts
    /// during the pause do not make it longer.
    ///
    /// # Errors
    /// [`SignInError`].
    pub async fn sign_in(
        &self,
        email: &str,
        password: &SecretString,
        address: IpAddr,
    ) -> Result<Operator, SignInError> {
        let email_key = email_key(email);
        let row = operators::find_by_email_key(&mut self.broker.store().read().await?, &email_key).await?;
        let attempt = Attempt::begin(
            self,
            vec![Subject::account(&email_key), Subject::address(address)],
        )
        .await?;
        let hash = row.as_ref().map(|row| row.password_hash.as_str());
        let right = attempt.check(self, password, hash).await?;
        let Some(row) = row.filter(|_| right) else {
            return Err(SignInError::WrongCredentials);
        };
        self.find(&row.id).await?.ok_or(SignInError::WrongCredentials)
    }
}

/// What sign-in looks e-mails up by.
pub(super) fn email_key(email: &str) -> String {
    email.trim().to_lowercase()
}

/// One try of a password. It is counted as a failure before the password is looked at, so that many tries at
/// once cannot slip past the limit together, and uncounted when the password was right.
pub(super) struct Attempt {
    subjects: Vec<Subject>,
    at: Timestamp,
}

impl Attempt {
    pub(super) async fn begin(operators: &Operators<'_>, subjects: Vec<Subject>) -> Result<Self, NoAttempt> {
        let at = operators.broker.now();
        let since = at.plus_seconds(-WINDOW_SECONDS).plus_millis(1);
        let mut tx = operators.broker.store().begin().await?;
        let mut longest = None;
        for subject in &subjects {
            if sign_in_failures::count_since(&mut tx, &subject.key, since).await? >= subject.limit {
                let oldest = sign_in_failures::oldest_since(&mut tx, &subject.key, since).await?;
                longest = longest.max(oldest.map(|oldest| wait(oldest, at)));
            }
        }
        if let Some(retry_after_s) = longest {
            return Err(NoAttempt::Throttled { retry_after_s });
        }
        for subject in &subjects {
            sign_in_failures::insert(&mut tx, &subject.key, at).await?;
        }
        tx.commit().await?;
        Ok(Self { subjects, at })
    }

    /// Compares the password with the stored hash, if there is one, and settles the count.
    pub(super) async fn check(
        self,
        operators: &Operators<'_>,
        password: &SecretString,
        hash: Option<&str>,
    ) -> Result<bool, SignInError> {
        // No password is longer; hashing a megabyte for a stranger would be a gift.
        let short = SecretString::new(password.expose().chars().take(MAX_PASSWORD + 1).collect());
        match operators.broker.hasher().verify(&short, hash).await {
            Ok(true) => {
                self.succeed(operators).await?;
                Ok(true)
            }
            Ok(false) => Ok(false),
            Err(overloaded) => {
                self.take_back(operators).await?;
                Err(overloaded.into())
            }
        }
    }

    /// Forgets the account's failures, and this attempt's mark on the address.
    async fn succeed(self, operators: &Operators<'_>) -> Result<(), StoreError> {
        let mut tx = operators.broker.store().begin().await?;
        if let Some(account) = self.subjects.first() {
            sign_in_failures::delete_for(&mut tx, &account.key).await?;
        }
        for subject in self.subjects.iter().skip(1) {
            sign_in_failures::delete_one(&mut tx, &subject.key, self.at).await?;
        }
        tx.commit().await
    }

    /// As if it had not been made.
    async fn take_back(self, operators: &Operators<'_>) -> Result<(), StoreError> {
        let mut tx = operators.broker.store().begin().await?;
        for subject in &self.subjects {
            sign_in_failures::delete_one(&mut tx, &subject.key, self.at).await?;
        }
        tx.commit().await
    }
}
