//! The one write connection of SQLite, and group commit.
//!
//! `synchronous=FULL` makes every commit wait for the disk, so writers that wait for each other share one: a task
//! owns the connection and lends it to one writer after another, each inside a savepoint of the same outer
//! transaction. When nobody waits any more (or [`MOST`] are in), it commits, and only then tells all of them.
//! A writer that gives up rolls back its savepoint and takes nobody with it. If the outer transaction itself is
//! lost, all its members are told so.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use sqlx::ConnectOptions;
use sqlx::Connection;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use tokio::sync::{mpsc, oneshot};

use crate::StoreError;

/// How many writers one commit serves at most.
const MOST: usize = 64;

/// How long a writer waits for its turn.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

/// What was written since the store was opened.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    /// Transactions that were kept.
    pub(crate) transactions: AtomicU64,
    /// Commits they took.
    pub(crate) commits: AtomicU64,
}

type Reply = oneshot::Sender<Result<(), StoreError>>;

enum Ask {
    Lend(oneshot::Sender<Result<Loan, StoreError>>),
    Close(oneshot::Sender<()>),
}

struct Return {
    conn: Box<SqliteConnection>,
    /// Whom to tell about the commit; none: the writer gave up.
    kept: Option<Reply>,
}

/// The write connection, inside a savepoint. Dropping it rolls the savepoint back.
pub(crate) struct Loan {
    inner: Option<(Box<SqliteConnection>, oneshot::Sender<Return>)>,
}

impl Loan {
    pub(crate) fn conn(&mut self) -> &mut SqliteConnection {
        let (conn, _) = self
            .inner
            .as_mut()
            .expect("taken only by commit, which consumes the loan");
        conn
    }

    /// Hands the connection back and waits until the group is on disk.
    pub(crate) async fn commit(mut self) -> Result<(), StoreError> {
        let (reply, told) = oneshot::channel();
        if let Some((conn, back)) = self.inner.take() {
            // When the keeper is gone, so is `reply`, and the wait below says so.
            let _ = back.send(Return {
                conn,
                kept: Some(reply),
            });
        }
        told.await.unwrap_or_else(|_| Err(closed()))
    }
}

impl Drop for Loan {
    fn drop(&mut self) {
        if let Some((conn, back)) = self.inner.take() {
            let _ = back.send(Return { conn, kept: None });
        }
    }
}

fn closed() -> StoreError {
    StoreError::unavailable("the store is closed")
}

/// Where writers queue, first come first served.
#[derive(Debug, Clone)]
pub(crate) struct Writer {
    queue: mpsc::UnboundedSender<Ask>,
}

impl Writer {
    /// Opens the connection and starts the task that keeps it.
    pub(crate) async fn open(
        options: SqliteConnectOptions,
        counts: Arc<Counts>,
    ) -> Result<Self, sqlx::Error> {
        let conn = Box::new(options.connect().await?);
        let (queue, asks) = mpsc::unbounded_channel();
        let keeper = Keeper {
            options,
            conn,
            asks,
            counts,
            closing: None,
        };
        tokio::spawn(keeper.keep());
        Ok(Writer { queue })
    }

    /// Waits for the connection.
    pub(crate) async fn borrow(&self) -> Result<Loan, StoreError> {
        let (ask, answer) = oneshot::channel();
        self.queue.send(Ask::Lend(ask)).map_err(|_| closed())?;
        match tokio::time::timeout(PATIENCE, answer).await {
            Ok(Ok(lent)) => lent,
            Ok(Err(_)) => Err(closed()),
            Err(_) => Err(StoreError::unavailable("other writers took too long")),
        }
    }

    /// Closes the connection after those who queue already.
    pub(crate) async fn close(&self) {
        let (done, closed) = oneshot::channel();
        if self.queue.send(Ask::Close(done)).is_ok() {
            let _ = closed.await;
        }
    }
}

