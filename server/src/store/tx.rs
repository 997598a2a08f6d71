//! An open transaction of either engine, and how statements are run in it.
//!
//! Statements are written once, with numbered parameters that both engines read; this file binds
//! and runs them.

use std::borrow::Cow;

use sqlx::pool::PoolConnection;
use sqlx::postgres::PgRow;
use sqlx::sqlite::SqliteRow;
use sqlx::{AssertSqlSafe, FromRow, Postgres, Sqlite, Transaction};

use super::audit::{self, AuditEvent};
use super::batch::Batch;
use super::changes::{self, Change, Changes};
use super::error::StoreError;
use super::glances::Glance;
use super::group::{Extent, Turn, Work};
use super::listener::NOTIFY;
use super::value::{Done, Value, bound};

/// An open transaction.
pub struct Tx {
    pub(super) inner: Inner,
    pub(super) extent: Extent,
    changes: Changes,
    /// The changes that its statements have made, as the table has them.
    changed: Vec<String>,
    /// What the next statement has said that it changes.
    said: Option<Said>,
    /// The statements that are run at its end, and the events that are chained then.
    at_commit: Batch,
    events: Vec<AuditEvent>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Said {
    Nothing,
    Something,
}

pub(super) enum Inner {
    Sqlite(Transaction<'static, Sqlite>),
    /// A turn at SQLite's one writer.
    Turn(Turn),
    Postgres(Transaction<'static, Postgres>),
    SqliteGlance(Glance),
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
        bound!($query(AssertSqlSafe($sql)), $values)
            .$method($connection)
            .await
            .map(Into::into)
            .map_err(StoreError::from)
    };
    ($tx:expr, $query:path, $sql:ident, $values:expr, $method:ident) => {
        match &mut $tx.inner {
            Inner::Sqlite(tx) => run!(on &mut **tx, $query, $sql, $values, $method),
            Inner::Turn(turn) => {
                let before = std::mem::take(&mut $tx.at_commit);
                turn.ask(before, ($sql, $values)).await?.$method()
            }
            Inner::Postgres(tx) => run!(on &mut **tx, $query, $sql, $values, $method),
            Inner::SqliteGlance(one) => {
                let done = run!(on one.connection()?, $query, $sql, $values, $method);
                done.inspect_err(|_| one.fail())
            }
            Inner::PostgresGlance(one) => run!(on &mut **one, $query, $sql, $values, $method),
        }
    };
}

impl Tx {
    pub(super) fn new(inner: Inner, changes: Changes) -> Self {
        Self {
            inner,
            extent: Extent::Anything,
            changes,
            changed: Vec::new(),
            said: None,
            at_commit: Batch::default(),
            events: Vec::new(),
        }
    }

