//! Failed sign-ins as events of the audit log, which a stranger cannot flood.
//!
//! They are noted in memory, off the request, and written down in the upkeep: at the most one event
//! for an account and window, with the number of failures since the last one. An address that no
//! account has leaves nothing, and whether one has it shows in no answer and in no answer's time.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use crate::app::App;
use crate::cx::{Actor, Cx};
use crate::domain::audit::{self, Subject};
use crate::error::Result;
use crate::store::users::User;

/// How long an account's next event waits after one was written, in milliseconds: the throttle's
/// window.
const WINDOW_MS: i64 = 900_000;

/// The failures that are not written down yet, by account; one entry an account at the most.
#[derive(Clone, Debug, Default)]
pub struct FailedSignIns(Arc<Mutex<HashMap<i64, Failures>>>);

#[derive(Clone, Debug)]
struct Failures {
    organization_id: Option<i64>,
    count: i64,
    /// Of the last one.
    at: i64,
    address: Option<IpAddr>,
    outcome: &'static str,
    /// When an event was last written for the account.
    written_at: Option<i64>,
}

impl Failures {
    fn is_open(&self, now: i64) -> bool {
        self.written_at
            .is_some_and(|at| (at..at + WINDOW_MS).contains(&now))
    }
}

/// Which events are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Due {
    /// Those of accounts whose last event is a window old.
    Now,
    /// All of them, because the process ends.
    AtTheEnd,
}

impl FailedSignIns {
    /// Notes that somebody did not get in as `user`, and why.
    pub fn note(&self, cx: &Cx, user: &User, outcome: &'static str) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let failures = all.entry(user.id).or_insert_with(|| Failures {
            organization_id: None,
            count: 0,
            at: cx.now,
            address: None,
            outcome,
            written_at: None,
        });
        failures.count += 1;
        failures.organization_id = user.active_organization_id;
        failures.at = cx.now;
        failures.address = cx.address;
        failures.outcome = outcome;
    }

    /// Takes out the failures that are due, and forgets the accounts whose window is over.
    fn take(&self, now: i64, due: Due) -> Vec<(i64, Failures)> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|_, failures| failures.count > 0 || failures.is_open(now));
        let mut taken = Vec::new();
        for (id, failures) in all.iter_mut() {
            if failures.count > 0 && (due == Due::AtTheEnd || !failures.is_open(now)) {
                taken.push((*id, failures.clone()));
                failures.count = 0;
                failures.written_at = Some(now);
            }
        }
        taken
    }

    fn put_back(&self, taken: Vec<(i64, Failures)>) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for (id, failures) in taken {
            let newer = all.get(&id).map_or(0, |known| known.count);
            let count = failures.count + newer;
            all.insert(id, Failures { count, ..failures });
        }
    }
}

/// Writes the events that are due.
///
/// # Errors
/// If the database fails; then nothing is lost, and the next call tries again.
pub async fn flush(app: &App, due: Due) -> Result<()> {
    let taken = app.failed_sign_ins.take(app.clock.now(), due);
    if taken.is_empty() {
        return Ok(());
    }
    let written = write(app, &taken).await;
    if written.is_err() {
        app.failed_sign_ins.put_back(taken);
    }
    written
}

async fn write(app: &App, taken: &[(i64, Failures)]) -> Result<()> {
    let mut tx = app.db.write().await?;
    for (user_id, failures) in taken {
        let cx = Cx {
            actor: Actor::Anonymous,
            now: failures.at,
            address: failures.address,
            client: String::new(),
        };
        let act = ("session.start", failures.outcome);
        let detail = serde_json::json!({
            "organization": failures.organization_id,
            "failures": failures.count,
        });
        audit::record_refused(&mut tx, &cx, act, Subject::User(*user_id), detail).await?;
    }
    tx.commit().await?;
    Ok(())
}
