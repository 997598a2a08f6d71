//! An open group: those who wait for one durable commit.

use tokio::sync::oneshot;

use super::Work;
use crate::store::audit::AuditHead;
use crate::store::batch::Batch;
use crate::store::changes::Changes;
use crate::store::error::StoreError;
use crate::store::value::bind;

/// Nobody begins in a group that has this many members.
const MOST_MEMBERS: usize = 128;
/// Nor in one that is this old, in milliseconds.
const OLDEST_MS: i64 = 20;

/// An open outer transaction.
#[derive(Debug)]
pub(super) struct Group {
    /// When it began, in Unix milliseconds.
    since: i64,
    /// Where the chain of events ends in it.
    pub(super) head: AuditHead,
    /// Those whose work is in it and who wait for it to be durable.
    members: Vec<Member>,
}

/// How a transaction of a group is taken back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Undo {
    /// It has only read.
    Nothing,
    Savepoint,
    /// Nobody else has a part in the group.
    Group,
}

/// The end of a transaction: all that it does last.
#[derive(Debug)]
pub(super) struct End {
    pub(super) work: Work,
    pub(super) undo: Undo,
    pub(super) answer: Answering,
}

/// One whose answer waits for the group's commit.
#[derive(Debug)]
pub(super) struct Member {
    changed: Vec<String>,
    pub(super) answer: Answering,
    /// How he is taken back while he is the last whose end was run.
    pub(super) undo: Undo,
}

/// Where a member hears how it went.
pub(super) type Answering = oneshot::Sender<Result<(), StoreError>>;

impl Group {
    pub(super) fn new(head: AuditHead, now: i64) -> Self {
        Self {
            since: now,
            head,
            members: Vec::new(),
        }
    }

    /// Whether nobody's work is done up to its end.
    pub(super) fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// Whether it may still grow, with so many who are on their way: other processes want to write too.
    /// (Nor does it if the clock was set back.)
    pub(super) fn is_open(&self, coming: usize, now: i64) -> bool {
        let is_young = (0..OLDEST_MS).contains(&(now - self.since));
        self.members.len() + coming < MOST_MEMBERS && is_young
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

/// Begins a part of the group that can be taken back by itself.
pub(super) fn begin_part(batch: &mut Batch) -> Undo {
    batch.add("savepoint one", bind![]);
    Undo::Savepoint
}

impl End {
    /// Its statements, where the chain of events ends with them, and the member that it makes.
    pub(super) fn parts(self, mut head: AuditHead) -> (Batch, AuditHead, Member) {
        let (work, mut batch) = (self.work, Batch::default());
        let undo = match self.undo {
            Undo::Nothing => begin_part(&mut batch),
            undo => undo,
        };
        batch.append(work.batch);
        for event in work.events {
            head.chain(event, &mut batch);
        }
        if undo == Undo::Savepoint {
            batch.add("release one", bind![]);
        }
        let member = Member {
            changed: work.changed,
            answer: self.answer,
            undo,
        };
        (batch, head, member)
    }
}
