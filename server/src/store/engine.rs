//! SQLite and PostgreSQL behind one transaction type.
//!
//! Statements are written once, with numbered parameters that both engines read; this file binds
//! and runs them. On SQLite a write transaction begins *immediate* on the one writing connection:
//! it waits for its turn at the start instead of failing in the middle.

use std::borrow::Cow;
use std::str::FromStr;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgConnection, PgPoolOptions, PgRow};
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqlitePoolOptions, SqliteRow,
    SqliteSynchronous,
};
use sqlx::{
    AssertSqlSafe, ConnectOptions, Connection, FromRow, PgPool, Postgres, Sqlite, SqlitePool,
    Transaction,
};

use super::error::StoreError;
use super::migrate;

/// How long a transaction waits for another process's lock or for a free connection.
const WAIT_FOR: Duration = Duration::from_secs(5);
const READERS: u32 = 4;
/// Keeps writers in line on PostgreSQL, as SQLite does by itself: one lock for each schema, and no
/// longer than a reader would wait.
const WAIT_IN_LINE: &str = "set local lock_timeout = '5s'; select pg_advisory_xact_lock(hashtext(current_schema()), 71633)";
const POSTGRES_CONNECTIONS: u32 = 16;

/// A database of either engine.
#[derive(Clone, Debug)]
pub struct Db(Engine);

#[derive(Clone, Debug)]
enum Engine {
    Sqlite {
        readers: SqlitePool,
        writer: SqlitePool,
    },
    Postgres(PgPool),
}

/// An open transaction.
pub struct Tx(Inner);

