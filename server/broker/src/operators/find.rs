use terapi_model::{AccountId, OperatorId, Role, Timestamp};
use terapi_store::{StoreError, accounts, memberships, operators};

use crate::environments::Environment;
use crate::{Actor, Caller};

use super::Operators;

/// A person who signs in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Operator {
    /// Our id.
    pub id: OperatorId,
    /// Their e-mail, as typed at sign-up.
    pub email: String,
    /// Their name.
    pub display_name: String,
    /// When they signed up.
    pub created_at: Timestamp,
    /// The accounts they belong to, oldest first.
    pub memberships: Vec<Membership>,
}

/// An operator's place in one account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Membership {
    /// The account.
    pub account_id: AccountId,
    /// What it is called.
    pub account_name: String,
    /// What they may do in it.
    pub role: Role,
}

impl Operators<'_> {
    /// The operator with this id.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn find(&self, id: &OperatorId) -> Result<Option<Operator>, StoreError> {
        let mut db = self.broker.store().read().await?;
        let Some(row) = operators::find(&mut db, id).await? else {
            return Ok(None);
        };
        let mut memberships = Vec::new();
        for membership in memberships::list_by_operator(&mut db, id).await? {
            let Some(account) = accounts::find(&mut db, &membership.account_id).await? else {
                continue;
            };
            memberships.push(Membership {
                account_id: account.id,
                account_name: account.name,
                role: membership.role,
            });
        }
        Ok(Some(Operator {
            id: row.id,
            email: row.email,
            display_name: row.display_name,
            created_at: row.created_at,
            memberships,
        }))
    }

    /// What an operator acts as in the environment called `environment`: of the oldest of their accounts that
    /// has one of that name. `None` when none has; so foreign environments are not found rather than forbidden.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn caller(
        &self,
        id: &OperatorId,
        environment: &str,
    ) -> Result<Option<(Caller, Environment)>, StoreError> {
        let memberships = memberships::list_by_operator(&mut self.broker.store().read().await?, id).await?;
        for membership in memberships {
            let account = &membership.account_id;
            if let Some(environment) = self
                .broker
                .environments()
                .find_by_name(account, environment)
                .await?
            {
                let caller = Caller {
                    account_id: account.clone(),
                    environment_id: Some(environment.id.clone()),
                    actor: Actor::Operator {
                        id: id.clone(),
                        role: membership.role,
                    },
                };
                return Ok(Some((caller, environment)));
            }
        }
        Ok(None)
    }
}
