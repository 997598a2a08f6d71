//! SQLite's one writing connection, and how concurrent transactions share a durable commit.
//!
//! Each transaction is a part of an outer one, one after another. Whoever ends while others wait for
//! their turn leaves the outer transaction open for them; the last of the group commits it. Each gets
//! his answer after that commit. One that fails or is given up takes its own part back: all but the
//! first are savepoints. A disk makes some thousands of commits a second durable, and each holds many
//! transactions.
//!
//! To run something is a way to the connection's thread and back, which takes longer than what is run.
//! So in a group that is never done for a beginning or an end alone: the end of each transaction goes
//! with the beginning of the next, and the group's commit with the end of its last.
//!
//! What is another's too is run in a task of its own: whoever waits for it may go away, and the others
//! of the group must not hang or fail for that.

mod answer;
mod line;
mod members;

use std::borrow::Cow;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use sqlx::sqlite::SqliteConnectOptions;
use tokio::runtime::Handle;
use tokio::sync::{Mutex, OwnedMutexGuard, oneshot};

use super::audit::AuditEvent;
use super::batch::Batch;
use super::changes::Changes;
use super::error::StoreError;
use super::value::Value;
pub(super) use answer::Answer;
use line::Line;

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

/// A turn at the connection: an open transaction from its first statement on. Dropped, it is taken back.
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
        Ok(Turn {
            writer: self.clone(),
            line: Some(line),
            has_begun: false,
        })
    }

    /// Closes the connection; what was done before is durable then.
    pub(super) async fn close(&self) {
        self.line.lock().await.close(&self.changes).await;
    }

    /// Ends a transaction and takes back what it has done.
    async fn take_back(&self, mut line: OwnedMutexGuard<Line>, why: Option<StoreError>) {
        line.take_back(why.as_ref()).await;
        self.end_group(line).await;
    }

    async fn end_group(&self, mut line: OwnedMutexGuard<Line>) {
        if !self.has_next(&line) {
            line.commit(None, &self.changes).await;
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

    /// Runs statements; the first ones begin the transaction. One that fails ends it, as on PostgreSQL.
    pub(super) async fn run(&mut self, batch: Batch) -> Result<Vec<Answer>, StoreError> {
        if self.has_begun {
            let done = self.line()?.run(batch).await;
            if let Err(error) = &done {
                self.let_go(Some(error.again()));
            }
            return done;
        }
        self.has_begun = true;
        let mut turn = Self {
            writer: self.writer.clone(),
            line: self.line.take(),
            has_begun: true,
        };
        // The end of another's goes with it.
        let begun = tokio::spawn(async move {
            match turn.line()?.begin(batch).await {
                Ok(answers) => Ok((turn, answers)),
                Err(error) => {
                    turn.let_go(Some(error.again()));
                    Err(error)
                }
            }
        });
        let (turn, answers) = begun.await.map_err(|_| sqlx::Error::WorkerCrashed)??;
        *self = turn;
        Ok(answers)
    }

    /// Runs `before`, and answers what a statement after it does.
    pub(super) async fn ask(
        &mut self,
        mut before: Batch,
        (sql, values): (Cow<'static, str>, Vec<Value>),
    ) -> Result<Answer, StoreError> {
        before.add(sql, values);
        let last = self.run(before).await?.pop();
        last.ok_or_else(|| sqlx::Error::RowNotFound.into())
    }

    /// Returns when what was done is durable; what it has changed is marked by then.
    pub(super) async fn commit(mut self, work: Work) -> Result<(), StoreError> {
        if !self.has_begun {
            if work.batch.is_empty() && work.events.is_empty() {
                return Ok(());
            }
            self.run(Batch::default()).await?;
        }
        let (answer, durable) = oneshot::channel();
        let end = self.line()?.end(work, answer)?;
        if let Some(mut line) = self.line.take() {
            let writer = self.writer.clone();
            if writer.has_next(&line) {
                line.leave(end);
            } else {
                tokio::spawn(async move { line.commit(Some(end), &writer.changes).await });
            }
        }
        let ended = durable.await;
        ended.unwrap_or_else(|_| Err(sqlx::Error::WorkerCrashed.into()))
    }

    /// Takes back what was done and lets the next one have his turn.
    fn let_go(&mut self, why: Option<StoreError>) {
        let (Some(line), Ok(runtime)) = (self.line.take(), Handle::try_current()) else {
            return;
        };
        let (writer, has_begun) = (self.writer.clone(), self.has_begun);
        runtime.spawn(async move {
            if has_begun {
                writer.take_back(line, why).await;
            } else {
                writer.end_group(line).await;
            }
        });
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.let_go(None);
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
                line.commit(None, &writer.changes).await;
            }
        });
    }
}
