//! SQLite's one writing connection, and how concurrent transactions share a durable commit.
//!
//! Each transaction is a savepoint of an outer one, one after another. Whoever ends while others wait
//! for their turn leaves the outer transaction open for them; the last of the group commits it. Each
//! gets his answer after that commit, and one that fails or is given up takes back its savepoint
//! alone. A disk makes some thousands of commits a second durable, and each holds many transactions.
//!
//! The end of a transaction is a task of its own: whoever waits for it may go away, and the others of
//! the group must not hang or fail for that.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{Connection, Executor};
use tokio::runtime::Handle;
use tokio::sync::{Mutex, OwnedMutexGuard, oneshot};

use super::changes::Changes;
use super::error::StoreError;

/// How long a transaction waits for its turn.
const WAIT_FOR: Duration = Duration::from_secs(10);
/// A group ends when it has this many members, or is this old: other processes want to write too.
const MOST_MEMBERS: usize = 128;
const OLDEST: Duration = Duration::from_millis(20);

/// The line before the writing connection. Clones are the same line.
#[derive(Clone, Debug)]
pub(super) struct Writer {
    line: Arc<Mutex<Line>>,
    waiting: Arc<AtomicUsize>,
    changes: Changes,
}

#[derive(Debug)]
struct Line {
    options: SqliteConnectOptions,
    connection: Option<SqliteConnection>,
    /// Whether the next one's savepoint is there already.
    is_begun: bool,
    /// Whether the connection is known to be in no transaction.
    is_clean: bool,
    /// Since when there is an open outer transaction.
    open_since: Option<Instant>,
    /// Those whose work is in it and who wait for it to be durable.
    members: Vec<Member>,
}

#[derive(Debug)]
struct Member {
    changes: Vec<String>,
    answer: oneshot::Sender<Result<(), StoreError>>,
}

/// A turn at the connection: an open savepoint. Dropped, it is taken back.
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
        let connection = SqliteConnection::connect_with(&options).await?;
        Ok(Self {
            line: Arc::new(Mutex::new(Line {
                options,
                connection: Some(connection),
                is_begun: false,
                is_clean: true,
                open_since: None,
                members: Vec::new(),
            })),
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
        turn.line()?.begin().await?;
        turn.has_begun = true;
        Ok(turn)
    }

    /// Closes the connection.
    pub(super) async fn close(&self) {
        let mut line = self.line.lock().await;
        line.is_clean = false;
        if let Some(connection) = line.connection.take() {
            let _closed_either_way = connection.close().await;
        }
    }

    /// Ends a transaction, and the group's if nobody is waiting to join it.
    async fn end(&self, mut line: OwnedMutexGuard<Line>, end: End) {
        match end {
            End::Keep(member) => {
                let has_next = self.has_next(&line);
                match line.release(has_next).await {
                    Ok(()) => line.members.push(member),
                    Err(error) => {
                        let _gone = member.answer.send(Err(error));
                        line.fail().await;
                    }
                }
            }
            End::TakeBack { has_begun } => {
                let undone = line.run("rollback to one; release one").await;
                // SQLite takes everything back by itself when the disk is full. A savepoint that may
                // never have been made is not missed.
                if undone.is_err() && has_begun {
                    line.fail().await;
                }
            }
        }
        if !line.is_begun && !self.has_next(&line) {
            line.commit(&self.changes).await;
        }
    }

    /// Whether somebody is waiting who may still join the group.
    fn has_next(&self, line: &Line) -> bool {
        let is_young = |since: Instant| since.elapsed() < OLDEST;
        line.members.len() < MOST_MEMBERS
            && line.open_since.is_some_and(is_young)
            && self.waiting.load(Ordering::SeqCst) > 0
    }
}

enum End {
    Keep(Member),
    TakeBack { has_begun: bool },
}

impl Line {
    async fn begin(&mut self) -> Result<(), StoreError> {
        if std::mem::take(&mut self.is_begun) {
            return Ok(());
        }
        if self.open_since.is_some() {
            return self.run("savepoint one").await;
        }
        if !self.is_clean {
            // One that failed, or whose beginning was given up, is not used again.
            self.connection = None;
            self.connection = Some(SqliteConnection::connect_with(&self.options).await?);
        }
        self.is_clean = false;
        self.run("begin immediate; savepoint one").await?;
        self.open_since = Some(Instant::now());
        Ok(())
    }

    /// Ends a savepoint that is kept, and on the same way makes the next one's.
    async fn release(&mut self, has_next: bool) -> Result<(), StoreError> {
        if !has_next {
            return self.run("release one").await;
        }
        self.run("release one; savepoint one").await?;
        self.is_begun = true;
        Ok(())
    }

    async fn run(&mut self, sql: &'static str) -> Result<(), StoreError> {
        let connection = self.connection.as_mut();
        let connection = connection.ok_or(sqlx::Error::PoolClosed)?;
        connection.execute(sqlx::raw_sql(sql)).await?;
        Ok(())
    }

    /// Makes the group's work durable, marks what it has changed, and tells its members.
    async fn commit(&mut self, changes: &Changes) {
        if self.open_since.is_none() {
            return;
        }
        let end = if self.members.is_empty() {
            "rollback"
        } else {
            "commit"
        };
        match self.run(end).await {
            Ok(()) => {
                self.open_since = None;
                self.is_begun = false;
                self.is_clean = true;
                for member in &self.members {
                    member.changes.iter().for_each(|text| changes.mark(text));
                }
                for member in self.members.drain(..) {
                    let _gone = member.answer.send(Ok(()));
                }
            }
            Err(error) => self.fail_with(error).await,
        }
    }

    async fn fail(&mut self) {
        let why = sqlx::Error::Protocol("the transaction was taken back".into());
        self.fail_with(StoreError::Unavailable(
            "the database took the change back",
            why,
        ))
        .await;
    }

    /// Takes the whole group back, for it cannot be made durable.
    async fn fail_with(&mut self, error: StoreError) {
        let _gone_already = self.run("rollback").await;
        self.is_begun = false;
        self.open_since = None;
        self.connection = None;
        for member in self.members.drain(..) {
            let _gone = member.answer.send(Err(error.again()));
        }
    }
}

impl Turn {
    fn line(&mut self) -> Result<&mut Line, StoreError> {
        let line = self.line.as_deref_mut();
        line.ok_or_else(|| sqlx::Error::PoolClosed.into())
    }

    pub(super) fn connection(&mut self) -> Result<&mut SqliteConnection, StoreError> {
        let connection = self.line()?.connection.as_mut();
        connection.ok_or_else(|| sqlx::Error::PoolClosed.into())
    }

    /// Returns when what was done is durable; `changes` are marked by then.
    pub(super) async fn commit(mut self, changes: Vec<String>) -> Result<(), StoreError> {
        let (answer, durable) = oneshot::channel();
        if let Some(line) = self.line.take() {
            let member = Member { changes, answer };
            let writer = self.writer.clone();
            tokio::spawn(async move { writer.end(line, End::Keep(member)).await });
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
        runtime.spawn(async move { writer.end(line, End::TakeBack { has_begun }).await });
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
