//! Passwords as Django keeps them (`algorithm$…`), which an imported account has until its user
//! signs in for the first time.
//!
//! The algorithms that Django calls usual: PBKDF2, Argon2, scrypt and bcrypt.

use argon2::Argon2;
use argon2::password_hash::PasswordVerifier;
use argon2::password_hash::phc::PasswordHash;
use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::{digest, pbkdf2};
use base64::Engine;
use base64::prelude::BASE64_STANDARD as BASE64;

const SCRYPT_BYTES: usize = 64;

/// Whether `stored` is of a form that [`fits`] can check.
#[must_use]
pub fn is_known(stored: &str) -> bool {
    parse(stored).is_some()
}

/// Whether `password` fits `stored`; no if that is of no form that is known.
#[must_use]
pub fn fits(password: &str, stored: &str) -> bool {
    parse(stored).is_some_and(|hash| hash.fits(password.as_bytes()))
}

enum Hash<'a> {
    Pbkdf2 {
        algorithm: pbkdf2::Algorithm,
        rounds: std::num::NonZeroU32,
        salt: &'a str,
        hash: Vec<u8>,
    },
    Argon2(Box<PasswordHash>),
    Scrypt {
        params: scrypt::Params,
        salt: &'a str,
        hash: Vec<u8>,
    },
    Bcrypt {
        text: &'a str,
        is_digested: bool,
    },
}

fn parse(stored: &str) -> Option<Hash<'_>> {
    let (algorithm, rest) = stored.split_once('$')?;
    match algorithm {
        "pbkdf2_sha256" => pbkdf2_of(pbkdf2::PBKDF2_HMAC_SHA256, rest),
        "pbkdf2_sha1" => pbkdf2_of(pbkdf2::PBKDF2_HMAC_SHA1, rest),
        "argon2" => {
            let hash = PasswordHash::new(&format!("${rest}")).ok()?;
            hash.hash.is_some().then_some(Hash::Argon2(Box::new(hash)))
        }
        "scrypt" => scrypt_of(rest),
        "bcrypt" | "bcrypt_sha256" => {
            let is_whole = rest.parse::<bcrypt::HashParts>().is_ok();
            is_whole.then_some(Hash::Bcrypt {
                text: rest,
                is_digested: algorithm == "bcrypt_sha256",
            })
        }
        _ => None,
    }
}

fn pbkdf2_of(algorithm: pbkdf2::Algorithm, rest: &str) -> Option<Hash<'_>> {
    let mut parts = rest.split('$');
    let (rounds, salt, hash) = (parts.next()?, parts.next()?, parts.next()?);
    Some(Hash::Pbkdf2 {
        algorithm,
        rounds: rounds.parse().ok()?,
        salt,
        hash: BASE64.decode(hash).ok()?,
    })
    .filter(|_| parts.next().is_none())
}

/// `N$salt$r$p$hash`.
fn scrypt_of(rest: &str) -> Option<Hash<'_>> {
    let parts: Vec<&str> = rest.split('$').collect();
    let [work, salt, block, parallel, hash] = parts.as_slice() else {
        return None;
    };
    let work: u64 = work.parse().ok()?;
    let log_work = u8::try_from(work.checked_ilog2()?).ok()?;
    if 1_u64.checked_shl(log_work.into()) != Some(work) {
        return None;
    }
    Some(Hash::Scrypt {
        params: scrypt::Params::new(log_work, block.parse().ok()?, parallel.parse().ok()?).ok()?,
        salt,
        hash: BASE64.decode(hash).ok()?,
    })
}

impl Hash<'_> {
    fn fits(&self, password: &[u8]) -> bool {
        match self {
            Self::Pbkdf2 {
                algorithm,
                rounds,
                salt,
                hash,
            } => pbkdf2::verify(*algorithm, *rounds, salt.as_bytes(), password, hash).is_ok(),
            Self::Argon2(hash) => Argon2::default()
                .verify_password(password, hash.as_ref())
                .is_ok(),
            Self::Scrypt { params, salt, hash } => {
                let mut made = [0; SCRYPT_BYTES];
                scrypt::scrypt(password, salt.as_bytes(), params, &mut made).is_ok()
                    && verify_slices_are_equal(&made, hash).is_ok()
            }
            Self::Bcrypt { text, is_digested } => {
                // The digest in hex, because bcrypt reads no more than 72 bytes of a password.
                let digested: String = digest::digest(&digest::SHA256, password)
                    .as_ref()
                    .iter()
                    .map(|byte| format!("{byte:02x}"))
                    .collect();
                let password = if *is_digested {
                    digested.as_bytes()
                } else {
                    password
                };
                bcrypt::verify(password, text).unwrap_or(false)
            }
        }
    }
}
