//! Running statements: each text once, on whichever database is there.

use sqlx::error::BoxDynError;
use sqlx::postgres::PgArguments;
use sqlx::sqlite::SqliteArguments;
use sqlx::{AssertSqlSafe, SqlSafeStr};

use crate::column::{Bind, Binds, Cells, Column};
use crate::{Access, Conn, DatabaseFault, StoreError};

/// A struct that is read from cells lying side by side.
pub(crate) trait Record: Sized + Send {
    /// How many cells.
    const WIDTH: usize;

    fn read(cells: &mut Cells<'_>) -> Result<Self, StoreError>;
}

/// What an outer join gives: nothing when the first cell, its key, is null.
impl<R: Record> Record for Option<R> {
    const WIDTH: usize = R::WIDTH;

    fn read(cells: &mut Cells<'_>) -> Result<Self, StoreError> {
        if cells.is_null() {
            cells.skip(R::WIDTH);
            return Ok(None);
        }
        R::read(cells).map(Some)
    }
}

macro_rules! tuples {
    ($(($($part:ident),*);)*) => {$(
        impl<$($part: Record),*> Record for ($($part,)*) {
            const WIDTH: usize = 0 $(+ $part::WIDTH)*;

            fn read(cells: &mut Cells<'_>) -> Result<Self, StoreError> {
                Ok(($($part::read(cells)?,)*))
            }
        }
    )*};
}
tuples! { (A, B); (A, B, C); (A, B, C, D); }

/// A single cell as a record.
pub(crate) struct Only<T>(pub(crate) T);

impl<T: Column + Send> Record for Only<T> {
    const WIDTH: usize = 1;

