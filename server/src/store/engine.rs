//! SQLite and PostgreSQL behind one transaction type.
//!
//! Statements are written once, with numbered parameters that both engines read; this file binds
//! and runs them. On SQLite a write transaction begins *immediate* on the one writing connection
//! (see [`super::group`]): it waits for its turn at the start instead of failing in the middle.

use std::borrow::Cow;
use std::str::FromStr;
use std::time::Duration;

use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgConnectOptions, PgConnection, PgPoolOptions, PgRow};
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteRow, SqliteSynchronous,
};
use sqlx::{
    AssertSqlSafe, ConnectOptions, Connection, FromRow, PgPool, Postgres, Sqlite, SqlitePool,
    Transaction,
};

use super::changes::{self, Change, Changes};
use super::error::StoreError;
use super::group::{Turn, Writer};
use super::listener::{Listener, NOTIFY};
use super::migrate;
use super::value::{Done, Value};

/// How long a transaction waits for another process's lock or for a free connection.
const WAIT_FOR: Duration = Duration::from_secs(5);
const READERS: u32 = 4;
/// Keeps writers in line on PostgreSQL, as SQLite does by itself: one lock for each schema, and no
/// longer than a reader would wait.
const WAIT_IN_LINE: &str = "set local lock_timeout = '5s'; select pg_advisory_xact_lock(hashtext(current_schema()), 71633)";
const POSTGRES_CONNECTIONS: u32 = 16;
/// One that listens and one that reads.
const FOLLOWER_CONNECTIONS: u32 = 2;

/// A database of either engine.
#[derive(Clone, Debug)]
pub struct Db {
    engine: Engine,
    changes: Changes,
}

/// Whoever follows the changes has connections of his own: he must not wait behind those who wait
/// for him.
#[derive(Clone, Debug)]
enum Engine {
    Sqlite {
        readers: SqlitePool,
        writer: Writer,
        follower: SqlitePool,
    },
    Postgres {
        pool: PgPool,
        follower: PgPool,
    },
}

/// An open transaction.
pub struct Tx {
    pub(super) inner: Inner,
    changes: Changes,
    /// The changes that its statements have made, as the table has them.
    changed: Vec<String>,
    /// Whether the next statement has said what it changes.
    has_said: bool,
}

