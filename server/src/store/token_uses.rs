//! When tokens were used last and how often on a day, and their statements.

use super::changes::Change;
use super::error::StoreError;
use super::tx::Tx;
use super::value::{AT_ONCE, bind, places};

/// What is noted of a token's uses on a day.
#[derive(Clone, Copy, Debug)]
pub struct NotedUses<'a> {
    pub token_id: &'a str,
    pub day: i64,
    pub count: i64,
    /// The newest of them: when, whence and by what.
    pub at: i64,
    pub address: &'a str,
    pub client: &'a str,
}

/// Adds to the uses of tokens by day when the transaction ends; nothing for a token that is not there.
pub fn add_uses_at_commit(tx: &mut Tx, noted: &[NotedUses<'_>]) -> Result<(), StoreError> {
    for noted in noted.chunks(AT_ONCE) {
        let values = noted
            .iter()
            .flat_map(|one| bind![one.token_id, one.day, one.count]);
        let sql = format!(
            "insert into token_uses (token_id, day, uses) select column1, column2, column3 from (values {}) as noted \
             where exists (select 1 from tokens where id = column1) \
             on conflict (token_id, day) do update set uses = token_uses.uses + excluded.uses",
            places(noted.len(), 3)
        );
        tx.at_commit(sql, values.collect())?;
    }
    Ok(())
}

/// Writes down the newest use of each token when the transaction ends, unless a newer one is written
/// down already. A token is named once.
pub fn update_last_used_at_commit(tx: &mut Tx, noted: &[NotedUses<'_>]) -> Result<(), StoreError> {
    for noted in noted.chunks(AT_ONCE) {
        let values = noted
            .iter()
            .flat_map(|one| bind![one.token_id, one.at, one.address, one.client]);
        let sql = format!(
            "update tokens set last_used_at = column2, last_used_address = column3, last_used_client = column4 \
             from (values {}) as noted \
             where id = column1 and (last_used_at is null or last_used_at < column2)",
            places(noted.len(), 4)
        );
        tx.changing(Change::Nothing)
            .at_commit(sql, values.collect())?;
    }
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
