//! Signed tokens: JWTs (RFC 7519) exactly as Label Studio makes them.
//!
//! Header `{"alg":"HS256","typ":"JWT"}`; payload `token_type`, `exp`, `iat`, `jti`, `user_id` in
//! that order, `user_id` as a string. An access token of Keybearer has one claim more, `pat`: the
//! id of the personal access token that it came from and that it dies with.
//!
//! A token is first only taken apart ([`UnverifiedToken`]); what it says counts after
//! [`UnverifiedToken::verify`]. Times are judged in [`crate::judge()`], where the clock is a parameter.

use std::fmt;
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
use std::sync::LazyLock;

use aws_lc_rs::hmac;
use base64::Engine;
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
use base64::engine::{general_purpose::NO_PAD, simd::Simd};
#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use serde::{Deserialize, Serialize};

use crate::judge::LEEWAY_SECONDS;
use crate::keys::SigningKey;
use crate::plain_claims;
use crate::token::{PlainToken, TokenHash, TokenKind};
use crate::verdict::Denial;

/// `{"alg":"HS256","typ":"JWT"}`, as Label Studio writes it.
const HEADER: &str = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9";
/// Many characters at a time where the processor can: a token is a few hundred.
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
static BASE64: LazyLock<Simd> = LazyLock::new(|| Simd::url_safe(NO_PAD));
/// Bytes of an HMAC-SHA-256.
const SIGNATURE_BYTES: usize = 32;

/// Which of the two signed kinds a token says it is (claim `token_type`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SignedKind {
    /// A personal access token.
    Refresh,
    /// An access token.
    Access,
    /// A kind that Keybearer does not make.
    #[serde(other, skip_serializing)]
    Other,
}

impl SignedKind {
    /// The kind in Keybearer's words.
    #[must_use]
    pub fn token_kind(self) -> TokenKind {
        match self {
            Self::Refresh => TokenKind::Personal,
            Self::Access | Self::Other => TokenKind::Access,
        }
    }
}

/// The claims of a signed token. Seconds are Unix seconds; fractions that others write are cut.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// Claim `token_type`.
    #[serde(rename = "token_type")]
    pub kind: SignedKind,
    /// When it ends, in seconds. Required.
    #[serde(deserialize_with = "seconds")]
    pub exp: i64,
    /// When it was issued, in seconds.
    #[serde(
        default,
        deserialize_with = "optional_seconds",
        skip_serializing_if = "Option::is_none"
    )]
    pub iat: Option<i64>,
    /// When it begins, in seconds. Keybearer does not write it, but honours it.
    #[serde(
        default,
        deserialize_with = "optional_seconds",
        skip_serializing_if = "Option::is_none"
    )]
    pub nbf: Option<i64>,
    /// The token's own id: 32 hex digits. For a personal access token, its id in the database.
    pub jti: String,
    /// The owner's id, as a string.
    #[serde(deserialize_with = "id_text")]
    pub user_id: String,
    /// In an access token: the id of the personal access token that it came from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pat: Option<String>,
    /// Never written; a token of others that has it must have it as a string (RFC 7519, 4.1.2).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sub: Option<String>,
}

impl Claims {
    /// Whether the token's end is past at `now` (Unix milliseconds), with the
    /// [leeway](crate::LEEWAY_SECONDS).
    #[must_use]
    pub fn is_over(&self, now: i64) -> bool {
        self.exp.saturating_add(LEEWAY_SECONDS) <= now.div_euclid(1000)
    }

    /// Whether the token has begun at `now` (Unix milliseconds), with the same leeway.
    #[must_use]
    pub fn has_begun(&self, now: i64) -> bool {
        let now = now.div_euclid(1000).saturating_add(LEEWAY_SECONDS);
        [self.iat, self.nbf]
            .into_iter()
            .flatten()
            .all(|at| at <= now)
    }

    /// `header.payload`: the token without its signature.
    #[must_use]
    pub fn unsigned_text(&self) -> String {
        // Strings and numbers always are JSON.
        self.unsigned().unwrap_or_default()
    }

    fn unsigned(&self) -> Result<String, serde_json::Error> {
        let payload = match plain_claims::write(self) {
            Some(payload) => payload,
            None => serde_json::to_string(self)?,
        };
        // Room for the signature too.
        let mut text = String::with_capacity(HEADER.len() + payload.len() * 4 / 3 + 50);
        text.push_str(HEADER);
        text.push('.');
        BASE64.encode_string(payload, &mut text);
        Ok(text)
    }

    /// Signs these claims.
    ///
    /// # Errors
    /// Only if they cannot be written as JSON, which strings and numbers always can.
    pub fn sign(&self, key: &SigningKey) -> Result<SignedToken, serde_json::Error> {
        let mut text = self.unsigned()?;
        let unsigned_len = text.len();
        let signature = hmac::sign(&key.0, text.as_bytes());
        text.push('.');
        BASE64.encode_string(signature, &mut text);
        Ok(SignedToken {
            unsigned_len,
            text: PlainToken::new(text),
        })
    }
}

/// A token that was just signed.
#[derive(Clone, Debug)]
pub struct SignedToken {
    text: PlainToken,
    unsigned_len: usize,
}

impl SignedToken {
    /// The whole token as a secret.
    #[must_use]
    pub fn plain(&self) -> &PlainToken {
        &self.text
    }

    /// The same, for whoever needs nothing else of it.
    #[must_use]
    pub fn into_plain(self) -> PlainToken {
        self.text
    }

