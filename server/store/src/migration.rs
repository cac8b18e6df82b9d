//! Bringing the schema up to date.

use sqlx::migrate::{Migrate, MigrateError as SqlxMigrateError, Migrator};
use sqlx::{ConnectOptions, Connection};

use crate::open::sqlite_options;
use crate::sql::{Only, maybe};
use crate::store::Backend;
use crate::{Dialect, Store, StoreError};

static SQLITE: Migrator = sqlx::migrate!("../../migrations/sqlite");
static POSTGRES: Migrator = sqlx::migrate!("../../migrations/postgres");

/// Held by whoever migrates, until its transaction ends. Any number; ours.
const LOCK: &str = "SELECT pg_advisory_xact_lock(7305510983)";

/// Why the schema is not up to date.
#[derive(Debug, thiserror::Error)]
pub enum MigrateError {
    /// A newer Terapi has migrated this database.
    #[error(
        "this database has schema version {database}, but this program knows only versions up to {program}; \
         start the newer version of Terapi that was used last, or restore a backup from before it"
    )]
    TooNew {
        /// Newest version in the database.
        database: i64,
        /// Newest version this program knows.
        program: i64,
    },
    /// A migration that was applied has other contents than the one this program has.
    #[error(
        "migration {version} was applied in another form; this database was made by another build of Terapi"
    )]
    Changed {
        /// Which.
        version: i64,
    },
    /// A migration failed; nothing of it was kept.
    #[error("migration failed: {0}")]
    Failed(#[from] StoreError),
}

/// How the schema of the database compares with this program's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SchemaState {
    /// An empty database.
    Missing,
    /// [`Store::migrate`] has something to do.
    Older,
    /// The same.
    Current,
    /// Made by a newer version of Terapi.
    Newer,
}

fn of_sqlx(error: SqlxMigrateError) -> MigrateError {
    match error {
        SqlxMigrateError::VersionMismatch(version) => MigrateError::Changed { version },
        SqlxMigrateError::Execute(error) | SqlxMigrateError::ExecuteMigration(error, _) => {
            MigrateError::Failed(error.into())
        }
        other => MigrateError::Failed(StoreError::unavailable(other)),
    }
}

/// Applies what is missing. The caller's transaction makes it all or nothing, and keeps others out.
async fn apply<C: Migrate>(migrator: &Migrator, conn: &mut C) -> Result<(), MigrateError> {
    conn.ensure_migrations_table(&migrator.table_name)
        .await
        .map_err(of_sqlx)?;
    let applied = conn
        .list_applied_migrations(&migrator.table_name)
        .await
        .map_err(of_sqlx)?;
    let database = applied
        .iter()
        .map(|migration| migration.version)
        .max()
        .unwrap_or(0);
    let program = newest(migrator);
    if database > program {
        return Err(MigrateError::TooNew { database, program });
    }
    for migration in migrator.iter() {
        match applied
            .iter()
            .find(|applied| applied.version == migration.version)
        {
            Some(applied) if applied.checksum == migration.checksum => {}
            Some(_) => {
                return Err(MigrateError::Changed {
                    version: migration.version,
                });
            }
            None => {
                conn.apply(&migrator.table_name, migration)
                    .await
                    .map_err(of_sqlx)?;
                tracing::info!(version = migration.version, "applied migration");
            }
        }
    }
    Ok(())
}

fn newest(migrator: &Migrator) -> i64 {
    migrator
        .iter()
        .map(|migration| migration.version)
        .max()
        .unwrap_or(0)
}

impl Store {
    /// Applies the migrations that are missing, all or none. Several processes may try at once: one works, the
    /// others wait and find nothing left to do.
    ///
    /// # Errors
    /// [`MigrateError`].
    pub async fn migrate(&self) -> Result<(), MigrateError> {
        match &*self.backend {
            Backend::Sqlite { path, .. } => {
                let mut conn = sqlite_options(path).connect().await.map_err(StoreError::from)?;
                let mut tx = conn
                    .begin_with("BEGIN IMMEDIATE")
                    .await
                    .map_err(StoreError::from)?;
                apply(&SQLITE, &mut *tx).await?;
                tx.commit().await.map_err(StoreError::from)?;
                conn.close().await.map_err(StoreError::from)?;
            }
            Backend::Postgres { direct, .. } => {
                let mut conn = direct.connect().await.map_err(StoreError::from)?;
                let mut tx = conn.begin().await.map_err(StoreError::from)?;
                // The migrator names its statements; behind a pooler others may meet them.
                forget_statements(&mut tx).await?;
                sqlx::raw_sql(LOCK)
                    .execute(&mut *tx)
                    .await
                    .map_err(StoreError::from)?;
                apply(&POSTGRES, &mut *tx).await?;
                forget_statements(&mut tx).await?;
                tx.commit().await.map_err(StoreError::from)?;
                conn.close().await.map_err(StoreError::from)?;
            }
        }
        Ok(())
    }

    /// Compares the schema with this program's, changing nothing.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub async fn schema_state(&self) -> Result<SchemaState, StoreError> {
        let mut db = self.read().await?;
        let (exists, migrator) = match self.dialect() {
            Dialect::Sqlite => (
                "SELECT name FROM sqlite_master WHERE name = '_sqlx_migrations'",
                &SQLITE,
            ),
            Dialect::Postgres => (
                "SELECT CAST(relname AS TEXT) FROM pg_class WHERE oid = to_regclass('_sqlx_migrations')",
                &POSTGRES,
            ),
        };
        if maybe::<Only<String>>(&mut db, exists, &[]).await?.is_none() {
            return Ok(SchemaState::Missing);
        }
        let newest_applied = "SELECT version FROM _sqlx_migrations ORDER BY version DESC LIMIT 1";
        let database = maybe::<Only<i64>>(&mut db, newest_applied, &[])
            .await?
            .map_or(0, |version| version.0);
        Ok(match database.cmp(&newest(migrator)) {
            std::cmp::Ordering::Less => SchemaState::Older,
            std::cmp::Ordering::Equal => SchemaState::Current,
            std::cmp::Ordering::Greater => SchemaState::Newer,
        })
    }
}

async fn forget_statements(conn: &mut sqlx::PgConnection) -> Result<(), StoreError> {
    sqlx::raw_sql("DEALLOCATE ALL").execute(conn).await?;
    Ok(())
}
