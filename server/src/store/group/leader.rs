//! Whose turn it is: which transactions of a group go on beside each other, and when it is committed.
//!
//! While one makes up its mind about what it has read, the end of another is run with the beginning of a
//! third: so the connection need not wait for them. To that end a transaction that says what it changes
//! is begun beside others that change something else. It may only read at first; if it has more to run,
//! or does not say what it changes, it is alone with the connection up to its end.

use std::collections::VecDeque;

use super::inbox::{Beginning, Inbox, Message, Run};
use super::members::{Answering, End, Group, Undo};
use super::outer::Outer;
use super::{Extent, Work};

pub(super) struct Leader {
    outer: Outer,
    /// Those who want to begin, in the order in which they came.
    waiting: VecDeque<Beginning>,
    /// Those who have begun.
    open: Vec<Open>,
    /// What those of them want to run who must be alone for it.
    for_alone: VecDeque<Run>,
    /// Those who have ended and whose end is not run yet.
    ended: VecDeque<(Extent, End)>,
}

struct Open {
    number: u64,
    extent: Extent,
    undo: Undo,
}

impl Open {
    /// Whether it has done more than read: then nobody else's comes between.
    fn is_alone(&self) -> bool {
        self.undo != Undo::Nothing
    }
}

impl Leader {
    pub(super) fn new(outer: Outer) -> Self {
        Self {
            outer,
            waiting: VecDeque::new(),
            open: Vec::new(),
            for_alone: VecDeque::new(),
            ended: VecDeque::new(),
        }
    }

    pub(super) async fn close(&mut self) {
        self.outer.close().await;
    }

    /// Does what is wanted until nobody wants anything. If it is stopped before, nobody hears of what he
    /// wanted but that there is no answer.
    pub(super) async fn lead(&mut self, inbox: &Inbox) {
        let mut leading = Leading {
            leader: self,
            is_done: false,
        };
        leading.leader.work(inbox).await;
        leading.is_done = true;
    }

    async fn work(&mut self, inbox: &Inbox) {
        loop {
            while let Some(message) = inbox.pop() {
                self.take(message).await;
            }
            if self.step().await {
                continue;
            }
            if !self.open.is_empty() {
                inbox.arrival().await;
            } else if inbox.leave() {
                return;
            }
        }
    }

    async fn take(&mut self, message: Message) {
        match message {
            Message::Begin(beginning) => self.waiting.push_back(beginning),
            Message::Run(run) => self.take_run(run).await,
            Message::End {
                number,
                work,
                answer,
            } => self.take_end(number, work, answer),
            Message::GiveUp { number } => self.give_up(number).await,
        }
    }

    async fn take_run(&mut self, run: Run) {
        match self.open.iter().find(|one| one.number == run.number) {
            Some(one) if one.is_alone() => self.run(run).await,
            Some(_) => self.for_alone.push_back(run),
            None => {
                let _gone = run.reply.send(Err(sqlx::Error::PoolClosed.into()));
            }
        }
    }

    fn take_end(&mut self, number: u64, work: Work, answer: Answering) {
        let Some(Open { extent, undo, .. }) = self.take_out(number) else {
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
        self.for_alone.retain(|run| run.number != number);
        if let Some(one) = self.take_out(number) {
            self.outer.take_back(one.undo, None).await;
            self.forget_if_lost();
        }
    }

    /// Does the next thing, if there is one that can be done.
    async fn step(&mut self) -> bool {
        if self.open.iter().any(Open::is_alone) {
            return false;
        }
        if self.ended.is_empty()
            && let Some(run) = self.for_alone.pop_front()
        {
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
        if is_last && self.outer.group().is_some() {
            let last = self.next_end();
            self.outer.commit(last).await;
            self.forget_if_lost();
            return true;
        }
        // One end alone is left to go with a beginning or the commit.
        if (self.ended.len() > 1 || !self.for_alone.is_empty())
            && let Some(end) = self.next_end()
        {
            self.outer.end(end).await;
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
        let open = self.open.iter().map(|one| &one.extent);
        let ended = self.ended.iter().skip(1).map(|(extent, _)| extent);
        self.outer.is_open(coming)
            && open
                .chain(ended)
                .all(|other| other.goes_beside(&next.extent))
    }

    async fn begin(&mut self, Beginning { extent, first }: Beginning) {
        let end = self.next_end();
        let only_reads = extent != Extent::Anything;
        let begun = self.outer.begin(end, first.batch, only_reads).await;
        self.forget_if_lost();
        let answers = begun.map(|(answers, undo)| {
            let number = first.number;
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
        let Some(one) = self.open.iter_mut().find(|one| one.number == run.number) else {
            return;
        };
        if is_lone && one.undo == Undo::Nothing {
            one.undo = Undo::Group;
        }
        let answers = self.outer.run(run.batch, &mut one.undo).await;
        if answers.is_err() {
            self.take_out(run.number);
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
            && self.outer.group().is_some_and(Group::is_empty)
    }

    fn take_out(&mut self, number: u64) -> Option<Open> {
        let index = self.open.iter().position(|one| one.number == number)?;
        Some(self.open.swap_remove(index))
    }

    /// With a group that is lost goes what its open transactions have read.
    fn forget_if_lost(&mut self) {
        if self.outer.take_loss() {
            self.forget();
        }
    }

    fn forget(&mut self) {
        self.open.clear();
        self.for_alone.clear();
        self.ended.clear();
    }
}

/// A leader at work, on an event loop that may end before the work does.
struct Leading<'l> {
    leader: &'l mut Leader,
    is_done: bool,
}

impl Drop for Leading<'_> {
    fn drop(&mut self) {
        if !self.is_done {
            self.leader.outer.let_go();
            self.leader.waiting.clear();
            self.leader.forget();
        }
    }
}
