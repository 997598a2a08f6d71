//! SQLite's one writing connection, and how concurrent transactions share a durable commit.
//!
//! Each transaction is a savepoint of an outer one, one after another. Whoever ends while others wait
//! for their turn leaves the outer transaction open for them; the last of the group commits it. Each
//! gets his answer after that commit, and one that fails or is given up takes back its savepoint
//! alone. A disk makes some thousands of commits a second durable, and each holds many transactions.
//!
//! Each statement is a way to the connection's thread and back. So none is run for a beginning or an
//! end alone: a savepoint is made together with its first statement, and let go together with its
//! last ones, and the group's commit with those of its last.
//!
//! The end of a transaction is a task of its own: whoever waits for it may go away, and the others of
//! the group must not hang or fail for that.

mod line;

use std::borrow::Cow;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::TryStreamExt;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{AssertSqlSafe, Either, Executor};
use tokio::runtime::Handle;
use tokio::sync::{Mutex, OwnedMutexGuard, oneshot};

use super::audit::AuditEvent;
use super::batch::Batch;
use super::changes::Changes;
use super::error::StoreError;
use super::tx::Row;
use super::value::bound;
use line::{Line, Member};

/// How long a transaction waits for its turn.
const WAIT_FOR: Duration = Duration::from_secs(10);

/// The line before the writing connection. Clones are the same line.
#[derive(Clone, Debug)]
pub(super) struct Writer {
    line: Arc<Mutex<Line>>,
    waiting: Arc<AtomicUsize>,
    changes: Changes,
}

/// What a transaction leaves to its end.
pub(super) struct Work {
    pub(super) batch: Batch,
    pub(super) events: Vec<AuditEvent>,
    /// What is marked as changed when it is durable.
    pub(super) changed: Vec<String>,
}

/// A turn at the connection: an open savepoint from its first statement on. Dropped, it is taken back.
pub(super) struct Turn {
    writer: Writer,
    line: Option<OwnedMutexGuard<Line>>,
    has_begun: bool,
}

impl Writer {
    /// Opens the connection.
    pub(super) async fn open(
        options: SqliteConnectOptions,
        changes: Changes,
    ) -> Result<Self, StoreError> {
        Ok(Self {
            line: Arc::new(Mutex::new(Line::open(options).await?)),
            waiting: Arc::default(),
            changes,
        })
    }

    /// Waits for a turn.
    pub(super) async fn turn(&self) -> Result<Turn, StoreError> {
        let place = Place::take(self);
        let line = tokio::time::timeout(WAIT_FOR, self.line.clone().lock_owned()).await;
        let line = line.map_err(|_| sqlx::Error::PoolTimedOut)?;
        place.leave();
        let mut turn = Turn {
            writer: self.clone(),
            line: Some(line),
            has_begun: false,
        };
        turn.line()?.connect().await?;
        Ok(turn)
    }

    /// Closes the connection.
    pub(super) async fn close(&self) {
        self.line.lock().await.close().await;
    }

    /// Ends a transaction and keeps what it has done; ends the group if nobody is waiting to join it.
    async fn keep(
        &self,
        mut line: OwnedMutexGuard<Line>,
        work: (Batch, Vec<AuditEvent>),
        member: Member,
    ) {
        let is_last = !self.has_next(&line);
        match line.finish(work, is_last).await {
            Ok(()) => {
                line.add(member);
                if is_last {
                    line.committed(&self.changes);
                }
            }
            Err(error) => {
                line.take_back().await;
                let _gone = member.answer.send(Err(error));
            }
        }
        self.end_group(line).await;
    }

    /// Ends a transaction and takes back what it has done.
    async fn take_back(&self, mut line: OwnedMutexGuard<Line>) {
        line.take_back().await;
        self.end_group(line).await;
    }

    async fn end_group(&self, mut line: OwnedMutexGuard<Line>) {
        if !self.has_next(&line) {
            line.commit(&self.changes).await;
        }
    }

