//! SQLite's one writing connection, and how concurrent transactions share a durable commit.
//!
//! Each transaction is a part of an outer one. Whoever ends while others want to write leaves the outer
//! transaction open for them; the last of the group commits it. Each gets his answer after that commit.
//! One that fails or is given up takes its own part back, which is a savepoint unless it is the only one.
//! (If a first statement cannot even read, the whole group fails.) A disk makes some thousands of commits
//! a second durable, and each holds many transactions.
//!
//! To run something is a way to the connection's thread and back, which takes longer than what is run.
//! So in a group that is hardly ever done for a beginning or an end alone: the end of each transaction
//! goes with the beginning of another, and the group's commit with the end of its last.
//!
//! All that is done by a task of its own, which runs while there are writers, on the event loop of the
//! first of them: whoever waits for it may go away, and the others must not hang or fail for that. If the
//! loop itself ends before its writers do, they are told that they have failed. (What was being committed
//! then may be durable all the same, as if the process had ended.)

mod answer;
mod connection;
mod inbox;
mod leader;
mod members;
mod outer;

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use sqlx::sqlite::SqliteConnectOptions;
use tokio::runtime::Handle;
use tokio::sync::{Mutex, oneshot};

use super::audit::AuditEvent;
use super::batch::Batch;
use super::changes::Changes;
use super::error::StoreError;
use super::value::Value;
use crate::clock::Clock;
pub(super) use answer::Answer;
use inbox::{Beginning, Inbox, Message, Run};
use leader::Leader;
use outer::Outer;

/// How long a transaction waits until it can begin.
const WAIT_FOR: Duration = Duration::from_secs(10);

/// The writing connection. Clones are the same one.
#[derive(Clone)]
pub(super) struct Writer(Arc<Shared>);

struct Shared {
    inbox: Inbox,
    leader: Mutex<Leader>,
    numbers: AtomicU64,
}

/// What a transaction may change of that which others read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Extent {
    Anything,
    /// This, by its text in the table `changes`, or nothing.
    Just(Option<String>),
}

/// What a transaction leaves to its end.
#[derive(Debug)]
pub(super) struct Work {
    pub(super) batch: Batch,
    pub(super) events: Vec<AuditEvent>,
    /// What is marked as changed when it is durable.
    pub(super) changed: Vec<String>,
}

/// A transaction. It begins with its first statements; dropped, it is taken back.
pub(super) struct Turn {
    writer: Writer,
    number: u64,
    extent: Extent,
    state: State,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    New,
    Open,
    Over,
}

impl Extent {
    /// Whether neither of two transactions reads what the other changes.
    fn goes_beside(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Just(one), Self::Just(other)) => one.is_none() || one != other,
            _ => false,
        }
    }

    /// Whether a transaction of this extent may change that.
    pub(super) fn holds(&self, change: &str) -> bool {
        match self {
            Self::Anything => true,
            Self::Just(one) => one.as_deref() == Some(change),
        }
    }
}

impl Writer {
    /// Opens the connection.
    pub(super) async fn open(
        options: SqliteConnectOptions,
        changes: Changes,
        clock: Clock,
    ) -> Result<Self, StoreError> {
        let leader = Leader::new(Outer::open(options, changes, clock).await?);
        Ok(Self(Arc::new(Shared {
            inbox: Inbox::default(),
            leader: Mutex::new(leader),
            numbers: AtomicU64::new(0),
        })))
    }

    /// A transaction of that extent.
    pub(super) fn turn(&self, extent: Extent) -> Turn {
        Turn {
            writer: self.clone(),
            number: self.0.numbers.fetch_add(1, Ordering::Relaxed),
            extent,
            state: State::New,
        }
    }

    /// Closes the connection; what was done before is durable then.
    pub(super) async fn close(&self) {
        self.0.leader.lock().await.close().await;
    }

    fn want(&self, message: Message) {
        if self.0.inbox.push(message) {
            let task = Task {
                shared: self.0.clone(),
                is_done: false,
            };
            if let Ok(runtime) = Handle::try_current() {
                runtime.spawn(task.run());
            }
        }
    }
}

/// What reads the inbox until it is empty. Its event loop may end before that, or before it begins.
struct Task {
    shared: Arc<Shared>,
    is_done: bool,
}

impl Task {
    async fn run(mut self) {
        let mut leader = self.shared.leader.lock().await;
        leader.lead(&self.shared.inbox).await;
        drop(leader);
        self.is_done = true;
    }
}

impl Drop for Task {
    fn drop(&mut self) {
        if !self.is_done {
            self.shared.inbox.abandon();
        }
    }
}

impl Turn {
    /// Runs statements; the first ones begin the transaction. One that fails ends it, as on PostgreSQL.
    pub(super) async fn run(&mut self, batch: Batch) -> Result<Vec<Answer>, StoreError> {
        let (number, (reply, replied)) = (self.number, oneshot::channel());
        let run = Run {
            number,
            batch,
            reply,
        };
        let answers = match self.state {
            State::Over => return Err(sqlx::Error::PoolClosed.into()),
            State::New => {
                self.state = State::Open;
                // One that writes at once is alone, as if it might write anything.
                let extent = match run.batch.only_reads() {
                    true => self.extent.clone(),
                    false => Extent::Anything,
                };
                let beginning = Beginning { extent, first: run };
                self.writer.want(Message::Begin(beginning));
                let Ok(replied) = tokio::time::timeout(WAIT_FOR, replied).await else {
                    self.give_up();
                    return Err(sqlx::Error::PoolTimedOut.into());
                };
                replied
            }
            State::Open => {
                self.writer.want(Message::Run(run));
                replied.await
            }
        };
        let answers = answers.unwrap_or_else(|_| Err(sqlx::Error::WorkerCrashed.into()));
        if answers.is_err() {
            self.state = State::Over;
        }
        answers
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

    fn give_up(&mut self) {
        self.state = State::Over;
        let number = self.number;
        self.writer.want(Message::GiveUp { number });
    }

    /// Returns when what was done is durable; what it has changed is marked by then.
    pub(super) async fn commit(mut self, work: Work) -> Result<(), StoreError> {
        if self.state == State::New {
            if work.batch.is_empty() && work.events.is_empty() {
                return Ok(());
            }
            self.run(Batch::default()).await?;
        }
        if self.state == State::Over {
            return Err(sqlx::Error::PoolClosed.into());
        }
        self.state = State::Over;
        let (number, (answer, durable)) = (self.number, oneshot::channel());
        self.writer.want(Message::End {
            number,
            work,
            answer,
        });
        let ended = durable.await;
        ended.unwrap_or_else(|_| Err(sqlx::Error::WorkerCrashed.into()))
    }
}

impl fmt::Debug for Writer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Writer")
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        if self.state == State::Open {
            self.give_up();
        }
    }
}
