//! When tokens were used last and how often on a day, and their statements.

use super::changes::Change;
use super::error::StoreError;
use super::tx::Tx;
use super::value::bind;

/// Adds to the uses of a token on a day; nothing for a token that is not there.
pub async fn add_uses(tx: &mut Tx, id: &str, day: i64, uses: i64) -> Result<(), StoreError> {
    tx.execute(
        "insert into token_uses (token_id, day, uses) select id, $2, $3 from tokens where id = $1 \
         on conflict (token_id, day) do update set uses = token_uses.uses + excluded.uses",
        bind![id, day, uses],
    )
    .await?;
    Ok(())
}

/// A token's uses by day from the day `since` on, the newest day first.
pub async fn list_uses(tx: &mut Tx, id: &str, since: i64) -> Result<Vec<(i64, i64)>, StoreError> {
    tx.all(
        "select day, uses from token_uses where token_id = $1 and day >= $2 order by day desc",
        bind![id, since],
    )
    .await
}

/// Writes down a token's newest use, unless a newer one is written down already.
pub async fn update_last_used(
    tx: &mut Tx,
    id: &str,
    (at, address, client): (i64, &str, &str),
) -> Result<(), StoreError> {
    tx.changing(Change::Nothing)
        .execute(
            "update tokens set last_used_at = $2, last_used_address = $3, last_used_client = $4 \
         where id = $1 and (last_used_at is null or last_used_at < $2)",
            bind![id, at, address, client],
        )
        .await?;
    Ok(())
}
