//! Opening a database.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection};

use crate::StoreError;
use crate::store::{Backend, Store};
use crate::writer::{PATIENCE, Writer};

/// How many connections read from SQLite at once.
const SQLITE_READERS: u32 = 4;
/// How many connections are held to PostgreSQL.
const POSTGRES_CONNECTIONS: u32 = 10;
/// How long SQLite waits for another process that writes.
const BUSY: Duration = Duration::from_secs(5);
/// A connection unused for longer is asked whether it still lives.
const TRUSTED_FOR: Duration = Duration::from_secs(5);

/// Where the data is.
#[derive(Clone)]
pub struct StoreOptions {
    /// `sqlite:path` or `postgres://…`. May hold a password.
    pub url: String,
    /// The kind of pooler between us and PostgreSQL, if there is one.
    pub pooler: Option<Pooler>,
    /// A PostgreSQL URL that leads past the pooler, for migrations.
    pub direct_url: Option<String>,
}

/// How a pooler shares server connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pooler {
    /// Each transaction may get another server connection (PgBouncer's `pool_mode = transaction`).
    Transaction,
}

impl StoreOptions {
    /// A database that is reached directly.
    pub fn new(url: impl Into<String>) -> Self {
        StoreOptions {
            url: url.into(),
            pooler: None,
            direct_url: None,
        }
    }

    /// The SQLite file that opening would make, when it is not there yet.
    pub fn missing_file(&self) -> Option<&Path> {
        self.sqlite_file().filter(|path| !path.exists())
    }

    fn sqlite_file(&self) -> Option<&Path> {
        let path = self.url.strip_prefix("sqlite:")?;
        let path = path.strip_prefix("//").unwrap_or(path);
        Some(Path::new(path.split('?').next().unwrap_or_default()))
    }
}

impl fmt::Debug for StoreOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = self.url.split(':').next().unwrap_or_default();
        f.debug_struct("StoreOptions")
            .field("scheme", &scheme)
            .field("pooler", &self.pooler)
            .field("direct_url", &self.direct_url.is_some())
            .finish()
    }
}

/// Why a database could not be opened. Never repeats the URL, which may hold a password.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Neither SQLite nor PostgreSQL.
    #[error("the database URL must begin with sqlite: or postgres://")]
    UnknownScheme,
    /// No file is named, or one that would be lost when the process ends.
    #[error("the SQLite URL must name a file, for example sqlite:data/terapi.db")]
    NoFile,
    /// A PostgreSQL URL that cannot be read.
    #[error("the PostgreSQL URL is malformed")]
    MalformedUrl,
    /// The same of the one that leads past the pooler.
    #[error("the PostgreSQL URL past the pooler is malformed")]
    MalformedDirectUrl,
    /// The file or its folder cannot be made.
    #[error("cannot create {}", path.display())]
    Create {
        /// File or folder.
        path: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
    /// The database did not let us in.
    #[error(transparent)]
    Connect(#[from] StoreError),
}

impl From<sqlx::Error> for OpenError {
    fn from(error: sqlx::Error) -> Self {
        OpenError::Connect(error.into())
    }
}

impl Store {
    /// Opens the database; a SQLite file and its folder are made if missing, readable by their owner only.
    /// The schema is not looked at: see [`Store::migrate`].
    ///
    /// # Errors
    /// [`OpenError`].
    pub async fn open(options: &StoreOptions) -> Result<Store, OpenError> {
        if let Some(path) = options.sqlite_file() {
            if path.as_os_str().is_empty() || path.to_string_lossy().contains(":memory:") {
                return Err(OpenError::NoFile);
            }
            open_sqlite(path).await
        } else if options.url.starts_with("postgres://") || options.url.starts_with("postgresql://") {
            open_postgres(options).await
        } else {
            Err(OpenError::UnknownScheme)
        }
    }
}

async fn open_sqlite(path: &Path) -> Result<Store, OpenError> {
    create_file(path)?;
    let write = sqlite_options(path).synchronous(SqliteSynchronous::Full);
    let counts = Arc::default();
    let writer = Writer::open(write, Arc::clone(&counts)).await?;
    let read = SqlitePoolOptions::new()
        .max_connections(SQLITE_READERS)
        .acquire_timeout(PATIENCE)
        .test_before_acquire(false)
        .idle_timeout(None)
        .max_lifetime(None)
        .connect_with(sqlite_options(path).pragma("query_only", "ON"))
        .await?;
    Ok(Store::new(
        Backend::Sqlite {
            path: path.to_owned(),
            writer,
            read,
        },
        counts,
    ))
}

/// The settings that every connection to a SQLite file has.
pub(crate) fn sqlite_options(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .journal_mode(SqliteJournalMode::Wal)
        .foreign_keys(true)
        .busy_timeout(BUSY)
        .statement_cache_capacity(200)
        .pragma("trusted_schema", "OFF")
        .pragma("temp_store", "MEMORY")
        .pragma("journal_size_limit", "67108864")
        .disable_statement_logging()
}

#[cfg(unix)]
fn create_file(path: &Path) -> Result<(), OpenError> {
    use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(folder)
            .map_err(|source| OpenError::Create {
                path: folder.to_owned(),
                source,
            })?;
    }
    std::fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(path)
        .map(drop)
        .map_err(|source| OpenError::Create {
            path: path.to_owned(),
            source,
        })
}

#[cfg(not(unix))]
fn create_file(path: &Path) -> Result<(), OpenError> {
    let create = |path: &Path, outcome: std::io::Result<()>| {
        outcome.map_err(|source| OpenError::Create {
            path: path.to_owned(),
            source,
        })
    };
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        create(folder, std::fs::create_dir_all(folder))?;
    }
    let file = std::fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .open(path);
    create(path, file.map(drop))
}

async fn open_postgres(options: &StoreOptions) -> Result<Store, OpenError> {
    let pooled = options.pooler == Some(Pooler::Transaction);
    let connect = postgres_options(&options.url, pooled)?;
    let direct = match &options.direct_url {
        Some(url) => postgres_options(url, false).map_err(|_| OpenError::MalformedDirectUrl)?,
        None => connect.clone(),
    };
    // The pool would try for as long as it waits, and then say only that it timed out.
    connect.connect().await?.close().await?;
    let pool = PgPoolOptions::new()
        .max_connections(POSTGRES_CONNECTIONS)
        .acquire_timeout(PATIENCE)
        .test_before_acquire(false)
        .before_acquire(|conn, meta| {
            Box::pin(async move {
                if meta.idle_for > TRUSTED_FOR {
                    conn.ping().await?;
                }
                Ok(true)
            })
        })
        .connect_lazy_with(connect);
    Ok(Store::new(
        Backend::Postgres {
            pool,
            pooled,
            direct: Box::new(direct),
        },
        Arc::default(),
    ))
}

/// No `options` and no `extra_float_digits`: PgBouncer refuses both as start-up parameters.
fn postgres_options(url: &str, pooled: bool) -> Result<PgConnectOptions, OpenError> {
    let options = PgConnectOptions::from_str(url).map_err(|_| OpenError::MalformedUrl)?;
    let options = options
        .extra_float_digits(None)
        .application_name("terapi")
        .disable_statement_logging();
    Ok(if pooled {
        options.statement_cache_capacity(0)
    } else {
        options
    })
}
