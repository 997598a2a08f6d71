//! The keys that sign and check JWTs: made at the first start, sealed in the database.

use anyhow::Context;
use keybearer_verify::SigningKey;

use crate::clock::Random;
use crate::domain::sealing::{Purpose, SealingKey};
use crate::error::{Error, Result};
use crate::store::Db;
use crate::store::signing_keys::{self, SigningKeyRow};

/// The keys that live: the first signs, all of them check.
#[derive(Clone, Debug)]
pub struct SigningKeys {
    keys: Vec<SigningKey>,
}

/// Whether there is a key that was sealed already, so that no new sealing key will do.
///
/// # Errors
/// If the database fails.
pub async fn is_sealed(db: &Db) -> Result<bool> {
    let mut tx = db.read().await?;
    Ok(!signing_keys::list(&mut tx).await?.is_empty())
}

impl SigningKeys {
    /// Reads the keys; makes the first one if there is none.
    ///
    /// `given` is an operator's own HS256 secret: it becomes the signing key if it is not there
    /// yet, and those before it go on checking.
    ///
    /// # Errors
    /// If the database fails, or the keys were sealed under another key file.
    pub async fn open(
        db: &Db,
        sealing: &SealingKey,
        random: &Random,
        given: Option<&str>,
        now: i64,
    ) -> Result<Self> {
        let mut tx = db.write().await?;
        let mut secrets = Vec::new();
        for row in signing_keys::list(&mut tx).await? {
            secrets.push(
                sealing
                    .unseal(Purpose::SigningKey, &row.sealed)
                    .map_err(Error::Internal)?,
            );
        }
        let wanted = match given {
            Some(secret) => {
                (!secrets.iter().any(|known| known == secret)).then(|| secret.to_owned())
            }
            None => secrets.is_empty().then(|| random.text::<50>()),
        };
        if let Some(secret) = wanted {
            let sealed = sealing
                .seal(random, Purpose::SigningKey, &secret)
                .map_err(Error::Internal)?;
            let row = SigningKeyRow {
                id: random.text::<8>(),
                sealed,
                created_at: now,
                retired_at: None,
            };
            signing_keys::insert(&mut tx, &row).await?;
            secrets.insert(0, secret);
        }
        tx.commit().await?;
        if let Some(given) = given {
            // The operator's word decides which of several keys signs.
            secrets.sort_by_key(|secret| secret != given);
        }
        Ok(Self {
            keys: secrets
                .iter()
                .map(|secret| SigningKey::hs256(secret.as_bytes()))
                .collect(),
        })
    }

    /// The key that signs.
    ///
    /// # Errors
    /// Only if there is none, which [`Self::open`] prevents.
    pub fn current(&self) -> Result<&SigningKey> {
        self.keys
            .first()
            .context("there is no signing key")
            .map_err(Error::Internal)
    }

    pub fn all(&self) -> impl Iterator<Item = &SigningKey> {
        self.keys.iter()
    }
}
