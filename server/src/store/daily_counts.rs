//! What is counted by organization and day, and its statements.

use sqlx::FromRow;

use super::engine::Tx;
use super::error::StoreError;
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

/// Adds to the uses of an organization's tokens; nothing for an organization that is not there.
pub async fn add_uses(
    tx: &mut Tx,
    organization_id: i64,
    uses: &DailyCount,
) -> Result<(), StoreError> {
    tx.execute(
        "insert into daily_uses (organization_id, day, kind, uses) select id, $2, $3, $4 from organizations where id = $1 \
         on conflict (organization_id, day, kind) do update set uses = daily_uses.uses + excluded.uses",
        bind![organization_id, uses.day, &uses.name, uses.count],
    )
    .await?;
    Ok(())
}

/// Adds to the refusals of an organization's tokens; nothing for an organization that is not there.
pub async fn add_refusals(
    tx: &mut Tx,
    organization_id: i64,
    refusals: &DailyCount,
) -> Result<(), StoreError> {
    tx.execute(
        "insert into daily_refusals (organization_id, day, cause, refusals) \
         select id, $2, $3, $4 from organizations where id = $1 \
         on conflict (organization_id, day, cause) do update set refusals = daily_refusals.refusals + excluded.refusals",
        bind![organization_id, refusals.day, &refusals.name, refusals.count],
    )
    .await?;
    Ok(())
}

/// The uses of an organization's tokens by day and kind, from the day `since` on.
pub async fn list_uses(
    tx: &mut Tx,
    organization_id: i64,
    since: i64,
) -> Result<Vec<DailyCount>, StoreError> {
    tx.all(
        "select day, kind as name, uses as count from daily_uses where organization_id = $1 and day >= $2 \
         order by day, kind",
        bind![organization_id, since],
    )
    .await
}

/// The refusals of an organization's tokens by day and cause, from the day `since` on.
pub async fn list_refusals(
    tx: &mut Tx,
    organization_id: i64,
    since: i64,
) -> Result<Vec<DailyCount>, StoreError> {
    tx.all(
        "select day, cause as name, refusals as count from daily_refusals where organization_id = $1 and day >= $2 \
         order by day, cause",
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
