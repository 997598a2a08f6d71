//! How often an organization's tokens were refused, by day and cause: counted off the hot path.
//!
//! A refusal is noted in memory and written down in batches, as uses are ([`super::uses`]). Only
//! tokens that are known to be an organization's count, and only by the causes that there are, so a
//! stranger can make neither the memory nor the table grow. A text that is no token of ours is
//! nobody's: it is throttled by its address, and no organization is told of it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use keybearer_verify::Denial;

use crate::app::App;
use crate::domain::daily_counts::{DailyCount, day_of};
use crate::error::Result;
use crate::store;
use crate::store::daily_counts::Counted;

/// The refusals that are not written down yet.
#[derive(Clone, Debug, Default)]
pub struct Refusals(Arc<Mutex<Notebook>>);

/// By organization, day and cause.
type Notebook = HashMap<(i64, i64, Denial), i64>;

impl Refusals {
    /// Notes that a token of the organization was refused at the instant `now`.
    pub fn note(&self, now: i64, organization_id: i64, cause: Denial) {
        self.add((organization_id, day_of(now), cause), 1);
    }

    fn add(&self, key: (i64, i64, Denial), count: i64) {
        let mut notebook = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *notebook.entry(key).or_default() += count;
    }

    fn take(&self) -> Notebook {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Writes down what was noted.
///
/// # Errors
/// If the database fails; then nothing is lost, and the next call tries again.
pub async fn flush(app: &App) -> Result<()> {
    let noted = app.refusals.take();
    if noted.is_empty() {
        return Ok(());
    }
    let written = write(app, &noted).await;
    if written.is_err() {
        noted
            .into_iter()
            .for_each(|(key, count)| app.refusals.add(key, count));
    }
    written
}

async fn write(app: &App, noted: &Notebook) -> Result<()> {
    let mut tx = app.db.write().await?;
    for ((organization_id, day, cause), count) in noted {
        let refusals = DailyCount {
            day: *day,
            name: cause.code().to_owned(),
            count: *count,
        };
        store::daily_counts::add_at_commit(
            &mut tx,
            Counted::Refusals,
            *organization_id,
            &refusals,
        )?;
    }
    tx.commit().await?;
    Ok(())
}
