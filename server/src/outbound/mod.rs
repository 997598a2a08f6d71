//! What leaves the house: mails, posts to webhooks, and the question of `keybearer doctor`.
//!
//! It carries what it is handed and says what came of it. What is sent, to whom and when is decided
//! in `domain/notices`. No database, no clock, no retries in here.

mod client;
pub mod inquiry;
mod mail;
mod webhook;

use std::fmt;

use crate::config::notices::Notices;

pub use mail::{Mail, Mailer};
pub use webhook::{Post, Webhook};

/// The ways out that the settings name.
#[derive(Clone, Debug)]
pub struct Outbound {
    pub mailer: Option<Mailer>,
    pub webhooks: Vec<Webhook>,
}

impl Outbound {
    /// # Errors
    /// If an address cannot be read, or the system has no certificates to trust.
    pub fn open(settings: &Notices) -> anyhow::Result<Self> {
        Ok(Self {
            mailer: mail::open(settings)?,
            webhooks: webhook::open(settings)?,
        })
    }
}

/// Why something was not delivered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Undelivered {
    pub cause: Cause,
    pub why: String,
}

/// What follows from a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// Nobody answered, or nothing that makes sense: others to the same place would fare the same.
    Unreachable,
    /// The other side answered no, this time.
    Refused,
    /// It said no for this one and would say so again soon.
    RefusedForLong,
    /// It wants no more of these.
    Gone,
}

impl Undelivered {
    fn new(cause: Cause, why: impl fmt::Display) -> Self {
        // The other side's words: one line, and not a book.
        let why = why.to_string();
        let line = why.split_whitespace().collect::<Vec<_>>().join(" ");
        Self {
            cause,
            why: line.chars().take(300).collect(),
        }
    }
}
