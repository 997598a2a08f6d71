//! The keys that sign JWTs, and their statements.

use sqlx::FromRow;

use super::engine::{Tx, bind};
use super::error::StoreError;

/// A signing key; its secret is sealed.
#[derive(Clone, Debug, FromRow)]
pub struct SigningKeyRow {
    pub id: String,
    pub sealed: Vec<u8>,
    pub created_at: i64,
    pub retired_at: Option<i64>,
}

pub async fn insert(tx: &mut Tx, key: &SigningKeyRow) -> Result<(), StoreError> {
    tx.execute(
        "insert into signing_keys (id, sealed, created_at, retired_at) values ($1, $2, $3, $4)",
        bind![
            &key.id,
            key.sealed.as_slice(),
            key.created_at,
            key.retired_at
        ],
    )
    .await?;
    Ok(())
}

/// All keys, the newest first.
pub async fn list(tx: &mut Tx) -> Result<Vec<SigningKeyRow>, StoreError> {
    tx.all(
        "select id, sealed, created_at, retired_at from signing_keys order by created_at desc, id",
        bind![],
    )
    .await
}
