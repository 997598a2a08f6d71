//! What was changed of that which grants are made of: how a process knows that what it remembers is
//! still so.
//!
//! A statement that changes such a thing says so (`Tx::changing`); the engine refuses one that does
//! not. When its transaction is lasting, and before anybody is told, the change is marked here; and
//! it is a row in the table `changes`, which other processes on the database read.
//!
//! There is no list of who remembers what. Changes are counted, and each marks its slot with its
//! number. Whoever reads the database takes the count *before* it ([`Changes::stamp`]); what he has
//! read is true as long as none of its slots has a later number. So a fill that was overtaken by a
//! change is never believed, whichever of the two ends first, and to look costs a few loads and no
//! lock. Two things may share a slot; then one is read again for nothing.

use std::fmt;
use std::fs::File;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use super::batch::Batch;
use super::error::StoreError;
use super::tx::Tx;
use super::value::bind;

/// A process that has not heard of others' changes for this long believes nothing that it remembers.
/// So a change holds everywhere this long after its commit, whatever happens.
pub const TRUSTED_FOR: Duration = Duration::from_millis(900);
/// Rows that are kept in the table.
const KEPT: i64 = 100_000;
/// A power of two; 8 bytes each.
const SLOTS: usize = 1 << 15;
/// More changes than this in one transaction count as a change of everything.
const MOST_IN_ONE: usize = 64;
const EVERYTHING: &str = "everything";
/// What grants are made of, and proven by.
const REMEMBERED: [&str; 5] = [
    "tokens",
    "users",
    "organizations",
    "memberships",
    "signing_keys",
];

/// What a statement changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change<'a> {
    /// The token of that id.
    Token(&'a str),
    /// The line of successors that began with the token of that id.
    Family(&'a str),
    /// A user, his memberships or all his tokens.
    User(i64),
    Organization(i64),
    /// The keys that sign and check JWTs.
    SigningKeys,
    /// More than is worth a list.
    Everything,
    /// Nothing that anybody remembers.
    Nothing,
}

impl Change<'_> {
    /// As the table holds it; `None` for nothing.
    pub(super) fn text(self) -> Option<String> {
        match self {
            Self::Token(id) => Some(format!("token {id}")),
            Self::Family(id) => Some(format!("family {id}")),
            Self::User(id) => Some(format!("user {id}")),
            Self::Organization(id) => Some(format!("organization {id}")),
            Self::SigningKeys => Some("signing keys".to_owned()),
            Self::Everything => Some(EVERYTHING.to_owned()),
            Self::Nothing => None,
        }
    }

    /// Where the change is marked.
    #[must_use]
    pub fn slot(self) -> Slot {
        slot(&self.text().unwrap_or_default())
    }
}

/// A place for marks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slot(usize);

fn slot(text: &str) -> Slot {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    let hash = usize::try_from(hasher.finish() & u64::from(u32::MAX)).unwrap_or_default();
    Slot(hash & (SLOTS - 1))
}

/// How many changes there were before something was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp(u64);

/// The marks of this process on one database. Clones are the same marks.
#[derive(Clone)]
pub struct Changes(Arc<Marks>);

struct Marks {
    began: Instant,
    /// What a running server holds, if one can be seen by that.
    server_lock: OnceLock<PathBuf>,
    /// When the table was last heard in full, in milliseconds after `began`; 0 for never.
    heard_ms: AtomicU64,
    count: AtomicU64,
    everything: AtomicU64,
    slots: Box<[AtomicU64]>,
}

impl Default for Changes {
    fn default() -> Self {
        Self(Arc::new(Marks {
            began: Instant::now(),
            server_lock: OnceLock::new(),
            heard_ms: AtomicU64::new(0),
            count: AtomicU64::new(0),
            everything: AtomicU64::new(0),
            slots: (0..SLOTS).map(|_| AtomicU64::new(0)).collect(),
        }))
    }
}

impl fmt::Debug for Changes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Changes")
    }
}

impl Changes {
    /// To be taken before the database is read.
    #[must_use]
    pub fn stamp(&self) -> Stamp {
        Stamp(self.0.count.load(Ordering::SeqCst))
    }

    /// Whether nothing of what is marked in `slots` has changed since `stamp`, as far as this process
    /// can know; `false` if it has not heard of others' changes for too long.
    #[must_use]
    pub fn none_since(&self, stamp: Stamp, slots: &[Slot]) -> bool {
        let not_later = |mark: &AtomicU64| mark.load(Ordering::SeqCst) <= stamp.0;
        let marks = &self.0;
        not_later(&marks.everything)
            && slots
                .iter()
                .all(|slot| marks.slots.get(slot.0).is_some_and(not_later))
            && self.is_hearing()
    }

