//! SQLite's one writing connection, and how concurrent transactions share a durable commit.
//!
//! Each transaction is a part of an outer one, one after another. Whoever ends while others want to
//! write leaves the outer transaction open for them; the last of the group commits it. Each gets his
//! answer after that commit. One that fails or is given up takes its own part back, which is a savepoint
//! unless it is the only one. A disk makes some thousands of commits a second durable, and each holds
//! many transactions.
//!
//! To run something is a way to the connection's thread and back, which takes longer than what is run.
//! So in a group that is hardly ever done for a beginning or an end alone: the end of each transaction
//! goes with the beginning of another, and the group's commit with the end of its last.
//!
//! All that is done by a task of its own, which runs while there are writers: whoever waits for it may go
//! away, and the others must not hang or fail for that.

mod answer;
mod leader;
mod line;
mod members;

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use sqlx::sqlite::SqliteConnectOptions;
use tokio::runtime::Handle;
use tokio::sync::{Mutex, mpsc, oneshot};

use super::audit::AuditEvent;
use super::batch::Batch;
use super::changes::Changes;
use super::error::StoreError;
use super::value::Value;
pub(super) use answer::Answer;
use leader::{Beginning, Leader, Message, Run};

/// How long a transaction waits until it can begin.
const WAIT_FOR: Duration = Duration::from_secs(10);

/// The writing connection. Clones are the same one.
#[derive(Clone)]
pub(super) struct Writer(Arc<Shared>);

struct Shared {
    wanted: mpsc::UnboundedSender<Message>,
    leader: Mutex<Leader>,
    is_led: AtomicBool,
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
    ) -> Result<Self, StoreError> {
        let (wanted, inbox) = mpsc::unbounded_channel();
        let leader = Leader::new(options, changes, inbox).await?;
        Ok(Self(Arc::new(Shared {
            wanted,
            leader: Mutex::new(leader),
            is_led: AtomicBool::new(false),
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
        let is_received = self.0.wanted.send(message).is_ok();
        if is_received && !self.0.is_led.swap(true, Ordering::SeqCst) {
            let led = Led(self.clone());
            if let Ok(runtime) = Handle::try_current() {
                runtime.spawn(led.lead());
            }
        }
    }
}

/// A task that does what is wanted. Its event loop may end before it does.
struct Led(Writer);

impl Led {
    async fn lead(self) {
        let shared = &self.0.0;
        let mut leader = shared.leader.lock().await;
        loop {
            leader.lead().await;
            shared.is_led.store(false, Ordering::SeqCst);
            // Somebody may have come who saw it led.
            if !leader.has_messages() || shared.is_led.swap(true, Ordering::SeqCst) {
                return;
            }
        }
    }
}

impl Drop for Led {
    fn drop(&mut self) {
        self.0.0.is_led.store(false, Ordering::SeqCst);
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
                let extent = match run.batch.only_reads() {
                    true => self.extent.clone(),
                    false => Extent::Anything,
                };
                let beginning = Beginning { extent, first: run };
                self.writer.want(Message::Begin(beginning));
                let replied = tokio::time::timeout(WAIT_FOR, replied).await;
                replied.map_err(|_| sqlx::Error::PoolTimedOut)?
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
            self.writer.want(Message::GiveUp {
                number: self.number,
            });
        }
    }
}
