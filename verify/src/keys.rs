//! The key that signs and checks JWTs.

use std::fmt;

use aws_lc_rs::hmac;

/// An HMAC-SHA-256 key (HS256, RFC 7518 section 3.2), ready for use: its two blocks are hashed once
/// and not for each token.
#[derive(Clone)]
pub struct SigningKey(pub(crate) hmac::Key);

impl SigningKey {
    /// Takes the bytes of the secret as they are, without decoding, as Label Studio does.
    #[must_use]
    pub fn hs256(secret: &[u8]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, secret))
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningKey")
    }
}
