//! The ways an operation can fail. No HTTP here: each door renders them once, in its own manner.

use keybearer_verify::{Denial, Need, TokenKind};

use crate::store::{StoreError, Tx};

pub type Result<T> = std::result::Result<T, Error>;

/// Why an operation did not happen.
#[derive(Debug)]
pub enum Error {
    /// What was asked for is not right; the field, if one is to blame, and what to change.
    Invalid {
        field: Option<&'static str>,
        why: String,
    },
    /// The caller did not prove who he is.
    Unauthenticated(Refusal),
    /// The caller may not do this; he may know that it exists.
    Forbidden(String),
    /// The token was not given the scope that this takes.
    ScopeMissing(Need),
    /// An organization has switched this kind of token off.
    TypeDisabled(TokenKind),
    /// It does not exist, or the caller may not know that it does.
    NotFound(String),
    /// It stands in the way of something that is there already.
    Conflict(String),
    /// Too many tries; when the next one may come.
    TooMany { retry_after_seconds: i64 },
    /// The database cannot be used now; the same call may succeed later.
    Unavailable(StoreError),
    /// The Label Studio behind the gateway does not do its part; the same call may succeed later.
    Upstream(Trouble),
    /// A defect. The cause is for the log alone.
    Internal(anyhow::Error),
}

/// What is the matter with the Label Studio behind the gateway.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// It cannot be reached, or broke off.
    Away,
    /// It was silent for too long.
    Slow,
    /// It answered something that makes no sense.
    Garbled,
    /// It refuses what Keybearer signs: its key is another one.
    OtherKey,
}

impl Trouble {
    /// What to tell a client.
    #[must_use]
    pub fn sentence(self) -> &'static str {
        match self {
            Self::Away => {
                "Label Studio, which Keybearer stands in front of, cannot be reached or broke off. Try again in a moment."
            }
            Self::Slow => {
                "Label Studio, which Keybearer stands in front of, does not answer in time. Try again later; \
                 upstream_timeout_seconds says how long Keybearer waits."
            }
            Self::Garbled => {
                "Label Studio, which Keybearer stands in front of, gave an answer that cannot be read. The server's log \
                 has more."
            }
            Self::OtherKey => {
                "Label Studio, which Keybearer stands in front of, refuses what Keybearer signs: its SECRET_KEY is \
                 another one. The operator sets the right one with upstream_secret_key_file."
            }
        }
    }
}

/// Why the caller counts as a stranger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Nothing was shown.
    NoCredentials,
    /// A header that is not of a credential's form.
    BadHeader(SentAs, HeaderFault),
    /// Two credentials that are not the same; the header of the second.
    TwoCredentials(SentAs),
    /// A token that was refused.
    Token {
        kind: Option<TokenKind>,
        denial: Denial,
        sent_as: SentAs,
    },
}

/// Which header a credential came in; it decides what Label Studio's clients are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SentAs {
    Bearer,
    Token,
    ApiKey,
    /// In the body, to be exchanged.
    Body,
}

/// What is wrong with a credential's header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeaderFault {
    /// A scheme, and nothing after it.
    Empty,
    /// More than one word after the scheme.
    Blanks,
}

impl Error {
    pub fn invalid(field: &'static str, why: impl Into<String>) -> Self {
        Self::Invalid {
            field: Some(field),
            why: why.into(),
        }
    }

    pub fn forbidden(why: impl Into<String>) -> Self {
        Self::Forbidden(why.into())
    }

    /// This refusal, once what the transaction has read is durable: it may rest on what another has done a
    /// moment ago, who shares a commit with it and has no answer yet.
    pub async fn after(self, tx: Tx) -> Self {
        match tx.commit().await {
            Ok(()) => self,
            Err(lost) => lost.into(),
        }
    }

    pub fn not_found(what: impl Into<String>) -> Self {
        Self::NotFound(what.into())
    }
}

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unavailable(..) => Self::Unavailable(error),
            other => Self::Internal(other.into()),
        }
    }
}
