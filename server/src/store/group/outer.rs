//! The outer transaction: what is run for each transaction of a group.

use std::time::{Duration, Instant};

use sqlx::sqlite::SqliteConnectOptions;

use super::answer::Answer;
use super::connection::{Connection, Failure};
use super::members::{End, Group, Member, Undo, begin_part};
use crate::clock::Clock;
use crate::store::audit::{AuditHead, HEAD};
use crate::store::batch::Batch;
use crate::store::changes::Changes;
use crate::store::error::StoreError;
use crate::store::value::bind;

/// How long the first of a group waits for another process's lock, and how often he tries. Whoever has
/// many writers lets go of the file for a moment only: SQLite's own waiting, which soon tries ten times a
/// second, misses most of them.
const WAIT_FOR: Duration = Duration::from_secs(5);
const AGAIN_AFTER: Duration = Duration::from_millis(1);

/// The connection and its open group.
#[derive(Debug)]
pub(super) struct Outer {
    connection: Connection,
    changes: Changes,
    clock: Clock,
    group: Option<Group>,
    /// Whether a group was lost with all that was under way in it.
    is_lost: bool,
}

impl Outer {
    pub(super) async fn open(
        options: SqliteConnectOptions,
        changes: Changes,
        clock: Clock,
    ) -> Result<Self, StoreError> {
        Ok(Self {
            connection: Connection::open(options).await?,
            changes,
            clock,
            group: None,
            is_lost: false,
        })
    }

    pub(super) async fn close(&mut self) {
        self.connection.close().await;
    }

    pub(super) fn group(&self) -> Option<&Group> {
        self.group.as_ref()
    }

    /// Whether somebody may begin now, with so many who are on their way before him.
    pub(super) fn is_open(&self, coming: usize) -> bool {
        let is_open = |group: &Group| group.is_open(coming, self.clock.now());
        self.group.as_ref().is_none_or(is_open)
    }

    /// Whether a group was lost since this was asked last.
    pub(super) fn take_loss(&mut self) -> bool {
        std::mem::take(&mut self.is_lost)
    }

    /// Lets go of an open group as it is: SQLite takes back what is not durable.
    pub(super) fn let_go(&mut self) {
        if self.group.take().is_some() {
            self.connection.discard();
        }
    }

    /// Begins a transaction with its first statements, which go with the end of another's: if that
    /// fails, it is the other's failure alone. One that `only_reads` has nothing to be taken back.
    pub(super) async fn begin(
        &mut self,
        end: Option<End>,
        first: Batch,
        only_reads: bool,
    ) -> Result<(Vec<Answer>, Undo), StoreError> {
        if let (Some(end), Some(group)) = (end, &self.group) {
            let (mut before, head, member) = end.parts(group.head.clone());
            let undo = begin_among_others(&mut before, only_reads);
            match self.connection.run(before, first.clone()).await {
                Err(failure) if failure.is_before => self.fail(member, failure.why).await,
                done => {
                    self.join(member, head);
                    return Ok((self.or_take_back(done, undo).await?, undo));
                }
            }
        }
        if self.group.is_none() {
            return self.begin_group(first, only_reads).await;
        }
        let mut before = Batch::default();
        let undo = begin_among_others(&mut before, only_reads);
        let done = self.connection.run(before, first).await;
        Ok((self.or_take_back(done, undo).await?, undo))
    }

    /// The first of a group reads where the chain of events ends, for others may have written; and it
    /// has no savepoint, for to take it back is to take the group back.
    async fn begin_group(
        &mut self,
        first: Batch,
        only_reads: bool,
    ) -> Result<(Vec<Answer>, Undo), StoreError> {
        self.connection.open_again().await?;
        let (mut before, mut own) = (Batch::default(), Batch::default());
        before.add("begin immediate", bind![]);
        own.add(HEAD, bind![]);
        own.append(first);
        let since = Instant::now();
        let done = loop {
            match self.connection.run(before.clone(), own.clone()).await {
                Err(failure) if failure.why.is_of_a_lock() && since.elapsed() < WAIT_FOR => {
                    tokio::time::sleep(AGAIN_AFTER).await;
                }
                done => break done,
            }
        };
        let mut answers = self.or_take_back(done, Undo::Group).await?;
        let first = answers.split_off(1);
        let head = answers.pop().ok_or_else(|| sqlx::Error::RowNotFound.into());
        match head.and_then(Answer::fetch_one) {
            Ok(head) => self.group = Some(Group::new(head, self.clock.now())),
            Err(why) => {
                self.take_back(Undo::Group, Some(&why)).await;
                return Err(why);
            }
        }
        let undo = match only_reads {
            true => Undo::Nothing,
            false => Undo::Group,
        };
        Ok((first, undo))
    }

