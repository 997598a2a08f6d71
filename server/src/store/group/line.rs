//! The connection itself: what is run on it for each transaction of a group, and in which order.

use futures_util::TryStreamExt;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{AssertSqlSafe, Connection, Either, Executor};

use super::Work;
use super::answer::Answer;
use super::members::{Answering, End, Group, Member};
use crate::store::audit::{AuditHead, HEAD};
use crate::store::batch::Batch;
use crate::store::changes::Changes;
use crate::store::error::StoreError;
use crate::store::value::{bind, bound};

/// The connection and its open group.
#[derive(Debug)]
pub(super) struct Line {
    options: SqliteConnectOptions,
    /// `None` after one that failed, which is not used again.
    connection: Option<SqliteConnection>,
    group: Option<Group>,
}

impl Line {
    pub(super) async fn open(options: SqliteConnectOptions) -> Result<Self, StoreError> {
        let mut line = Self {
            options,
            connection: None,
            group: None,
        };
        line.connect().await?;
        Ok(line)
    }

    async fn connect(&mut self) -> Result<(), StoreError> {
        if self.connection.is_none() {
            self.connection = Some(SqliteConnection::connect_with(&self.options).await?);
        }
        Ok(())
    }

    pub(super) async fn close(&mut self, changes: &Changes) {
        self.commit(None, changes).await;
        if let Some(connection) = self.connection.take() {
            let _closed_either_way = connection.close().await;
        }
    }

    /// Whether the group may still grow.
    pub(super) fn is_open(&self) -> bool {
        self.group.as_ref().is_some_and(Group::is_open)
    }

    /// Begins a transaction with its first statements.
    pub(super) async fn begin(&mut self, first: Batch) -> Result<Vec<Answer>, StoreError> {
        match self.take_left() {
            Some(left) => self.begin_after(left, first).await,
            None => self.begin_alone(first).await,
        }
    }

    /// The end of the one before goes with the first statements. If that fails, it is the other's
    /// failure alone.
    async fn begin_after(&mut self, left: End, first: Batch) -> Result<Vec<Answer>, StoreError> {
        let mut batch = left.batch;
        let before = batch.len();
        batch.add("savepoint one", bind![]);
        batch.append(first.clone());
        let (mut answers, done) = self.send(batch).await;
        match done {
            Err(error) if answers.len() < before => {
                self.fail(left.member.answer, error).await;
                self.begin_alone(first).await
            }
            done => {
                self.join(left.member, left.head);
                done?;
                Ok(answers.split_off(before + 1))
            }
        }
    }

    /// The first of a group reads where the chain of events ends, for others may have written; and it
    /// has no savepoint, for to take it back is to take the group back.
    async fn begin_alone(&mut self, first: Batch) -> Result<Vec<Answer>, StoreError> {
        self.connect().await?;
        let mut batch = Batch::default();
        if self.group.is_some() {
            batch.add("savepoint one", bind![]);
            batch.append(first);
            let mut answers = self.run(batch).await?;
            return Ok(answers.split_off(1));
        }
        batch.add("begin immediate", bind![]);
        batch.add(HEAD, bind![]);
        batch.append(first);
        let mut answers = self.run(batch).await?;
        let own = answers.split_off(2);
        let head = answers.pop().ok_or(sqlx::Error::RowNotFound)?;
        self.group = Some(Group::new(head.fetch_one()?));
        Ok(own)
    }

    /// Runs statements of the transaction that has begun.
    pub(super) async fn run(&mut self, batch: Batch) -> Result<Vec<Answer>, StoreError> {
        let (answers, done) = self.send(batch).await;
        done.map(|()| answers)
    }

    /// What the transaction that has begun does at its end.
    pub(super) fn end(&self, work: Work, answer: Answering) -> Result<End, StoreError> {
        let group = self.group.as_ref().ok_or(sqlx::Error::PoolClosed)?;
        let (mut batch, mut head) = (work.batch, group.head.clone());
        for event in work.events {
            head.chain(event, &mut batch);
        }
        if !group.is_empty() {
            batch.add("release one", bind![]);
        }
        let changed = work.changed;
        Ok(End {
            batch,
            head,
            member: Member { changed, answer },
        })
    }

