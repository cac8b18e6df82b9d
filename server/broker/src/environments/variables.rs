use terapi_model::EnvironmentId;
use terapi_store::environment_variables::EnvironmentVariableRow;
use terapi_store::{StoreError, Tx, environment_variables, environments};
use terapi_vault::{SecretString, token};

use crate::sealing::cell;
use crate::{Caller, Forbidden};

use super::Environments;

/// Most variables of an environment.
const MAX_VARIABLES: usize = 100;
/// Most characters of a name.
const MAX_NAME: usize = 255;
/// Most characters of a value.
const MAX_VALUE: usize = 4000;

/// Why a variable was not changed.
#[derive(Debug, thiserror::Error)]
pub enum VariableError {
    /// Not for this caller.
    #[error(transparent)]
    Forbidden(#[from] Forbidden),
    /// The environment is gone.
    #[error("there is no such environment")]
    NoSuchEnvironment,
    /// Empty, too long, or with white space or control characters.
    #[error("a variable's name has between 1 and {MAX_NAME} characters, without white space")]
    NameInvalid,
    /// Empty, too long, or with a NUL.
    #[error("a variable's value has between 1 and {MAX_VALUE} characters")]
    ValueInvalid,
    /// The environment has as many as it may.
    #[error("an environment has at most {MAX_VARIABLES} variables; delete one first")]
    TooMany,
    /// The database does not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Environments<'_> {
    /// The names of the environment's variables, sorted; for operators of any role.
    ///
    /// # Errors
    /// [`VariableError::Forbidden`], [`VariableError::Store`].
    pub async fn variable_names(&self, caller: &Caller) -> Result<Vec<String>, VariableError> {
        caller.require_operator()?;
        let environment = caller.environment()?;
        let rows = environment_variables::list(&mut self.broker.store().read().await?, environment).await?;
        Ok(rows.into_iter().map(|row| row.name).collect())
    }

    /// Makes `value` the environment's variable `name`, whether it had one or not. For operators who may see
    /// secrets.
    ///
    /// # Errors
    /// [`VariableError`].
    pub async fn put_variable(
        &self,
        caller: &Caller,
        name: &str,
        value: SecretString,
    ) -> Result<(), VariableError> {
        caller.require_writer()?;
        let environment = caller.environment()?;
        let name = checked_name(name)?;
        if !(1..=MAX_VALUE).contains(&value.expose().chars().count()) || value.expose().contains('\0') {
            return Err(VariableError::ValueInvalid);
        }
        let (mut tx, mut rows) = self.locked(environment).await?;
        let now = self.broker.now();
        let had = rows.iter().position(|row| row.name == name);
        let had = had.map(|at| rows.swap_remove(at));
        if had.is_none() && rows.len() >= MAX_VARIABLES {
            return Err(VariableError::TooMany);
        }
        let (id, created_at) = match had {
            Some(row) => (row.id, row.created_at),
            None => (token::uuid_v4(self.broker.entropy()), now),
        };
        let place = cell::variable(&id, environment);
        let value_sealed = self.broker.sealing().seal_text(&place, &value);
        rows.push(EnvironmentVariableRow {
            environment_id: environment.clone(),
            name,
            value_sealed,
            created_at,
            updated_at: now,
            id,
        });
        environment_variables::replace(&mut tx, environment, &rows).await?;
        Ok(tx.commit().await?)
    }

    /// Deletes the environment's variable `name`; false when it has none. For operators who may see secrets.
    ///
    /// # Errors
    /// [`VariableError`].
    pub async fn delete_variable(&self, caller: &Caller, name: &str) -> Result<bool, VariableError> {
        caller.require_writer()?;
        let environment = caller.environment()?;
        let (mut tx, mut rows) = self.locked(environment).await?;
        let before = rows.len();
        rows.retain(|row| row.name != name);
        if rows.len() == before {
            return Ok(false);
        }
        environment_variables::replace(&mut tx, environment, &rows).await?;
        tx.commit().await?;
        Ok(true)
    }

    /// The variables, kept from others who would change them.
    async fn locked(
        &self,
        environment: &EnvironmentId,
    ) -> Result<(Tx, Vec<EnvironmentVariableRow>), VariableError> {
        let mut tx = self.broker.store().begin().await?;
        environments::find_for_update(&mut tx, environment)
            .await?
            .ok_or(VariableError::NoSuchEnvironment)?;
        let rows = environment_variables::list(&mut tx, environment).await?;
        Ok((tx, rows))
    }
}

fn checked_name(name: &str) -> Result<String, VariableError> {
    let name = name.trim();
    let sound = (1..=MAX_NAME).contains(&name.chars().count())
        && !name.chars().any(|c| c.is_control() || c.is_whitespace());
    if sound {
        Ok(name.to_owned())
    } else {
        Err(VariableError::NameInvalid)
    }
}
