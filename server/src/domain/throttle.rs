//! How often something may fail before it has to wait.
//!
//! Tries are counted per key (an account, an address) in this process's memory and forgotten
//! after the window; a success forgets the key's failures at once.

use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use crate::error::{Error, Result};

/// Keys that are remembered at the most; above it, those whose window is over are dropped.
const CAPACITY: usize = 100_000;
/// Characters of a key that count.
const LONGEST_KEY: usize = 256;

/// A counter of failed tries.
#[derive(Clone, Debug)]
pub struct Throttle {
    limit: u32,
    window_ms: i64,
    tries: Arc<Mutex<HashMap<String, Tries>>>,
    /// Until when some key or other is shut; as long as none is, nobody needs the lock to know.
    shut_until: Arc<AtomicI64>,
}

#[derive(Clone, Copy, Debug)]
struct Tries {
    count: u32,
    since: i64,
}

impl Throttle {
    /// Lets `limit` failures pass in `window_seconds`.
    #[must_use]
    pub fn new(limit: u32, window_seconds: i64) -> Self {
        Self {
            limit,
            window_ms: window_seconds * 1000,
            tries: Arc::default(),
            shut_until: Arc::new(AtomicI64::new(i64::MIN)),
        }
    }

    /// Charges `key` with a try, before it is known whether it fails: a hundred at the same time
    /// then count as a hundred.
    ///
    /// # Errors
    /// [`Error::TooMany`] with the seconds until its window ends, if it has no try left.
    pub fn charge(&self, key: &str, now: i64) -> Result<()> {
        let mut tries = self.lock();
        if tries.len() >= CAPACITY {
            tries.retain(|_, seen| self.is_open(*seen, now));
            if tries.len() >= CAPACITY {
                // A flood of keys; the bound on memory is worth more than their count.
                tries.clear();
            }
        }
        let seen = tries.entry(short(key).to_owned()).or_insert(Tries {
            count: 0,
            since: now,
        });
        if !self.is_open(*seen, now) {
            *seen = Tries {
                count: 0,
                since: now,
            };
        }
        if seen.count >= self.limit {
            let wait_ms = seen.since + self.window_ms - now;
            return Err(Error::TooMany {
                retry_after_seconds: wait_ms.div_euclid(1000) + 1,
            });
        }
        seen.count += 1;
        if seen.count >= self.limit {
            let until = seen.since + self.window_ms;
            self.shut_until.fetch_max(until, Ordering::SeqCst);
        }
        Ok(())
    }

    /// Whether any key may have no try left.
    #[must_use]
    pub fn is_any_shut(&self, now: i64) -> bool {
        now < self.shut_until.load(Ordering::SeqCst)
    }

    /// Passes while `key` has a try left, without charging one.
    ///
    /// # Errors
    /// As [`Self::charge`].
    pub fn check(&self, key: &str, now: i64) -> Result<()> {
        match self.lock().get(short(key)) {
            Some(seen) if seen.count >= self.limit && self.is_open(*seen, now) => {
                let wait_ms = seen.since + self.window_ms - now;
                Err(Error::TooMany {
                    retry_after_seconds: wait_ms.div_euclid(1000) + 1,
                })
            }
            _ => Ok(()),
        }
    }

    /// Gives back the try of `key` that succeeded.
    pub fn refund(&self, key: &str) {
        if let Some(seen) = self.lock().get_mut(short(key)) {
            seen.count = seen.count.saturating_sub(1);
        }
    }

    /// Forgets all failures of `key`.
    pub fn forget(&self, key: &str) {
        self.lock().remove(short(key));
    }

    fn is_open(&self, seen: Tries, now: i64) -> bool {
        // A clock that was set back must not keep a key shut for longer than a window.
        (seen.since..seen.since + self.window_ms).contains(&now)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<String, Tries>> {
        self.tries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A key as it is remembered: nobody chooses how much memory one takes.
fn short(key: &str) -> &str {
    let end = key
        .char_indices()
        .nth(LONGEST_KEY)
        .map_or(key.len(), |(at, _)| at);
    key.get(..end).unwrap_or(key)
}
