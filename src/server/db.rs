//! One SQL text for two engines.
//!
//! A [`Query`] is SQL with `$1` placeholders and its arguments; it runs on SQLite or Postgres, on the pool or in a
//! transaction. SQLite has many readers and one writer, whose transactions begin `IMMEDIATE` so that the busy timeout
//! holds for them.

use std::path::Path;
use std::str::FromStr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use sqlx::postgres::{PgArguments, PgConnectOptions, PgPool, PgPoolOptions, PgRow};
use sqlx::sqlite::{
    SqliteArguments, SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions,
    SqliteRow, SqliteSynchronous,
};
use sqlx::{Arguments, AssertSqlSafe, FromRow, Postgres, Sqlite, Transaction};

use super::collation;
use crate::shared::AppError;

/// What a query or a transaction can fail with.
pub type DbResult<T> = Result<T, sqlx::Error>;

/// A row type that both engines can fill; `derive(sqlx::FromRow)` gives both.
pub trait Row: for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow> + Send + Unpin {}
impl<T> Row for T where T: for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow> + Send + Unpin
{}

/// The database: SQLite in a file, or Postgres.
#[derive(Debug, Clone)]
pub enum Db {
    Sqlite { read: SqlitePool, write: SqlitePool },
    Postgres(PgPool),
}

/// A transaction on either engine. Dropped without [`Tx::commit`] it rolls back.
pub enum Tx {
    Sqlite(Transaction<'static, Sqlite>),
    Postgres(Transaction<'static, Postgres>),
}

/// Where a query runs.
pub enum Exec<'a> {
    Db(&'a Db),
    Tx(&'a mut Tx),
}

impl<'a> From<&'a Db> for Exec<'a> {
    fn from(db: &'a Db) -> Self {
        Exec::Db(db)
    }
}

impl<'a> From<&'a mut Tx> for Exec<'a> {
    fn from(tx: &'a mut Tx) -> Self {
        Exec::Tx(tx)
    }
}

/// SQLite's `cache_size` of a connection: 64 MiB. Sorts and temporary tables beyond it go to files: a recount of all views
/// must not fill the memory.
pub const SQLITE_CACHE: &str = "-65536";
/// The same of a connection that only reads, of which there are several: what they read again lies in the system's cache.
const SQLITE_READ_CACHE: &str = "-8192";

static MIGRATOR: sqlx::migrate::Migrator = sqlx::migrate!("./migrations");

impl Db {
    /// Opens (and for SQLite creates) the database and checks that text is ordered by code point on both engines.
    ///
    /// `url` is empty for SQLite in `data_dir`.
    pub async fn open(url: &str, data_dir: &Path, max_connections: u32) -> Result<Db, String> {
        if url.is_empty() {
            Self::open_sqlite(&data_dir.join("mailuo.db"), max_connections).await
        } else if let Some(path) = url
            .strip_prefix("sqlite://")
            .or_else(|| url.strip_prefix("sqlite:"))
        {
            Self::open_sqlite(Path::new(path), max_connections).await
        } else {
            Self::open_postgres(url, max_connections).await
        }
    }