    fn read(cells: &mut Cells<'_>) -> Result<Self, StoreError> {
        match T::get(cells) {
            Ok(Some(value)) => Ok(Only(value)),
            Ok(None) => Err(StoreError::Corrupt {
                place: "a computed column",
                why: "null",
            }),
            Err(unreadable) => Err(StoreError::Corrupt {
                place: "a computed column",
                why: unreadable.0,
            }),
        }
    }
}

/// Defines a row struct, how it is read, and a macro with its columns, so that the two cannot differ:
/// `columns!()` lists them, `columns!("a")` lists them under an alias, `columns!(insert "table")` is the statement
/// that inserts a whole row with the arguments of `binds()`.
macro_rules! row {
    (
        $dollar:tt columns $columns:ident;
        $(#[$doc:meta])*
        pub struct $Row:ident {
            $(#[$head_doc:meta])* pub $head:ident: $head_type:ty,
            $($(#[$field_doc:meta])* pub $field:ident: $field_type:ty,)*
        }
    ) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq)]
        pub struct $Row {
            $(#[$head_doc])* pub $head: $head_type,
            $($(#[$field_doc])* pub $field: $field_type,)*
        }

        impl $crate::sql::Record for $Row {
            const WIDTH: usize = [stringify!($head) $(, stringify!($field))*].len();

            fn read(cells: &mut $crate::column::Cells<'_>) -> Result<Self, $crate::StoreError> {
                Ok(Self {
                    $head: $crate::sql::read_cell(cells, concat!(stringify!($Row), ".", stringify!($head)))?,
                    $($field: $crate::sql::read_cell(cells, concat!(stringify!($Row), ".", stringify!($field)))?,)*
                })
            }
        }

        impl $Row {
            #[allow(dead_code, reason = "rows of joins are only read")]
            pub(crate) fn binds(&self) -> Vec<&(dyn $crate::column::Bind + Sync)> {
                vec![&self.$head $(, &self.$field)*]
            }
        }

        #[allow(unused_macros, reason = "not every row is inserted, not every row is joined")]
        macro_rules! $columns {
            () => { concat!(stringify!($head) $(, ", ", stringify!($field))*) };
            (insert $dollar table:literal) => {
                concat!(
                    "INSERT INTO ", $dollar table, " (", $columns!(), ") VALUES (",
                    $crate::sql::placeholders!(
                        []
                        ["$1" "$2" "$3" "$4" "$5" "$6" "$7" "$8" "$9" "$10" "$11" "$12" "$13" "$14" "$15" "$16"
                         "$17" "$18" "$19" "$20" "$21" "$22" "$23" "$24" "$25" "$26" "$27" "$28" "$29" "$30"]
                        $head $($field)*
                    ),
                    ")"
                )
            };
            ($dollar alias:literal) => {
                concat!($dollar alias, ".", stringify!($head) $(, ", ", $dollar alias, ".", stringify!($field))*)
            };
        }
        #[allow(unused_imports, reason = "not every row is joined elsewhere")]
        pub(crate) use $columns;
    };
}

/// As many of the given placeholders as there are names.
macro_rules! placeholders {
    ([$first:literal $($taken:literal)*] [$($left:literal)*]) => { concat!($first $(, ", ", $taken)*) };
    ([$($taken:literal)*] [$next:literal $($left:literal)*] $head:ident $($tail:ident)*) => {
        $crate::sql::placeholders!([$($taken)* $next] [$($left)*] $($tail)*)
    };
}

pub(crate) use {placeholders, row};

pub(crate) fn read_cell<T: Column>(cells: &mut Cells<'_>, place: &'static str) -> Result<T, StoreError> {
    match T::get(cells) {
        Ok(Some(value)) => Ok(value),
        Ok(None) => Err(StoreError::Corrupt { place, why: "null" }),
        Err(unreadable) => Err(StoreError::Corrupt {
            place,
            why: unreadable.0,
        }),
    }
}

fn sqlite_arguments(binds: Binds<'_>) -> Result<SqliteArguments, BoxDynError> {
    let mut arguments = SqliteArguments::default();
    binds.iter().try_for_each(|bind| bind.put(&mut arguments))?;
    Ok(arguments)
}

fn postgres_arguments(binds: Binds<'_>) -> Result<PgArguments, BoxDynError> {
    let mut arguments = PgArguments::default();
    binds.iter().try_for_each(|bind| bind.put(&mut arguments))?;
    Ok(arguments)
}

/// The same expression on the connection of either database.
macro_rules! on_db {
    ($db:expr, $sql:expr, $binds:expr, ($query:ident, $conn:ident) => $body:expr) => {{
        let keeps_statements = $db.keeps_statements();
        let outcome: Result<_, StoreError> = match $db.conn() {
            Conn::Sqlite($conn) => match sqlite_arguments($binds) {
                Ok(arguments) => {
                    let $query = sqlx::query_with($sql, arguments);
                    $body
                }
                Err(error) => Err(unbound(&error)),
            },
            Conn::Postgres($conn) => match postgres_arguments($binds) {
                Ok(arguments) => {
                    let $query = sqlx::query_with($sql, arguments).persistent(keeps_statements);
                    $body
                }
                Err(error) => Err(unbound(&error)),
            },
        };
        if outcome.is_err() {
            $db.give_up();
        }
        outcome
    }};
}

fn unbound(error: &BoxDynError) -> StoreError {
    StoreError::Database(DatabaseFault {
        code: None,
        message: format!("an argument could not be written: {error}"),
    })
}

/// Runs a statement; answers how many rows it touched.
pub(crate) async fn run(
    db: &mut impl Access,
    sql: impl SqlSafeStr + Send,
    binds: Binds<'_>,
) -> Result<u64, StoreError> {
    let sql = sql.into_sql_str();
    on_db!(db, sql, binds, (query, conn) => {
        query.execute(conn).await.map(|done| done.rows_affected()).map_err(StoreError::from)
    })
}

/// True when the statement touched a row.
pub(crate) async fn hits(
    db: &mut impl Access,
    sql: impl SqlSafeStr + Send,
    binds: Binds<'_>,
) -> Result<bool, StoreError> {
    run(db, sql, binds).await.map(|rows| rows > 0)
}

/// The first row, if there is one.
pub(crate) async fn maybe<R: Record>(
    db: &mut impl Access,
    sql: impl SqlSafeStr + Send,
    binds: Binds<'_>,
) -> Result<Option<R>, StoreError> {
    let sql = sql.into_sql_str();
    on_db!(db, sql, binds, (query, conn) => match query.fetch_optional(conn).await {
        Ok(row) => row.map(|row| R::read(&mut Cells::from(&row))).transpose(),
        Err(error) => Err(error.into()),
    })
}

/// The only row; for statements that always answer one.
pub(crate) async fn one<R: Record>(
    db: &mut impl Access,
    sql: impl SqlSafeStr + Send,
    binds: Binds<'_>,
) -> Result<R, StoreError> {
    let sql = sql.into_sql_str();
    on_db!(db, sql, binds, (query, conn) => match query.fetch_one(conn).await {
        Ok(row) => R::read(&mut Cells::from(&row)),
        Err(error) => Err(error.into()),
    })
}

/// Every row.
pub(crate) async fn all<R: Record>(
    db: &mut impl Access,
    sql: impl SqlSafeStr + Send,
    binds: Binds<'_>,
) -> Result<Vec<R>, StoreError> {
    let sql = sql.into_sql_str();
    on_db!(db, sql, binds, (query, conn) => match query.fetch_all(conn).await {
        Ok(rows) => rows.iter().map(|row| R::read(&mut Cells::from(row))).collect(),
        Err(error) => Err(error.into()),
    })
}

/// A statement put together at run time: fixed pieces of text, and arguments that become `$1`, `$2`, ….
pub(crate) struct Built {
    text: String,
    binds: Vec<Box<dyn Bind + Send + Sync>>,
}

impl Built {
    pub(crate) fn new(text: &'static str) -> Self {
        Built {
            text: text.to_owned(),
            binds: Vec::new(),
        }
    }

    /// Appends text of ours. Only `'static`, so that no caller's value gets in.
    pub(crate) fn push(&mut self, text: &'static str) -> &mut Self {
        self.text.push_str(text);
        self
    }

    /// Appends a placeholder for `value`.
    pub(crate) fn bind(&mut self, value: impl Bind + Send + Sync + 'static) -> &mut Self {
        self.binds.push(Box::new(value));
        self.text.push_str(&format!("${}", self.binds.len()));
        self
    }

    /// Appends `($7, $8, …)`; values must not be empty.
    pub(crate) fn bind_list<T: Bind + Send + Sync + 'static>(
        &mut self,
        values: impl IntoIterator<Item = T>,
    ) -> &mut Self {
        for (index, value) in values.into_iter().enumerate() {
            self.push(if index == 0 { "(" } else { ", " }).bind(value);
        }
        self.push(")")
    }

    /// Every row.
    pub(crate) async fn all<R: Record>(&self, db: &mut impl Access) -> Result<Vec<R>, StoreError> {
        all(db, self.text(), &self.binds()).await
    }

    /// Answers how many rows it touched.
    pub(crate) async fn run(&self, db: &mut impl Access) -> Result<u64, StoreError> {
        run(db, self.text(), &self.binds()).await
    }

    fn binds(&self) -> Vec<&(dyn Bind + Sync)> {
        let binds = self.binds.iter();
        binds.map(|bind| &**bind as &(dyn Bind + Sync)).collect()
    }

    /// The statement.
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place: `push` takes literals, `bind` writes numbers"
    )]
    pub(crate) fn text(&self) -> AssertSqlSafe<&str> {
        AssertSqlSafe(self.text.as_str())
    }
}
