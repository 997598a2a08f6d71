//! Tokens as a change of the policy looks at them, all of an organization at once, and whose they are.

use sqlx::FromRow;

use super::error::StoreError;
use super::tx::Tx;
use super::value::bind;

/// A token that nobody has revoked: what decides whether a policy lets it in, and what is told of it.
#[derive(Clone, Debug, FromRow)]
pub struct UnrevokedToken {
    pub id: String,
    pub kind: String,
    pub name: String,
    pub user_id: i64,
    pub scopes: String,
    pub ip_ranges: String,
    pub created_at: i64,
    pub expires_at: Option<i64>,
    pub retires_at: Option<i64>,
    pub last_used_at: Option<i64>,
    pub last_used_address: Option<String>,
}

/// Whoever is or was a member of an organization, and so may own tokens of it.
#[derive(Clone, Debug, FromRow)]
pub struct TokenOwner {
    pub user_id: i64,
    pub email: String,
    pub is_active: bool,
    pub removed_at: Option<i64>,
}

/// The tokens of an organization that nobody has revoked. They may be very many, so that not a column
/// more is read than is needed, and whose they are by [`list_owners`], once each.
pub async fn list(tx: &mut Tx, organization_id: i64) -> Result<Vec<UnrevokedToken>, StoreError> {
    tx.all(
        "select id, kind, name, user_id, scopes, ip_ranges, created_at, expires_at, retires_at, last_used_at, \
         last_used_address from tokens where organization_id = $1 and revoked_at is null order by created_at desc, id desc",
        bind![organization_id],
    )
    .await
}

/// Everybody who is or was a member of an organization.
pub async fn list_owners(tx: &mut Tx, organization_id: i64) -> Result<Vec<TokenOwner>, StoreError> {
    tx.all(
        "select user_id, email, is_active, removed_at from memberships join users on users.id = user_id \
         where organization_id = $1",
        bind![organization_id],
    )
    .await
}
