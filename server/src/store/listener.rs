//! Hears of changes by other processes on a PostgreSQL: `notify` and `listen`, one channel a schema.
//!
//! It only wakes: what has changed stands in the table of changes, and is read there.

use sqlx::PgPool;
use sqlx::postgres::PgListener;

use super::error::StoreError;

/// Wakes the listeners when the transaction is committed.
pub(super) const NOTIFY: &str = "select pg_notify('keybearer_' || current_schema(), '')";
const CHANNEL: &str = "select 'keybearer_' || current_schema()";

/// Hears of changes by other processes on the database.
pub struct Listener(Option<PgListener>);

impl Listener {
    /// For SQLite, where nobody calls.
    pub(super) fn deaf() -> Self {
        Self(None)
    }

    pub(super) async fn open(pool: &PgPool) -> Result<Self, StoreError> {
        let channel: String = sqlx::query_scalar(CHANNEL).fetch_one(pool).await?;
        let mut listener = PgListener::connect_with(pool).await?;
        listener.listen(&channel).await?;
        Ok(Self(Some(listener)))
    }

    /// Whether there is anything that could be heard.
    #[must_use]
    pub fn hears(&self) -> bool {
        self.0.is_some()
    }

    /// Returns when something was changed, or when the connection is lost: `false` then.
    pub async fn wait(&mut self) -> bool {
        match &mut self.0 {
            Some(listener) => matches!(listener.try_recv().await, Ok(Some(_))),
            None => std::future::pending().await,
        }
    }
}
