use terapi_model::{ApiKeyScopes, Role};
use terapi_store::{StoreError, memberships, operators};
use terapi_vault::SecretString;

use crate::keys::CreateKeyError;
use crate::{Actor, Caller, Forbidden};

use super::Operators;
use super::sign_in::email_key;

/// Why no key was made.
#[derive(Debug, thiserror::Error)]
pub enum AccountKeyError {
    /// No operator has that e-mail.
    #[error("no operator here has this e-mail address")]
    UnknownOperator,
    /// The key cannot be made.
    #[error(transparent)]
    Create(#[from] CreateKeyError),
    /// The database does not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Operators<'_> {
    /// A key of an account itself, made in the name of the operator with the e-mail `email`, for the command line:
    /// of the oldest account that they look after. It cannot be shown again.
    ///
    /// # Errors
    /// [`AccountKeyError`].
    pub async fn account_key(
        &self,
        email: &str,
        display_name: &str,
        scopes: ApiKeyScopes,
    ) -> Result<SecretString, AccountKeyError> {
        let mut db = self.broker.store().read().await?;
        let found = operators::find_by_email_key(&mut db, &email_key(email)).await?;
        let found = found.ok_or(AccountKeyError::UnknownOperator)?;
        let memberships = memberships::list_by_operator(&mut db, &found.id).await?;
        drop(db);
        let membership = memberships
            .into_iter()
            .find(|membership| Role::may_manage_account(membership.role))
            .ok_or(CreateKeyError::Forbidden(Forbidden::Role))?;
        let caller = Caller {
            account_id: membership.account_id,
            environment_id: None,
            actor: Actor::Operator {
                id: found.id,
                role: membership.role,
            },
        };
        let keys = self.broker.keys();
        let (_, secret) = keys.create_account_key(&caller, display_name, scopes).await?;
        Ok(secret)
    }
}