struct Keeper {
    options: SqliteConnectOptions,
    conn: Box<SqliteConnection>,
    asks: mpsc::UnboundedReceiver<Ask>,
    counts: Arc<Counts>,
    closing: Option<oneshot::Sender<()>>,
}

impl Keeper {
    async fn keep(mut self) {
        while self.closing.is_none() {
            match self.asks.recv().await {
                Some(Ask::Lend(asker)) => self = self.serve(asker).await,
                Some(Ask::Close(done)) => self.closing = Some(done),
                None => break,
            }
        }
        if let Err(error) = self.conn.close().await {
            tracing::warn!(error = %StoreError::from(error), "the write connection did not close cleanly");
        }
        if let Some(done) = self.closing {
            let _ = done.send(());
        }
    }

    /// One group: from BEGIN to COMMIT.
    async fn serve(mut self, first: oneshot::Sender<Result<Loan, StoreError>>) -> Self {
        if first.is_closed() {
            return self;
        }
        if let Err(error) = self.begin().await {
            let _ = first.send(Err(error));
            return self;
        }
        let mut kept: Vec<Reply> = Vec::new();
        let mut next = Some(first);
        let mut lost = None;
        while let Some(asker) = next.take() {
            if let Err(error) = self.execute("SAVEPOINT member").await {
                let _ = asker.send(Err(error.clone()));
                lost = Some(error);
                break;
            }
            let (back, returned) = oneshot::channel();
            let loan = Loan {
                inner: Some((self.conn, back)),
            };
            // An asker that is gone drops the loan, which sends it back.
            drop(asker.send(Ok(loan)));
            let returned = returned
                .await
                .expect("a loan sends its connection back, at the latest when dropped");
            self.conn = returned.conn;
            let ended = match returned.kept {
                Some(reply) => {
                    kept.push(reply);
                    self.execute("RELEASE member").await
                }
                None => match self.execute("ROLLBACK TO member").await {
                    Ok(()) => self.execute("RELEASE member").await,
                    Err(error) => Err(error),
                },
            };
            if let Err(error) = ended {
                lost = Some(error);
                break;
            }
            if kept.len() < MOST {
                next = self.next_asker();
            }
        }
        let outcome = match lost {
            Some(error) => Err(StoreError::unavailable(format!(
                "the transaction was lost: {error}"
            ))),
            None if kept.is_empty() => self.execute("ROLLBACK").await,
            None => self.execute("COMMIT").await,
        };
        match &outcome {
            Ok(()) if !kept.is_empty() => {
                self.counts.commits.fetch_add(1, Ordering::Relaxed);
                self.counts
                    .transactions
                    .fetch_add(kept.len() as u64, Ordering::Relaxed);
            }
            Ok(()) => {}
            Err(error) => {
                tracing::error!(%error, members = kept.len(), "a group of writes was lost");
                // Fails when SQLite has rolled back by itself, which is as good.
                let _ = self.execute("ROLLBACK").await;
            }
        }
        for reply in kept {
            let _ = reply.send(outcome.clone());
        }
        self
    }

    /// The next writer that waits already.
    fn next_asker(&mut self) -> Option<oneshot::Sender<Result<Loan, StoreError>>> {
        while self.closing.is_none() {
            match self.asks.try_recv().ok()? {
                Ask::Lend(asker) if !asker.is_closed() => return Some(asker),
                Ask::Lend(_) => {}
                Ask::Close(done) => self.closing = Some(done),
            }
        }
        None
    }

    async fn begin(&mut self) -> Result<(), StoreError> {
        match sqlx::query("BEGIN IMMEDIATE").execute(&mut *self.conn).await {
            Ok(_) => Ok(()),
            Err(sqlx::Error::WorkerCrashed) => {
                *self.conn = self.options.connect().await?;
                self.execute("BEGIN IMMEDIATE").await
            }
            Err(error) => Err(error.into()),
        }
    }

    async fn execute(&mut self, sql: &'static str) -> Result<(), StoreError> {
        sqlx::query(sql).execute(&mut *self.conn).await?;
        Ok(())
    }
}
