//! What is counted by organization and day, and its statements.

use sqlx::FromRow;

use super::error::StoreError;
use super::tx::Tx;
use super::value::bind;

/// How often something happened on a day.
#[derive(Clone, Debug, FromRow, PartialEq, Eq)]
pub struct DailyCount {
    /// Days since 1970-01-01, UTC.
    pub day: i64,
    /// Of what: a kind of token, or the cause of a refusal.
    pub name: String,
    pub count: i64,
}

/// What is counted, each in a table of its own.
#[derive(Clone, Copy, Debug)]
pub enum Counted {
    /// Uses of tokens, by their kind.
    Uses,
    /// Refusals of tokens, by their cause.
    Refusals,
}

impl Counted {
    /// The table, and its columns for the name and for the count.
    fn place(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::Uses => ("daily_uses", "kind", "uses"),
            Self::Refusals => ("daily_refusals", "cause", "refusals"),
        }
    }
}

/// Adds to what is counted of an organization's tokens when the transaction ends; nothing for an
/// organization that is not there.
pub fn add_at_commit(
    tx: &mut Tx,
    counted: Counted,
    organization_id: i64,
    more: &DailyCount,
) -> Result<(), StoreError> {
    let (table, name, count) = counted.place();
    tx.at_commit(
        format!(
            "insert into {table} (organization_id, day, {name}, {count}) select id, $2, $3, $4 from organizations where id = $1 \
             on conflict (organization_id, day, {name}) do update set {count} = {table}.{count} + excluded.{count}"
        ),
        bind![organization_id, more.day, &more.name, more.count],
    )
}

/// What was counted of an organization's tokens by day and name, from the day `since` on.
pub async fn list(
    tx: &mut Tx,
    counted: Counted,
    organization_id: i64,
    since: i64,
) -> Result<Vec<DailyCount>, StoreError> {
    let (table, name, count) = counted.place();
    tx.all(
        format!(
            "select day, {name} as name, {count} as count from {table} where organization_id = $1 and day >= $2 \
             order by day, {name}"
        ),
        bind![organization_id, since],
    )
    .await
}

/// The living tokens of an organization that expire after `now` and before `until` (Unix
/// milliseconds), by day and kind. Whoever has a successor already is not among them.
pub async fn list_expiring(
    tx: &mut Tx,
    organization_id: i64,
    (now, until): (i64, i64),
) -> Result<Vec<DailyCount>, StoreError> {
    tx.all(
        "select expires_at / 86400000 as day, kind as name, count(*) as count from tokens \
         where organization_id = $1 and expires_at > $2 and expires_at < $3 \
         and revoked_at is null and successor_id is null \
         group by expires_at / 86400000, kind order by 1, 2",
        bind![organization_id, now, until],
    )
    .await
}
