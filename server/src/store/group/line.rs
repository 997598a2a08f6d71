//! The connection itself, its outer transaction and those who wait for it to be durable.

use std::time::{Duration, Instant};

use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{AssertSqlSafe, Connection};
use tokio::sync::oneshot;

use crate::store::audit::{AuditEvent, AuditHead};
use crate::store::batch::Batch;
use crate::store::changes::Changes;
use crate::store::error::StoreError;
use crate::store::value::{bind, bound};

/// A group ends when it has this many members, or is this old.
const MOST_MEMBERS: usize = 128;
const OLDEST: Duration = Duration::from_millis(20);

/// The connection and its open group.
#[derive(Debug)]
pub(super) struct Line {
    options: SqliteConnectOptions,
    /// `None` after one that failed, which is not used again.
    connection: Option<SqliteConnection>,
    /// Since when there is an open outer transaction.
    open_since: Option<Instant>,
    /// Where the chain of events ends, if the outer transaction has made it longer.
    head: Option<AuditHead>,
    /// Those whose work is in it and who wait for it to be durable.
    members: Vec<Member>,
}

/// One whose answer waits for the group's commit.
#[derive(Debug)]
pub(super) struct Member {
    pub(super) changed: Vec<String>,
    pub(super) answer: oneshot::Sender<Result<(), StoreError>>,
}

impl Line {
    pub(super) async fn open(options: SqliteConnectOptions) -> Result<Self, StoreError> {
        let connection = SqliteConnection::connect_with(&options).await?;
        Ok(Self {
            options,
            connection: Some(connection),
            open_since: None,
            head: None,
            members: Vec::new(),
        })
    }

    pub(super) async fn close(&mut self) {
        if let Some(connection) = self.connection.take() {
            let _closed_either_way = connection.close().await;
        }
    }

    /// Whether the group may still grow: other processes want to write too.
    pub(super) fn is_open(&self) -> bool {
        let is_young = |since: Instant| since.elapsed() < OLDEST;
        self.members.len() < MOST_MEMBERS && self.open_since.is_some_and(is_young)
    }

    /// Adds one whose work is done and let go of.
    pub(super) fn add(&mut self, member: Member) {
        self.members.push(member);
    }

    pub(super) async fn connect(&mut self) -> Result<(), StoreError> {
        if self.connection.is_none() {
            self.connection = Some(SqliteConnection::connect_with(&self.options).await?);
        }
        Ok(())
    }

    pub(super) fn connection(&mut self) -> Result<&mut SqliteConnection, StoreError> {
        let connection = self.connection.as_mut();
        connection.ok_or_else(|| sqlx::Error::PoolClosed.into())
    }

    /// What is run before the first statement of a transaction.
    pub(super) fn beginning(&mut self) -> &'static str {
        if self.open_since.is_some() {
            return "savepoint one";
        }
        self.open_since = Some(Instant::now());
        "begin immediate; savepoint one"
    }

    /// Begins a transaction by itself.
    pub(super) async fn begin(&mut self) -> Result<(), StoreError> {
        let mut batch = Batch::default();
        batch.add(self.beginning(), bind![]);
        self.run(batch).await
    }

    /// Does what a transaction has left to its end, and lets go of its savepoint; commits too if it is
    /// the last of the group.
    pub(super) async fn finish(
        &mut self,
        (mut batch, events): (Batch, Vec<AuditEvent>),
        is_last: bool,
    ) -> Result<(), StoreError> {
        let mut head = self.head.clone();
        if head.is_none() && !events.is_empty() {
            head = Some(AuditHead::read(self.connection()?).await?);
        }
        if let Some(head) = &mut head {
            for event in events {
                head.chain(event, &mut batch);
            }
        }
        batch.add("release one", bind![]);
        if is_last {
            add_commit(&mut batch, head.as_ref());
        }
        self.run(batch).await?;
        self.head = head;
        Ok(())
    }

    /// Makes the group's work durable.
    pub(super) async fn commit(&mut self, changes: &Changes) {
        if self.open_since.is_none() {
            return;
        }
        let mut batch = Batch::default();
        if self.members.is_empty() {
            batch.add("rollback", bind![]);
        } else {
            add_commit(&mut batch, self.head.as_ref());
        }
        match self.run(batch).await {
            Ok(()) => self.committed(changes),
            Err(error) => self.fail_with(error).await,
        }
    }

    /// Marks what the group has changed, and tells its members.
    pub(super) fn committed(&mut self, changes: &Changes) {
        self.open_since = None;
        self.head = None;
        for member in &self.members {
            member.changed.iter().for_each(|text| changes.mark(text));
        }
        for member in self.members.drain(..) {
            let _gone = member.answer.send(Ok(()));
        }
    }

    pub(super) async fn take_back(&mut self) {
        let mut batch = Batch::default();
        batch.add("rollback to one; release one", bind![]);
        // SQLite takes everything back by itself when the disk is full, and a commit that failed has
        // no savepoint any more.
        if self.run(batch).await.is_err() {
            let why = sqlx::Error::Protocol("the transaction was taken back".into());
            let what = "the database took the change back";
            self.fail_with(StoreError::Unavailable(what, why)).await;
        }
    }

    /// Takes the whole group back, for it cannot be made durable.
    async fn fail_with(&mut self, error: StoreError) {
        let mut batch = Batch::default();
        batch.add("rollback", bind![]);
        let _gone_already = self.run(batch).await;
        self.open_since = None;
        self.head = None;
        self.connection = None;
        for member in self.members.drain(..) {
            let _gone = member.answer.send(Err(error.again()));
        }
    }

    async fn run(&mut self, batch: Batch) -> Result<(), StoreError> {
        let (text, values) = batch.joined();
        let query = bound!(sqlx::query(AssertSqlSafe(text)), values);
        query.execute(self.connection()?).await?;
        Ok(())
    }
}

fn add_commit(batch: &mut Batch, head: Option<&AuditHead>) {
    if let Some(head) = head {
        head.keep(batch);
    }
    batch.add("commit", bind![]);
}