enum Inner {
    Sqlite(Transaction<'static, Sqlite>),
    Postgres(Transaction<'static, Postgres>),
}

/// A parameter of a statement.
#[derive(Clone, Debug)]
pub(super) enum Value {
    Text(Option<String>),
    Int(Option<i64>),
    Bool(Option<bool>),
    Bytes(Option<Vec<u8>>),
}

impl Value {
    /// A text with a null character: PostgreSQL cannot hold one, so no row of ours has it.
    fn is_in_no_row(&self) -> bool {
        matches!(self, Self::Text(Some(text)) if text.contains('\0'))
    }
}

/// A row that both engines can fill.
pub(super) trait Row:
    for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow> + Send + Unpin
{
}
impl<T> Row for T where T: for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow> + Send + Unpin
{}

/// `bind![a, b]`: the parameters `$1`, `$2` of a statement.
macro_rules! bind {
    ($($value:expr),* $(,)?) => { vec![$($crate::store::engine::Value::from($value)),*] };
}
pub(super) use bind;

/// Runs a sqlx call with the values bound, on whichever engine the transaction is.
macro_rules! run {
    ($tx:expr, $query:path, $sql:expr, $values:expr, $method:ident) => {{
        let sql: Cow<'static, str> = $sql.into();
        match &mut $tx.0 {
            Inner::Sqlite(tx) => run!(on tx, $query, sql, $values, $method),
            Inner::Postgres(tx) => run!(on tx, $query, sql, $values, $method),
        }
    }};
    (on $tx:ident, $query:path, $sql:ident, $values:expr, $method:ident) => {
        $values
            .into_iter()
            .fold($query(AssertSqlSafe($sql)), |query, value| match value {
                Value::Text(value) => query.bind(value),
                Value::Int(value) => query.bind(value),
                Value::Bool(value) => query.bind(value),
                Value::Bytes(value) => query.bind(value),
            })
            .$method(&mut **$tx)
            .await
            .map(Into::into)
            .map_err(StoreError::from)
    };
}

impl Db {
    /// Opens the database at `url` (`sqlite://PATH` or `postgres://…`) and brings its tables up to
    /// date. A SQLite file is made if it is missing.
    ///
    /// # Errors
    /// [`StoreError`] if it cannot be opened, or if it was written by a newer Keybearer.
    pub async fn open(url: &str) -> Result<Self, StoreError> {
        let db = match url.split_once("://").map(|(scheme, _)| scheme) {
            Some("postgres" | "postgresql") => Self::open_postgres(url).await?,
            Some("sqlite") => Self::open_sqlite(url).await?,
            _ => {
                let why = "the address begins with neither sqlite:// nor postgres://";
                return Err(StoreError::Unusable(why.to_owned()));
            }
        };
        migrate::run(&db).await?;
        Ok(db)
    }

    async fn open_sqlite(url: &str) -> Result<Self, StoreError> {
        let options = SqliteConnectOptions::from_str(url)?
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(WAIT_FOR)
            .disable_statement_logging();
        let pool = |connections| {
            SqlitePoolOptions::new()
                .max_connections(connections)
                .acquire_timeout(WAIT_FOR * 2)
                .before_acquire(|connection, _| Box::pin(async move { Ok(is_idle(connection)) }))
        };
        let writer = pool(1).connect_with(options.clone()).await?;
        Ok(Self(Engine::Sqlite {
            readers: pool(READERS).connect_lazy_with(options),
            writer,
        }))
    }

    async fn open_postgres(url: &str) -> Result<Self, StoreError> {
        let options = PgConnectOptions::from_str(url)?.disable_statement_logging();
        // A pool tries until its time is over and then says so; one connection says what is wrong.
        PgConnection::connect_with(&options).await?.close().await?;
        let pool = PgPoolOptions::new()
            .max_connections(POSTGRES_CONNECTIONS)
            .acquire_timeout(WAIT_FOR);
        Ok(Self(Engine::Postgres(pool.connect_lazy_with(options))))
    }

    /// Opens a transaction for reading.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if the database cannot be reached.
    pub async fn read(&self) -> Result<Tx, StoreError> {
        Ok(Tx(match &self.0 {
            Engine::Sqlite { readers, .. } => Inner::Sqlite(readers.begin().await?),
            Engine::Postgres(pool) => Inner::Postgres(pool.begin().await?),
        }))
    }

    /// Opens a transaction for writing. There is one at a time, over all processes and nodes on the
    /// database: what it has read is still so when it commits.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if the database cannot be reached, is locked or read-only.
    pub async fn write(&self) -> Result<Tx, StoreError> {
        Ok(Tx(match &self.0 {
            Engine::Sqlite { writer, .. } => {
                Inner::Sqlite(writer.begin_with("begin immediate").await?)
            }
            Engine::Postgres(pool) => {
                let mut tx = pool.begin().await?;
                sqlx::raw_sql(WAIT_IN_LINE).execute(&mut *tx).await?;
                Inner::Postgres(tx)
            }
        }))
    }

    /// Closes all connections; SQLite then folds its write-ahead log into the file.
    pub async fn close(&self) {
        match &self.0 {
            Engine::Sqlite { readers, writer } => {
                readers.close().await;
                writer.close().await;
            }
            Engine::Postgres(pool) => pool.close().await,
        }
    }

    pub(super) fn is_postgres(&self) -> bool {
        matches!(self.0, Engine::Postgres(_))
    }
}

impl Tx {
    /// Makes what was done lasting. Returns after the engine has it on disk.
    ///
    /// # Errors
    /// [`StoreError`] if it could not; then nothing of it was done.
    pub async fn commit(self) -> Result<(), StoreError> {
        match self.0 {
            Inner::Sqlite(tx) => tx.commit().await?,
            Inner::Postgres(tx) => tx.commit().await?,
        }
        Ok(())
    }

    pub(super) fn is_postgres(&self) -> bool {
        matches!(self.0, Inner::Postgres(_))
    }

    pub(super) async fn execute(
        &mut self,
        sql: impl Into<Cow<'static, str>>,
        values: Vec<Value>,
    ) -> Result<Done, StoreError> {
        run!(self, sqlx::query, sql, values, execute)
    }

    pub(super) async fn one<T: Row>(
        &mut self,
        sql: impl Into<Cow<'static, str>>,
        values: Vec<Value>,
    ) -> Result<T, StoreError> {
        run!(self, sqlx::query_as::<_, T>, sql, values, fetch_one)
    }

    pub(super) async fn optional<T: Row>(
        &mut self,
        sql: impl Into<Cow<'static, str>>,
        values: Vec<Value>,
    ) -> Result<Option<T>, StoreError> {
        if values.iter().any(Value::is_in_no_row) {
            return Ok(None);
        }
        run!(self, sqlx::query_as::<_, T>, sql, values, fetch_optional)
    }

    pub(super) async fn all<T: Row>(
        &mut self,
        sql: impl Into<Cow<'static, str>>,
        values: Vec<Value>,
    ) -> Result<Vec<T>, StoreError> {
        if values.iter().any(Value::is_in_no_row) {
            return Ok(Vec::new());
        }
        run!(self, sqlx::query_as::<_, T>, sql, values, fetch_all)
    }

    /// Runs a script of several statements without parameters.
    pub(super) async fn script(&mut self, sql: &'static str) -> Result<(), StoreError> {
        match &mut self.0 {
            Inner::Sqlite(tx) => sqlx::raw_sql(sql).execute(&mut **tx).await.map(drop)?,
            Inner::Postgres(tx) => sqlx::raw_sql(sql).execute(&mut **tx).await.map(drop)?,
        }
        Ok(())
    }
}

/// Whether no transaction is open on a connection from the pool. SQLite takes a transaction back by
/// itself when the disk is full; the driver then still counts one, and the connection is done for.
fn is_idle(connection: &SqliteConnection) -> bool {
    !connection.is_in_transaction()
}

/// How many rows a statement touched.
pub(super) struct Done {
    pub(super) rows: u64,
}

impl From<sqlx::sqlite::SqliteQueryResult> for Done {
    fn from(result: sqlx::sqlite::SqliteQueryResult) -> Self {
        Self {
            rows: result.rows_affected(),
        }
    }
}

impl From<sqlx::postgres::PgQueryResult> for Done {
    fn from(result: sqlx::postgres::PgQueryResult) -> Self {
        Self {
            rows: result.rows_affected(),
        }
    }
}

impl From<&str> for Value {
    fn from(value: &str) -> Self {
        Self::Text(Some(value.to_owned()))
    }
}

impl From<&String> for Value {
    fn from(value: &String) -> Self {
        Self::Text(Some(value.clone()))
    }
}

impl From<Option<&str>> for Value {
    fn from(value: Option<&str>) -> Self {
        Self::Text(value.map(str::to_owned))
    }
}

impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Self::Int(Some(value))
    }
}

impl From<Option<i64>> for Value {
    fn from(value: Option<i64>) -> Self {
        Self::Int(value)
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Bool(Some(value))
    }
}

impl From<Option<bool>> for Value {
    fn from(value: Option<bool>) -> Self {
        Self::Bool(value)
    }
}

impl From<&[u8]> for Value {
    fn from(value: &[u8]) -> Self {
        Self::Bytes(Some(value.to_vec()))
    }
}

impl From<Option<&[u8]>> for Value {
    fn from(value: Option<&[u8]>) -> Self {
        Self::Bytes(value.map(<[u8]>::to_vec))
    }
}
