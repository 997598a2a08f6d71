//! The installation's key: what must be readable again is sealed under it.
//!
//! Sealed are legacy tokens, signing keys, invite links and, for a day, the successors of rotations. Whoever has the database without the
//! key reads none of them. AES-256-GCM-SIV (RFC 8452): a nonce drawn twice does no harm. From the
//! same key comes the one that hashes legacy tokens and invite links, which people may have chosen.

use std::fmt;
use std::fs;
use std::io::Write;
use std::path::Path;

use aes_gcm_siv::aead::{Aead, KeyInit, Payload};
use aes_gcm_siv::{Aes256GcmSiv, Nonce};
use anyhow::{Context, ensure};
use aws_lc_rs::hmac;
use keybearer_verify::TokenHash;

use crate::clock::Random;

const NONCE_BYTES: usize = 12;
const KEY_BYTES: usize = 32;

/// What a sealed value is for. It is authenticated with it, so that no value can stand in another's place.
#[derive(Clone, Copy, Debug)]
pub enum Purpose {
    LegacyToken,
    Successor,
    SigningKey,
    Invite,
}

/// The installation's key, ready for use.
#[derive(Clone)]
pub struct SealingKey {
    cipher: Aes256GcmSiv,
    hashing: hmac::Key,
}

impl SealingKey {
    /// Reads the key file, or makes it if it is missing: 64 hex digits, readable by its owner alone.
    ///
    /// # Errors
    /// If the file cannot be read or written, or does not hold a key.
    pub fn open(path: &Path, random: &Random) -> anyhow::Result<Self> {
        if !path.exists() {
            let mut options = fs::OpenOptions::new();
            options.write(true).create_new(true);
            #[cfg(unix)]
            std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
            let written = options.open(path).and_then(|mut file| {
                writeln!(file, "{}", random.hex::<KEY_BYTES>())?;
                file.sync_all()
            });
            written
                .with_context(|| format!("the key file {} cannot be written", path.display()))?;
        }
        let text = fs::read_to_string(path)
            .with_context(|| format!("the key file {} cannot be read", path.display()))?;
        Self::of_text(&text).with_context(|| {
            format!(
                "the key file {} does not hold a key: 64 hex digits are expected",
                path.display()
            )
        })
    }

    /// The key that a key file's text is.
    ///
    /// # Errors
    /// If it is not 64 hex digits.
    pub fn of_text(text: &str) -> anyhow::Result<Self> {
        Self::from_bytes(&from_hex(text.trim()).context("it is not hex digits")?)
    }

    /// The key of these 32 bytes.
    ///
    /// # Errors
    /// If there are not 32 of them.
    pub fn from_bytes(key: &[u8]) -> anyhow::Result<Self> {
        ensure!(
            key.len() == KEY_BYTES,
            "a sealing key has {KEY_BYTES} bytes"
        );
        let hashing = hmac::sign(
            &hmac::Key::new(hmac::HMAC_SHA256, key),
            b"keybearer hashing key",
        );
        Ok(Self {
            cipher: Aes256GcmSiv::new_from_slice(key)?,
            hashing: hmac::Key::new(hmac::HMAC_SHA256, hashing.as_ref()),
        })
    }

    /// Seals `text`.
    ///
    /// # Errors
    /// Only for a text of more than 64 GiB.
    pub fn seal(&self, random: &Random, purpose: Purpose, text: &str) -> anyhow::Result<Vec<u8>> {
        let nonce: [u8; NONCE_BYTES] = random.bytes();
        let payload = Payload {
            msg: text.as_bytes(),
            aad: purpose.label(),
        };
        let sealed = self
            .cipher
            .encrypt(&Nonce::from(nonce), payload)
            .map_err(|_| anyhow::anyhow!("sealing failed"))?;
        Ok([nonce.as_slice(), &sealed].concat())
    }

    /// Opens what [`Self::seal`] made.
    ///
    /// # Errors
    /// If it was sealed under another key or for another purpose, or was changed.
    pub fn unseal(&self, purpose: Purpose, sealed: &[u8]) -> anyhow::Result<String> {
        let (nonce, sealed) = sealed
            .split_first_chunk::<NONCE_BYTES>()
            .context("a sealed value is too short")?;
        let payload = Payload {
            msg: sealed,
            aad: purpose.label(),
        };
        let opened = self.cipher.decrypt(&Nonce::from(*nonce), payload).map_err(|_| {
            anyhow::anyhow!("a sealed value does not open: the key file is not the one that this database was made with")
        })?;
        String::from_utf8(opened).context("a sealed value is not text")
    }

    /// The keyed hash under which a text that somebody may have chosen is found.
    #[must_use]
    pub fn hash(&self, text: &str) -> TokenHash {
        TokenHash::keyed(&self.hashing, text)
    }
}

impl Purpose {
    fn label(self) -> &'static [u8] {
        match self {
            Self::LegacyToken => b"legacy token",
            Self::Successor => b"successor",
            Self::SigningKey => b"signing key",
            Self::Invite => b"invite",
        }
    }
}

impl fmt::Debug for SealingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SealingKey")
    }
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u8>> = text
        .chars()
        .map(|digit| {
            digit
                .to_digit(16)
                .and_then(|digit| u8::try_from(digit).ok())
        })
        .collect();
    let (pairs, rest) = digits.as_deref()?.as_chunks::<2>();
    rest.is_empty()
        .then(|| pairs.iter().map(|[high, low]| high << 4 | low).collect())
}
