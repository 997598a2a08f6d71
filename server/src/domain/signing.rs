//! The keys that sign and check JWTs: held in memory, sealed in the database, which is the truth.
//!
//! One key signs: the newest own one that is not retired. The others only check. A personal access
//! token is proven by the key that signed it and by no other, so whoever gets hold of an old key
//! has the tokens of that key at the most. An access token is proven by own keys only, and by a
//! retired one no longer than such a token lives.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::Context;
use arc_swap::ArcSwap;
use keybearer_verify::{Claims, Denial, SignedKind, SigningKey, UnverifiedToken};

use crate::app::App;
use crate::clock::Random;
use crate::config::secret_key::SecretKey;
use crate::domain::sealing::{Purpose, SealingKey};
use crate::domain::tokens::exchange::ACCESS_TTL_SECONDS;
use crate::error::{Error, Result};
use crate::store::changes::{Change, Slot, Stamp};
use crate::store::signing_keys::SigningKeyRow;
use crate::store::{self, Db, Tx};

/// The origin of a key that was made here or given by the operator.
pub(super) const OWN: &str = "own";
/// The origin of a Label Studio's `SECRET_KEY`, which an import has brought.
pub(super) const IMPORTED: &str = "label_studio";
/// How long a retired key still proves access tokens: as long as one lives, and a minute for servers
/// that have not noticed yet and for clocks that differ.
const ACCESS_AFTER_MS: i64 = (ACCESS_TTL_SECONDS + 60) * 1000;

/// A key that is ready for use.
pub struct Key {
    pub id: String,
    secret: SigningKey,
    is_own: bool,
    retired_at: Option<i64>,
}

/// The keys of the process, the one that signs first. All clones are the same.
#[derive(Clone, Debug)]
pub struct SigningKeys(Arc<Held>);

#[derive(Debug)]
struct Held {
    keys: ArcSwap<Keys>,
    /// Where their changes are marked.
    slot: Slot,
    /// How many looks into the database have begun.
    looks: AtomicU64,
    turn: tokio::sync::Mutex<()>,
}

/// The keys as they were at some time: they are believed while nothing of them has changed since.
#[derive(Debug)]
struct Keys {
    all: Vec<Arc<Key>>,
    stamp: Stamp,
}

/// What a good signature proves: the claims of the token that was shown.
#[derive(Debug)]
pub struct Proven<'t> {
    pub claims: &'t Claims,
    pub key: Arc<Key>,
}

impl Key {
    /// The secret, ready to sign.
    #[must_use]
    pub fn secret(&self) -> &SigningKey {
        &self.secret
    }

    /// Whether it is the key of that id; any own one may be, if it is not known which has signed.
    fn is_of(&self, id: Option<&str>) -> bool {
        id.map_or(self.is_own, |id| id == self.id)
    }

    fn proves(&self, claims: &Claims, now: i64) -> bool {
        let is_recent = self.retired_at.is_none_or(|at| now < at + ACCESS_AFTER_MS);
        claims.kind != SignedKind::Access || (self.is_own && is_recent)
    }
}

impl Proven<'_> {
    /// Whether it is a proof of a personal access token that was signed with the key of that id.
    #[must_use]
    pub fn is_of(&self, signing_key_id: Option<&str>) -> bool {
        self.key.is_of(signing_key_id)
    }
}

/// A secret as it was sealed, if any was, so that no other sealing key will do. The tables may be an
/// older version's.
///
/// # Errors
/// If the database fails.
pub async fn any_sealed(db: &Db) -> Result<Option<Vec<u8>>> {
    let mut tx = db.read().await?;
    if !store::tables::is_there(&mut tx, "signing_keys").await? {
        return Ok(None);
    }
    Ok(store::signing_keys::find_any_sealed(&mut tx).await?)
}

/// The Label Studio's keys that imports have brought, by id.
///
/// # Errors
/// If the database fails, or the keys were sealed under another key file.
pub async fn imported(db: &Db, sealing: &SealingKey) -> Result<Vec<(String, SecretKey)>> {
    let mut tx = db.read().await?;
    let rows = store::signing_keys::list(&mut tx).await?;
    let mut keys = Vec::new();
    for row in rows.into_iter().filter(|row| row.origin == IMPORTED) {
        keys.extend(SecretKey::new(&unsealed(sealing, &row)?).map(|key| (row.id, key)));
    }
    Ok(keys)
}

/// Checks the signature of `shown`, by no key that was taken away before. Before it says no it looks for
/// keys that are newer than this process: another one may have made or imported them.
///
/// # Errors
/// If the database fails. The refusal is inside.
pub async fn prove<'t>(
    app: &App,
    shown: &'t UnverifiedToken,
    now: i64,
) -> Result<std::result::Result<Proven<'t>, Denial>> {
    if app.signing.are_sure(&app.db) {
        let proven = app.signing.prove(shown, now);
        if !matches!(proven, Err(Denial::BadSignature)) || !shown.has_signature() {
            return Ok(proven);
        }
    }
    Box::pin(app.signing.look(&app.db, &app.sealing)).await?;
    Ok(app.signing.prove(shown, now))
}

