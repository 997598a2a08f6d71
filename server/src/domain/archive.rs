//! Moves tokens that ended long ago out of the way, if the operator wants it so.
//!
//! What is worth knowing of them stays in the archive, and what was done with them in the audit log. A
//! token that is shown after that is unknown instead of revoked or expired; it opened nothing before.

use crate::app::App;
use crate::error::Result;
use crate::store;

/// Tokens that are moved in one transaction: other writers wait meanwhile.
const BATCH: i64 = 100;
const DAY_MS: i64 = 86_400_000;

/// Archives all that is due, in small batches, and says how many tokens that were.
///
/// # Errors
/// If the database fails; what was moved before stays moved.
pub async fn run(app: &App) -> Result<usize> {
    let Some(days) = app.config.archive_after_days else {
        return Ok(0);
    };
    let mut moved = 0;
    loop {
        let now = app.clock.now();
        let before = now - i64::from(days) * DAY_MS;
        let mut tx = app.db.write().await?;
        let mut due = store::archive::list_revoked(&mut tx, before, BATCH).await?;
        if due.is_empty() {
            due = store::archive::list_expired(&mut tx, before, BATCH).await?;
        }
        if due.is_empty() {
            return Ok(moved);
        }
        for id in &due {
            store::archive::insert(&mut tx, id, now).await?;
            store::archive::delete_uses(&mut tx, id).await?;
            store::archive::delete_notices(&mut tx, id).await?;
            store::archive::delete_token(&mut tx, id).await?;
        }
        tx.commit().await?;
        moved += due.len();
    }
}
