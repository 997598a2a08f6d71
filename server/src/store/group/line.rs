//! The connection itself: what is run on it for each transaction of a group.

use futures_util::TryStreamExt;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{AssertSqlSafe, Connection, Either, Executor};

use super::answer::Answer;
use super::members::{End, Group, Member, Undo};
use crate::store::audit::{AuditHead, HEAD};
use crate::store::batch::Batch;
use crate::store::changes::Changes;
use crate::store::error::StoreError;
use crate::store::value::{bind, bound};

/// The connection and its open group.
#[derive(Debug)]
pub(super) struct Line {
    options: SqliteConnectOptions,
    changes: Changes,
    /// `None` after one that failed, which is not used again, and while statements are run.
    connection: Option<SqliteConnection>,
    group: Option<Group>,
    /// Whether a group was lost with all that was under way in it.
    is_lost: bool,
}

/// Why statements failed, and whether it was one of those that went before.
struct Failure {
    is_before: bool,
    why: StoreError,
}

impl Line {
    pub(super) async fn open(
        options: SqliteConnectOptions,
        changes: Changes,
    ) -> Result<Self, StoreError> {
        let connection = SqliteConnection::connect_with(&options).await?;
        Ok(Self {
            options,
            changes,
            connection: Some(connection),
            group: None,
            is_lost: false,
        })
    }

    pub(super) async fn close(&mut self) {
        if let Some(connection) = self.connection.take() {
            let _closed_either_way = connection.close().await;
        }
    }

    pub(super) fn group(&self) -> Option<&Group> {
        self.group.as_ref()
    }

    /// Whether a group was lost since this was asked last.
    pub(super) fn has_lost(&mut self) -> bool {
        std::mem::take(&mut self.is_lost)
    }

    /// Lets go of an open group as it is: SQLite takes back what is not durable.
    pub(super) fn let_go(&mut self) {
        if self.group.take().is_some() {
            self.connection = None;
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
            let undo = begin_part(&mut before, only_reads);
            match self.send(before, first.clone()).await {
                Err(failure) if failure.is_before => self.fail(member, failure.why).await,
                done => {
                    self.join(member, head);
                    return self.begun(done, undo).await;
                }
            }
        }
        if self.group.is_none() {
            return self.begin_group(first, only_reads).await;
        }
        let mut before = Batch::default();
        let undo = begin_part(&mut before, only_reads);
        let done = self.send(before, first).await;
        self.begun(done, undo).await
    }

    /// The first of a group reads where the chain of events ends, for others may have written; and it
    /// has no savepoint, for to take it back is to take the group back.
    async fn begin_group(
        &mut self,
        first: Batch,
        only_reads: bool,
    ) -> Result<(Vec<Answer>, Undo), StoreError> {
        if self.connection.is_none() {
            self.connection = Some(SqliteConnection::connect_with(&self.options).await?);
        }
        let (mut before, mut own) = (Batch::default(), Batch::default());
        before.add("begin immediate", bind![]);
        own.add(HEAD, bind![]);
        own.append(first);
        let done = self.send(before, own).await;
        let (mut answers, _) = self.begun(done, Undo::Group).await?;
        let first = answers.split_off(1);
        let head = answers.pop().ok_or(sqlx::Error::RowNotFound)?;
        self.group = Some(Group::new(head.fetch_one()?));
        let undo = if only_reads {
            Undo::Nothing
        } else {
            Undo::Group
        };
        Ok((first, undo))
    }

    async fn begun(
        &mut self,
        done: Result<Vec<Answer>, Failure>,
        undo: Undo,
    ) -> Result<(Vec<Answer>, Undo), StoreError> {
        match done {
            Ok(answers) => Ok((answers, undo)),
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
            *undo = begin_part(&mut before, false);
        }
        let done = self.send(before, batch).await;
        self.begun(done, *undo).await.map(|(answers, _)| answers)
    }

    /// Ends a transaction whose group goes on.
    pub(super) async fn end(&mut self, end: End) {
        let Some(group) = &self.group else { return };
        let (batch, head, member) = end.parts(group.head.clone());
        match self.send(Batch::default(), batch).await {
            Ok(_) => self.join(member, head),
            Err(failure) => self.fail(member, failure.why).await,
        }
    }

    /// Ends the group with the end of its last transaction.
    pub(super) async fn commit(&mut self, last: Option<End>) {
        let Some(group) = &self.group else { return };
        let mut is_done = false;
        if let Some(last) = last {
            let (mut batch, head, member) = last.parts(group.head.clone());
            add_commit(&mut batch, &head);
            match self.send(Batch::default(), batch).await {
                Ok(_) => {
                    self.join(member, head);
                    is_done = true;
                }
                Err(failure) => self.fail(member, failure.why).await,
            }
        }
        if !is_done {
            self.commit_others().await;
        }
        if let Some(group) = self.group.take() {
            group.committed(&self.changes);
        }
    }

    /// Commits what others have done, if there are any.
    async fn commit_others(&mut self) {
        let Some(group) = &self.group else { return };
        let mut batch = Batch::default();
        add_commit(&mut batch, &group.head);
        if let Err(failure) = self.send(Batch::default(), batch).await {
            self.fail_all(&failure.why).await;
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
        if let Err(failure) = self.send(Batch::default(), batch).await {
            self.fail_all(why.unwrap_or(&failure.why)).await;
        }
    }

    /// Takes the whole group back, for it cannot be made durable.
    async fn fail_all(&mut self, why: &StoreError) {
        let mut batch = Batch::default();
        batch.add("rollback", bind![]);
        let _gone_already = self.send(Batch::default(), batch).await;
        self.connection = None;
        self.is_lost = true;
        if let Some(group) = self.group.take() {
            group.failed(why);
        }
    }

    /// Sends statements as one text, and answers what `own` ones do.
    async fn send(&mut self, before: Batch, own: Batch) -> Result<Vec<Answer>, Failure> {
        let (skipped, count) = (before.len(), before.len() + own.len());
        let mut batch = before;
        batch.append(own);
        let (mut answers, done) = self.send_all(batch, count).await;
        match done {
            Ok(()) => Ok(answers.split_off(skipped)),
            Err(why) => Err(Failure {
                is_before: answers.len() < skipped,
                why,
            }),
        }
    }

    /// The answers are those of the statements that were done.
    async fn send_all(
        &mut self,
        batch: Batch,
        count: usize,
    ) -> (Vec<Answer>, Result<(), StoreError>) {
        let (mut answers, mut rows) = (Vec::new(), Vec::new());
        let (text, values) = batch.joined();
        let query = bound!(sqlx::query(AssertSqlSafe(text)), values);
        // Whoever is stopped in the middle leaves no connection that is in the middle of something.
        let Some(mut connection) = self.connection.take() else {
            return (answers, Err(sqlx::Error::PoolClosed.into()));
        };
        let mut parts = connection.fetch_many(query);
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
        self.connection = Some(connection);
        (answers, done)
    }
}

/// Begins a part of the group, and says how it is taken back.
fn begin_part(batch: &mut Batch, only_reads: bool) -> Undo {
    if only_reads {
        return Undo::Nothing;
    }
    batch.add("savepoint one", bind![]);
    Undo::Savepoint
}

fn add_commit(batch: &mut Batch, head: &AuditHead) {
    head.keep(batch);
    batch.add("commit", bind![]);
}
