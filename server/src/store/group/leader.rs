//! Whose turn it is: which transactions of a group go on beside each other, and when it is committed.
//!
//! While one makes up its mind about what it has read, the end of another is run with the beginning of a
//! third: so the connection need not wait for them. To that end a transaction that says what it changes
//! is begun beside others that change something else. It may only read at first; if it has more to run,
//! or does not say what it changes, it is alone with the connection up to its end.

use std::collections::VecDeque;

use sqlx::sqlite::SqliteConnectOptions;
use tokio::sync::{mpsc, oneshot};

use super::answer::Answer;
use super::line::Line;
use super::members::{Answering, End, Group, Undo};
use super::{Extent, Work};
use crate::store::batch::Batch;
use crate::store::changes::Changes;
use crate::store::error::StoreError;

/// What a transaction wants.
pub(super) enum Message {
    Begin(Beginning),
    Run(Run),
    End {
        number: u64,
        work: Work,
        answer: Answering,
    },
    GiveUp {
        number: u64,
    },
}

/// A transaction that wants to begin.
pub(super) struct Beginning {
    pub(super) extent: Extent,
    pub(super) first: Run,
}

/// Statements of a transaction.
pub(super) struct Run {
    pub(super) number: u64,
    pub(super) batch: Batch,
    pub(super) reply: Replying,
}

/// Where a transaction hears what its statements answer.
pub(super) type Replying = oneshot::Sender<Result<Vec<Answer>, StoreError>>;

pub(super) struct Leader {
    line: Line,
    inbox: mpsc::UnboundedReceiver<Message>,
    /// Those who want to begin, in the order in which they came.
    waiting: VecDeque<Beginning>,
    /// Those who have begun.
    open: Vec<Open>,
    /// What those of them have to run who are not alone yet.
    stopped: VecDeque<Run>,
    /// The one who is alone with the connection.
    alone: Option<u64>,
    /// Those who have ended and whose end is not run yet.
    ended: VecDeque<(Extent, End)>,
}

struct Open {
    number: u64,
    extent: Extent,
    undo: Undo,
}

impl Leader {
    pub(super) async fn new(
        options: SqliteConnectOptions,
        changes: Changes,
        inbox: mpsc::UnboundedReceiver<Message>,
    ) -> Result<Self, StoreError> {
        Ok(Self {
            line: Line::open(options, changes).await?,
            inbox,
            waiting: VecDeque::new(),
            open: Vec::new(),
            stopped: VecDeque::new(),
            alone: None,
            ended: VecDeque::new(),
        })
    }

    pub(super) fn has_messages(&self) -> bool {
        !self.inbox.is_empty()
    }

    pub(super) async fn close(&mut self) {
        self.line.close().await;
    }

    /// Does what is wanted until nobody wants anything. If it is stopped before, it lets go of everybody.
    pub(super) async fn lead(&mut self) {
        AtWork(self).0.work().await;
    }

    async fn work(&mut self) {
        loop {
            while let Ok(message) = self.inbox.try_recv() {
                self.take(message).await;
            }
            if self.step().await {
                continue;
            }
            if self.open.is_empty() {
                return;
            }
            let Some(message) = self.inbox.recv().await else {
                return;
            };
            self.take(message).await;
        }
    }

    async fn take(&mut self, message: Message) {
        match message {
            Message::Begin(beginning) => self.waiting.push_back(beginning),
            Message::Run(run) if self.alone == Some(run.number) => self.run(run).await,
            Message::Run(run) => self.stopped.push_back(run),
            Message::End {
                number,
                work,
                answer,
            } => self.take_end(number, work, answer),
            Message::GiveUp { number } => self.give_up(number).await,
        }
    }

    fn take_end(&mut self, number: u64, work: Work, answer: Answering) {
        let Some(Open { extent, undo, .. }) = self.close_one(number) else {
            let _gone = answer.send(Err(sqlx::Error::PoolClosed.into()));
            return;
        };
        let end = (extent, End { work, undo, answer });
        if undo == Undo::Nothing {
            self.ended.push_back(end);
        } else {
            // It has run statements: nobody else's come between.
            self.ended.push_front(end);
        }
    }

