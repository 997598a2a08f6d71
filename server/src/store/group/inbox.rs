//! What writers want, on its way to the task that does it.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::{Notify, oneshot};

use super::answer::Answer;
use super::members::Answering;
use super::{Extent, Work};
use crate::store::batch::Batch;
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

/// The messages, in the order in which they came. While there are any, a task is there for them.
#[derive(Default)]
pub(super) struct Inbox {
    pile: Mutex<Pile>,
    arrived: Notify,
}

#[derive(Default)]
struct Pile {
    messages: VecDeque<Message>,
    is_led: bool,
}

impl Inbox {
    /// Adds a message, and says whether a task has to be started that reads it.
    pub(super) fn push(&self, message: Message) -> bool {
        let mut pile = self.lock();
        pile.messages.push_back(message);
        if pile.is_led {
            self.arrived.notify_one();
        }
        !std::mem::replace(&mut pile.is_led, true)
    }

    pub(super) fn pop(&self) -> Option<Message> {
        self.lock().messages.pop_front()
    }

    /// Returns when a message has come since this was called last; sometimes earlier.
    pub(super) async fn arrival(&self) {
        self.arrived.notified().await;
    }

    /// Whether the task that reads may end: with the next message another is started.
    pub(super) fn leave(&self) -> bool {
        let mut pile = self.lock();
        pile.is_led = !pile.messages.is_empty();
        !pile.is_led
    }

    /// For a task that ends before its time: whoever waits for an answer hears that there is none.
    pub(super) fn abandon(&self) {
        let mut pile = self.lock();
        pile.messages.clear();
        pile.is_led = false;
    }

    fn lock(&self) -> MutexGuard<'_, Pile> {
        self.pile.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
