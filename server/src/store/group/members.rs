//! An open group: those who wait for one durable commit.

use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use crate::store::audit::AuditHead;
use crate::store::batch::Batch;
use crate::store::changes::Changes;
use crate::store::error::StoreError;

/// Nobody joins a group that has this many members, or is this old.
const MOST_MEMBERS: usize = 128;
const OLDEST: Duration = Duration::from_millis(20);

/// An open outer transaction.
#[derive(Debug)]
pub(super) struct Group {
    since: Instant,
    /// Where the chain of events ends in it.
    pub(super) head: AuditHead,
    /// The end of the newest transaction. It goes to the connection with the beginning of the next.
    pub(super) left: Option<End>,
    /// Those whose work is in it and who wait for it to be durable.
    members: Vec<Member>,
}

/// The end of a transaction: all that it does last, up to letting go of its savepoint.
#[derive(Debug)]
pub(super) struct End {
    pub(super) batch: Batch,
    /// Where the chain of events ends when it is done.
    pub(super) head: AuditHead,
    pub(super) member: Member,
}

/// One whose answer waits for the group's commit.
#[derive(Debug)]
pub(super) struct Member {
    pub(super) changed: Vec<String>,
    pub(super) answer: Answering,
}

/// Where a member hears how it went.
pub(super) type Answering = oneshot::Sender<Result<(), StoreError>>;

impl Group {
    pub(super) fn new(head: AuditHead) -> Self {
        Self {
            since: Instant::now(),
            head,
            left: None,
            members: Vec::new(),
        }
    }

    /// Whether nobody's work is done up to its end.
    pub(super) fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// Whether it may still grow: other processes want to write too.
    pub(super) fn is_open(&self) -> bool {
        self.members.len() < MOST_MEMBERS && self.since.elapsed() < OLDEST
    }

    /// Takes one in whose work is done up to its end.
    pub(super) fn join(&mut self, member: Member, head: AuditHead) {
        self.head = head;
        self.members.push(member);
    }

    /// It is durable: marks what it has changed, and tells its members.
    pub(super) fn committed(self, changes: &Changes) {
        for member in &self.members {
            changes.mark_all(&member.changed);
        }
        for member in self.members {
            let _gone = member.answer.send(Ok(()));
        }
    }

    /// Nothing of it was done.
    pub(super) fn failed(self, error: &StoreError) {
        for member in self.members {
            let _gone = member.answer.send(Err(error.again()));
        }
    }
}