    /// Makes what was done lasting. Returns after the engine has it on disk.
    ///
    /// # Errors
    /// [`StoreError`] if it could not; then nothing of it was done.
    pub async fn commit(mut self) -> Result<(), StoreError> {
        let mut changed = std::mem::take(&mut self.changed);
        changes::insert(&mut self.at_commit, &mut changed);
        if let Some(other) = changed.iter().find(|text| !self.extent.holds(text)) {
            return Err(StoreError::Unusable(format!(
                "a transaction changes more than it said at its beginning: {other}"
            )));
        }
        if !matches!(self.inner, Inner::Turn(_)) {
            self.chain_events().await?;
            self.run_batch().await?;
        }
        let others = (!changed.is_empty()).then(|| self.changes.clone());
        match self.inner {
            Inner::Sqlite(tx) => {
                tx.commit().await?;
                self.changes.mark_all(&changed);
            }
            Inner::Turn(turn) => {
                let work = Work {
                    batch: self.at_commit,
                    events: self.events,
                    changed,
                };
                turn.commit(work).await?;
            }
            Inner::SqliteGlance(_) | Inner::PostgresGlance(_) => {}
            Inner::Postgres(mut tx) => {
                if !changed.is_empty() {
                    sqlx::query(NOTIFY).execute(&mut *tx).await?;
                }
                tx.commit().await?;
                self.changes.mark_all(&changed);
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
        self.said = Some(match change.text() {
            None => Said::Nothing,
            Some(text) => {
                self.changed.push(text);
                Said::Something
            }
        });
        self
    }

    fn require_said(&mut self, sql: &str) -> Result<(), StoreError> {
        let said = self.said.take();
        if !changes::is_of_remembered(sql) {
            return Ok(());
        }
        let why = match said {
            Some(Said::Something) => return Ok(()),
            Some(Said::Nothing) if self.extent == Extent::Anything => return Ok(()),
            Some(Said::Nothing) => {
                "changes rows that others may have read in a transaction beside theirs (Db::write_just)"
            }
            None => "changes what grants are made of without saying so (Tx::changing)",
        };
        Err(StoreError::Unusable(format!("a statement {why}: {sql}")))
    }

    /// Has a statement run when the transaction ends, or before the next that is run at once.
    pub(super) fn at_commit(
        &mut self,
        sql: impl Into<Cow<'static, str>>,
        values: Vec<Value>,
    ) -> Result<(), StoreError> {
        let sql = sql.into();
        self.require_said(&sql)?;
        self.at_commit.add(sql, values);
        Ok(())
    }

    /// Has an event chained to those before it when the transaction ends: only then its place is sure.
    pub(super) fn chain_at_commit(&mut self, event: AuditEvent) {
        self.events.push(event);
    }

    async fn chain_events(&mut self) -> Result<(), StoreError> {
        if self.events.is_empty() {
            return Ok(());
        }
        let mut head = audit::head(self).await?;
        for event in std::mem::take(&mut self.events) {
            head.chain(event, &mut self.at_commit);
        }
        head.keep(&mut self.at_commit);
        Ok(())
    }

    async fn run_batch(&mut self) -> Result<(), StoreError> {
        for (sql, values) in std::mem::take(&mut self.at_commit) {
            let _done: Done = run!(self, sqlx::query, sql, values, execute)?;
        }
        Ok(())
    }

    pub(super) async fn execute(
        &mut self,
        sql: impl Into<Cow<'static, str>>,
        values: Vec<Value>,
    ) -> Result<Done, StoreError> {
        let sql = self.ready(sql).await?;
        run!(self, sqlx::query, sql, values, execute)
    }

    pub(super) async fn one<T: Row>(
        &mut self,
        sql: impl Into<Cow<'static, str>>,
        values: Vec<Value>,
    ) -> Result<T, StoreError> {
        let sql = self.ready(sql).await?;
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
        let sql = self.ready(sql).await?;
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
        let sql = self.ready(sql).await?;
        run!(self, sqlx::query_as::<_, T>, sql, values, fetch_all)
    }

    /// The first row of each of two statements. On SQLite's writer they are one way.
    pub(super) async fn pair<A: Row, B: Row>(
        &mut self,
        (sql, values): (&'static str, Vec<Value>),
        (other_sql, other_values): (&'static str, Vec<Value>),
    ) -> Result<(Option<A>, Option<B>), StoreError> {
        if let Inner::Turn(turn) = &mut self.inner {
            let mut batch = std::mem::take(&mut self.at_commit);
            batch.add(sql, values);
            batch.add(other_sql, other_values);
            let mut answers = turn.run(batch).await?.into_iter().rev();
            let mut last = || answers.next().ok_or(sqlx::Error::RowNotFound);
            let (second, first) = (last()?, last()?);
            return Ok((first.fetch_optional()?, second.fetch_optional()?));
        }
        let first = self.optional(sql, values).await?;
        Ok((first, self.optional(other_sql, other_values).await?))
    }

    /// A statement that may be run now: it sees what was left to the end so far. (At SQLite's writer
    /// that goes with it.)
    async fn ready(
        &mut self,
        sql: impl Into<Cow<'static, str>>,
    ) -> Result<Cow<'static, str>, StoreError> {
        let sql = sql.into();
        self.require_said(&sql)?;
        if !matches!(self.inner, Inner::Turn(_)) {
            self.run_batch().await?;
        }
        Ok(sql)
    }

    /// Runs a script of several statements without parameters, in [`super::engine::Db::alter`].
    pub(super) async fn script(&mut self, sql: &'static str) -> Result<(), StoreError> {
        self.require_said(sql)?;
        self.run_batch().await?;
        match &mut self.inner {
            Inner::Sqlite(tx) => sqlx::raw_sql(sql).execute(&mut **tx).await.map(drop)?,
            Inner::Postgres(tx) => sqlx::raw_sql(sql).execute(&mut **tx).await.map(drop)?,
            Inner::Turn(_) | Inner::SqliteGlance(_) | Inner::PostgresGlance(_) => {
                let why = "a script is run where tables are altered, and nowhere else";
                return Err(StoreError::Unusable(why.into()));
            }
        }
        Ok(())
    }
}
