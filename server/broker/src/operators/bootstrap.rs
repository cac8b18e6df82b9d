use terapi_model::{AccountId, ApiKeyScopes, EnvironmentName};
use terapi_store::{StoreError, invitations, operators};
use terapi_vault::SecretString;

use crate::keys::{NewKey, insert_key};

use super::sign_up::{NewOperator, check_password, checked_email};
use super::{Operators, SignUpError};

/// The name of the key that a bootstrapped environment begins with.
const FIRST_KEY: &str = "Default, full access";

/// What `terapi admin bootstrap` prints. The only time these secrets are seen together.
#[derive(Debug)]
pub struct Bootstrap {
    /// The account.
    pub account_id: AccountId,
    /// What it is called.
    pub account_name: String,
    /// `dev` and `prod`.
    pub environments: Vec<BootstrapEnvironment>,
}

/// One environment of it.
#[derive(Debug)]
pub struct BootstrapEnvironment {
    /// Its name.
    pub name: EnvironmentName,
    /// A key with full access.
    pub secret_key: SecretString,
    /// For browsers (decision D5).
    pub public_key: String,
    /// What webhooks are signed with.
    pub webhook_signing_key: SecretString,
}

/// Why nothing was bootstrapped.
#[derive(Debug, thiserror::Error)]
pub enum BootstrapError {
    /// There is an operator.
    #[error(
        "this instance has been set up already: it has an operator; sign in, or ask an owner for an invitation"
    )]
    AlreadySetUp,
    /// E-mail or password are no good.
    #[error(transparent)]
    SignUp(#[from] SignUpError),
    /// The database does not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Operators<'_> {
    /// Makes the first operator without a browser, with an account, its environments and a full-access key for
    /// each. Setup links stop working.
    ///
    /// # Errors
    /// [`BootstrapError`]; most of all [`BootstrapError::AlreadySetUp`].
    pub async fn bootstrap(&self, email: &str, password: SecretString) -> Result<Bootstrap, BootstrapError> {
        check_password(&password)?;
        let email = checked_email(email)?;
        if operators::count(&mut self.broker.store().read().await?).await? > 0 {
            return Err(BootstrapError::AlreadySetUp);
        }
        let password_hash = self
            .broker
            .hasher()
            .hash(&password)
            .await
            .map_err(SignUpError::from)?;
        let name = email.split('@').next().unwrap_or(&email).to_owned();

        let mut tx = self.broker.store().begin().await?;
        // Before counting: whoever is signing up with a link right now is waited for, or waits.
        invitations::lock_setup(&mut tx).await?;
        invitations::delete_unconsumed_setup(&mut tx).await?;
        if operators::count(&mut tx).await? > 0 {
            return Err(BootstrapError::AlreadySetUp);
        }
        let new = NewOperator {
            email,
            display_name: name.clone(),
            password_hash,
        };
        let owner = self.insert_operator(&mut tx, new).await?;
        let (account_id, made) = self.create_account(&mut tx, &name, &owner).await?;
        let mut environments = Vec::new();
        for environment in made {
            let key = NewKey::drawn(
                self.broker,
                environment.name,
                FIRST_KEY,
                ApiKeyScopes::full_environment(),
            );
            let secret_key = key.secret.duplicate();
            insert_key(self.broker, &mut tx, &account_id, Some(&environment.id), key).await?;
            environments.push(BootstrapEnvironment {
                name: EnvironmentName::from_stored(environment.name.to_owned()),
                secret_key,
                public_key: environment.public_key,
                webhook_signing_key: environment.webhook_signing_key,
            });
        }
        tx.commit().await?;
        Ok(Bootstrap {
            account_id,
            account_name: name,
            environments,
        })
    }
}
