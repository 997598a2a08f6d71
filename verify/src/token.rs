//! What a client may present, told apart by its form alone.
//!
//! [`Presented::parse`] looks at the text and nothing else: a mistyped key token ends here, before
//! anybody asks a database. What a token was given stands in [`crate::Grant`].

use std::fmt;

use aws_lc_rs::{constant_time, digest, hmac};

use crate::key_token::{KEY_TOKEN_PREFIX, KeyToken};
use crate::signed::UnverifiedToken;

/// The longest token text that is looked at, in bytes; a longer one is malformed.
const MAX_TOKEN_BYTES: usize = 4096;

/// A token's secret text. It prints as `PlainToken`; the text comes out through [`Self::reveal`].
#[derive(Clone, PartialEq, Eq)]
pub struct PlainToken(String);

impl PlainToken {
    /// Takes over the text of a token.
    #[must_use]
    pub fn new(text: String) -> Self {
        Self(text)
    }

    /// The secret text. Whoever calls this answers for where it goes.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PlainToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PlainToken")
    }
}

/// The kinds of token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TokenKind {
    /// A personal access token: a JWT of type `refresh`, exchanged for access tokens.
    Personal,
    /// An access token: a JWT of type `access` that lives for minutes and dies with its personal one.
    Access,
    /// A key token: `kb_…`, used as it is.
    Key,
    /// A legacy token: 40 hex digits or the operator's own text, without an expiry.
    Legacy,
}

impl TokenKind {
    /// The word for it in the API, the CLI and the database.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Personal => "personal",
            Self::Access => "access",
            Self::Key => "key",
            Self::Legacy => "legacy",
        }
    }

    /// The kind of that word, if there is one.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Personal, Self::Access, Self::Key, Self::Legacy]
            .into_iter()
            .find(|kind| kind.as_str() == word)
    }

    /// Its name in a sentence.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Personal => "personal access token",
            Self::Access => "access token",
            Self::Key => "key token",
            Self::Legacy => "legacy token",
        }
    }
}

/// A text that cannot be a token, whatever the server knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Malformed {
    /// Empty, longer than 4096 bytes, or with a blank or control character in it.
    NotAToken,
    /// It begins like a key token but is not of its length or alphabet.
    KeyForm,
    /// A key token whose CRC32 does not fit: mistyped or cut.
    KeyChecksum,
}

/// A token's text, sorted by its form; nothing about it is proven yet.
#[derive(Clone, Debug)]
pub enum Presented {
    /// Three base64url parts whose payload is JSON: a personal access token or an access token.
    Signed(UnverifiedToken),
    /// A key token with a fitting checksum.
    Key(KeyToken),
    /// Anything else that a legacy token could be.
    Legacy(PlainToken),
}

impl Presented {
    /// Sorts `text` by its form.
    ///
    /// # Errors
    /// [`Malformed`] for a text that cannot be any token.
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        if text.is_empty() || text.len() > MAX_TOKEN_BYTES {
            return Err(Malformed::NotAToken);
        }
        // All bytes are looked at whatever is found: this the compiler turns into a few wide comparisons.
        let is_odd = |byte| matches!(byte, 0..=b' ' | 0x7f);
        if text.bytes().fold(false, |odd, byte| odd | is_odd(byte)) {
            return Err(Malformed::NotAToken);
        }
        if text.starts_with(KEY_TOKEN_PREFIX) {
            return KeyToken::parse(text).map(Self::Key);
        }
        Ok(match UnverifiedToken::parse(text) {
            Some(signed) => Self::Signed(signed),
            None => Self::Legacy(PlainToken::new(text.to_owned())),
        })
    }
}

/// What is kept of a token instead of its text: 32 bytes, compared in constant time.
#[derive(Clone, Copy)]
pub struct TokenHash([u8; 32]);

impl TokenHash {
    /// SHA-256, for texts that nobody can guess: at least 160 random bits, or signed.
    #[must_use]
    pub fn digest(text: &str) -> Self {
        Self::from_slice(digest::digest(&digest::SHA256, text.as_bytes()).as_ref())
    }

    /// HMAC-SHA-256 under the server's own key, for texts that an operator may have chosen himself.
    #[must_use]
    pub fn keyed(key: &hmac::Key, text: &str) -> Self {
        Self::from_slice(hmac::sign(key, text.as_bytes()).as_ref())
    }

    /// The 32 bytes, as they are stored.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    fn from_slice(bytes: &[u8]) -> Self {
        let mut hash = [0; 32];
        hash.copy_from_slice(bytes);
        Self(hash)
    }
}

impl PartialEq for TokenHash {
    fn eq(&self, other: &Self) -> bool {
        constant_time::verify_slices_are_equal(&self.0, &other.0).is_ok()
    }
}

impl Eq for TokenHash {}

impl fmt::Debug for TokenHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenHash")
    }
}