    async fn open_sqlite(path: &Path, max_connections: u32) -> Result<Db, String> {
        let options = collation::with_pinyin(SqliteConnectOptions::new())
            .filename(path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            // As long as the import of a large file may hold the one writer.
            .busy_timeout(Duration::from_secs(180))
            .statement_cache_capacity(256)
            .pragma("cache_size", SQLITE_CACHE);
        let said = |e: sqlx::Error| format!("cannot open {}: {e}", path.display());
        let write = SqlitePoolOptions::new()
            .max_connections(1)
            .acquire_timeout(Duration::from_secs(180))
            .connect_with(options.clone())
            .await
            .map_err(said)?;
        let read = SqlitePoolOptions::new()
            .max_connections(max_connections)
            .connect_with(
                options
                    .pragma("query_only", "on")
                    .pragma("cache_size", SQLITE_READ_CACHE),
            )
            .await
            .map_err(said)?;
        Ok(Db::Sqlite { read, write })
    }

    async fn open_postgres(url: &str, max_connections: u32) -> Result<Db, String> {
        let options = PgConnectOptions::from_str(url)
            .map_err(|e| format!("the database URL cannot be read: {e}"))?
            // Compiling a query costs more than these take; readers of a month are told apart in memory, not on disk.
            .options([("jit", "off"), ("work_mem", "32MB")]);
        let pool = PgPoolOptions::new()
            .max_connections(max_connections)
            .acquire_timeout(Duration::from_secs(10))
            .connect_with(options)
            .await
            .map_err(|e| format!("cannot connect to Postgres: {e}"))?;
        let collation: String = sqlx::query_scalar(
            "SELECT datcollate::TEXT FROM pg_database WHERE datname = current_database()",
        )
        .fetch_one(&pool)
        .await
        .map_err(|e| e.to_string())?;
        if !matches!(collation.as_str(), "C" | "C.UTF-8" | "C.utf8" | "POSIX") {
            return Err(format!(
                "the Postgres database has collation {collation}; Mailuo needs C, so that both engines order text \
                 alike and prefix searches use their index. Make it with: CREATE DATABASE mailuo TEMPLATE template0 \
                 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C.UTF-8'"
            ));
        }
        Ok(Db::Postgres(pool))
    }

    /// Brings the schema up to this version; a newer schema is refused.
    pub async fn migrate(&self) -> Result<(), String> {
        let done = match self {
            Db::Sqlite { write, .. } => MIGRATOR.run(write).await,
            Db::Postgres(pool) => MIGRATOR.run(pool).await,
        };
        done.map_err(|e| match e {
            sqlx::migrate::MigrateError::VersionMissing(version) => format!(
                "the database has migration {version}, which this version of Mailuo does not know: it was last used \
                 by a newer one. Install that version, or restore a backup made before the upgrade."
            ),
            other => format!("migration failed: {other}"),
        })?;
        match self {
            Db::Sqlite { .. } => Ok(()),
            Db::Postgres(_) => collation::create(self).await,
        }
    }

    /// How many migrations of this program the database has not had yet, and how many it had that this program does
    /// not know.
    pub async fn migration_gap(&self) -> (usize, usize) {
        // A database that never had one has no such table.
        let applied: Vec<(i64,)> = q("SELECT version FROM _sqlx_migrations")
            .all(self)
            .await
            .unwrap_or_default();
        let known = |version: i64| MIGRATOR.iter().any(|m| m.version == version);
        let pending = MIGRATOR
            .iter()
            .filter(|m| !applied.iter().any(|(v,)| *v == m.version))
            .count();
        (pending, applied.iter().filter(|(v,)| !known(*v)).count())
    }

    /// Begins a transaction for writing.
    pub async fn begin(&self) -> DbResult<Tx> {
        Ok(match self {
            Db::Sqlite { write, .. } => Tx::Sqlite(write.begin_with("BEGIN IMMEDIATE").await?),
            Db::Postgres(pool) => Tx::Postgres(pool.begin().await?),
        })
    }

    /// "sqlite" or "postgres".
    pub fn engine(&self) -> &'static str {
        match self {
            Db::Sqlite { .. } => "sqlite",
            Db::Postgres(_) => "postgres",
        }
    }

    /// Its pools by name: how many connections are open, and how many of them are idle.
    pub fn pools(&self) -> Vec<(&'static str, u32, usize)> {
        match self {
            Db::Sqlite { read, write } => vec![
                ("read", read.size(), read.num_idle()),
                ("write", write.size(), write.num_idle()),
            ],
            Db::Postgres(pool) => vec![("all", pool.size(), pool.num_idle())],
        }
    }

    /// Looks at how the indexes are filled, SQLite by samples of them; its connections opened from then on choose by that.
    pub async fn analyze(&self) -> DbResult<()> {
        match self {
            Db::Sqlite { write, .. } => {
                sqlx::raw_sql("PRAGMA analysis_limit = 1000; ANALYZE")
                    .execute(write)
                    .await?;
            }
            Db::Postgres(pool) => {
                sqlx::raw_sql("ANALYZE").execute(pool).await?;
            }
        }
        Ok(())
    }