    /// Whether somebody is waiting who may still join the group.
    fn has_next(&self, line: &Line) -> bool {
        line.is_open() && self.waiting.load(Ordering::SeqCst) > 0
    }
}

impl Turn {
    fn line(&mut self) -> Result<&mut Line, StoreError> {
        let line = self.line.as_deref_mut();
        line.ok_or_else(|| sqlx::Error::PoolClosed.into())
    }

    pub(super) fn connection(&mut self) -> Result<&mut SqliteConnection, StoreError> {
        self.line()?.connection()
    }

    /// Begins it, if it has not begun.
    pub(super) async fn begin(&mut self) -> Result<(), StoreError> {
        if !self.has_begun {
            self.has_begun = true;
            self.line()?.begin().await?;
        }
        Ok(())
    }

    /// A statement as it is to be run in this turn, at once: the first one begins it.
    pub(super) fn begun(&mut self, sql: Cow<'static, str>) -> Cow<'static, str> {
        match self.line.as_deref_mut().filter(|_| !self.has_begun) {
            Some(line) => {
                self.has_begun = true;
                Cow::Owned(format!("{}; {sql}", line.beginning()))
            }
            None => sql,
        }
    }

    /// The row that each of two statements finds.
    pub(super) async fn pair<A: Row, B: Row>(
        &mut self,
        both: Batch,
    ) -> Result<(Option<A>, Option<B>), StoreError> {
        let (text, values) = both.joined();
        let text = self.begun(text.into());
        let query = bound!(sqlx::query(AssertSqlSafe(text)), values);
        let mut answers = self.connection()?.fetch_many(query);
        // What a statement finds comes before the sign of its end.
        let (mut found, mut row) = (Vec::new(), None);
        while let Some(answer) = answers.try_next().await? {
            match answer {
                Either::Left(_end) => found.push(row.take()),
                Either::Right(one) => row = Some(one),
            }
        }
        let second = found.pop().flatten();
        let first = found.pop().flatten();
        Ok((
            first.map(|row| A::from_row(&row)).transpose()?,
            second.map(|row| B::from_row(&row)).transpose()?,
        ))
    }

    /// Returns when what was done is durable; what it has changed is marked by then.
    pub(super) async fn commit(mut self, work: Work) -> Result<(), StoreError> {
        let Work {
            batch,
            events,
            changed,
        } = work;
        if !self.has_begun && batch.is_empty() && events.is_empty() {
            return Ok(());
        }
        self.begin().await?;
        let (answer, durable) = oneshot::channel();
        if let Some(line) = self.line.take() {
            let member = Member { changed, answer };
            let writer = self.writer.clone();
            tokio::spawn(async move { writer.keep(line, (batch, events), member).await });
        }
        let ended = durable.await;
        ended.unwrap_or_else(|_| Err(sqlx::Error::WorkerCrashed.into()))
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let (Some(line), Ok(runtime)) = (self.line.take(), Handle::try_current()) else {
            return;
        };
        let (writer, has_begun) = (self.writer.clone(), self.has_begun);
        runtime.spawn(async move {
            if has_begun {
                writer.take_back(line).await;
            } else {
                writer.end_group(line).await;
            }
        });
    }
}

/// A place in the line. The one at the connection leaves the group open for whoever has one.
struct Place<'a> {
    writer: &'a Writer,
    is_given_up: bool,
}

impl<'a> Place<'a> {
    fn take(writer: &'a Writer) -> Self {
        writer.waiting.fetch_add(1, Ordering::SeqCst);
        Self {
            writer,
            is_given_up: true,
        }
    }

    fn leave(mut self) {
        self.is_given_up = false;
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.writer.waiting.fetch_sub(1, Ordering::SeqCst);
        let (true, Ok(runtime)) = (self.is_given_up, Handle::try_current()) else {
            return;
        };
        // The group may have been left open for this one alone.
        let writer = self.writer.clone();
        runtime.spawn(async move {
            let mut line = writer.line.clone().lock_owned().await;
            if writer.waiting.load(Ordering::SeqCst) == 0 {
                line.commit(&writer.changes).await;
            }
        });
    }
}