    /// Leaves the end of a transaction to the beginning of the next.
    pub(super) fn leave(&mut self, end: End) {
        if let Some(group) = &mut self.group {
            group.left = Some(end);
        }
    }

    fn take_left(&mut self) -> Option<End> {
        self.group.as_mut()?.left.take()
    }

    fn join(&mut self, member: Member, head: AuditHead) {
        if let Some(group) = &mut self.group {
            group.join(member, head);
        }
    }

    /// Ends the group with the end of its last transaction, or with what was left.
    pub(super) async fn commit(&mut self, last: Option<End>, changes: &Changes) {
        if let Some(last) = last.or_else(|| self.take_left()) {
            match self.run(with_commit(last.batch, &last.head)).await {
                Ok(_) => self.join(last.member, last.head),
                Err(error) => {
                    self.fail(last.member.answer, error).await;
                    self.commit_others().await;
                }
            }
        } else {
            self.commit_others().await;
        }
        if let Some(group) = self.group.take() {
            group.committed(changes);
        }
    }

    /// Commits what others have done, if there are any.
    async fn commit_others(&mut self) {
        let Some(group) = &self.group else {
            return;
        };
        let batch = with_commit(Batch::default(), &group.head);
        if let Err(error) = self.run(batch).await {
            self.fail_all(&error).await;
        }
    }

    /// Takes one back and tells him why.
    async fn fail(&mut self, one: Answering, why: StoreError) {
        self.take_back(Some(&why)).await;
        let _gone = one.send(Err(why));
    }

    /// Takes back the transaction that has begun, and with the first of a group the group.
    pub(super) async fn take_back(&mut self, why: Option<&StoreError>) {
        self.group.take_if(|group| group.is_empty());
        let mut batch = Batch::default();
        if self.group.is_none() {
            batch.add("rollback", bind![]);
        } else {
            batch.add("rollback to one", bind![]);
            batch.add("release one", bind![]);
        }
        // SQLite takes everything back by itself when the disk is full, and a commit that failed has
        // no savepoint any more.
        if let Err(error) = self.run(batch).await {
            self.fail_all(why.unwrap_or(&error)).await;
        }
    }

    /// Takes the whole group back, for it cannot be made durable.
    async fn fail_all(&mut self, why: &StoreError) {
        let mut batch = Batch::default();
        batch.add("rollback", bind![]);
        let _gone_already = self.run(batch).await;
        self.connection = None;
        if let Some(group) = self.group.take() {
            group.failed(why);
        }
    }

    /// Sends statements as one text. The answers are those of the statements that were done.
    async fn send(&mut self, batch: Batch) -> (Vec<Answer>, Result<(), StoreError>) {
        let (mut answers, mut rows) = (Vec::new(), Vec::new());
        let count = batch.len();
        let (text, values) = batch.joined();
        let query = bound!(sqlx::query(AssertSqlSafe(text)), values);
        let Some(connection) = &mut self.connection else {
            return (answers, Err(sqlx::Error::PoolClosed.into()));
        };
        let mut parts = connection.fetch_many(query);
        // What a statement finds comes before the sign of its end.
        loop {
            match parts.try_next().await {
                Ok(Some(Either::Right(row))) => rows.push(row),
                Ok(Some(Either::Left(end))) => answers.push(Answer {
                    rows: std::mem::take(&mut rows),
                    touched: end.rows_affected(),
                }),
                Ok(None) if answers.len() == count => return (answers, Ok(())),
                Ok(None) => return (answers, Err(sqlx::Error::WorkerCrashed.into())),
                Err(error) => return (answers, Err(error.into())),
            }
        }
    }
}

fn with_commit(mut batch: Batch, head: &AuditHead) -> Batch {
    head.keep(&mut batch);
    batch.add("commit", bind![]);
    batch
}
