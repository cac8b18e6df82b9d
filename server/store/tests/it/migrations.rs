use std::collections::BTreeMap;
use std::path::Path;

use sqlx::{Connection, PgConnection, Row, SqliteConnection};
use terapi_model::{IntegrationKey, OperationState};
use terapi_store::operation_attempts::{self, NewOperationAttempt};
use terapi_store::{Dialect, MigrateError, OperationRow, SchemaState, Store, oauth_attempts, operations};

use crate::database::{Database, on_each, on_each_empty};
use crate::fixture::{NOW, environment};
use crate::oauth_attempts::attempt as oauth_attempt;
use crate::operations::row as operation_row;

fn file_names(folder: &str) -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../migrations")
        .join(folder);
    let mut names: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn both_folders_have_the_same_files() {
    assert_eq!(file_names("sqlite"), file_names("postgres"));
}

/// Runs statements that are none of the store's.
async fn run(store: &Store, url: &str, sql: &'static str) {
    match store.dialect() {
        Dialect::Sqlite => {
            let mut conn = SqliteConnection::connect(url).await.unwrap();
            sqlx::raw_sql(sql).execute(&mut conn).await.unwrap();
        }
        Dialect::Postgres => {
            let mut tx = store.begin().await.unwrap();
            let terapi_store::Conn::Postgres(conn) = terapi_store::Access::conn(&mut tx) else {
                panic!("another database than the dialect says")
            };
            sqlx::raw_sql(sql).execute(conn).await.unwrap();
            tx.commit().await.unwrap();
        }
    }
}

/// Column, kind, may be null; and unique index, columns; by table.
type Schema = BTreeMap<String, Vec<String>>;

async fn sqlite_schema(path: &str) -> Schema {
    let mut conn = SqliteConnection::connect(path).await.unwrap();
    let columns = sqlx::query(
        "SELECT m.name AS tbl, p.name AS col, p.type AS kind, p.\"notnull\" AS strict FROM sqlite_master m \
         JOIN pragma_table_info(m.name) p WHERE m.type = 'table' AND m.name NOT LIKE '\\_sqlx%' ESCAPE '\\'",
    )
    .fetch_all(&mut conn)
    .await
    .unwrap();
    let indexes = sqlx::query(
        "SELECT m.name AS tbl, i.name AS idx, i.\"unique\" AS uniq, i.partial AS part, c.name AS col \
         FROM sqlite_master m JOIN pragma_index_list(m.name) i JOIN pragma_index_info(i.name) c \
         WHERE m.type = 'table' AND i.origin = 'c' ORDER BY m.name, i.name, c.seqno",
    )
    .fetch_all(&mut conn)
    .await
    .unwrap();
    let mut schema = Schema::new();
    for row in columns {
        let kind = match row.get::<String, _>("kind").as_str() {
            "TEXT" => "text",
            "INTEGER" => "integer",
            "BLOB" => "bytes",
            "BOOLEAN" => "boolean",
            other => panic!("a column of kind {other}"),
        };
        let line = format!(
            "{} {kind} {}",
            row.get::<String, _>("col"),
            row.get::<bool, _>("strict")
        );
        schema.entry(row.get("tbl")).or_default().push(line);
    }
    add_indexes(
        &mut schema,
        indexes.iter().map(|row| {
            let partial: bool = row.get("part");
            (
                row.get("tbl"),
                row.get("idx"),
                row.get("uniq"),
                partial,
                row.get("col"),
            )
        }),
    );
    schema
}

