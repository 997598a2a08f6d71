//! Browsers' sessions and their statements.

use sqlx::FromRow;

use super::error::StoreError;
use super::tx::Tx;
use super::value::bind;

/// A browser that is signed in. The cookie's text is not here, only its digest.
#[derive(Clone, Debug, FromRow)]
pub struct Session {
    pub hash: Vec<u8>,
    pub user_id: i64,
    pub created_at: i64,
    pub expires_at: i64,
    pub address: String,
    pub client: String,
}

pub async fn insert(tx: &mut Tx, session: &Session) -> Result<(), StoreError> {
    tx.execute(
        "insert into sessions (hash, user_id, created_at, expires_at, address, client) values ($1, $2, $3, $4, $5, $6)",
        bind![
            session.hash.as_slice(),
            session.user_id,
            session.created_at,
            session.expires_at,
            &session.address,
            &session.client,
        ],
    )
    .await?;
    Ok(())
}

pub async fn find(tx: &mut Tx, hash: &[u8]) -> Result<Option<Session>, StoreError> {
    tx.optional(
        "select hash, user_id, created_at, expires_at, address, client from sessions where hash = $1",
        bind![hash],
    )
    .await
}

/// A user's sessions that have not ended, the newest first.
pub async fn list_by_user(tx: &mut Tx, user_id: i64, now: i64) -> Result<Vec<Session>, StoreError> {
    tx.all(
        "select hash, user_id, created_at, expires_at, address, client from sessions \
         where user_id = $1 and expires_at > $2 order by created_at desc, hash",
        bind![user_id, now],
    )
    .await
}

/// Ends all sessions of a user but one.
pub async fn delete_others(tx: &mut Tx, user_id: i64, kept: &[u8]) -> Result<u64, StoreError> {
    let done = tx
        .execute(
            "delete from sessions where user_id = $1 and hash <> $2",
            bind![user_id, kept],
        )
        .await?;
    Ok(done.rows)
}

pub async fn delete(tx: &mut Tx, hash: &[u8]) -> Result<(), StoreError> {
    tx.execute("delete from sessions where hash = $1", bind![hash])
        .await?;
    Ok(())
}

pub async fn delete_by_user(tx: &mut Tx, user_id: i64) -> Result<(), StoreError> {
    tx.execute("delete from sessions where user_id = $1", bind![user_id])
        .await?;
    Ok(())
}

/// Removes the sessions that ended before `now`.
pub async fn delete_expired(tx: &mut Tx, now: i64) -> Result<(), StoreError> {
    tx.execute("delete from sessions where expires_at <= $1", bind![now])
        .await?;
    Ok(())
}
