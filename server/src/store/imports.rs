//! What an import asks and writes: many rows at a time, with ids that another system has given.

use const_format::concatcp;
use sqlx::FromRow;

use super::changes::Change;
use super::error::StoreError;
use super::organizations::{self, Membership, Organization};
use super::tokens::{self, Token};
use super::tx::Tx;
use super::users::{self, User};
use super::value::{AT_ONCE, Value, bind, places};

/// An account that is here already.
#[derive(Debug, FromRow)]
pub struct KnownUser {
    pub id: i64,
    pub email: String,
    pub is_active: bool,
    pub active_organization_id: Option<i64>,
}

/// A token that is here already, of the two kinds that Label Studio has.
#[derive(Debug, FromRow)]
pub struct KnownToken {
    pub id: String,
    pub kind: String,
    pub user_id: i64,
    pub hash: Vec<u8>,
    pub revoked_at: Option<i64>,
    pub imported_at: Option<i64>,
    pub signing_key_id: Option<String>,
}

pub async fn list_users(tx: &mut Tx) -> Result<Vec<KnownUser>, StoreError> {
    tx.all(
        "select id, email, is_active, active_organization_id from users order by id",
        bind![],
    )
    .await
}

pub async fn list_tokens(tx: &mut Tx) -> Result<Vec<KnownToken>, StoreError> {
    tx.all(
        "select id, kind, user_id, hash, revoked_at, imported_at, signing_key_id from tokens \
         where kind in ('personal', 'legacy')",
        bind![],
    )
    .await
}

/// What has ended here long ago: id, kind and owner of each archived token.
pub async fn list_archived(tx: &mut Tx) -> Result<Vec<(String, String, i64)>, StoreError> {
    tx.all(
        "select id, kind, user_id from archived_tokens where kind in ('personal', 'legacy')",
        bind![],
    )
    .await
}

/// All organizations.
pub async fn list_organizations(tx: &mut Tx) -> Result<Vec<Organization>, StoreError> {
    tx.all(
        concatcp!("select ", organizations::COLUMNS, " from organizations"),
        bind![],
    )
    .await
}

/// All memberships, removed ones included: organization, user, when removed.
pub async fn list_memberships(tx: &mut Tx) -> Result<Vec<(i64, i64, Option<i64>)>, StoreError> {
    tx.all(
        "select organization_id, user_id, removed_at from memberships",
        bind![],
    )
    .await
}

/// Inserts users with their ids.
pub async fn insert_users(tx: &mut Tx, rows: &[User]) -> Result<(), StoreError> {
    let columns = concatcp!("users (id, ", users::INSERTED, ")");
    insert(tx, columns, rows, |user| {
        [bind![user.id], users::inserted(user)].concat()
    })
    .await
}

/// Inserts organizations with their ids.
pub async fn insert_organizations(tx: &mut Tx, rows: &[Organization]) -> Result<(), StoreError> {
    let columns = concatcp!("organizations (id, ", organizations::INSERTED, ")");
    insert(tx, columns, rows, |organization| {
        let values = organizations::inserted(organization);
        [bind![organization.id], values].concat()
    })
    .await
}

/// Inserts memberships; their ids are given by the database.
pub async fn insert_memberships(tx: &mut Tx, rows: &[Membership]) -> Result<(), StoreError> {
    let columns = concatcp!("memberships (", organizations::INSERTED_MEMBERSHIP, ")");
    insert(tx, columns, rows, organizations::inserted_membership).await
}

/// Inserts tokens as they are, revoked ones included.
pub async fn insert_tokens(tx: &mut Tx, rows: &[Token]) -> Result<(), StoreError> {
    let columns = concatcp!(
        "tokens (revoked_at, revoked_because, revoked_by, imported_at, ",
        tokens::INSERTED,
        ")"
    );
    insert(tx, columns, rows, |token| {
        let ending = bind![
            token.revoked_at,
            token.revoked_because.as_deref(),
            token.revoked_by.as_deref(),
            token.imported_at,
        ];
        [ending, tokens::inserted(token)].concat()
    })
    .await
}

/// Says which key proves a personal access token.
pub async fn update_signing_key(
    tx: &mut Tx,
    id: &str,
    signing_key_id: &str,
) -> Result<(), StoreError> {
    tx.changing(Change::Token(id))
        .execute(
            "update tokens set signing_key_id = $2 where id = $1",
            bind![id, signing_key_id],
        )
        .await?;
    Ok(())
}

/// Inserts rows into `columns` (`table (column, …)`), many with one statement.
async fn insert<T>(
    tx: &mut Tx,
    columns: &str,
    rows: &[T],
    values: impl Fn(&T) -> Vec<Value>,
) -> Result<(), StoreError> {
    for rows in rows.chunks(AT_ONCE) {
        let bound: Vec<Value> = rows.iter().flat_map(&values).collect();
        let places = places(rows.len(), bound.len() / rows.len());
        let sql = format!("insert into {columns} values {places}");
        tx.changing(Change::Everything).execute(sql, bound).await?;
    }
    Ok(())
}
