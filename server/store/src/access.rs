//! Transactions and read access.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgConnection, Postgres};
use sqlx::sqlite::{Sqlite, SqliteConnection};

use crate::StoreError;
use crate::writer::{Counts, Loan};

/// A connection to either database.
#[derive(Debug)]
pub enum Conn<'c> {
    /// SQLite.
    Sqlite(&'c mut SqliteConnection),
    /// PostgreSQL.
    Postgres(&'c mut PgConnection),
}

/// What a query runs on: a [`Tx`] or a [`Reader`].
pub trait Access: Send {
    /// The connection.
    fn conn(&mut self) -> Conn<'_>;

    /// False behind a pooler that gives every transaction another server connection.
    fn keeps_statements(&self) -> bool;

    /// Called when a statement failed.
    fn give_up(&mut self) {}
}

/// A transaction. Dropping it rolls it back.
///
/// After any failed statement it can only be dropped: PostgreSQL refuses to go on, so SQLite does too.
#[must_use = "a transaction that is not committed is rolled back"]
pub struct Tx {
    on: TxOn,
    given_up: bool,
    _alive: Alive,
}

pub(crate) enum TxOn {
    Sqlite(Loan),
    Postgres {
        transaction: sqlx::Transaction<'static, Postgres>,
        keeps_statements: bool,
        counts: Arc<Counts>,
    },
}

impl Tx {
    pub(crate) fn new(on: TxOn) -> Self {
        Tx {
            on,
            given_up: false,
            _alive: Alive::here(),
        }
    }

    /// Keeps everything. Returns when it is on disk.
    ///
    /// # Errors
    /// [`StoreError::Aborted`] after a failed statement; [`StoreError::Unavailable`] when the database did not
    /// confirm. In both cases nothing is promised to be kept.
    pub async fn commit(self) -> Result<(), StoreError> {
        if self.given_up {
            return Err(StoreError::Aborted);
        }
        match self.on {
            TxOn::Sqlite(loan) => loan.commit().await,
            TxOn::Postgres {
                transaction, counts, ..
            } => {
                transaction.commit().await?;
                counts.transactions.fetch_add(1, Ordering::Relaxed);
                counts.commits.fetch_add(1, Ordering::Relaxed);
                Ok(())
            }
        }
    }
}

impl Access for Tx {
    fn conn(&mut self) -> Conn<'_> {
        match &mut self.on {
            TxOn::Sqlite(loan) => Conn::Sqlite(loan.conn()),
            TxOn::Postgres { transaction, .. } => Conn::Postgres(transaction),
        }
    }

    fn keeps_statements(&self) -> bool {
        !matches!(
            self.on,
            TxOn::Postgres {
                keeps_statements: false,
                ..
            }
        )
    }

    fn give_up(&mut self) {
        self.given_up = true;
    }
}

/// Read access without a transaction: each query sees what was committed when it began.
pub struct Reader {
    pub(crate) on: ReaderOn,
}

pub(crate) enum ReaderOn {
    Sqlite(PoolConnection<Sqlite>),
    Postgres(PoolConnection<Postgres>),
    /// Behind a pooler only a transaction keeps its server connection from one message to the next.
    Pooled(sqlx::Transaction<'static, Postgres>),
}

impl Access for Reader {
    fn conn(&mut self) -> Conn<'_> {
        match &mut self.on {
            ReaderOn::Sqlite(conn) => Conn::Sqlite(conn),
            ReaderOn::Postgres(conn) => Conn::Postgres(conn),
            ReaderOn::Pooled(transaction) => Conn::Postgres(transaction),
        }
    }

    fn keeps_statements(&self) -> bool {
        !matches!(self.on, ReaderOn::Pooled(_))
    }
}

/// True when a [`Tx`] begun in the current task is still alive. Always false in release builds.
///
/// For those who talk to the network: a transaction held meanwhile would make every other writer wait for a
/// stranger's server. Futures joined in one task count together: tests that want them apart spawn them.
pub fn tx_alive() -> bool {
    alive::any()
}

#[cfg(debug_assertions)]
use alive::Alive;

#[cfg(debug_assertions)]
mod alive {
    use std::collections::HashMap;
    use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};

    /// A task, or the thread when a runtime's main future runs outside of any task.
    #[derive(Clone, Copy, PartialEq, Eq, Hash)]
    enum Place {
        Task(tokio::task::Id),
        Thread(std::thread::ThreadId),
    }

    impl Place {
        fn here() -> Self {
            tokio::task::try_id().map_or_else(|| Place::Thread(std::thread::current().id()), Place::Task)
        }
    }

    static COUNTS: LazyLock<Mutex<HashMap<Place, usize>>> = LazyLock::new(Mutex::default);

    fn counts() -> MutexGuard<'static, HashMap<Place, usize>> {
        COUNTS.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn any() -> bool {
        counts().contains_key(&Place::here())
    }

    /// Counts one transaction for as long as it lives.
    pub(super) struct Alive(Place);

    impl Alive {
        pub(super) fn here() -> Self {
            let place = Place::here();
            *counts().entry(place).or_default() += 1;
            Alive(place)
        }
    }

    impl Drop for Alive {
        fn drop(&mut self) {
            let mut counts = counts();
            if let Some(count) = counts.get_mut(&self.0) {
                *count -= 1;
                if *count == 0 {
                    counts.remove(&self.0);
                }
            }
        }
    }
}

#[cfg(not(debug_assertions))]
use alive::Alive;

#[cfg(not(debug_assertions))]
mod alive {
    pub(super) fn any() -> bool {
        false
    }

    pub(super) struct Alive;

    impl Alive {
        pub(super) fn here() -> Self {
            Alive
        }
    }
}
