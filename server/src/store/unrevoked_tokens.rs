//! Tokens as a change of the policy looks at them, all of an organization at once, and their statement.

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
    pub email: String,
    pub is_active: bool,
    pub role: Option<String>,
    pub scopes: String,
    pub ip_ranges: String,
    pub created_at: i64,
    pub expires_at: Option<i64>,
    pub retires_at: Option<i64>,
    pub last_used_at: Option<i64>,
    pub last_used_address: Option<String>,
}

/// The tokens of an organization that nobody has revoked. They may be very many, so that not a column
/// more is read than is needed.
pub async fn list(tx: &mut Tx, organization_id: i64) -> Result<Vec<UnrevokedToken>, StoreError> {
    tx.all(
        "select tokens.id, kind, name, tokens.user_id, email, is_active, role, scopes, ip_ranges, tokens.created_at, \
         expires_at, retires_at, last_used_at, last_used_address from tokens \
         join users on users.id = tokens.user_id \
         left join memberships on memberships.user_id = tokens.user_id \
             and memberships.organization_id = tokens.organization_id and removed_at is null \
         where tokens.organization_id = $1 and revoked_at is null order by tokens.created_at desc, tokens.id",
        bind![organization_id],
    )
    .await
}
