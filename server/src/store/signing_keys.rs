//! The keys that sign JWTs, and their statements.

use const_format::concatcp;
use sqlx::FromRow;

use super::changes::Change;
use super::error::StoreError;
use super::tx::Tx;
use super::value::bind;

/// A signing key; its secret is sealed.
#[derive(Clone, Debug, FromRow)]
pub struct SigningKeyRow {
    pub id: String,
    pub sealed: Vec<u8>,
    pub created_at: i64,
    /// A retired key still checks what it has signed.
    pub retired_at: Option<i64>,
    /// `own` or `label_studio`.
    pub origin: String,
}

const COLUMNS: &str = "id, sealed, created_at, retired_at, origin";
/// Those of an end that is still to come.
const LIVE: &str = "kind = 'personal' and revoked_at is null and (expires_at is null or expires_at > $1) \
                    and (retires_at is null or retires_at > $1)";

pub async fn insert(tx: &mut Tx, key: &SigningKeyRow) -> Result<(), StoreError> {
    tx.execute(
        "insert into signing_keys (id, sealed, created_at, retired_at, origin) values ($1, $2, $3, $4, $5)",
        bind![
            &key.id,
            key.sealed.as_slice(),
            key.created_at,
            key.retired_at,
            &key.origin
        ],
    )
    .await?;
    Ok(())
}

/// All keys: those that sign first, and of the others the newest first.
pub async fn list(tx: &mut Tx) -> Result<Vec<SigningKeyRow>, StoreError> {
    tx.all(
        concatcp!(
            "select ",
            COLUMNS,
            " from signing_keys order by case when retired_at is null then 0 else 1 end, created_at desc, id"
        ),
        bind![],
    )
    .await
}

/// The sealed secret of any key. Every version's table has it.
pub async fn find_any_sealed(tx: &mut Tx) -> Result<Option<Vec<u8>>, StoreError> {
    let found: Option<(Vec<u8>,)> = tx
        .optional("select sealed from signing_keys limit 1", bind![])
        .await?;
    Ok(found.map(|(sealed,)| sealed))
}

/// Retires the keys that sign.
pub async fn update_retired(tx: &mut Tx, at: i64) -> Result<(), StoreError> {
    tx.changing(Change::SigningKeys)
        .execute(
            "update signing_keys set retired_at = $1 where retired_at is null",
            bind![at],
        )
        .await?;
    Ok(())
}

/// Makes a key that is there the one that signs.
pub async fn update_signing(tx: &mut Tx, id: &str) -> Result<(), StoreError> {
    tx.changing(Change::SigningKeys)
        .execute(
            "update signing_keys set retired_at = null, origin = 'own' where id = $1",
            bind![id],
        )
        .await?;
    Ok(())
}

pub async fn delete(tx: &mut Tx, id: &str) -> Result<(), StoreError> {
    tx.changing(Change::SigningKeys)
        .execute("delete from signing_keys where id = $1", bind![id])
        .await?;
    Ok(())
}

/// How many live personal access tokens each key has signed; none stands for those of which it is
/// not known.
pub async fn count_live(tx: &mut Tx, now: i64) -> Result<Vec<(Option<String>, i64)>, StoreError> {
    tx.all(
        concatcp!(
            "select signing_key_id, count(*) from tokens where ",
            LIVE,
            " group by signing_key_id"
        ),
        bind![now],
    )
    .await
}
