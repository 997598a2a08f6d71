//! The writing connection, and how statements are run on it: several as one text.

use futures_util::TryStreamExt;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{AssertSqlSafe, Connection as _, Either, Executor};

use super::answer::Answer;
use crate::store::batch::Batch;
use crate::store::error::StoreError;
use crate::store::value::bound;

#[derive(Debug)]
pub(super) struct Connection {
    options: SqliteConnectOptions,
    /// `None` after one that failed, which is not used again, and while statements are run: whoever is
    /// stopped then leaves none that is in the middle of something.
    sqlite: Option<SqliteConnection>,
}

/// Why statements failed, and whether it was one of those before the own ones.
pub(super) struct Failure {
    pub(super) is_before: bool,
    pub(super) why: StoreError,
}

impl Connection {
    pub(super) async fn open(options: SqliteConnectOptions) -> Result<Self, StoreError> {
        let mut connection = Self {
            // Once it is open, who begins a group does his own waiting.
            options: options.pragma("busy_timeout", "0"),
            sqlite: None,
        };
        connection.open_again().await?;
        Ok(connection)
    }

    /// Opens it if it is not open.
    pub(super) async fn open_again(&mut self) -> Result<(), StoreError> {
        if self.sqlite.is_none() {
            self.sqlite = Some(SqliteConnection::connect_with(&self.options).await?);
        }
        Ok(())
    }

    /// Lets go of it as it is: SQLite takes back what is not durable.
    pub(super) fn discard(&mut self) {
        self.sqlite = None;
    }

    pub(super) async fn close(&mut self) {
        if let Some(sqlite) = self.sqlite.take() {
            let _closed_either_way = sqlite.close().await;
        }
    }

    /// Runs statements, and answers what the `own` ones do.
    pub(super) async fn run(&mut self, before: Batch, own: Batch) -> Result<Vec<Answer>, Failure> {
        let skipped = before.len();
        let mut all = before;
        all.append(own);
        let (mut answers, done) = self.run_all(all).await;
        match done {
            Ok(()) => Ok(answers.split_off(skipped)),
            Err(why) => Err(Failure {
                is_before: answers.len() < skipped,
                why,
            }),
        }
    }

    /// The answers are those of the statements that were done.
    async fn run_all(&mut self, batch: Batch) -> (Vec<Answer>, Result<(), StoreError>) {
        let (mut answers, mut rows) = (Vec::new(), Vec::new());
        let count = batch.len();
        let (text, values) = batch.joined();
        let query = bound!(sqlx::query(AssertSqlSafe(text)), values);
        let Some(mut sqlite) = self.sqlite.take() else {
            return (answers, Err(sqlx::Error::PoolClosed.into()));
        };
        let mut parts = sqlite.fetch_many(query);
        // What a statement finds comes before the sign of its end.
        let done = loop {
            match parts.try_next().await {
                Ok(Some(Either::Right(row))) => rows.push(row),
                Ok(Some(Either::Left(end))) => answers.push(Answer {
                    rows: std::mem::take(&mut rows),
                    touched: end.rows_affected(),
                }),
                Ok(None) if answers.len() == count => break Ok(()),
                Ok(None) => break Err(sqlx::Error::WorkerCrashed.into()),
                Err(error) => break Err(error.into()),
            }
        };
        drop(parts);
        self.sqlite = Some(sqlite);
        (answers, done)
    }
}