    /// Closes all connections.
    pub async fn close(&self) {
        match self {
            Db::Sqlite { read, write } => {
                read.close().await;
                write.close().await;
            }
            Db::Postgres(pool) => pool.close().await,
        }
    }
}

impl Tx {
    /// Makes the transaction durable.
    pub async fn commit(self) -> DbResult<()> {
        match self {
            Tx::Sqlite(tx) => tx.commit().await,
            Tx::Postgres(tx) => tx.commit().await,
        }
    }

    /// Lets only one transaction at a time go on with this lock, until its end. SQLite has one writer anyway.
    pub async fn serialise(&mut self, lock: Lock) -> DbResult<()> {
        if let Tx::Postgres(_) = self {
            q("SELECT pg_advisory_xact_lock($1)")
                .bind(lock as i64)
                .exec(self)
                .await?;
        }
        Ok(())
    }
}

/// Locks that hold across servers on one Postgres.
#[derive(Debug, Clone, Copy)]
#[repr(i64)]
pub enum Lock {
    Audit = 7_001,
    Views = 7_002,
    Assignments = 7_003,
    Import = 7_004,
    Otp = 7_005,
    Collation = 7_006,
}

/// An argument of a query.
#[derive(Debug, Clone)]
pub enum Arg {
    Text(Option<String>),
    Int(Option<i64>),
    Real(Option<f64>),
    Bool(bool),
}

macro_rules! arg_from {
    ($($from:ty => |$v:ident| $to:expr),* $(,)?) => {
        $(impl From<$from> for Arg { fn from($v: $from) -> Self { $to } })*
    };
}
arg_from! {
    &str => |v| Arg::Text(Some(v.to_owned())),
    String => |v| Arg::Text(Some(v)),
    &String => |v| Arg::Text(Some(v.clone())),
    Option<String> => |v| Arg::Text(v),
    Option<&str> => |v| Arg::Text(v.map(str::to_owned)),
    &Option<String> => |v| Arg::Text(v.clone()),
    i64 => |v| Arg::Int(Some(v)),
    Option<i64> => |v| Arg::Int(v),
    f64 => |v| Arg::Real(Some(v)),
    Option<f64> => |v| Arg::Real(v),
    bool => |v| Arg::Bool(v),
}

/// Statements that this process has sent to its database since it began.
static SENT: AtomicU64 = AtomicU64::new(0);

/// How many statements this process has sent since it began, transactions' beginnings and ends not counted.
pub fn statements_sent() -> u64 {
    SENT.load(Ordering::Relaxed)
}

/// SQL and its arguments.
#[derive(Debug, Clone, Default)]
pub struct Query {
    sql: String,
    args: Vec<Arg>,
}

/// Begins a query.
pub fn q(sql: impl Into<String>) -> Query {
    Query {
        sql: sql.into(),
        args: Vec::new(),
    }
}

impl Query {
    /// Adds the next argument.
    #[must_use]
    pub fn bind(mut self, value: impl Into<Arg>) -> Self {
        self.args.push(value.into());
        self
    }

    /// Appends SQL.
    pub fn push(&mut self, sql: &str) -> &mut Self {
        self.sql.push_str(sql);
        self
    }

    /// Adds an argument and gives its placeholder, for SQL that is put together in parts.
    pub fn arg(&mut self, value: impl Into<Arg>) -> String {
        self.args.push(value.into());
        format!("${}", self.args.len())
    }

    /// Appends SQL in which each `?` stands for the next of `values`.
    pub fn push_with<A: Into<Arg>>(
        &mut self,
        sql: &str,
        values: impl IntoIterator<Item = A>,
    ) -> &mut Self {
        let mut values = values.into_iter();
        for (i, part) in sql.split('?').enumerate() {
            if i > 0
                && let Some(value) = values.next()
            {
                let place = self.arg(value);
                self.sql.push_str(&place);
            }
            self.sql.push_str(part);
        }
        self
    }

