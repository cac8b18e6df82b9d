//! Environment variables: named values an operator keeps beside the integrations.

use terapi_model::{EnvironmentId, Timestamp};
use terapi_vault::Sealed;

use crate::sql::{all, row, run};
use crate::{Access, StoreError, Tx};

row! {
    $ columns environment_variable_columns;
    /// A variable.
    pub struct EnvironmentVariableRow {
        /// Its id, any unique text; part of the place its value is sealed for.
        pub id: String,
        /// Whose it is.
        pub environment_id: EnvironmentId,
        /// Unique in the environment.
        pub name: String,
        /// Its value.
        pub value_sealed: Sealed,
        /// When it was made.
        pub created_at: Timestamp,
        /// When it was changed last.
        pub updated_at: Timestamp,
    }
}

/// The environment's variables by name.
///
/// # Errors
/// [`StoreError`].
pub async fn list(
    db: &mut impl Access,
    environment_id: &EnvironmentId,
) -> Result<Vec<EnvironmentVariableRow>, StoreError> {
    all(
        db,
        concat!(
            "SELECT ",
            environment_variable_columns!(),
            " FROM environment_variable WHERE environment_id = $1 ORDER BY name"
        ),
        &[environment_id],
    )
    .await
}

/// Makes these the environment's variables, and no others.
///
/// # Errors
/// [`StoreError::Conflict`] with [`crate::Constraint::EnvironmentVariableName`] when a name is given twice.
pub async fn replace(
    tx: &mut Tx,
    environment_id: &EnvironmentId,
    rows: &[EnvironmentVariableRow],
) -> Result<(), StoreError> {
    run(
        tx,
        "DELETE FROM environment_variable WHERE environment_id = $1",
        &[environment_id],
    )
    .await?;
    for row in rows {
        run(
            tx,
            environment_variable_columns!(insert "environment_variable"),
            &row.binds(),
        )
        .await?;
    }
    Ok(())
}
