use std::fmt;

/// Why a query gave no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// The database cannot be reached, is too busy, out of space, or gave up the statement. Trying again later may
    /// help.
    #[error("the database is not available: {reason}")]
    Unavailable {
        /// For the log; holds no value of any row.
        reason: String,
    },
    /// A row with the same unique value exists.
    #[error("{constraint} is taken")]
    Conflict {
        /// Which value it is that must be unique.
        constraint: Constraint,
    },
    /// A row that this one points to is missing, or one that is still pointed to was to be removed.
    #[error("a row of the database points to one that does not exist")]
    BrokenReference,
    /// The database holds something this version cannot read.
    #[error("{place} in the database is unreadable: {why}")]
    Corrupt {
        /// Row struct and field.
        place: &'static str,
        /// What is wrong; never the value.
        why: &'static str,
    },
    /// A statement of this transaction failed before, so nothing of it was kept.
    #[error("the transaction was given up after an earlier error")]
    Aborted,
    /// Anything else; a defect of Terapi or of the database.
    #[error("the database refused a statement: {0}")]
    Database(DatabaseFault),
}

/// What the database said, without values of rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DatabaseFault {
    /// SQLSTATE on PostgreSQL, extended result code on SQLite.
    pub code: Option<String>,
    /// The database's own words.
    pub message: String,
}

impl fmt::Display for DatabaseFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.code {
            Some(code) => write!(f, "{} (code {code})", self.message),
            None => f.write_str(&self.message),
        }
    }
}

macro_rules! constraints {
    ($($(#[$doc:meta])* $name:ident = $index:literal, $columns:literal, $label:literal;)*) => {
        /// A value that must be unique.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Constraint {
            $($(#[$doc])* $name,)*
            /// A minted id, token or hash that exists already. Not something a caller can mend.
            Minted,
        }

        impl Constraint {
            /// PostgreSQL names the index that was violated.
            fn of_index(name: &str) -> Self {
                match name { $($index => Constraint::$name,)* _ => Constraint::Minted }
            }

            /// SQLite lists the columns of it.
            fn of_columns(columns: &str) -> Self {
                match columns { $($columns => Constraint::$name,)* _ => Constraint::Minted }
            }
        }

        impl fmt::Display for Constraint {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(match self { $(Constraint::$name => $label,)* Constraint::Minted => "a minted id" })
            }
        }
    };
}

constraints! {
    /// An operator's e-mail address, ignoring case.
    OperatorEmail = "operator_by_email", "operator.email_key", "this e-mail address";
    /// An operator is in an account once.
    Membership = "membership_pkey", "membership.account_id, membership.operator_id", "this membership";
    /// An environment's name in its account, among the live ones.
    EnvironmentName = "environment_by_name", "environment.account_id, environment.name", "this environment name";
    /// An environment's public key.
    EnvironmentPublicKey = "environment_by_public_key", "environment.public_key", "this public key";
    /// A variable's name in its environment.
    EnvironmentVariableName = "environment_variable_by_name",
        "environment_variable.environment_id, environment_variable.name", "this variable name";
    /// The secret of an API key, among the live ones.
    ApiKeySecret = "api_key_by_hash", "api_key.secret_hash", "this API key";
    /// An API key's name in its environment, among the live ones.
    ApiKeyName = "api_key_by_name", "api_key.environment_id, api_key.display_name", "this API key name";
    /// An integration's key in its environment, among the live ones.
    IntegrationKey = "integration_by_key", "integration.environment_id, integration.unique_key",
        "this integration key";
    /// A connection's id under its integration, among the live ones.
    ConnectionKey = "connection_by_key",
        "connection.environment_id, connection.integration_id, connection.connection_id", "this connection id";
}

impl StoreError {
    pub(crate) fn unavailable(reason: impl fmt::Display) -> Self {
        StoreError::Unavailable {
            reason: reason.to_string(),
        }
    }

    fn of_database(error: &dyn sqlx::error::DatabaseError) -> Self {
        use sqlx::error::ErrorKind;
        let code = error.code().map(|code| code.into_owned());
        match error.kind() {
            ErrorKind::UniqueViolation => {
                let constraint = match error.constraint() {
                    Some(index) => Constraint::of_index(index),
                    None => Constraint::of_columns(error.message().rsplit(": ").next().unwrap_or_default()),
                };
                return StoreError::Conflict { constraint };
            }
            ErrorKind::ForeignKeyViolation => return StoreError::BrokenReference,
            _ => {}
        }
        let postgres = error
            .try_downcast_ref::<sqlx::postgres::PgDatabaseError>()
            .is_some();
        let passing = code.as_deref().is_some_and(|code| {
            if postgres {
                // Connection, resources, operator intervention; deadlock, serialization, lock timeout.
                ["08", "53", "57", "58"]
                    .iter()
                    .any(|class| code.starts_with(class))
                    || ["40001", "40P01", "55P03", "25006"].contains(&code)
            } else {
                // Low byte of an SQLite code: BUSY, LOCKED, READONLY, INTERRUPT, IOERR, FULL, CANTOPEN.
                code.parse::<i32>()
                    .is_ok_and(|code| [5, 6, 8, 9, 10, 13, 14].contains(&(code & 0xff)))
            }
        });
        let message = error.message().to_owned();
        if passing {
            StoreError::Unavailable { reason: message }
        } else {
            StoreError::Database(DatabaseFault { code, message })
        }
    }
}

/// Keeps message and code. The rest of a database's report (its detail, the failing row) may quote values.
impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        use sqlx::Error as E;
        match error {
            E::Database(error) => Self::of_database(&*error),
            E::Io(_) | E::Tls(_) | E::PoolTimedOut | E::PoolClosed | E::WorkerCrashed | E::BeginFailed => {
                Self::unavailable(error)
            }
            other => StoreError::Database(DatabaseFault {
                code: None,
                message: other.to_string(),
            }),
        }
    }
}
