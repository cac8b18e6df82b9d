//! End users: one row a connection, not shared (rest.md 11.4).

use std::collections::BTreeMap;

use terapi_model::{EndUserId, EnvironmentId, Timestamp};

use crate::sql::{hits, maybe, row, run};
use crate::{Access, StoreError, Tx};

row! {
    $ columns end_user_columns;
    /// The end user of one connection.
    pub struct EndUserRow {
        /// Our id of the row.
        pub id: EndUserId,
        /// Whose it is.
        pub environment_id: EnvironmentId,
        /// The product's own id of that person.
        pub end_user_id: String,
        /// E-mail address.
        pub email: Option<String>,
        /// Name to show.
        pub display_name: Option<String>,
        /// Free tags, keys as given.
        pub tags: Option<BTreeMap<String, String>>,
        /// The product's own id of their organization.
        pub organization_id: Option<String>,
        /// Its name.
        pub organization_display_name: Option<String>,
        /// When it was made.
        pub created_at: Timestamp,
        /// When it was changed last.
        pub updated_at: Timestamp,
    }
}

/// Inserts an end user. Link it with [`crate::connections::set_end_user`].
///
/// # Errors
/// [`StoreError`].
pub async fn insert(tx: &mut Tx, row: &EndUserRow) -> Result<(), StoreError> {
    run(tx, end_user_columns!(insert "end_user"), &row.binds()).await?;
    Ok(())
}

/// The end user with this id.
///
/// # Errors
/// [`StoreError`].
pub async fn find(db: &mut impl Access, id: &EndUserId) -> Result<Option<EndUserRow>, StoreError> {
    maybe(
        db,
        concat!("SELECT ", end_user_columns!(), " FROM end_user WHERE id = $1"),
        &[id],
    )
    .await
}

/// Writes everything but ids and time of creation. False when there is no such row. The connection's search text
/// is brought up to date by [`crate::connections::set_end_user`].
///
/// # Errors
/// [`StoreError`].
pub async fn update(tx: &mut Tx, row: &EndUserRow) -> Result<bool, StoreError> {
    hits(
        tx,
        "UPDATE end_user SET end_user_id = $2, email = $3, display_name = $4, tags = $5, organization_id = $6, \
         organization_display_name = $7, updated_at = $8 WHERE id = $1",
        &[
            &row.id,
            &row.end_user_id,
            &row.email,
            &row.display_name,
            &row.tags,
            &row.organization_id,
            &row.organization_display_name,
            &row.updated_at,
        ],
    )
    .await
}

/// Removes an end user; a connection that names it names none any more. False when there was none.
///
/// # Errors
/// [`StoreError`].
pub async fn delete(tx: &mut Tx, id: &EndUserId) -> Result<bool, StoreError> {
    run(
        tx,
        "UPDATE connection SET end_user_id = NULL, search_text = LOWER(connection_id) WHERE end_user_id = $1",
        &[id],
    )
    .await?;
    hits(tx, "DELETE FROM end_user WHERE id = $1", &[id]).await
}