    /// Appends `column IN (ids)`, which no row fulfils where there are none.
    pub fn push_among(&mut self, column: &str, ids: &[String]) -> &mut Self {
        self.push(&format!("{column} IN ("));
        for (i, id) in ids.iter().enumerate() {
            self.push(if i == 0 { "" } else { ", " });
            self.push_with("?", [id]);
        }
        self.push(if ids.is_empty() { "NULL)" } else { ")" })
    }

    /// Appends another query with its arguments.
    pub fn append(&mut self, other: Query) -> &mut Self {
        let before = self.args.len();
        let mut parts = other.sql.split('$');
        self.sql.push_str(parts.next().unwrap_or_default());
        for part in parts {
            let digits = part.len() - part.trim_start_matches(|c: char| c.is_ascii_digit()).len();
            let (number, rest) = part.split_at(digits);
            self.sql.push('$');
            match number.parse::<usize>() {
                Ok(number) => self.sql.push_str(&(number + before).to_string()),
                Err(_) => self.sql.push_str(number),
            }
            self.sql.push_str(rest);
        }
        self.args.extend(other.args);
        self
    }

    /// Whether it holds no SQL yet.
    pub fn is_empty(&self) -> bool {
        self.sql.is_empty()
    }

    /// The SQL and the arguments, counted as sent.
    fn sent(self) -> (AssertSqlSafe<String>, Vec<Arg>) {
        SENT.fetch_add(1, Ordering::Relaxed);
        (AssertSqlSafe(self.sql), self.args)
    }

    /// All rows.
    pub async fn all<'a, T: Row>(self, on: impl Into<Exec<'a>>) -> DbResult<Vec<T>> {
        let (sql, args) = self.sent();
        match on.into() {
            Exec::Db(Db::Sqlite { read, .. }) => {
                sqlx::query_as_with(sql, sqlite_args(args))
                    .fetch_all(read)
                    .await
            }
            Exec::Db(Db::Postgres(pool)) => {
                sqlx::query_as_with(sql, pg_args(args))
                    .fetch_all(pool)
                    .await
            }
            Exec::Tx(Tx::Sqlite(tx)) => {
                sqlx::query_as_with(sql, sqlite_args(args))
                    .fetch_all(&mut **tx)
                    .await
            }
            Exec::Tx(Tx::Postgres(tx)) => {
                sqlx::query_as_with(sql, pg_args(args))
                    .fetch_all(&mut **tx)
                    .await
            }
        }
    }

    /// The first row, if there is one.
    pub async fn optional<'a, T: Row>(self, on: impl Into<Exec<'a>>) -> DbResult<Option<T>> {
        Ok(self.all::<T>(on).await?.into_iter().next())
    }

    /// The one row there must be.
    pub async fn one<'a, T: Row>(self, on: impl Into<Exec<'a>>) -> DbResult<T> {
        self.optional(on).await?.ok_or(sqlx::Error::RowNotFound)
    }

    /// The first row that a statement with `RETURNING` gives.
    pub async fn returning<T: Row>(self, db: &Db) -> DbResult<Option<T>> {
        let (sql, args) = self.sent();
        match db {
            Db::Sqlite { write, .. } => {
                sqlx::query_as_with(sql, sqlite_args(args))
                    .fetch_optional(write)
                    .await
            }
            Db::Postgres(pool) => {
                sqlx::query_as_with(sql, pg_args(args))
                    .fetch_optional(pool)
                    .await
            }
        }
    }

    /// The one number there must be, of a query like `SELECT COUNT(*) …`.
    pub async fn count<'a>(self, on: impl Into<Exec<'a>>) -> DbResult<i64> {
        Ok(self.one::<(i64,)>(on).await?.0)
    }

    /// Runs a statement; gives how many rows it changed.
    pub async fn exec<'a>(self, on: impl Into<Exec<'a>>) -> DbResult<u64> {
        let (sql, args) = self.sent();
        Ok(match on.into() {
            Exec::Db(Db::Sqlite { write, .. }) => sqlx::query_with(sql, sqlite_args(args))
                .execute(write)
                .await?
                .rows_affected(),
            Exec::Db(Db::Postgres(pool)) => sqlx::query_with(sql, pg_args(args))
                .execute(pool)
                .await?
                .rows_affected(),
            Exec::Tx(Tx::Sqlite(tx)) => sqlx::query_with(sql, sqlite_args(args))
                .execute(&mut **tx)
                .await?
                .rows_affected(),
            Exec::Tx(Tx::Postgres(tx)) => sqlx::query_with(sql, pg_args(args))
                .execute(&mut **tx)
                .await?
                .rows_affected(),
        })
    }
}