impl SigningKeys {
    /// Reads the keys; makes the first one if there is none.
    ///
    /// `given` is an operator's own HS256 secret: it becomes the key that signs, and those before it
    /// go on checking.
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
        let stamp = db.changes().stamp();
        let mut tx = db.write().await?;
        let rows = store::signing_keys::list(&mut tx).await?;
        let known = match given {
            Some(secret) => find_secret(sealing, &rows, secret)?,
            None => rows.iter().find(|row| is_signing(row)),
        };
        match (known, given) {
            (Some(row), _) if is_current(row, &rows) => {}
            (Some(row), _) => {
                store::signing_keys::update_retired(&mut tx, now).await?;
                store::signing_keys::update_signing(&mut tx, &row.id).await?;
            }
            (None, given) => {
                let secret = given.map_or_else(|| random.text::<50>(), str::to_owned);
                if !rows.is_empty() {
                    store::signing_keys::update_retired(&mut tx, now).await?;
                }
                insert_signing(&mut tx, (sealing, random), &secret, now).await?;
            }
        }
        let rows = store::signing_keys::list(&mut tx).await?;
        tx.commit().await?;
        Ok(Self(Arc::new(Held {
            keys: ArcSwap::from_pointee(Keys {
                all: ready(sealing, &rows)?,
                stamp,
            }),
            slot: Change::SigningKeys.slot(),
            looks: AtomicU64::new(0),
            turn: tokio::sync::Mutex::new(()),
        })))
    }

    /// The key that signs.
    ///
    /// # Errors
    /// Only if there is none, which [`Self::open`] prevents.
    pub fn current(&self) -> Result<Arc<Key>> {
        let keys = self.0.keys.load();
        let first = keys.all.first().filter(|key| key.retired_at.is_none());
        first
            .cloned()
            .context("there is no signing key")
            .map_err(Error::Internal)
    }

    /// Whether there is the key of that id; any own one, if it is not known which has signed.
    #[must_use]
    pub fn has(&self, id: Option<&str>) -> bool {
        self.0.keys.load().all.iter().any(|key| key.is_of(id))
    }

    /// Takes over what other processes have changed. Many callers at once make one look: whoever
    /// waits while another one begins to look has what he came for.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn look(&self, db: &Db, sealing: &SealingKey) -> Result<()> {
        let before = self.0.looks.load(Ordering::SeqCst);
        let _turn = self.0.turn.lock().await;
        if self.0.looks.load(Ordering::SeqCst) > before {
            return Ok(());
        }
        self.0.looks.fetch_add(1, Ordering::SeqCst);
        // Before the look-up: see `store::changes`.
        let stamp = db.changes().stamp();
        let mut tx = db.glance().await?;
        let rows = store::signing_keys::list(&mut tx).await?;
        drop(tx);
        let before = self.0.keys.load();
        let all = match before.are_of(&rows) {
            true => before.all.clone(),
            false => ready(sealing, &rows)?,
        };
        self.0.keys.store(Arc::new(Keys { all, stamp }));
        Ok(())
    }

    /// Whether nothing of them has changed since they were read, as far as this process can know.
    fn are_sure(&self, db: &Db) -> bool {
        let stamp = self.0.keys.load().stamp;
        db.changes().none_since(stamp, &[self.0.slot])
    }

    fn prove<'t>(
        &self,
        shown: &'t UnverifiedToken,
        now: i64,
    ) -> std::result::Result<Proven<'t>, Denial> {
        for key in self.0.keys.load().all.iter() {
            match shown.verify([&key.secret]) {
                Err(Denial::BadSignature) => {}
                Err(denial) => return Err(denial),
                Ok(claims) if key.proves(claims, now) => {
                    return Ok(Proven {
                        claims,
                        key: key.clone(),
                    });
                }
                Ok(_) => {}
            }
        }
        Err(Denial::BadSignature)
    }
}

impl Keys {
    fn are_of(&self, rows: &[SigningKeyRow]) -> bool {
        self.all.len() == rows.len()
            && self.all.iter().zip(rows).all(|(key, row)| {
                key.id == row.id
                    && key.retired_at == row.retired_at
                    && key.is_own == (row.origin == OWN)
            })
    }
}

/// Makes `secret` the key that signs; the one before it must be retired.
pub(super) async fn insert_signing(
    tx: &mut Tx,
    (sealing, random): (&SealingKey, &Random),
    secret: &str,
    now: i64,
) -> Result<String> {
    let row = SigningKeyRow {
        id: random.text::<8>(),
        sealed: sealing
            .seal(random, Purpose::SigningKey, secret)
            .map_err(Error::Internal)?,
        created_at: now,
        retired_at: None,
        origin: OWN.into(),
    };
    store::signing_keys::insert(tx, &row).await?;
    Ok(row.id)
}

/// The stored key that is `secret`.
///
/// # Errors
/// If the keys were sealed under another key file.
pub(super) fn find_secret<'r>(
    sealing: &SealingKey,
    rows: &'r [SigningKeyRow],
    secret: &str,
) -> Result<Option<&'r SigningKeyRow>> {
    let mut found = None;
    for row in rows {
        if unsealed(sealing, row)? == secret {
            found = Some(row);
        }
    }
    Ok(found)
}

/// The stored keys, ready for use, in the same order: the one that signs comes first.
fn ready(sealing: &SealingKey, rows: &[SigningKeyRow]) -> Result<Vec<Arc<Key>>> {
    let key = |row: &SigningKeyRow| {
        Ok(Arc::new(Key {
            id: row.id.clone(),
            secret: SigningKey::hs256(unsealed(sealing, row)?.as_bytes()),
            is_own: row.origin == OWN,
            retired_at: row.retired_at,
        }))
    };
    rows.iter().map(key).collect()
}

fn unsealed(sealing: &SealingKey, row: &SigningKeyRow) -> Result<String> {
    sealing
        .unseal(Purpose::SigningKey, &row.sealed)
        .map_err(Error::Internal)
}

fn is_signing(row: &SigningKeyRow) -> bool {
    row.retired_at.is_none()
}

/// Whether it signs, and no other one is left over that could.
fn is_current(row: &SigningKeyRow, rows: &[SigningKeyRow]) -> bool {
    is_signing(row) && rows.iter().filter(|row| is_signing(row)).count() == 1
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key({})", self.id)
    }
}
