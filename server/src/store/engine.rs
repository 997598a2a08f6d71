//! SQLite and PostgreSQL behind one transaction type, [`Tx`].
//!
//! On SQLite a write transaction begins *immediate*, on one connection for all (see [`super::group`]):
//! it waits for its turn at the start instead of failing in the middle.

use std::str::FromStr;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgConnection, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection, PgPool, SqlitePool};

use super::changes::{Change, Changes};
use super::error::StoreError;
use super::glances::Glances;
use super::group::{Extent, Writer};
use super::listener::Listener;
use super::migrate;
use super::tx::{Inner, Tx};
use crate::clock::Clock;

/// How long a transaction waits for another process's lock or for a free connection.
const WAIT_FOR: Duration = Duration::from_secs(5);
const READERS: u32 = 4;
const GLANCES: u32 = 4;
/// So many rows SQLite's thread reads before it waits for whoever takes them: each wait is a way there
/// and back.
const ROWS_AHEAD: usize = 1000;
/// Keeps writers in line on PostgreSQL, as SQLite does by itself: one lock for each schema, and no
/// longer than a reader would wait.
const WAIT_IN_LINE: &str = "set local lock_timeout = '5s'; select pg_advisory_xact_lock(hashtext(current_schema()), 71633)";
const POSTGRES_CONNECTIONS: u32 = 16;
/// One that listens, one that reads, and one to read on while that one is still being given back.
const FOLLOWER_CONNECTIONS: u32 = 3;

/// A database of either engine.
#[derive(Clone, Debug)]
pub struct Db {
    engine: Engine,
    changes: Changes,
}

/// Whoever follows the changes has connections of his own: he must not wait behind those who wait
/// for him. They are not tested before use, so that to read is one way to the database and not two.
#[derive(Clone, Debug)]
enum Engine {
    Sqlite {
        readers: SqlitePool,
        glances: Glances,
        writer: Writer,
        follower: Glances,
    },
    Postgres {
        pool: PgPool,
        follower: PgPool,
    },
}

impl Db {
    /// Opens the database at `url` (`sqlite://PATH` or `postgres://…`) and leaves its tables as they are,
    /// or are not. A SQLite file is made if it is missing. `clock` says how long writers have shared a
    /// commit.
    ///
    /// # Errors
    /// [`StoreError`] if it cannot be opened.
    pub async fn connect(url: &str, clock: &Clock) -> Result<Self, StoreError> {
        match url.split_once("://").map(|(scheme, _)| scheme) {
            Some("postgres" | "postgresql") => Self::open_postgres(url).await,
            Some("sqlite") => Self::open_sqlite(url, clock).await,
            _ => {
                let why = "the address begins with neither sqlite:// nor postgres://";
                Err(StoreError::Unusable(why.to_owned()))
            }
        }
    }

    /// Makes the tables that are missing and alters those of older versions.
    ///
    /// # Errors
    /// [`StoreError`] if they were written by a newer Keybearer, or cannot be written.
    pub async fn bring_up_to_date(&self) -> Result<(), StoreError> {
        migrate::run(self).await
    }

    async fn open_sqlite(url: &str, clock: &Clock) -> Result<Self, StoreError> {
        let options = SqliteConnectOptions::from_str(url)?
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(WAIT_FOR)
            .row_buffer_size(ROWS_AHEAD)
            .disable_statement_logging();
        // A file that is open needs no test before each use.
        let readers = SqlitePoolOptions::new()
            .max_connections(READERS)
            .acquire_timeout(WAIT_FOR * 2)
            .test_before_acquire(false)
            .connect_lazy_with(options.clone());
        let changes = Changes::default();
        // Statements that go together are one text, and there are more of those.
        let writer = options.clone().statement_cache_capacity(400);
        let writer = Writer::open(writer, changes.clone(), clock.clone()).await?;
        Ok(Self {
            engine: Engine::Sqlite {
                readers,
                glances: Glances::new(options.clone(), GLANCES),
                writer,
                follower: Glances::new(options, 1),
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
                follower: pool(FOLLOWER_CONNECTIONS)
                    .test_before_acquire(false)
                    .connect_lazy_with(options),
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
            Engine::Sqlite { glances, .. } => Inner::SqliteGlance(glances.take().await?),
            Engine::Postgres { pool, .. } => Inner::PostgresGlance(pool.acquire().await?),
        }))
    }

    /// For reading what others have changed, one statement after another.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if the database cannot be reached.
    pub async fn follow(&self) -> Result<Tx, StoreError> {
        Ok(self.tx(match &self.engine {
            Engine::Sqlite { follower, .. } => Inner::SqliteGlance(follower.take().await?),
            Engine::Postgres { follower, .. } => Inner::PostgresGlance(follower.acquire().await?),
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

    /// Opens a transaction for writing. It is alone from its first statement on, over all processes and
    /// nodes on the database: what it has read is still so when it commits.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if the database cannot be reached, is locked or read-only.
    pub async fn write(&self) -> Result<Tx, StoreError> {
        self.write_in(Extent::Anything).await
    }

    /// Opens a transaction that changes just that, of all that grants are made of, and may add to it. On
    /// SQLite it goes on beside others of this kind that change something else, and is quicker for it.
    /// What its first statements read must be what it changes, or what no transaction of this kind
    /// changes.
    ///
    /// # Errors
    /// As [`Db::write`].
    pub async fn write_just(&self, change: Change<'_>) -> Result<Tx, StoreError> {
        self.write_in(Extent::Just(change.text())).await
    }

    async fn write_in(&self, extent: Extent) -> Result<Tx, StoreError> {
        let inner = match &self.engine {
            Engine::Sqlite { writer, .. } => Inner::Turn(writer.turn(extent.clone())),
            Engine::Postgres { pool, .. } => {
                let mut tx = pool.begin().await?;
                sqlx::raw_sql(WAIT_IN_LINE).execute(&mut *tx).await?;
                Inner::Postgres(tx)
            }
        };
        let mut tx = self.tx(inner);
        tx.extent = extent;
        Ok(tx)
    }

    /// Opens a transaction that may change the tables themselves. It shares its commit with nobody.
    ///
    /// # Errors
    /// As [`Db::write`].
    pub async fn alter(&self) -> Result<Tx, StoreError> {
        match &self.engine {
            Engine::Sqlite { readers, .. } => {
                let tx = readers.begin_with("begin immediate").await?;
                Ok(self.tx(Inner::Sqlite(tx)))
            }
            Engine::Postgres { .. } => self.write().await,
        }
    }

    fn tx(&self, inner: Inner) -> Tx {
        Tx::new(inner, self.changes.clone())
    }

    /// Closes all connections; SQLite then folds its write-ahead log into the file.
    pub async fn close(&self) {
        match &self.engine {
            Engine::Sqlite {
                readers,
                glances,
                writer,
                follower,
            } => {
                follower.close().await;
                glances.close().await;
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
