//! Browsers' sessions and their statements.

use sqlx::FromRow;

use super::engine::{Tx, bind};
use super::error::StoreError;

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
