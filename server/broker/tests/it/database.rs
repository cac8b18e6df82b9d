//! Where a house keeps its rows.
//!
//! Every test runs on a SQLite file. Those whose promise rests on the database, through [`on_each`], also run on
//! PostgreSQL when `TERAPI_TEST_POSTGRES` is a URL whose user may create databases; `psql` and `pg_dump` make, read
//! and drop them, because only the store may name a driver. With `TERAPI_REQUIRE_POSTGRES=1` it must be set.

use std::io::Write;
use std::process::Command;
use std::sync::Once;
use std::sync::atomic::{AtomicU32, Ordering};

use tempfile::TempDir;

/// A kind of database.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Kind {
    #[default]
    Sqlite,
    Postgres,
}

/// Runs `test` on each kind of database there is.
#[allow(clippy::print_stdout, reason = "shown with a failure: which database it was")]
pub async fn on_each(test: impl AsyncFn(Kind)) {
    println!("on SQLite");
    test(Kind::Sqlite).await;
    if server().is_some() {
        println!("on PostgreSQL");
        test(Kind::Postgres).await;
    }
}

/// An empty database, gone with this value.
pub enum Database {
    Sqlite(TempDir),
    Postgres { server: String, name: String },
}

impl Database {
    pub fn create(kind: Kind) -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        match kind {
            Kind::Sqlite => Self::Sqlite(tempfile::tempdir().unwrap()),
            Kind::Postgres => {
                let server = server().expect("on_each looked");
                let number = NUMBER.fetch_add(1, Ordering::Relaxed);
                let name = format!("terapi_broker_{}_{number}", std::process::id());
                assert!(psql(&server, &drop_statement(&name)), "a left-over is dropped");
                let create = format!("CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8'");
                assert!(psql(&server, &create), "the database is made");
                Self::Postgres { server, name }
            }
        }
    }

    pub fn url(&self) -> String {
        match self {
            Self::Sqlite(folder) => format!("sqlite:{}", folder.path().join("terapi.db").display()),
            Self::Postgres { server, name } => with_database(server, name),
        }
    }

    /// Whether these bytes lie anywhere in it: in any file, or in a dump.
    pub fn has_bytes(&self, needle: &str) -> bool {
        let contains = |haystack: &[u8]| {
            haystack
                .windows(needle.len())
                .any(|window| window == needle.as_bytes())
        };
        match self {
            Self::Sqlite(folder) => std::fs::read_dir(folder.path())
                .unwrap()
                .any(|entry| contains(&std::fs::read(entry.unwrap().path()).unwrap())),
            Self::Postgres { .. } => {
                let mut dump = Command::new("pg_dump");
                let dump = dump.args(["--data-only", "--dbname", &self.url()]).output();
                let dump = dump.expect("pg_dump is installed");
                assert!(dump.status.success(), "{}", String::from_utf8_lossy(&dump.stderr));
                contains(&dump.stdout)
            }
        }
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        if let Self::Postgres { server, name } = self {
            let dropped = psql(server, &drop_statement(name));
            assert!(dropped || std::thread::panicking(), "{name} is dropped");
        }
    }
}

fn drop_statement(name: &str) -> String {
    format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")
}

fn psql(url: &str, statement: &str) -> bool {
    let mut psql = Command::new("psql");
    psql.env("PGOPTIONS", "--client-min-messages=warning");
    psql.args(["--no-psqlrc", "--quiet", "--dbname", url, "--command", statement]);
    psql.status().expect("psql is installed").success()
}

#[expect(
    clippy::disallowed_methods,
    reason = "what the tests run on is no setting of the program"
)]
fn server() -> Option<String> {
    static NOTICE: Once = Once::new();
    let url = std::env::var("TERAPI_TEST_POSTGRES")
        .ok()
        .filter(|url| !url.is_empty());
    if url.is_none() {
        let required = std::env::var("TERAPI_REQUIRE_POSTGRES").is_ok_and(|value| value == "1");
        assert!(
            !required,
            "TERAPI_REQUIRE_POSTGRES=1, but TERAPI_TEST_POSTGRES is not set"
        );
        // Past the capture of the test harness: a suite that was only half run must say so.
        NOTICE.call_once(|| {
            let _ = writeln!(
                std::io::stderr(),
                "NOTICE: TERAPI_TEST_POSTGRES is not set; broker tests skip PostgreSQL"
            );
        });
    }
    url
}

fn with_database(server: &str, name: &str) -> String {
    let mut url = url::Url::parse(server).unwrap();
    url.set_path(name);
    url.into()
}