    /// Whether this process hears of others' changes: whether it may believe what it remembers.
    #[must_use]
    pub fn is_hearing(&self) -> bool {
        let heard_ms = self.0.heard_ms.load(Ordering::SeqCst);
        heard_ms > 0 && self.ms(Instant::now()).saturating_sub(heard_ms) < trusted_ms()
    }

    /// Notes that everything that was committed before `at` is marked.
    pub fn heard(&self, at: Instant) {
        self.0.heard_ms.fetch_max(self.ms(at), Ordering::SeqCst);
    }

    /// Names the file that a server on this database holds locked while it runs.
    pub fn set_server_lock(&self, path: PathBuf) {
        let _named_already = self.0.server_lock.set(path);
    }

    /// Returns when what was committed before holds in every process: for a command beside a running
    /// server. A process that hears of changes itself does not wait for others.
    pub async fn settle(&self) {
        let lock = self.0.server_lock.get();
        if !self.is_hearing() && lock.is_none_or(|path| is_held(path)) {
            tokio::time::sleep(TRUSTED_FOR).await;
        }
    }

    /// Marks a change, by its text in the table.
    pub fn mark(&self, text: &str) {
        let marks = &self.0;
        let number = marks.count.fetch_add(1, Ordering::SeqCst) + 1;
        let mark = match text {
            EVERYTHING => Some(&marks.everything),
            text => marks.slots.get(slot(text).0),
        };
        if let Some(mark) = mark {
            mark.fetch_max(number, Ordering::SeqCst);
        }
    }

    pub(super) fn mark_all(&self, texts: &[String]) {
        texts.iter().for_each(|text| self.mark(text));
    }

    /// Marks everything.
    pub fn mark_everything(&self) {
        self.mark(EVERYTHING);
    }

    fn ms(&self, at: Instant) -> u64 {
        let after = at.saturating_duration_since(self.0.began);
        u64::try_from(after.as_millis())
            .unwrap_or(u64::MAX)
            .saturating_add(1)
    }
}

fn is_held(path: &Path) -> bool {
    File::open(path).is_ok_and(|file| file.try_lock_shared().is_err())
}

fn trusted_ms() -> u64 {
    u64::try_from(TRUSTED_FOR.as_millis()).unwrap_or_default()
}

/// Whether a statement changes rows that somebody may remember.
#[must_use]
pub fn is_of_remembered(sql: &str) -> bool {
    let rest = ["update ", "delete from ", "insert into "]
        .into_iter()
        .find_map(|verb| Some((verb, sql.strip_prefix(verb)?)));
    let Some((verb, rest)) = rest else {
        return false;
    };
    let table = rest.split([' ', '(']).next().unwrap_or_default();
    // New accounts, tokens, organizations and keys are remembered by nobody before they are lasting; a
    // membership is part of the grants of a user who was there before.
    REMEMBERED.contains(&table) && (verb != "insert into " || table == "memberships")
}

/// Writes down what a transaction has changed, for the other processes.
pub(super) fn insert(batch: &mut Batch, texts: &mut Vec<String>) {
    texts.sort_unstable();
    texts.dedup();
    if texts.len() > MOST_IN_ONE {
        *texts = vec![EVERYTHING.to_owned()];
    }
    for text in texts {
        batch.add("insert into changes (what) values ($1)", bind![&*text]);
    }
}

/// The newest change's id; 0 if there is none.
pub async fn latest(tx: &mut Tx) -> Result<i64, StoreError> {
    let newest: Option<(i64,)> = tx
        .optional("select id from changes order by id desc limit 1", bind![])
        .await?;
    Ok(newest.map_or(0, |(id,)| id))
}

/// The changes after the one with that id, oldest first. Transactions end one after another, so ids are
/// given in the order of commits, and none appears later below one that was read.
pub async fn list_after(
    tx: &mut Tx,
    id: i64,
    limit: i64,
) -> Result<Vec<(i64, String)>, StoreError> {
    tx.all(
        "select id, what from changes where id > $1 order by id limit $2",
        bind![id, limit],
    )
    .await
}

/// Clears away the rows that every process that hears has read.
pub async fn delete_old(tx: &mut Tx) -> Result<(), StoreError> {
    let newest = latest(tx).await?;
    tx.execute("delete from changes where id <= $1", bind![newest - KEPT])
        .await?;
    Ok(())
}
