//! Another system's database: Label Studio's, of either engine. It is read and never written.
//!
//! Everything is read in one transaction, so a Label Studio that goes on working meanwhile shows one
//! moment. Both engines give every value as text, because they disagree about types: booleans are
//! numbers in one, instants have an offset in the other.

mod rows;

use std::str::FromStr;
use std::time::Duration;

use futures_util::TryStreamExt;
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection};

use super::error::StoreError;
use super::tx::Row;

pub use rows::{
    IssuedToken, LegacyToken, Member, Organization, Settings, User, each_issued_token,
    each_legacy_token, list_members, list_organizations, list_settings, list_users,
};

const WAIT_FOR: Duration = Duration::from_secs(5);
/// What both engines are asked for the columns of a table; they have no common way to be asked.
const SQLITE_COLUMNS: &str = "select name from pragma_table_info($1)";
const POSTGRES_COLUMNS: &str = "select column_name::text from information_schema.columns \
                                where table_name = $1 and table_schema = any(current_schemas(false))";

/// An open database of Label Studio's, in its one transaction.
pub struct Source {
    connection: Engine,
    /// Tables and columns that this version of Label Studio does not have.
    missing: Vec<String>,
}

enum Engine {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
}

impl Source {
    /// Opens the database at `url` (`sqlite://PATH` or `postgres://…`) for reading.
    ///
    /// # Errors
    /// [`StoreError`] if it cannot be opened.
    pub async fn open(url: &str) -> Result<Self, StoreError> {
        let connection = match url.split_once("://").map(|(scheme, _)| scheme) {
            Some("postgres" | "postgresql") => {
                let options = PgConnectOptions::from_str(url)?
                    .options([("timezone", "UTC")])
                    .disable_statement_logging();
                let mut connection = PgConnection::connect_with(&options).await?;
                sqlx::raw_sql("begin isolation level repeatable read read only")
                    .execute(&mut connection)
                    .await?;
                Engine::Postgres(connection)
            }
            Some("sqlite") => {
                let options = SqliteConnectOptions::from_str(url)?
                    .read_only(true)
                    .busy_timeout(WAIT_FOR)
                    .disable_statement_logging();
                let mut connection = SqliteConnection::connect_with(&options).await?;
                sqlx::raw_sql("begin").execute(&mut connection).await?;
                Engine::Sqlite(connection)
            }
            _ => {
                let why = "the address begins with neither sqlite:// nor postgres://";
                return Err(StoreError::Unusable(why.to_owned()));
            }
        };
        Ok(Self {
            connection,
            missing: Vec::new(),
        })
    }

    /// Ends the transaction and says what this version of Label Studio does not have.
    ///
    /// # Errors
    /// [`StoreError`] if the connection breaks.
    pub async fn close(self) -> Result<Vec<String>, StoreError> {
        match self.connection {
            Engine::Sqlite(connection) => connection.close().await?,
            Engine::Postgres(connection) => connection.close().await?,
        }
        Ok(self.missing)
    }

    /// The columns of a table; none if there is no such table.
    async fn columns(&mut self, table: &str) -> Result<Vec<String>, StoreError> {
        let rows: Vec<(String,)> = match &mut self.connection {
            Engine::Sqlite(connection) => {
                let query = sqlx::query_as(SQLITE_COLUMNS).bind(table);
                query.fetch_all(connection).await?
            }
            Engine::Postgres(connection) => {
                let query = sqlx::query_as(POSTGRES_COLUMNS).bind(table);
                query.fetch_all(connection).await?
            }
        };
        Ok(rows.into_iter().map(|(name,)| name).collect())
    }

    /// Hands the rows of a statement over, one after the other.
    async fn each<T: Row>(
        &mut self,
        sql: String,
        mut take: impl FnMut(T) + Send,
    ) -> Result<(), StoreError> {
        let query = sqlx::query_as::<_, T>(AssertSqlSafe(sql.clone()));
        match &mut self.connection {
            Engine::Sqlite(connection) => {
                let mut rows = query.fetch(connection);
                while let Some(row) = rows.try_next().await? {
                    take(row);
                }
            }
            Engine::Postgres(connection) => {
                let query = sqlx::query_as::<_, T>(AssertSqlSafe(sql));
                let mut rows = query.fetch(connection);
                while let Some(row) = rows.try_next().await? {
                    take(row);
                }
            }
        }
        Ok(())
    }
}
