//! When, whence and by what each token was last used, and how often: true, and off the hot path.
//!
//! A use is noted in memory and written down in batches ([`flush`], every few seconds and at the
//! end of the process): a crash loses what came since the last batch and nothing else. There is one
//! notebook for each of a few threads, so that a storm on one token does not make its requests wait
//! for each other.

use std::collections::{BTreeMap, HashMap};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::future::join_all;
use keybearer_verify::{Grant, TokenKind};
use quick_cache::DefaultHashBuilder;

use crate::app::App;
use crate::cx::Cx;
use crate::domain::daily_counts::{DailyCount, day_of};
use crate::error::Result;
use crate::store;
use crate::store::daily_counts::Counted;
use crate::store::token_uses::NotedUses;

/// Notebooks; a power of two above the number of threads that usually serve.
const NOTEBOOKS: usize = 16;
/// Tokens that are written down in one transaction: other writers wait for it, and what it might take
/// back stays in memory.
const BATCH: usize = 25;
/// Transactions at the same time: they share a commit.
const TOGETHER: usize = 4;
const LONGEST_CLIENT: usize = 256;

/// The uses that are not written down yet.
#[derive(Clone, Debug, Default)]
pub struct Uses(Arc<[Mutex<Pages>; NOTEBOOKS]>);

/// By token and day.
type Notebook = HashMap<(String, i64), Use>;

/// One thread's notebook. The last day has a map of its own, so that a token that is in it is found
/// without a copy of its id.
#[derive(Debug, Default)]
struct Pages {
    day: i64,
    today: HashMap<String, Use, DefaultHashBuilder>,
    before: Notebook,
}

#[derive(Clone, Debug)]
struct Use {
    organization_id: i64,
    kind: TokenKind,
    count: i64,
    at: i64,
    address: Option<IpAddr>,
    client: String,
}

impl Uses {
    /// Notes a use of the stored token that `grant` is of.
    pub fn note(&self, cx: &Cx, grant: &Grant) {
        let Some(notebook) = self.0.get(own_notebook()) else {
            return;
        };
        let mut pages = notebook.lock().unwrap_or_else(PoisonError::into_inner);
        let day = day_of(cx.now);
        if pages.day != day {
            pages.turn(day);
        }
        if let Some(noted) = pages.today.get_mut(&grant.id) {
            noted.again(cx);
            return;
        }
        let mut first = Use {
            organization_id: grant.organization_id,
            kind: grant.kind,
            count: 0,
            at: i64::MIN,
            address: None,
            client: String::new(),
        };
        first.again(cx);
        pages.today.insert(grant.id.clone(), first);
    }

    /// Takes all that is noted out of the notebooks, each token and day once.
    fn take(&self) -> Notebook {
        let mut all = Notebook::new();
        for notebook in self.0.iter() {
            let mut pages =
                std::mem::take(&mut *notebook.lock().unwrap_or_else(PoisonError::into_inner));
            pages.turn(pages.day);
            for (key, noted) in pages.before {
                self::add(&mut all, key, noted);
            }
        }
        all
    }

    /// Puts back what could not be written down.
    fn put_back(&self, uses: impl Iterator<Item = ((String, i64), Use)>) {
        if let Some(notebook) = self.0.first() {
            let mut notebook = notebook.lock().unwrap_or_else(PoisonError::into_inner);
            uses.for_each(|(key, noted)| self::add(&mut notebook.before, key, noted));
        }
    }
}

impl Use {
    fn again(&mut self, cx: &Cx) {
        self.count += 1;
        if self.at <= cx.now {
            self.at = cx.now;
            self.address = cx.address;
            if self.client != cx.client {
                self.client.clear();
                self.client.extend(cx.client.chars().take(LONGEST_CLIENT));
            }
        }
    }
}

impl Pages {
    /// Begins another day.
    fn turn(&mut self, day: i64) {
        for (id, noted) in self.today.drain() {
            self::add(&mut self.before, (id, self.day), noted);
        }
        self.day = day;
    }
}

/// The notebook of this thread.
fn own_notebook() -> usize {
    thread_local! {
        static AT: usize = {
            let mut hasher = DefaultHasher::new();
            std::thread::current().id().hash(&mut hasher);
            usize::try_from(hasher.finish() & 0xffff).unwrap_or_default() % NOTEBOOKS
        };
    }
    AT.with(|at| *at)
}

fn add(notebook: &mut Notebook, key: (String, i64), noted: Use) {
    match notebook.get_mut(&key) {
        None => {
            notebook.insert(key, noted);
        }
        Some(known) => {
            let count = known.count + noted.count;
            if known.at < noted.at {
                *known = noted;
            }
            known.count = count;
        }
    }
}

/// Writes down what was noted.
///
/// # Errors
/// If the database fails; then nothing is lost, and the next call tries again.
pub async fn flush(app: &App) -> Result<()> {
    let mut noted: Vec<_> = app.uses.take().into_iter().collect();
    // Neighbours lie in the same pages of an index, and a page that is touched is written as a whole.
    noted.sort_unstable_by(|(one, _), (other, _)| one.cmp(other));
    let mut rest = noted.as_slice();
    while !rest.is_empty() {
        let (now, later) = rest.split_at(rest.len().min(BATCH * TOGETHER));
        let written = join_all(now.chunks(BATCH).map(|batch| write(app, batch))).await;
        let failed = |done: &Result<()>| done.is_err();
        if written.iter().any(failed) {
            let batches = now.chunks(BATCH).zip(&written);
            let lost = batches.filter(|(_, done)| failed(done));
            let lost = lost.flat_map(|(batch, _)| batch).chain(later);
            app.uses.put_back(lost.cloned());
            return written.into_iter().collect();
        }
        rest = later;
    }
    Ok(())
}

async fn write(app: &App, batch: &[((String, i64), Use)]) -> Result<()> {
    let mut by_kind: BTreeMap<(i64, i64, &str), i64> = BTreeMap::new();
    let mut newest: BTreeMap<&str, NotedUses<'_>> = BTreeMap::new();
    let addresses: Vec<String> = batch
        .iter()
        .map(|(_, noted)| {
            noted
                .address
                .map_or_else(String::new, |address| address.to_string())
        })
        .collect();
    let mut uses = Vec::with_capacity(batch.len());
    for (((token_id, day), noted), address) in batch.iter().zip(&addresses) {
        *by_kind
            .entry((noted.organization_id, *day, noted.kind.as_str()))
            .or_default() += noted.count;
        let noted = NotedUses {
            token_id,
            day: *day,
            count: noted.count,
            at: noted.at,
            address,
            client: &noted.client,
        };
        uses.push(noted);
        let last = newest.entry(token_id).or_insert(noted);
        if last.at < noted.at {
            *last = noted;
        }
    }
    let newest: Vec<_> = newest.into_values().collect();
    let mut tx = app.db.write().await?;
    store::token_uses::add_uses_at_commit(&mut tx, &uses)?;
    store::token_uses::update_last_used_at_commit(&mut tx, &newest)?;
    for ((organization_id, day, kind), count) in by_kind {
        let name = kind.to_owned();
        let uses = DailyCount { day, name, count };
        store::daily_counts::add_at_commit(&mut tx, Counted::Uses, organization_id, &uses)?;
    }
    tx.commit().await?;
    Ok(())
}
