#![doc = include_str!("../README.md")]
#![deny(missing_docs)]

mod grant;
mod judge;
mod key_token;
mod keys;
mod signed;
mod token;
mod verdict;

pub use grant::{Grant, Owner, Policy};
pub use judge::{Ask, LEEWAY_SECONDS, Purpose, judge};
pub use key_token::{KEY_TOKEN_PATTERN, KEY_TOKEN_PREFIX, KeyToken};
pub use keys::SigningKey;
pub use signed::{Claims, SignedKind, SignedToken, UnverifiedToken};
pub use token::{Malformed, PlainToken, Presented, TokenHash, TokenKind};
pub use verdict::{Denial, Verdict};
