#![doc = include_str!("../README.md")]
#![deny(missing_docs)]

mod grant;
mod judge;
mod key_token;
mod keys;
mod plain_claims;
mod scope;
mod signed;
mod token;
mod verdict;

pub use grant::{DirectUse, Grant, Limits, Owner, Policy};
pub use ipnet::IpNet;
pub use judge::{Ask, LEEWAY_SECONDS, Purpose, judge};
pub use key_token::{KEY_TOKEN_PATTERN, KEY_TOKEN_PREFIX, KeyToken};
pub use keys::SigningKey;
pub use scope::{Need, NotAScope, Rule, Scope, ScopeSet};
pub use signed::{Claims, SignedKind, SignedToken, UnverifiedToken};
pub use token::{Malformed, PlainToken, Presented, TokenHash, TokenKind};
pub use verdict::{Denial, Verdict};