pub(super) enum Inner {
    Sqlite(Transaction<'static, Sqlite>),
    /// A turn at SQLite's one writer.
    Turn(Turn),
    Postgres(Transaction<'static, Postgres>),
    SqliteGlance(PoolConnection<Sqlite>),
    PostgresGlance(PoolConnection<Postgres>),
}

/// A row that both engines can fill.
pub(super) trait Row:
    for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow> + Send + Unpin
{
}
impl<T> Row for T where T: for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow> + Send + Unpin
{}

/// Runs a sqlx call with the values bound, on whichever engine the transaction is.
macro_rules! run {
    (on $connection:expr, $query:path, $sql:ident, $values:expr, $method:ident) => {
        $values
            .into_iter()
            .fold($query(AssertSqlSafe($sql)), |query, value| match value {
                Value::Text(value) => query.bind(value),
                Value::Int(value) => query.bind(value),
                Value::Bool(value) => query.bind(value),
                Value::Bytes(value) => query.bind(value),
            })
            .$method($connection)
            .await
            .map(Into::into)
            .map_err(StoreError::from)
    };
    ($tx:expr, $query:path, $sql:expr, $values:expr, $method:ident) => {{
        let sql: Cow<'static, str> = $sql.into();
        $tx.require_said(&sql)?;
        match &mut $tx.inner {
            Inner::Sqlite(tx) => run!(on &mut **tx, $query, sql, $values, $method),
            Inner::Turn(turn) => run!(on turn.connection()?, $query, sql, $values, $method),
            Inner::Postgres(tx) => run!(on &mut **tx, $query, sql, $values, $method),
            Inner::SqliteGlance(one) => run!(on &mut **one, $query, sql, $values, $method),
            Inner::PostgresGlance(one) => run!(on &mut **one, $query, sql, $values, $method),
        }
    }};
}

impl Db {
    /// Opens the database at `url` (`sqlite://PATH` or `postgres://…`) and brings its tables up to
    /// date. A SQLite file is made if it is missing.
    ///
    /// # Errors
    /// [`StoreError`] if it cannot be opened, or if it was written by a newer Keybearer.
    pub async fn open(url: &str) -> Result<Self, StoreError> {
        let db = Self::connect(url).await?;
        migrate::run(&db).await?;
        Ok(db)
    }

    /// Opens the database at `url` and leaves its tables as they are, or are not.
    ///
    /// # Errors
    /// [`StoreError`] if it cannot be opened.
    pub async fn connect(url: &str) -> Result<Self, StoreError> {
        match url.split_once("://").map(|(scheme, _)| scheme) {
            Some("postgres" | "postgresql") => Self::open_postgres(url).await,
            Some("sqlite") => Self::open_sqlite(url).await,
            _ => {
                let why = "the address begins with neither sqlite:// nor postgres://";
                Err(StoreError::Unusable(why.to_owned()))
            }
        }
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
        };
        let changes = Changes::default();
        let writer = Writer::open(options.clone(), changes.clone()).await?;
        Ok(Self {
            engine: Engine::Sqlite {
                readers: pool(READERS).connect_lazy_with(options.clone()),
                writer,
                follower: pool(1).connect_lazy_with(options),
            },
            changes,
        })
    }

    async fn open_postgres(url: &str) -> Result<Self, StoreError> {
        let options = PgConnectOptions::from_str(url)?.disable_statement_logging();
        // A pool tries until its time is over and then says so; one connection says what is wrong.
        PgConnection::connect_with(&options).await?.close().await?;
        let pool = |connections| {
            PgPoolOptions::new()
                .max_connections(connections)
                .acquire_timeout(WAIT_FOR)
        };
        Ok(Self {
            engine: Engine::Postgres {
                pool: pool(POSTGRES_CONNECTIONS).connect_lazy_with(options.clone()),
                follower: pool(FOLLOWER_CONNECTIONS).connect_lazy_with(options),
            },
            changes: Changes::default(),
        })
    }

    /// What this process knows of changes.
    #[must_use]
    pub fn changes(&self) -> &Changes {
        &self.changes
    }

    /// Opens a transaction for reading.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if the database cannot be reached.
    pub async fn read(&self) -> Result<Tx, StoreError> {
        Ok(self.tx(match &self.engine {
            Engine::Sqlite { readers, .. } => Inner::Sqlite(readers.begin().await?),
            Engine::Postgres { pool, .. } => Inner::Postgres(pool.begin().await?),
        }))
    }

    /// For a single statement that reads: what a transaction around it would cost is saved.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if the database cannot be reached.
    pub async fn glance(&self) -> Result<Tx, StoreError> {
        Ok(self.tx(match &self.engine {
            Engine::Sqlite { readers, .. } => Inner::SqliteGlance(readers.acquire().await?),
            Engine::Postgres { pool, .. } => Inner::PostgresGlance(pool.acquire().await?),
        }))
    }

    /// Opens a transaction for reading what others have changed.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if the database cannot be reached.
    pub async fn follow(&self) -> Result<Tx, StoreError> {
        Ok(self.tx(match &self.engine {
            Engine::Sqlite { follower, .. } => Inner::Sqlite(follower.begin().await?),
            Engine::Postgres { follower, .. } => Inner::Postgres(follower.begin().await?),
        }))
    }

    /// Begins to listen. On SQLite there is nothing to be heard.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if the database cannot be reached.
    pub async fn listen(&self) -> Result<Listener, StoreError> {
        match &self.engine {
            Engine::Sqlite { .. } => Ok(Listener::deaf()),
            Engine::Postgres { follower, .. } => Listener::open(follower).await,
        }
    }

    /// Opens a transaction for writing. There is one at a time, over all processes and nodes on the
    /// database: what it has read is still so when it commits.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if the database cannot be reached, is locked or read-only.
    pub async fn write(&self) -> Result<Tx, StoreError> {
        Ok(self.tx(match &self.engine {
            Engine::Sqlite { writer, .. } => Inner::Turn(writer.turn().await?),
            Engine::Postgres { pool, .. } => {
                let mut tx = pool.begin().await?;
                sqlx::raw_sql(WAIT_IN_LINE).execute(&mut *tx).await?;
                Inner::Postgres(tx)
            }
        }))
    }

    fn tx(&self, inner: Inner) -> Tx {
        Tx {
            inner,
            changes: self.changes.clone(),
            changed: Vec::new(),
            has_said: false,
        }
    }

    /// Closes all connections; SQLite then folds its write-ahead log into the file.
    pub async fn close(&self) {
        match &self.engine {
            Engine::Sqlite {
                readers,
                writer,
                follower,
            } => {
                follower.close().await;
                readers.close().await;
                writer.close().await;
            }
            Engine::Postgres { pool, follower } => {
                follower.close().await;
                pool.close().await;
            }
        }
    }
}

impl Tx {
    /// Makes what was done lasting. Returns after the engine has it on disk.
    ///
    /// # Errors
    /// [`StoreError`] if it could not; then nothing of it was done.
    pub async fn commit(mut self) -> Result<(), StoreError> {
        let mut changed = std::mem::take(&mut self.changed);
        changes::insert(&mut self, &mut changed).await?;
        let others = (!changed.is_empty()).then(|| self.changes.clone());
        match self.inner {
            Inner::Sqlite(tx) => tx.commit().await?,
            Inner::Turn(turn) => turn.commit(changed).await?,
            Inner::SqliteGlance(_) | Inner::PostgresGlance(_) => {}
            Inner::Postgres(mut tx) => {
                if !changed.is_empty() {
                    sqlx::query(NOTIFY).execute(&mut *tx).await?;
                }
                tx.commit().await?;
                changed.iter().for_each(|text| self.changes.mark(text));
            }
        }
        if let Some(changes) = others {
            changes.settle().await;
        }
        Ok(())
    }

    pub(super) fn is_postgres(&self) -> bool {
        matches!(self.inner, Inner::Postgres(_))
    }

    /// What the next statement changes. A statement that changes what grants are made of is refused
    /// without it.
    pub(super) fn changing(&mut self, change: Change<'_>) -> &mut Self {
        self.changed.extend(change.text());
        self.has_said = true;
        self
    }

    fn require_said(&mut self, sql: &str) -> Result<(), StoreError> {
        let has_said = std::mem::take(&mut self.has_said);
        if has_said || !changes::is_of_remembered(sql) {
            return Ok(());
        }
        Err(StoreError::Unusable(format!(
            "a statement changes what grants are made of without saying so (Tx::changing): {sql}"
        )))
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
        match &mut self.inner {
            Inner::Sqlite(tx) => sqlx::raw_sql(sql).execute(&mut **tx).await.map(drop)?,
            Inner::Turn(turn) => sqlx::raw_sql(sql)
                .execute(turn.connection()?)
                .await
                .map(drop)?,
            Inner::Postgres(tx) => sqlx::raw_sql(sql).execute(&mut **tx).await.map(drop)?,
            Inner::SqliteGlance(_) | Inner::PostgresGlance(_) => {
                return Err(StoreError::Unusable("a glance runs no script".into()));
            }
        }
        Ok(())
    }
}
