//! The store itself.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use sqlx::postgres::{PgConnectOptions, PgPool};
use sqlx::sqlite::SqlitePool;

use crate::access::{ReaderOn, TxOn};
use crate::sql::{Only, one};
use crate::writer::{Counts, Writer};
use crate::{Reader, StoreError, Tx};

/// A statement may run this long inside a transaction on PostgreSQL.
const BEGIN: &str = "BEGIN; SET LOCAL statement_timeout = '30s'; SET LOCAL lock_timeout = '10s'";
const BEGIN_READ: &str = "BEGIN READ ONLY; SET LOCAL statement_timeout = '30s'";

/// A database, open. Cloning shares it.
#[derive(Debug, Clone)]
pub struct Store {
    pub(crate) backend: Arc<Backend>,
    counts: Arc<Counts>,
}

#[derive(Debug)]
pub(crate) enum Backend {
    Sqlite {
        path: PathBuf,
        writer: Writer,
        read: SqlitePool,
    },
    Postgres {
        pool: PgPool,
        /// Behind a pooler in transaction mode.
        pooled: bool,
        /// Where migrations run.
        direct: Box<PgConnectOptions>,
    },
}

/// Which database it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// SQLite.
    Sqlite,
    /// PostgreSQL.
    Postgres,
}

/// What was written since the store was opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WriteCounts {
    /// Transactions that were committed.
    pub transactions: u64,
    /// Commits they took. Fewer than transactions on SQLite, where writers share commits.
    pub commits: u64,
}

impl Store {
    pub(crate) fn new(backend: Backend, counts: Arc<Counts>) -> Self {
        Store {
            backend: Arc::new(backend),
            counts,
        }
    }

    /// Which database it is.
    pub fn dialect(&self) -> Dialect {
        match &*self.backend {
            Backend::Sqlite { .. } => Dialect::Sqlite,
            Backend::Postgres { .. } => Dialect::Postgres,
        }
    }

    /// Begins a transaction. On SQLite writers come one after another, in the order they asked.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database cannot be reached or others write for too long.
    pub async fn begin(&self) -> Result<Tx, StoreError> {
        let on = match &*self.backend {
            Backend::Sqlite { writer, .. } => TxOn::Sqlite(writer.borrow().await?),
            Backend::Postgres { pool, pooled, .. } => TxOn::Postgres {
                transaction: pool.begin_with(BEGIN).await?,
                keeps_statements: !pooled,
                counts: Arc::clone(&self.counts),
            },
        };
        Ok(Tx::new(on))
    }

    /// Read access, for queries that need no transaction.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database cannot be reached.
    pub async fn read(&self) -> Result<Reader, StoreError> {
        let on = match &*self.backend {
            Backend::Sqlite { read, .. } => ReaderOn::Sqlite(read.acquire().await?),
            Backend::Postgres {
                pool, pooled: true, ..
            } => ReaderOn::Pooled(pool.begin_with(BEGIN_READ).await?),
            Backend::Postgres { pool, .. } => ReaderOn::Postgres(pool.acquire().await?),
        };
        Ok(Reader { on })
    }

    /// Asks the database for a sign of life.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when there is none.
    pub async fn ping(&self) -> Result<(), StoreError> {
        let mut db = self.read().await?;
        one::<Only<i64>>(&mut db, "SELECT CAST(1 AS BIGINT)", &[]).await?;
        Ok(())
    }

    /// How much was written through this store.
    pub fn write_counts(&self) -> WriteCounts {
        WriteCounts {
            transactions: self.counts.transactions.load(Ordering::Relaxed),
            commits: self.counts.commits.load(Ordering::Relaxed),
        }
    }

    /// Closes every connection after those who write already are done.
    pub async fn close(&self) {
        match &*self.backend {
            Backend::Sqlite { writer, read, .. } => {
                read.close().await;
                writer.close().await;
            }
            Backend::Postgres { pool, .. } => pool.close().await,
        }
    }
}