macro_rules! fill {
    ($name:ident, $args:ty) => {
        fn $name(args: Vec<Arg>) -> $args {
            let mut filled = <$args>::default();
            for arg in args {
                // Encoding these four types cannot fail.
                let _ = match arg {
                    Arg::Text(v) => filled.add(v),
                    Arg::Int(v) => filled.add(v),
                    Arg::Real(v) => filled.add(v),
                    Arg::Bool(v) => filled.add(v),
                };
            }
            filled
        }
    };
}
fill!(sqlite_args, SqliteArguments);
fill!(pg_args, PgArguments);

/// The pattern that finds a text within another: for `LIKE ? ESCAPE '!'`.
pub fn containing(text: &str) -> String {
    let escaped = text
        .trim()
        .replace('!', "!!")
        .replace('%', "!%")
        .replace('_', "!_");
    format!("%{escaped}%")
}

/// Rows for [`insert_many`].
pub type Rows = Vec<Vec<Arg>>;

/// Inserts many rows with as few statements as the engines' limit on arguments allows.
///
/// `head` is the statement up to `VALUES`, `tail` what follows (such as `ON CONFLICT DO NOTHING`). Every row must have
/// the same number of values. Gives how many rows went in.
pub async fn insert_many(tx: &mut Tx, head: &str, rows: Rows, tail: &str) -> DbResult<u64> {
    // Far below the engines' limits on purpose: SQLite finds the name of each argument by walking the list of all
    // of them, so the cost of a statement grows with the square of their number.
    let Some(width) = rows.first().map(Vec::len) else {
        return Ok(0);
    };
    let per_statement = (400 / width).max(1);
    let mut inserted = 0;
    let mut rows = rows.into_iter().peekable();
    while rows.peek().is_some() {
        let mut query = q(format!("{head} VALUES "));
        for (i, row) in rows.by_ref().take(per_statement).enumerate() {
            query.push(if i == 0 { "(" } else { ", (" });
            for (j, value) in row.into_iter().enumerate() {
                if j > 0 {
                    query.push(", ");
                }
                let place = query.arg(value);
                query.push(&place);
            }
            query.push(")");
        }
        query.push(" ").push(tail);
        inserted += query.exec(&mut *tx).await?;
    }
    Ok(inserted)
}

/// Whether the error is a broken unique constraint.
pub fn is_unique_violation(error: &sqlx::Error) -> bool {
    matches!(error, sqlx::Error::Database(e) if e.is_unique_violation())
}

impl From<sqlx::Error> for AppError {
    fn from(error: sqlx::Error) -> Self {
        if matches!(error, sqlx::Error::RowNotFound) {
            return AppError::NotFound;
        }
        // Postgres broke a deadlock, or saw that two acts do not go together: this one can be tried again.
        if let sqlx::Error::Database(fault) = &error
            && matches!(fault.code().as_deref(), Some("40P01" | "40001"))
        {
            return AppError::Conflict("error.changed_meanwhile".into());
        }
        internal(error)
    }
}

/// Logs what went wrong under a fresh reference, and gives the error that shows only the reference.
pub fn internal(error: impl std::fmt::Display) -> AppError {
    let reference = super::crypto::random_token(5);
    tracing::error!(%reference, %error, "internal error");
    AppError::Internal(reference)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_of_an_appended_query_follow_those_before() {
        let mut query = q("SELECT $1, $2").bind("a").bind(2);
        let other = q("SELECT $2, $1, '$'").bind("b").bind(4);
        query.push(" UNION ").append(other);
        assert_eq!(query.sql, "SELECT $1, $2 UNION SELECT $4, $3, '$'");
        assert_eq!(query.args.len(), 4);
    }
}
