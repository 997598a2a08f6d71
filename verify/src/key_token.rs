//! Key tokens: `kb_`, an id, a secret and a checksum in one word that a double-click selects whole.
//!
//! ```text
//! kb_ | 16 characters of id | 32 characters of secret | 6 characters of CRC32
//! ```
//!
//! All in base62 (`0-9A-Za-z`). The secret's 32 characters are drawn evenly, so they hold
//! 32 × log2(62) ≈ 190 random bits. The CRC32 (IEEE, as in zlib) is of everything before it and
//! guards against typing and cutting mistakes, not against people.

use crate::token::{Malformed, PlainToken};

/// How every key token begins.
pub const KEY_TOKEN_PREFIX: &str = "kb_";

/// A regular expression for secret scanners. A hit is certain once [`KeyToken::parse`] accepts it.
pub const KEY_TOKEN_PATTERN: &str = r"\bkb_[0-9A-Za-z]{54}\b";

const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const ID_CHARS: usize = 16;
const SECRET_CHARS: usize = 32;
const CHECKSUM_CHARS: usize = 6;

/// A key token of the right form with a fitting checksum.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyToken(PlainToken);

impl KeyToken {
    /// Makes a token of the numbers of its public id and its secret, each below 62; one of 62 or more
    /// counts as its remainder. The caller must draw those of the secret at random.
    #[must_use]
    pub fn from_digits(id: &[u8; ID_CHARS], secret: &[u8; SECRET_CHARS]) -> Self {
        let mut text = String::from(KEY_TOKEN_PREFIX);
        let digits = id
            .iter()
            .chain(secret)
            .map(|digit| base62_digit(u32::from(*digit)));
        text.extend(digits.map(char::from));
        let checksum = checksum(&text);
        text.extend(checksum.map(char::from));
        Self(PlainToken::new(text))
    }

    /// Reads a key token.
    ///
    /// # Errors
    /// [`Malformed::KeyForm`] if length or alphabet are wrong, [`Malformed::KeyChecksum`] if the
    /// checksum does not fit.
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        let body = text
            .strip_prefix(KEY_TOKEN_PREFIX)
            .ok_or(Malformed::KeyForm)?;
        let of_the_form =
            body.len() == ID_CHARS + SECRET_CHARS + CHECKSUM_CHARS && is_alphanumeric(body);
        if !of_the_form {
            return Err(Malformed::KeyForm);
        }
        let (start, end) = text
            .split_at_checked(text.len() - CHECKSUM_CHARS)
            .ok_or(Malformed::KeyForm)?;
        if checksum(start) != end.as_bytes() {
            return Err(Malformed::KeyChecksum);
        }
        Ok(Self(PlainToken::new(text.to_owned())))
    }

    /// The id inside the token: public, to be shown in lists and logs.
    #[must_use]
    pub fn id(&self) -> &str {
        let start = KEY_TOKEN_PREFIX.len();
        self.0
            .reveal()
            .get(start..start + ID_CHARS)
            .unwrap_or_default()
    }

    /// The whole token as a secret.
    #[must_use]
    pub fn plain(&self) -> &PlainToken {
        &self.0
    }
}

fn is_alphanumeric(text: &str) -> bool {
    // All bytes are looked at whatever is found: this the compiler turns into a few wide comparisons.
    let is = |byte: u8| byte.is_ascii_alphanumeric();
    text.bytes().fold(true, |all, byte| all & is(byte))
}

fn base62_digit(value: u32) -> u8 {
    let at = usize::try_from(value % 62).unwrap_or_default();
    ALPHABET.get(at).copied().unwrap_or(b'0')
}

fn checksum(text: &str) -> [u8; CHECKSUM_CHARS] {
    let mut rest = crc32fast::hash(text.as_bytes());
    let mut digits = [0; CHECKSUM_CHARS];
    for digit in digits.iter_mut().rev() {
        *digit = base62_digit(rest % 62);
        rest /= 62;
    }
    digits
}