async fn postgres_schema(url: &str) -> Schema {
    let mut conn = PgConnection::connect(url).await.unwrap();
    let columns = sqlx::query(
        "SELECT CAST(table_name AS TEXT) AS tbl, CAST(column_name AS TEXT) AS col, CAST(data_type AS TEXT) AS kind, \
         is_nullable = 'NO' AS strict, CAST(collation_name AS TEXT) AS coll FROM information_schema.columns \
         WHERE table_schema = current_schema() AND table_name NOT LIKE '\\_sqlx%'",
    )
    .persistent(false)
    .fetch_all(&mut conn)
    .await
    .unwrap();
    let indexes = sqlx::query(
        "SELECT CAST(t.relname AS TEXT) AS tbl, CAST(i.relname AS TEXT) AS idx, x.indisunique AS uniq, \
         x.indpred IS NOT NULL AS part, CAST(a.attname AS TEXT) AS col FROM pg_index x \
         JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_class t ON t.oid = x.indrelid \
         JOIN pg_namespace n ON n.oid = t.relnamespace AND n.nspname = current_schema() \
         JOIN LATERAL unnest(x.indkey) WITH ORDINALITY k(att, at) ON TRUE \
         JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = k.att \
         WHERE NOT x.indisprimary ORDER BY 1, 2, k.at",
    )
    .persistent(false)
    .fetch_all(&mut conn)
    .await
    .unwrap();
    let mut schema = Schema::new();
    for row in columns {
        let kind = match row.get::<String, _>("kind").as_str() {
            "text" => "text",
            "bigint" => "integer",
            "bytea" => "bytes",
            "boolean" => "boolean",
            other => panic!("a column of kind {other}"),
        };
        let table: String = row.get("tbl");
        if kind == "text" {
            assert_eq!(
                row.get::<Option<String>, _>("coll").as_deref(),
                Some("C"),
                "{table}: text must be compared by bytes"
            );
        }
        let line = format!(
            "{} {kind} {}",
            row.get::<String, _>("col"),
            row.get::<bool, _>("strict")
        );
        schema.entry(table).or_default().push(line);
    }
    add_indexes(
        &mut schema,
        indexes.iter().map(|row| {
            (
                row.get("tbl"),
                row.get("idx"),
                row.get("uniq"),
                row.get("part"),
                row.get("col"),
            )
        }),
    );
    schema
}

fn add_indexes(schema: &mut Schema, cells: impl Iterator<Item = (String, String, bool, bool, String)>) {
    let mut indexes: BTreeMap<(String, String), String> = BTreeMap::new();
    for (table, index, unique, partial, column) in cells {
        let line = indexes
            .entry((table, index.clone()))
            .or_insert_with(|| format!("index {index} unique={unique} partial={partial}:"));
        line.push(' ');
        line.push_str(&column);
    }
    for ((table, _), line) in indexes {
        schema.entry(table).or_default().push(line);
    }
    schema.values_mut().for_each(|lines| lines.sort());
}

async fn schema(database: &Database) -> Schema {
    match database.store.dialect() {
        Dialect::Sqlite => sqlite_schema(&database.options.url).await,
        Dialect::Postgres => postgres_schema(&database.options.url).await,
    }
}

#[tokio::test]
async fn both_databases_have_the_same_tables_columns_and_indexes() {
    let first = std::sync::Mutex::new(None::<Schema>);
    on_each(async |database| {
        if database.options.pooler.is_some() {
            return;
        }
        let schema = schema(database).await;
        assert!(schema.len() > 15);
        let mut first = first.lock().unwrap();
        match &*first {
            Some(first) => assert_eq!(*first, schema),
            None => *first = Some(schema),
        }
    })
    .await;
}

/// The indexes on operations as they were before 0008.
const OPERATIONS_BEFORE_0008: &str = "DROP INDEX operation_by_integration_and_state; \
    DROP INDEX operation_by_connection_integration_and_state; \
    CREATE INDEX operation_by_connection ON operation (environment_id, connection_key, created_at, id) \
    WHERE connection_key IS NOT NULL";

/// Those on attempts.
const ATTEMPTS_BEFORE_0008: &str = "DROP INDEX operation_attempt_by_integration_and_state; \
    DROP INDEX operation_attempt_by_connection_integration_and_state; \
    CREATE INDEX operation_attempt_by_connection ON operation_attempt ( \
    environment_id, connection_key, opened_at, operation_id) WHERE connection_key IS NOT NULL";

#[tokio::test]
async fn only_sessions_that_have_ended_have_an_attempt_from_before_there_were_attempts() {
    on_each(async |database| {
        let store = &database.store;
        let mut tx = store.begin().await.unwrap();
        let house = environment(&mut tx).await;
        let [running, ended] = [(); 2].map(|()| OperationRow {
            integration_key: Some(IntegrationKey::parse("acme").unwrap()),
            meta: serde_json::json!({"connectSession": {"endUser": "u1"}}),
            ..operation_row(&house, NOW)
        });
        for one in [&running, &ended] {
            operations::insert(&mut tx, one).await.unwrap();
        }
        operations::succeed(&mut tx, &ended.id, NOW).await.unwrap();
        tx.commit().await.unwrap();
        let url = &database.options.url;
        run(store, url, OPERATIONS_BEFORE_0008).await;
        run(
            store,
            url,
            "DROP TABLE operation_attempt; DELETE FROM _sqlx_migrations WHERE version >= 7",
        )
        .await;
        store.migrate().await.unwrap();
        let mut db = store.read().await.unwrap();
        let both = [running.id.clone(), ended.id.clone()];
        let seeded = operation_attempts::tally(&mut db, &both).await.unwrap();
        let seeded: Vec<_> = seeded.into_iter().map(|row| row.operation_id).collect();
        assert_eq!(seeded, [ended.id]);
    })
    .await;
}

