//! The logos that environments' Connect UIs show.

use terapi_model::{EnvironmentId, Timestamp};

use crate::sql::{maybe, row, run};
use crate::{Access, StoreError, Tx};

row! {
    $ columns environment_logo_columns;
    /// A logo.
    pub struct EnvironmentLogoRow {
        /// Whose it is.
        pub environment_id: EnvironmentId,
        /// What kind of picture it is.
        pub media_type: String,
        /// The picture.
        pub bytes: Vec<u8>,
        /// When it was stored.
        pub updated_at: Timestamp,
    }
}

/// The logo of the live environment with this UUID.
///
/// # Errors
/// [`StoreError`].
pub async fn find_by_uuid(
    db: &mut impl Access,
    uuid: &str,
) -> Result<Option<EnvironmentLogoRow>, StoreError> {
    maybe(
        db,
        concat!(
            "SELECT ",
            environment_logo_columns!(),
            " FROM environment_logo WHERE environment_id = \
             (SELECT id FROM environment WHERE uuid = $1 AND deleted_at IS NULL)"
        ),
        &[&uuid],
    )
    .await
}

/// Makes this the environment's logo.
///
/// # Errors
/// [`StoreError`].
pub async fn replace(tx: &mut Tx, row: &EnvironmentLogoRow) -> Result<(), StoreError> {
    delete(tx, &row.environment_id).await?;
    run(
        tx,
        environment_logo_columns!(insert "environment_logo"),
        &row.binds(),
    )
    .await?;
    Ok(())
}

/// Forgets the environment's logo, if it has one.
///
/// # Errors
/// [`StoreError`].
pub async fn delete(tx: &mut Tx, environment_id: &EnvironmentId) -> Result<(), StoreError> {
    run(
        tx,
        "DELETE FROM environment_logo WHERE environment_id = $1",
        &[environment_id],
    )
    .await?;
    Ok(())
}