    async fn give_up(&mut self, number: u64) {
        self.waiting.retain(|one| one.first.number != number);
        self.stopped.retain(|one| one.number != number);
        if let Some(one) = self.close_one(number) {
            self.line.take_back(one.undo, None).await;
            self.forget_if_lost();
        }
    }

    /// Does the next thing, if there is one that can be done.
    async fn step(&mut self) -> bool {
        if self.alone.is_some() {
            return false;
        }
        if self.ended.is_empty()
            && let Some(run) = self.stopped.pop_front()
        {
            self.alone = Some(run.number);
            self.run(run).await;
            return true;
        }
        self.waiting.retain(|one| !one.first.reply.is_closed());
        if self.has_next()
            && let Some(next) = self.waiting.pop_front()
        {
            self.begin(next).await;
            return true;
        }
        let is_last = self.open.is_empty() && self.ended.len() <= 1;
        if is_last && self.line.group().is_some() {
            let last = self.next_end();
            self.line.commit(last).await;
            return true;
        }
        let is_awaited = !self.stopped.is_empty() || !self.waiting.is_empty();
        if (is_awaited || self.ended.len() > 1)
            && let Some(end) = self.next_end()
        {
            self.line.end(end).await;
            self.forget_if_lost();
            return true;
        }
        false
    }

    /// Whether the first of those who wait may begin now, after the first of the ends.
    fn has_next(&self) -> bool {
        let Some(next) = self.waiting.front() else {
            return false;
        };
        let coming = self.open.len() + self.ended.len();
        let is_full = |group: &Group| !group.is_open(coming);
        let open = self.open.iter().map(|one| &one.extent);
        let ended = self.ended.iter().skip(1).map(|(extent, _)| extent);
        !self.line.group().is_some_and(is_full)
            && open
                .chain(ended)
                .all(|other| other.goes_beside(&next.extent))
    }

    async fn begin(&mut self, Beginning { extent, first }: Beginning) {
        let end = self.next_end();
        let is_alone = extent == Extent::Anything;
        let begun = self.line.begin(end, first.batch, !is_alone).await;
        self.forget_if_lost();
        let answers = begun.map(|(answers, undo)| {
            let number = first.number;
            self.alone = is_alone.then_some(number);
            self.open.push(Open {
                number,
                extent,
                undo,
            });
            answers
        });
        let _given_up = first.reply.send(answers);
    }

    async fn run(&mut self, run: Run) {
        let is_lone = self.is_lone(1);
        let answers = match self.open.iter_mut().find(|one| one.number == run.number) {
            Some(one) => {
                if is_lone && one.undo == Undo::Nothing {
                    one.undo = Undo::Group;
                }
                self.line.run(run.batch, &mut one.undo).await
            }
            None => Err(sqlx::Error::PoolClosed.into()),
        };
        if answers.is_err() {
            self.close_one(run.number);
            self.forget_if_lost();
        }
        let _given_up = run.reply.send(answers);
    }

    fn next_end(&mut self) -> Option<End> {
        let (_, mut end) = self.ended.pop_front()?;
        if end.undo == Undo::Nothing && self.is_lone(0) {
            end.undo = Undo::Group;
        }
        Some(end)
    }

    /// Whether nobody has a part in the group but one, who is among the `open` or not.
    fn is_lone(&self, open: usize) -> bool {
        self.open.len() == open
            && self.ended.is_empty()
            && self.line.group().is_some_and(Group::is_empty)
    }

    fn close_one(&mut self, number: u64) -> Option<Open> {
        self.alone.take_if(|one| *one == number);
        let index = self.open.iter().position(|one| one.number == number)?;
        Some(self.open.swap_remove(index))
    }

    /// With a group that is lost goes what its open transactions have read.
    fn forget_if_lost(&mut self) {
        if self.line.has_lost() {
            self.forget();
        }
    }

    fn forget(&mut self) {
        self.open.clear();
        self.stopped.clear();
        self.ended.clear();
        self.alone = None;
    }
}

struct AtWork<'l>(&'l mut Leader);

impl Drop for AtWork<'_> {
    fn drop(&mut self) {
        self.0.line.let_go();
        self.0.waiting.clear();
        self.0.forget();
    }
}
