//! Tokens that ended long ago, and their statements.

use super::changes::Change;
use super::error::StoreError;
use super::tx::Tx;
use super::value::bind;

/// The ids of tokens that were revoked before `before`, the longest ago first.
pub async fn list_revoked(tx: &mut Tx, before: i64, limit: i64) -> Result<Vec<String>, StoreError> {
    let rows: Vec<(String,)> = tx
        .all(
            "select id from tokens where revoked_at is not null and revoked_at < $1 order by revoked_at limit $2",
            bind![before, limit],
        )
        .await?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

/// The ids of tokens that expired before `before`, the longest ago first.
pub async fn list_expired(tx: &mut Tx, before: i64, limit: i64) -> Result<Vec<String>, StoreError> {
    let rows: Vec<(String,)> = tx
        .all(
            "select id from tokens where expires_at < $1 order by expires_at limit $2",
            bind![before, limit],
        )
        .await?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

/// Writes down of a token what is worth knowing when it is gone.
pub async fn insert(tx: &mut Tx, id: &str, now: i64) -> Result<(), StoreError> {
    tx.execute(
        "insert into archived_tokens (id, kind, user_id, organization_id, name, created_at, expires_at, revoked_at, \
         revoked_because, revoked_by, family_id, last_used_at, archived_at) \
         select id, kind, user_id, organization_id, name, created_at, expires_at, revoked_at, revoked_because, \
         revoked_by, family_id, last_used_at, $2 from tokens where id = $1",
        bind![id, now],
    )
    .await?;
    Ok(())
}

/// Deletes the counts of a token's uses by day.
pub async fn delete_uses(tx: &mut Tx, id: &str) -> Result<(), StoreError> {
    tx.execute("delete from token_uses where token_id = $1", bind![id])
        .await?;
    Ok(())
}

/// Deletes a token's notices.
pub async fn delete_notices(tx: &mut Tx, id: &str) -> Result<(), StoreError> {
    tx.execute("delete from notices where token_id = $1", bind![id])
        .await?;
    Ok(())
}

/// Deletes a token.
pub async fn delete_token(tx: &mut Tx, id: &str) -> Result<(), StoreError> {
    tx.changing(Change::Token(id))
        .execute("delete from tokens where id = $1", bind![id])
        .await?;
    Ok(())
}
