//! Tags of connections.

use std::collections::{BTreeMap, HashMap};

use terapi_model::{ConnectionId, EnvironmentId, Tags};

use crate::sql::{Built, all, row, run};
use crate::{Access, StoreError, Tx};

/// How many connections one statement asks about.
const BATCH: usize = 1000;

row! {
    $ columns connection_tag_columns;
    /// One tag.
    pub struct ConnectionTagRow {
        /// Whose.
        pub connection_id: ConnectionId,
        /// Lower-case.
        pub key: String,
        /// As given.
        pub value: String,
    }
}

/// Makes these the connection's tags, and no others.
///
/// # Errors
/// [`StoreError`].
pub async fn replace(
    tx: &mut Tx,
    environment_id: &EnvironmentId,
    connection_id: &ConnectionId,
    tags: &Tags,
) -> Result<(), StoreError> {
    run(
        tx,
        "DELETE FROM connection_tag WHERE connection_id = $1",
        &[connection_id],
    )
    .await?;
    for (key, value) in tags.iter() {
        run(
            tx,
            "INSERT INTO connection_tag (connection_id, environment_id, key, value) VALUES ($1, $2, $3, $4)",
            &[connection_id, environment_id, &key, &value],
        )
        .await?;
    }
    Ok(())
}

/// The connection's tags.
///
/// # Errors
/// [`StoreError`].
pub async fn find(db: &mut impl Access, connection_id: &ConnectionId) -> Result<Tags, StoreError> {
    let rows: Vec<ConnectionTagRow> = all(
        db,
        concat!(
            "SELECT ",
            connection_tag_columns!(),
            " FROM connection_tag WHERE connection_id = $1"
        ),
        &[connection_id],
    )
    .await?;
    Ok(Tags::from_stored(
        rows.into_iter().map(|tag| (tag.key, tag.value)).collect(),
    ))
}

/// The tags of many connections; those without any are not in the answer.
///
/// # Errors
/// [`StoreError`].
pub async fn list<'a>(
    db: &mut impl Access,
    connection_ids: impl IntoIterator<Item = &'a ConnectionId>,
) -> Result<HashMap<ConnectionId, Tags>, StoreError> {
    let ids: Vec<ConnectionId> = connection_ids.into_iter().cloned().collect();
    let mut found: HashMap<ConnectionId, BTreeMap<String, String>> = HashMap::new();
    for batch in ids.chunks(BATCH) {
        let mut sql = Built::new(concat!(
            "SELECT ",
            connection_tag_columns!(),
            " FROM connection_tag WHERE connection_id IN "
        ));
        sql.bind_list(batch.iter().cloned());
        for tag in sql.all::<ConnectionTagRow>(db).await? {
            found
                .entry(tag.connection_id)
                .or_default()
                .insert(tag.key, tag.value);
        }
    }
    Ok(found
        .into_iter()
        .map(|(id, tags)| (id, Tags::from_stored(tags)))
        .collect())
}
