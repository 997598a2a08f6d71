//! Passwords: Argon2id (RFC 9106), checked off the async threads because each check takes
//! milliseconds of one core and 19 MiB by design.
//!
//! An imported account has Django's hash until its user
//! signs in for the first time ([`super::django_passwords`]).

use std::fmt;

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};

use crate::app::App;
use crate::domain::django_passwords;
use crate::error::{Error, Result};

const SHORTEST: usize = 8;
const LONGEST: usize = 128;

/// A password's text. It prints as `Password`; the text comes out through [`Self::reveal`].
#[derive(Clone)]
pub struct Password(String);

impl Password {
    /// Takes over a password as typed; blanks around it are cut, as Label Studio does.
    #[must_use]
    pub fn new(text: &str) -> Self {
        Self(text.trim().to_owned())
    }

    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// Refuses what is too short or too long to be set.
    ///
    /// # Errors
    /// [`Error::Invalid`] with Label Studio's sentence.
    pub fn validate(&self) -> Result<()> {
        if (SHORTEST..=LONGEST).contains(&self.0.chars().count()) {
            return Ok(());
        }
        Err(Error::invalid(
            "password",
            format!("Please enter a password {SHORTEST}–{LONGEST} characters in length."),
        ))
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password")
    }
}

/// The PHC string to store.
///
/// # Errors
/// [`Error::Internal`] if the hash cannot be computed.
pub async fn hash(app: &App, password: &Password) -> Result<String> {
    let salt: [u8; 16] = app.random.bytes();
    let password = password.clone();
    blocking(move || {
        let hash = Argon2::default().hash_password_with_salt(password.reveal().as_bytes(), &salt);
        hash.map(|hash| hash.to_string())
            .map_err(|error| anyhow::anyhow!("argon2: {error}"))
    })
    .await
}

/// Whether `password` fits `stored`. Without a stored hash it takes as long and says no, so that
/// the time of an answer does not tell who has an account.
///
/// # Errors
/// [`Error::Internal`] if the stored hash cannot be read.
pub async fn check(app: &App, password: &Password, stored: Option<&str>) -> Result<bool> {
    let Some(stored) = stored.map(str::to_owned) else {
        hash(app, password).await?;
        return Ok(false);
    };
    let password = password.clone();
    if is_outdated(&stored) {
        return blocking(move || Ok(django_passwords::fits(password.reveal(), &stored))).await;
    }
    blocking(move || {
        let stored = PasswordHash::new(&stored)
            .map_err(|error| anyhow::anyhow!("stored password hash: {error}"))?;
        Ok(Argon2::default()
            .verify_password(password.reveal().as_bytes(), &stored)
            .is_ok())
    })
    .await
}

/// Whether a password that fits should be hashed anew: an imported one is of another algorithm.
#[must_use]
pub fn is_outdated(stored: &str) -> bool {
    !stored.starts_with("$argon2id$")
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> anyhow::Result<T> + Send + 'static,
) -> Result<T> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(anyhow::Error::from)
        .flatten()
        .map_err(Error::Internal)
}
