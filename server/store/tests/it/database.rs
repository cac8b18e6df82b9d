//! One test, every database.
//!
//! SQLite always, as a file. PostgreSQL when `TERAPI_TEST_POSTGRES` is a URL whose user may create databases;
//! PgBouncer in transaction mode when `TERAPI_TEST_PGBOUNCER` is a URL that leads to the same server and passes any
//! database name on. With `TERAPI_REQUIRE_POSTGRES=1` both must be set.

use std::io::Write;
use std::sync::Once;
use std::sync::atomic::{AtomicU32, Ordering};

use sqlx::AssertSqlSafe;
use sqlx::{Connection, PgConnection};
use tempfile::TempDir;
use terapi_store::{Pooler, Store, StoreOptions};

/// An empty database with the current schema, and how to reach it.
pub struct Database {
    pub store: Store,
    pub options: StoreOptions,
    pub folder: TempDir,
}

/// Runs `test` on each database there is, with the schema in place.
pub async fn on_each(test: impl AsyncFn(&Database)) {
    on_each_empty(async |database| {
        database.store.migrate().await.unwrap();
        test(database).await;
    })
    .await;
}

/// The same, without the schema.
#[allow(clippy::print_stdout, reason = "shown with a failure: which database it was")]
pub async fn on_each_empty(test: impl AsyncFn(&Database)) {
    println!("on SQLite");
    let folder = tempfile::tempdir().unwrap();
    let options = StoreOptions::new(format!("sqlite:{}", folder.path().join("terapi.db").display()));
    run(&test, options, folder).await;

    let postgres = setting("TERAPI_TEST_POSTGRES");
    let pgbouncer = setting("TERAPI_TEST_PGBOUNCER");
    if let Some(postgres) = &postgres {
        println!("on PostgreSQL");
        let name = create_database(postgres).await;
        let folder = tempfile::tempdir().unwrap();
        run(&test, StoreOptions::new(with_database(postgres, &name)), folder).await;
        drop_database(postgres, &name).await;
    }
    if let (Some(postgres), Some(pgbouncer)) = (&postgres, &pgbouncer) {
        println!("on PostgreSQL through PgBouncer");
        let name = create_database(postgres).await;
        let options = StoreOptions {
            url: with_database(pgbouncer, &name),
            pooler: Some(Pooler::Transaction),
            direct_url: None,
        };
        run(&test, options, tempfile::tempdir().unwrap()).await;
        drop_database(postgres, &name).await;
    }
}

async fn run(test: &impl AsyncFn(&Database), options: StoreOptions, folder: TempDir) {
    let store = Store::open(&options).await.unwrap();
    let database = Database {
        store,
        options,
        folder,
    };
    test(&database).await;
    database.store.close().await;
}

#[expect(
    clippy::disallowed_methods,
    reason = "what the tests run on is no setting of the program"
)]
fn setting(name: &str) -> Option<String> {
    static NOTICE: Once = Once::new();
    let value = std::env::var(name).ok().filter(|value| !value.is_empty());
    if value.is_none() {
        let required = std::env::var("TERAPI_REQUIRE_POSTGRES").is_ok_and(|value| value == "1");
        assert!(!required, "TERAPI_REQUIRE_POSTGRES=1, but {name} is not set");
        // Past the capture of the test harness: a suite that was only half run must say so.
        NOTICE.call_once(|| {
            let _ = writeln!(
                std::io::stderr(),
                "NOTICE: {name} is not set; store tests skip that database"
            );
        });
    }
    value
}

fn with_database(url: &str, name: &str) -> String {
    let (base, query) = url
        .split_once('?')
        .map_or((url, None), |(base, query)| (base, Some(query)));
    let host_end = base.find("://").map_or(0, |at| at + 3);
    let base = base[host_end..]
        .find('/')
        .map_or(base, |at| &base[..host_end + at]);
    match query {
        Some(query) => format!("{base}/{name}?{query}"),
        None => format!("{base}/{name}"),
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "a database's name cannot be an argument"
)]
async fn create_database(url: &str) -> String {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let name = format!("terapi_test_{}_{number}", std::process::id());
    let mut conn = PgConnection::connect(url).await.unwrap();
    let drop = format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)");
    sqlx::raw_sql(AssertSqlSafe(drop))
        .execute(&mut conn)
        .await
        .unwrap();
    let create = format!("CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8'");
    sqlx::raw_sql(AssertSqlSafe(create))
        .execute(&mut conn)
        .await
        .unwrap();
    name
}

#[expect(
    clippy::disallowed_methods,
    reason = "a database's name cannot be an argument"
)]
async fn drop_database(url: &str, name: &str) {
    let mut conn = PgConnection::connect(url).await.unwrap();
    let drop = format!("DROP DATABASE {name} WITH (FORCE)");
    sqlx::raw_sql(AssertSqlSafe(drop))
        .execute(&mut conn)
        .await
        .unwrap();
}
