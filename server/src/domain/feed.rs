//! Hears what other processes on the database change: other nodes, and the command line.
//!
//! PostgreSQL wakes those who listen; the table of changes is what they then read, and on both
//! engines they read it regularly whether or not they were woken. As long as it was read in full a
//! moment ago, what this process remembers may be believed; otherwise each check asks the database.

use std::time::{Duration, Instant};

use tokio::sync::watch;

use crate::app::App;
use crate::error::Result;
use crate::store::changes::{TRUSTED_FOR, latest, list_after};
use crate::store::{Db, Listener};

/// How often the table is read where nobody wakes us.
const READ_EVERY: Duration = Duration::from_millis(20);
/// How often it is read where a change wakes us.
const READ_EVERY_IF_WOKEN: Duration = Duration::from_millis(50);
const LISTEN_AGAIN_AFTER: Duration = Duration::from_secs(1);
/// Whoever has heard nothing for longer may have missed rows that are cleared away by now.
const FORGET_AFTER: Duration = Duration::from_secs(2);
const BATCH: i64 = 1000;

/// How far a process has heard.
#[derive(Debug, Default)]
pub struct Feed {
    last_id: Option<i64>,
    heard_at: Option<Instant>,
}

impl Feed {
    /// Reads what is new.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn hear(&mut self, db: &Db) -> Result<()> {
        let began = Instant::now();
        let is_fresh = |at: Instant| began.saturating_duration_since(at) < FORGET_AFTER;
        let last_id = self.last_id.filter(|_| self.heard_at.is_some_and(is_fresh));
        let mut tx = db.follow().await?;
        let heard_to = match last_id {
            Some(mut last_id) => loop {
                let rows = list_after(&mut tx, last_id, BATCH).await?;
                for (id, what) in &rows {
                    db.changes().mark(what);
                    last_id = *id;
                }
                if rows.is_empty() {
                    break last_id;
                }
            },
            None => {
                let newest = latest(&mut tx).await?;
                // After the read: what is filled in from now on knows of all changes up to it.
                db.changes().mark_everything();
                newest
            }
        };
        self.last_id = Some(heard_to);
        self.heard_at = Some(began);
        db.changes().heard(began);
        Ok(())
    }
}

/// Hears until `stopping` turns true. While it cannot, it says so once and goes on trying.
///
/// To be run on a thread of its own: on one that also answers requests it would be late when there
/// are many, and each of them would have to ask the database.
pub async fn follow(app: App, mut feed: Feed, mut stopping: watch::Receiver<bool>) {
    let mut ear = Ear::default();
    let mut is_lost = false;
    loop {
        let heard = tokio::time::timeout(TRUSTED_FOR, feed.hear(&app.db)).await;
        let failed = match heard {
            Ok(Ok(())) => None,
            Ok(Err(error)) => Some(format!("{error:?}")),
            Err(_) => Some("the database does not answer in time".to_owned()),
        };
        match (&failed, is_lost) {
            (Some(error), false) => tracing::warn!(
                error,
                "changes by other processes cannot be heard; each check asks the database"
            ),
            (None, true) => tracing::info!("changes by other processes are heard again"),
            _ => {}
        }
        is_lost = failed.is_some();
        tokio::select! {
            () = ear.wait(&app.db) => {}
            _ = stopping.wait_for(|stop| *stop) => return,
        }
    }
}

/// What wakes us.
#[derive(Default)]
struct Ear {
    listener: Option<Listener>,
    tried_at: Option<Instant>,
}

impl Ear {
    /// Returns when it is time to read again.
    async fn wait(&mut self, db: &Db) {
        let may_try = |at: Instant| at.elapsed() >= LISTEN_AGAIN_AFTER;
        if self.listener.is_none() && self.tried_at.is_none_or(may_try) {
            self.tried_at = Some(Instant::now());
            let listener = tokio::time::timeout(TRUSTED_FOR, db.listen()).await;
            self.listener = listener.ok().and_then(std::result::Result::ok);
        }
        match &mut self.listener {
            Some(listener) if listener.hears() => {
                let woken = tokio::time::timeout(READ_EVERY_IF_WOKEN, listener.wait()).await;
                if woken == Ok(false) {
                    self.listener = None;
                    tokio::time::sleep(READ_EVERY).await;
                }
            }
            _ => tokio::time::sleep(READ_EVERY).await,
        }
    }
}