#[tokio::test]
async fn attempts_that_nobody_can_end_any_more_are_ended() {
    use OperationState::{Cancelled, Failed, Running, Success, Timeout};
    on_each(async |database| {
        let store = &database.store;
        let before = match database.options.pooler {
            None => Some(schema(database).await),
            Some(_) => None,
        };
        let mut tx = store.begin().await.unwrap();
        let house = environment(&mut tx).await;
        let mut ids = Vec::new();
        for state in [Cancelled, Timeout, Running, Failed, Success] {
            let operation = OperationRow {
                state,
                ..operation_row(&house, NOW)
            };
            operations::insert(&mut tx, &operation).await.unwrap();
            let pending = oauth_attempt(&house.id, operation.id.as_str());
            oauth_attempts::insert(&mut tx, &pending).await.unwrap();
            let tries = [
                ("refused", Failed),
                ("open", Running),
                (pending.id.as_str(), Running),
            ];
            for (id, state) in tries {
                let attempt = NewOperationAttempt {
                    operation_id: &operation.id,
                    id,
                    state,
                    integration: None,
                    connection_id: None,
                    connection_key: None,
                    now: NOW,
                };
                operation_attempts::put(&mut tx, &attempt).await.unwrap();
            }
            ids.push(operation.id);
        }
        tx.commit().await.unwrap();
        let url = &database.options.url;
        run(store, url, OPERATIONS_BEFORE_0008).await;
        run(store, url, ATTEMPTS_BEFORE_0008).await;
        run(store, url, "DELETE FROM _sqlx_migrations WHERE version = 8").await;
        store.migrate().await.unwrap();
        if let Some(before) = before {
            assert_eq!(schema(database).await, before);
        }
        let mut db = store.read().await.unwrap();
        let tally = operation_attempts::tally(&mut db, &ids).await.unwrap();
        let of = |id| {
            let of = tally.iter().filter(|row| row.operation_id == id);
            of.map(|row| (row.state, row.tries)).collect::<Vec<_>>()
        };
        let states: Vec<_> = ids.into_iter().map(of).collect();
        assert_eq!(
            states,
            [
                vec![(Cancelled, 2), (Failed, 1)],
                vec![(Failed, 1), (Timeout, 2)],
                vec![(Failed, 1), (Running, 2)],
                vec![(Cancelled, 1), (Failed, 1), (Running, 1)],
                vec![(Cancelled, 1), (Failed, 1), (Running, 1)],
            ],
            "one whose authorization is still there waits for it, or for the sweep"
        );
    })
    .await;
}

#[tokio::test]
async fn several_that_migrate_at_once_do_not_meet() {
    on_each_empty(async |database| {
        let others: Vec<_> = (0..4)
            .map(|_| {
                let options = database.options.clone();
                tokio::spawn(async move {
                    let store = Store::open(&options).await.unwrap();
                    store.migrate().await.unwrap();
                    store.close().await;
                })
            })
            .collect();
        for other in others {
            other.await.unwrap();
        }
        database.store.migrate().await.unwrap();
        assert_eq!(database.store.schema_state().await.unwrap(), SchemaState::Current);
        crate::fixture::house(&database.store).await;
    })
    .await;
}

#[tokio::test]
async fn a_database_of_a_newer_version_is_refused_by_name() {
    on_each_empty(async |database| {
        let store = &database.store;
        assert_eq!(store.schema_state().await.unwrap(), SchemaState::Missing);
        store.migrate().await.unwrap();
        let insert = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
                      SELECT 9999, description, success, checksum, execution_time FROM _sqlx_migrations \
                      WHERE version = 1";
        run(store, &database.options.url, insert).await;
        assert_eq!(store.schema_state().await.unwrap(), SchemaState::Newer);
        let error = store.migrate().await.unwrap_err();
        assert!(
            matches!(error, MigrateError::TooNew { database: 9999, .. }),
            "{error}"
        );
        assert!(error.to_string().contains("version 9999"));
    })
    .await;
}