    /// What statements answer; a transaction whose statements failed is taken back.
    async fn or_take_back(
        &mut self,
        done: Result<Vec<Answer>, Failure>,
        undo: Undo,
    ) -> Result<Vec<Answer>, StoreError> {
        match done {
            Ok(answers) => Ok(answers),
            Err(Failure { why, .. }) => {
                self.take_back(undo, Some(&why)).await;
                Err(why)
            }
        }
    }

    /// Runs more statements of a transaction. If they fail, it is taken back.
    pub(super) async fn run(
        &mut self,
        batch: Batch,
        undo: &mut Undo,
    ) -> Result<Vec<Answer>, StoreError> {
        let mut before = Batch::default();
        if *undo == Undo::Nothing {
            *undo = begin_part(&mut before);
        }
        let done = self.connection.run(before, batch).await;
        self.or_take_back(done, *undo).await
    }

    /// Ends a transaction whose group goes on.
    pub(super) async fn end(&mut self, end: End) {
        let Some(group) = &self.group else { return };
        let (batch, head, member) = end.parts(group.head.clone());
        match self.connection.run(Batch::default(), batch).await {
            Ok(_) => self.join(member, head),
            Err(failure) => self.fail(member, failure.why).await,
        }
    }

    /// Ends the group with the end of its last transaction. If that one fails the others are still to be
    /// committed.
    pub(super) async fn commit(&mut self, last: Option<End>) {
        let Some(group) = &self.group else { return };
        let head = group.head.clone();
        let (mut batch, head, last) = match last.map(|last| last.parts(head.clone())) {
            Some((batch, head, member)) => (batch, head, Some(member)),
            None => (Batch::default(), head, None),
        };
        head.keep(&mut batch);
        batch.add("commit", bind![]);
        match (self.connection.run(Batch::default(), batch).await, last) {
            (Ok(_), last) => {
                if let Some(last) = last {
                    self.join(last, head);
                }
                if let Some(group) = self.group.take() {
                    group.committed(&self.changes);
                }
            }
            (Err(failure), Some(last)) => self.fail(last, failure.why).await,
            (Err(failure), None) => self.fail_all(&failure.why).await,
        }
    }

    fn join(&mut self, member: Member, head: AuditHead) {
        if let Some(group) = &mut self.group {
            group.join(member, head);
        }
    }

    /// Takes one back and tells him why.
    async fn fail(&mut self, one: Member, why: StoreError) {
        self.take_back(one.undo, Some(&why)).await;
        let _gone = one.answer.send(Err(why));
    }

    /// Takes a transaction back, for that reason or because it was given up.
    pub(super) async fn take_back(&mut self, undo: Undo, why: Option<&StoreError>) {
        let mut batch = Batch::default();
        match undo {
            Undo::Nothing => {
                // Where a file cannot be read, nobody knows what is left of the group.
                if let Some(why) = why {
                    self.fail_all(why).await;
                }
                return;
            }
            Undo::Savepoint => {
                batch.add("rollback to one", bind![]);
                batch.add("release one", bind![]);
            }
            Undo::Group => {
                self.group = None;
                batch.add("rollback", bind![]);
            }
        }
        // SQLite takes everything back by itself when the disk is full, and a commit that failed has
        // no savepoint any more.
        if let Err(failure) = self.connection.run(Batch::default(), batch).await {
            self.fail_all(why.unwrap_or(&failure.why)).await;
        }
    }

    /// Takes the whole group back, for it cannot be made durable.
    async fn fail_all(&mut self, why: &StoreError) {
        let mut batch = Batch::default();
        batch.add("rollback", bind![]);
        let _gone_already = self.connection.run(Batch::default(), batch).await;
        self.connection.discard();
        self.is_lost = true;
        if let Some(group) = self.group.take() {
            group.failed(why);
        }
    }
}

/// Begins a part of a group that others are part of.
fn begin_among_others(batch: &mut Batch, only_reads: bool) -> Undo {
    match only_reads {
        true => Undo::Nothing,
        false => begin_part(batch),
    }
}
