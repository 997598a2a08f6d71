//! How many requests a minute a token may make, if its owner limited it. Counted in this process.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, Mutex, PoisonError};

use crate::cx::Rate;
use crate::error::{Error, Result};

const WINDOW_MS: i64 = 60_000;
/// Tokens that are counted at the most before those whose minute is over are forgotten.
const CAPACITY: usize = 100_000;

/// Tokens that share a lock: one part in so many.
const PARTS: usize = 16;

/// The counters of the running minute, by token.
#[derive(Clone, Debug, Default)]
pub struct Rates(Arc<[Mutex<HashMap<String, Window>>; PARTS]>);

#[derive(Clone, Copy, Debug)]
struct Window {
    began_at: i64,
    count: i64,
}

impl Rates {
    /// Counts a request of the token `id`, which has `limit` of them a minute.
    ///
    /// # Errors
    /// [`Error::TooMany`] with the seconds until the next minute of the token begins.
    pub fn take(&self, id: &str, limit: i64, now: i64) -> Result<Rate> {
        let mut windows = self.part(id).lock().unwrap_or_else(PoisonError::into_inner);
        let is_open =
            |window: &Window| (window.began_at..window.began_at + WINDOW_MS).contains(&now);
        if windows.len() >= CAPACITY / PARTS {
            windows.retain(|_, window| is_open(window));
        }
        let window = windows.entry(id.to_owned()).or_insert(Window {
            began_at: now,
            count: 0,
        });
        if !is_open(window) {
            *window = Window {
                began_at: now,
                count: 0,
            };
        }
        let reset_seconds = (window.began_at + WINDOW_MS - now + 999).div_euclid(1000);
        if window.count >= limit {
            return Err(Error::TooMany {
                retry_after_seconds: reset_seconds,
            });
        }
        window.count += 1;
        Ok(Rate {
            limit,
            remaining: limit - window.count,
            reset_seconds,
        })
    }

    fn part(&self, id: &str) -> &Mutex<HashMap<String, Window>> {
        let mut hasher = DefaultHasher::new();
        id.hash(&mut hasher);
        let [first, ..] = &*self.0;
        let at = usize::try_from(hasher.finish() & 0xff).unwrap_or_default() % PARTS;
        self.0.get(at).unwrap_or(first)
    }
}
