//! The key that signs and checks JWTs.

use std::fmt;

use jsonwebtoken::{DecodingKey, EncodingKey};

/// An HMAC-SHA-256 key (HS256, RFC 7518 section 3.2), ready for use.
#[derive(Clone)]
pub struct SigningKey {
    pub(crate) encoding: EncodingKey,
    pub(crate) decoding: DecodingKey,
}

impl SigningKey {
    /// Takes the bytes of the secret as they are, without decoding, as Label Studio does.
    #[must_use]
    pub fn hs256(secret: &[u8]) -> Self {
        Self {
            encoding: EncodingKey::from_secret(secret),
            decoding: DecodingKey::from_secret(secret),
        }
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningKey")
    }
}
