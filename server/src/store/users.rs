//! Users and their statements.

use const_format::concatcp;
use sqlx::FromRow;

use super::changes::Change;
use super::error::StoreError;
use super::tx::Tx;
use super::value::{Value, bind};

/// A person or a program with an account.
#[derive(Clone, Debug, FromRow)]
pub struct User {
    pub id: i64,
    pub email: String,
    pub username: String,
    pub first_name: String,
    pub last_name: String,
    pub phone: String,
    pub password_hash: Option<String>,
    pub is_active: bool,
    pub active_organization_id: Option<i64>,
    pub custom_hotkeys: String,
    pub allow_newsletters: Option<bool>,
    pub created_at: i64,
    pub last_activity_at: i64,
}

const COLUMNS: &str = "users.id, email, username, first_name, last_name, phone, password_hash, is_active, \
    active_organization_id, custom_hotkeys, allow_newsletters, users.created_at, last_activity_at";
/// What an insertion says, in the order of [`inserted`].
pub(super) const INSERTED: &str = "created_at, email, username, first_name, last_name, phone, password_hash, \
    is_active, active_organization_id, custom_hotkeys, allow_newsletters, last_activity_at";

/// Inserts `user`, whose id is given by the database, and returns that id.
pub async fn insert(tx: &mut Tx, user: &User) -> Result<i64, StoreError> {
    let (id,) = tx
        .one(
            concatcp!(
                "insert into users (",
                INSERTED,
                ") values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) returning id"
            ),
            inserted(user),
        )
        .await?;
    Ok(id)
}

pub(super) fn inserted(user: &User) -> Vec<Value> {
    let mut values = bind![user.created_at];
    values.extend(changeable(user));
    values
}

/// Writes back every field of `user` that may change.
pub async fn update(tx: &mut Tx, user: &User) -> Result<(), StoreError> {
    let mut values = bind![user.id];
    values.extend(changeable(user));
    tx.changing(Change::User(user.id)).execute(
        "update users set email = $2, username = $3, first_name = $4, last_name = $5, phone = $6, password_hash = $7, \
         is_active = $8, active_organization_id = $9, custom_hotkeys = $10, allow_newsletters = $11, \
         last_activity_at = $12 where id = $1",
        values,
    )
    .await?;
    Ok(())
}

/// The fields from `$2` on, in the order of the statements above.
fn changeable(user: &User) -> Vec<Value> {
    bind![
        &user.email,
        &user.username,
        &user.first_name,
        &user.last_name,
        &user.phone,
        user.password_hash.as_deref(),
        user.is_active,
        user.active_organization_id,
        &user.custom_hotkeys,
        user.allow_newsletters,
        user.last_activity_at,
    ]
}

/// Replaces a password's hash, unless it was changed meanwhile.
pub async fn update_password_hash(
    tx: &mut Tx,
    id: i64,
    (old, new): (&str, &str),
) -> Result<(), StoreError> {
    tx.changing(Change::Nothing)
        .execute(
            "update users set password_hash = $3 where id = $1 and password_hash = $2",
            bind![id, old, new],
        )
        .await?;
    Ok(())
}

pub async fn find(tx: &mut Tx, id: i64) -> Result<Option<User>, StoreError> {
    tx.optional(
        concatcp!("select ", COLUMNS, " from users where id = $1"),
        bind![id],
    )
    .await
}

pub async fn find_by_email(tx: &mut Tx, email: &str) -> Result<Option<User>, StoreError> {
    tx.optional(
        concatcp!("select ", COLUMNS, " from users where email = $1"),
        bind![email],
    )
    .await
}

/// The users who are members of an organization, oldest first.
pub async fn list_by_organization(
    tx: &mut Tx,
    organization_id: i64,
) -> Result<Vec<User>, StoreError> {
    tx.all(
        concatcp!(
            "select ",
            COLUMNS,
            " from users join memberships on memberships.user_id = users.id \
             where organization_id = $1 and removed_at is null order by users.id"
        ),
        bind![organization_id],
    )
    .await
}

/// All users, oldest first.
pub async fn list(tx: &mut Tx) -> Result<Vec<User>, StoreError> {
    tx.all(
        concatcp!("select ", COLUMNS, " from users order by id"),
        bind![],
    )
    .await
}

/// Whether there is any account.
pub async fn any(tx: &mut Tx) -> Result<bool, StoreError> {
    Ok(tx
        .optional::<(i64,)>("select id from users limit 1", bind![])
        .await?
        .is_some())
}
