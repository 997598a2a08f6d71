//! Tokens and their statements.

use const_format::concatcp;
use sqlx::FromRow;

use super::engine::{Tx, bind};
use super::error::StoreError;

/// A personal access token, key token or legacy token. Its secret text is not here.
#[derive(Clone, Debug, FromRow)]
pub struct Token {
    pub id: String,
    pub kind: String,
    pub user_id: i64,
    pub organization_id: i64,
    pub name: String,
    pub hash: Vec<u8>,
    pub sealed: Option<Vec<u8>>,
    pub created_at: i64,
    pub expires_at: Option<i64>,
    pub revoked_at: Option<i64>,
    pub revoked_because: Option<String>,
    pub successor_id: Option<String>,
}

/// A token with what rules over it: what `judge` needs, in one look-up.
#[derive(Clone, Debug, FromRow)]
pub struct TokenWithRulers {
    pub id: String,
    pub kind: String,
    pub user_id: i64,
    pub organization_id: i64,
    pub created_at: i64,
    pub expires_at: Option<i64>,
    pub revoked_at: Option<i64>,
    pub email: String,
    pub is_active: bool,
    pub role: Option<String>,
    pub personal_enabled: bool,
    pub legacy_enabled: bool,
    pub key_enabled: bool,
}

const COLUMNS: &str = "id, kind, user_id, organization_id, name, hash, sealed, created_at, expires_at, revoked_at, \
    revoked_because, successor_id";
const WITH_RULERS: &str = "select tokens.id, kind, tokens.user_id, tokens.organization_id, tokens.created_at, expires_at, \
    revoked_at, email, is_active, role, personal_enabled, legacy_enabled, key_enabled from tokens \
    join users on users.id = tokens.user_id \
    join organizations on organizations.id = tokens.organization_id \
    left join memberships on memberships.user_id = tokens.user_id \
        and memberships.organization_id = tokens.organization_id and removed_at is null";

pub async fn insert(tx: &mut Tx, token: &Token) -> Result<(), StoreError> {
    tx.execute(
        "insert into tokens (id, kind, user_id, organization_id, name, hash, sealed, created_at, expires_at) \
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        bind![
            &token.id,
            &token.kind,
            token.user_id,
            token.organization_id,
            &token.name,
            token.hash.as_slice(),
            token.sealed.as_deref(),
            token.created_at,
            token.expires_at,
        ],
    )
    .await?;
    Ok(())
}

pub async fn find(tx: &mut Tx, id: &str) -> Result<Option<Token>, StoreError> {
    tx.optional(
        concatcp!("select ", COLUMNS, " from tokens where id = $1"),
        bind![id],
    )
    .await
}

pub async fn find_by_hash(tx: &mut Tx, hash: &[u8]) -> Result<Option<Token>, StoreError> {
    tx.optional(
        concatcp!("select ", COLUMNS, " from tokens where hash = $1"),
        bind![hash],
    )
    .await
}

pub async fn find_with_rulers(
    tx: &mut Tx,
    id: &str,
) -> Result<Option<TokenWithRulers>, StoreError> {
    tx.optional(concatcp!(WITH_RULERS, " where tokens.id = $1"), bind![id])
        .await
}

pub async fn find_with_rulers_by_hash(
    tx: &mut Tx,
    hash: &[u8],
) -> Result<Option<TokenWithRulers>, StoreError> {
    tx.optional(
        concatcp!(WITH_RULERS, " where tokens.hash = $1"),
        bind![hash],
    )
    .await
}

/// A user's tokens in an organization, newest first.
pub async fn list_by_user(
    tx: &mut Tx,
    user_id: i64,
    organization_id: i64,
) -> Result<Vec<Token>, StoreError> {
    tx.all(
        concatcp!(
            "select ",
            COLUMNS,
            " from tokens where user_id = $1 and organization_id = $2 order by created_at desc, id"
        ),
        bind![user_id, organization_id],
    )
    .await
}

/// All tokens of an organization, newest first.
pub async fn list_by_organization(
    tx: &mut Tx,
    organization_id: i64,
) -> Result<Vec<Token>, StoreError> {
    tx.all(
        concatcp!(
            "select ",
            COLUMNS,
            " from tokens where organization_id = $1 order by created_at desc, id"
        ),
        bind![organization_id],
    )
    .await
}

/// Revokes a token that is not revoked yet; `false` if somebody else was first.
pub async fn update_revoked(
    tx: &mut Tx,
    id: &str,
    at: i64,
    because: &str,
    successor_id: Option<&str>,
) -> Result<bool, StoreError> {
    let done = tx
        .execute(
            "update tokens set revoked_at = $2, revoked_because = $3, successor_id = $4 where id = $1 and revoked_at is null",
            bind![id, at, because, successor_id],
        )
        .await?;
    Ok(done.rows == 1)
}

/// Revokes all tokens of a user that are not revoked yet.
pub async fn update_revoked_by_user(
    tx: &mut Tx,
    user_id: i64,
    at: i64,
    because: &str,
) -> Result<(), StoreError> {
    tx.execute(
        "update tokens set revoked_at = $2, revoked_because = $3 where user_id = $1 and revoked_at is null",
        bind![user_id, at, because],
    )
    .await?;
    Ok(())
}
