//! Reading much at one moment: what a backup and an export are made of, and a preview of settings.

use futures_util::TryStreamExt;
use sqlx::AssertSqlSafe;

use super::engine::Db;
use super::error::StoreError;
use super::tx::{Inner, Row, Tx};

impl Db {
    /// Opens a transaction for reading in which every statement sees the same moment. On SQLite every
    /// transaction is so.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if the database cannot be reached.
    pub async fn snapshot(&self) -> Result<Tx, StoreError> {
        let mut tx = self.read().await?;
        if tx.is_postgres() {
            tx.script("set transaction isolation level repeatable read, read only")
                .await?;
        }
        Ok(tx)
    }
}

impl Tx {
    /// Hands the rows of a statement without parameters over, one after the other, until `take`
    /// refuses one.
    pub(super) async fn each<T: Row>(
        &mut self,
        sql: String,
        mut take: impl FnMut(T) -> std::io::Result<()> + Send,
    ) -> Result<std::io::Result<()>, StoreError> {
        macro_rules! each {
            ($connection:expr) => {{
                let mut rows = sqlx::query_as::<_, T>(AssertSqlSafe(sql)).fetch($connection);
                while let Some(row) = rows.try_next().await? {
                    if let Err(refusal) = take(row) {
                        return Ok(Err(refusal));
                    }
                }
            }};
        }
        match &mut self.inner {
            Inner::Sqlite(tx) => each!(&mut **tx),
            Inner::Turn(_) => {
                let why = "a transaction that writes does not read row by row";
                return Err(StoreError::Unusable(why.into()));
            }
            Inner::Postgres(tx) => each!(&mut **tx),
            Inner::SqliteGlance(one) => each!(one.connection()?),
            Inner::PostgresGlance(one) => each!(&mut **one),
        }
        Ok(Ok(()))
    }
}