    /// `header.payload`: what may be shown again later, for it opens nothing.
    #[must_use]
    pub fn unsigned(&self) -> &str {
        self.text
            .reveal()
            .get(..self.unsigned_len)
            .unwrap_or_default()
    }

    /// What the database keeps of it: the digest of `header.payload`, so that a token is known by
    /// its exact text and not by a good signature alone.
    #[must_use]
    pub fn hash(&self) -> TokenHash {
        TokenHash::digest(self.unsigned())
    }
}

/// A text of a JWT's form, of which nothing is proven.
#[derive(Clone)]
pub struct UnverifiedToken {
    text: String,
    unsigned_len: usize,
    is_hs256: bool,
    claims: Option<Claims>,
}

/// The header fields that decide; others (`typ`, `kid`) say nothing that is believed.
#[derive(Deserialize)]
struct Header {
    alg: serde_json::Value,
    kid: Option<serde_json::Value>,
    crit: Option<serde_json::Value>,
    b64: Option<serde_json::Value>,
}

impl Header {
    /// RFC 8725 section 3.1: one algorithm, whatever the header wishes. RFC 7515: `crit` names
    /// extensions that must be understood, and none is, `b64` (RFC 7797) included; `kid` is a string.
    fn is_plain_hs256(&self) -> bool {
        let kid_is_text = self.kid.as_ref().is_none_or(serde_json::Value::is_string);
        self.alg == "HS256" && self.crit.is_none() && self.b64.is_none() && kid_is_text
    }
}

impl UnverifiedToken {
    /// Takes apart `header.payload.signature`, or `header.payload` as Label Studio lists it.
    /// `None` if the text is not of that form.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (header, rest) = text.split_once('.')?;
        // From the end, which is nearer. A dot too many stays in the payload, which is no base64 then.
        let (payload, signature) = match rest.rsplit_once('.') {
            Some((payload, signature)) => (payload, Some(signature)),
            None => (rest, None),
        };
        if signature.is_some_and(str::is_empty) {
            return None;
        }
        let unsigned_len = header.len() + 1 + payload.len();
        // All of ours have this one; others are read.
        let is_hs256 = header == HEADER
            || serde_json::from_slice::<Header>(&BASE64.decode(header).ok()?)
                .ok()?
                .is_plain_hs256();
        let payload = BASE64.decode(payload).ok()?;
        let claims = plain_claims::read(&payload).or_else(|| serde_json::from_slice(&payload).ok());
        if claims.is_none() {
            // Claims that are missing or odd make a refusal later, not another kind of token.
            serde_json::from_slice::<serde_json::Map<_, _>>(&payload).ok()?;
        }
        Some(Self {
            text: text.to_owned(),
            unsigned_len,
            is_hs256,
            claims,
        })
    }

    /// What the token says of itself; nothing of it is proven. `None` if its claims are not of our form.
    #[must_use]
    pub fn unverified_claims(&self) -> Option<&Claims> {
        self.claims.as_ref()
    }

    /// Whether the signature part is there at all.
    #[must_use]
    pub fn has_signature(&self) -> bool {
        self.text.len() > self.unsigned_len
    }

    /// The digest of `header.payload`, under which a personal access token is stored.
    #[must_use]
    pub fn hash(&self) -> TokenHash {
        TokenHash::digest(self.unsigned())
    }

    /// Checks the signature under each of `keys`, then the form of the claims.
    ///
    /// # Errors
    /// [`Denial::BadSignature`] if no key fits or the header asks for anything but plain HS256;
    /// if a key fits, [`Denial::WrongTokenType`] for a type that Keybearer does not make and
    /// [`Denial::Malformed`] for claims that are missing or odd.
    pub fn verify<'k>(
        &self,
        keys: impl IntoIterator<Item = &'k SigningKey>,
    ) -> Result<&Claims, Denial> {
        let signature = self
            .text
            .get(self.unsigned_len + 1..)
            .ok_or(Denial::BadSignature)?;
        let mut decoded = [0; SIGNATURE_BYTES];
        let is_whole = BASE64
            .decode_slice(signature, &mut decoded)
            .is_ok_and(|length| length == SIGNATURE_BYTES);
        let fits = |key: &SigningKey| {
            is_whole && hmac::verify(&key.0, self.unsigned().as_bytes(), &decoded).is_ok()
        };
        if !self.is_hs256 || !keys.into_iter().any(fits) {
            return Err(Denial::BadSignature);
        }
        match &self.claims {
            Some(claims) if claims.kind == SignedKind::Other => Err(Denial::WrongTokenType),
            Some(claims) => Ok(claims),
            None => Err(Denial::Malformed),
        }
    }

    fn unsigned(&self) -> &str {
        self.text.get(..self.unsigned_len).unwrap_or_default()
    }
}

impl fmt::Debug for UnverifiedToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("UnverifiedToken")
    }
}

fn seconds<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
    whole_seconds(f64::deserialize(deserializer)?)
}

fn optional_seconds<'de, D: serde::Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<i64>, D::Error> {
    f64::deserialize(deserializer).and_then(|number| whole_seconds(number).map(Some))
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "the range is checked in the line before"
)]
fn whole_seconds<E: serde::de::Error>(number: f64) -> Result<i64, E> {
    // Far below 2^53, so that every whole second is exact, and far above any real expiry.
    if number.abs() < 1e14 {
        Ok(number as i64)
    } else {
        Err(E::custom("a time out of range"))
    }
}

fn id_text<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Id {
        Text(String),
        Number(i64),
    }
    Ok(match Id::deserialize(deserializer)? {
        Id::Text(text) => text,
        Id::Number(number) => number.to_string(),
    })
}
