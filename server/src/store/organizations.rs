//! Organizations, memberships and their statements.

use const_format::concatcp;
use sqlx::FromRow;

use super::changes::Change;
use super::error::StoreError;
use super::tx::Tx;
use super::value::{Value, bind};

/// A group of users with one policy over their tokens.
#[derive(Clone, Debug, FromRow)]
pub struct Organization {
    pub id: i64,
    pub title: String,
    pub created_by: Option<i64>,
    pub invite_sealed: Vec<u8>,
    pub invite_hash: Vec<u8>,
    pub personal_enabled: bool,
    pub legacy_enabled: bool,
    pub key_enabled: bool,
    pub personal_ttl_days: i64,
    pub key_ttl_days: i64,
    pub max_ttl_days: Option<i64>,
    pub idle_days: Option<i64>,
    pub direct_use: String,
    pub scopes: String,
    pub ip_ranges: String,
    pub max_overlap_hours: i64,
    pub on_reuse: String,
    pub created_at: i64,
    pub updated_at: i64,
}

/// That a user belongs to an organization, and as what.
#[derive(Clone, Debug, FromRow)]
pub struct Membership {
    pub id: i64,
    pub organization_id: i64,
    pub user_id: i64,
    pub role: String,
    pub created_at: i64,
    pub removed_at: Option<i64>,
}

pub(super) const COLUMNS: &str = "organizations.id, title, created_by, invite_sealed, invite_hash, personal_enabled, \
    legacy_enabled, key_enabled, personal_ttl_days, key_ttl_days, max_ttl_days, idle_days, direct_use, scopes, ip_ranges, \
    max_overlap_hours, on_reuse, organizations.created_at, updated_at";
/// What an insertion says, in the order of [`inserted`].
pub(super) const INSERTED: &str = "created_at, title, created_by, invite_sealed, invite_hash, personal_enabled, \
    legacy_enabled, key_enabled, personal_ttl_days, key_ttl_days, max_ttl_days, idle_days, direct_use, scopes, ip_ranges, \
    max_overlap_hours, on_reuse, updated_at";
/// What an insertion of a membership says, in the order of [`inserted_membership`].
pub(super) const INSERTED_MEMBERSHIP: &str =
    "organization_id, user_id, role, created_at, removed_at";
const MEMBERSHIP_COLUMNS: &str = concatcp!("id, ", INSERTED_MEMBERSHIP);

/// Inserts `organization`, whose id is given by the database, and returns that id.
pub async fn insert(tx: &mut Tx, organization: &Organization) -> Result<i64, StoreError> {
    let (id,) = tx
        .one(
            concatcp!(
                "insert into organizations (",
                INSERTED,
                ") values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18) returning id"
            ),
            inserted(organization),
        )
        .await?;
    Ok(id)
}

pub(super) fn inserted(organization: &Organization) -> Vec<Value> {
    let mut values = bind![organization.created_at];
    values.extend(changeable(organization));
    values
}

/// Writes back every field of `organization` that may change.
pub async fn update(tx: &mut Tx, organization: &Organization) -> Result<(), StoreError> {
    let mut values = bind![organization.id];
    values.extend(changeable(organization));
    tx.changing(Change::Organization(organization.id)).execute(
        "update organizations set title = $2, created_by = $3, invite_sealed = $4, invite_hash = $5, \
         personal_enabled = $6, legacy_enabled = $7, key_enabled = $8, personal_ttl_days = $9, key_ttl_days = $10, \
         max_ttl_days = $11, idle_days = $12, direct_use = $13, scopes = $14, ip_ranges = $15, \
         max_overlap_hours = $16, on_reuse = $17, updated_at = $18 where id = $1",
        values,
    )
    .await?;
    Ok(())
}

/// The fields from `$2` on, in the order of the statements above.
fn changeable(organization: &Organization) -> Vec<Value> {
    bind![
        &organization.title,
        organization.created_by,
        organization.invite_sealed.as_slice(),
        organization.invite_hash.as_slice(),
        organization.personal_enabled,
        organization.legacy_enabled,
        organization.key_enabled,
        organization.personal_ttl_days,
        organization.key_ttl_days,
        organization.max_ttl_days,
        organization.idle_days,
        &organization.direct_use,
        &organization.scopes,
        &organization.ip_ranges,
        organization.max_overlap_hours,
        &organization.on_reuse,
        organization.updated_at,
    ]
}

pub async fn find(tx: &mut Tx, id: i64) -> Result<Option<Organization>, StoreError> {
    tx.optional(
        concatcp!("select ", COLUMNS, " from organizations where id = $1"),
        bind![id],
    )
    .await
}

pub async fn find_by_invite_hash(
    tx: &mut Tx,
    hash: &[u8],
) -> Result<Option<Organization>, StoreError> {
    tx.optional(
        concatcp!(
            "select ",
            COLUMNS,
            " from organizations where invite_hash = $1"
        ),
        bind![hash],
    )
    .await
}

/// The oldest organization: the one that an operator means when he names none.
pub async fn find_first(tx: &mut Tx) -> Result<Option<Organization>, StoreError> {
    tx.optional(
        concatcp!(
            "select ",
            COLUMNS,
            " from organizations order by id limit 1"
        ),
        bind![],
    )
    .await
}

/// The organizations that a user is a member of, oldest first.
pub async fn list_by_user(tx: &mut Tx, user_id: i64) -> Result<Vec<Organization>, StoreError> {
    tx.all(
        concatcp!(
            "select ",
            COLUMNS,
            " from organizations join memberships on memberships.organization_id = organizations.id \
             where user_id = $1 and removed_at is null order by organizations.id"
        ),
        bind![user_id],
    )
    .await
}

pub async fn insert_membership(tx: &mut Tx, membership: &Membership) -> Result<i64, StoreError> {
    let (id,) = tx
        .changing(Change::User(membership.user_id))
        .one(
            concatcp!(
                "insert into memberships (",
                INSERTED_MEMBERSHIP,
                ") values ($1, $2, $3, $4, $5) returning id"
            ),
            inserted_membership(membership),
        )
        .await?;
    Ok(id)
}

pub(super) fn inserted_membership(membership: &Membership) -> Vec<Value> {
    bind![
        membership.organization_id,
        membership.user_id,
        &membership.role,
        membership.created_at,
        membership.removed_at,
    ]
}

/// Writes back role and removal.
pub async fn update_membership(tx: &mut Tx, membership: &Membership) -> Result<(), StoreError> {
    tx.changing(Change::User(membership.user_id))
        .execute(
            "update memberships set role = $2, removed_at = $3 where id = $1",
            bind![membership.id, &membership.role, membership.removed_at],
        )
        .await?;
    Ok(())
}

/// A user's membership of an organization, a removed one included.
pub async fn find_membership(
    tx: &mut Tx,
    organization_id: i64,
    user_id: i64,
) -> Result<Option<Membership>, StoreError> {
    tx.optional(
        concatcp!(
            "select ",
            MEMBERSHIP_COLUMNS,
            " from memberships where organization_id = $1 and user_id = $2"
        ),
        bind![organization_id, user_id],
    )
    .await
}

/// An organization's members in the order of their user names, a page of them; removed ones are left out.
pub async fn list_memberships(
    tx: &mut Tx,
    organization_id: i64,
    limit: i64,
    offset: i64,
) -> Result<Vec<Membership>, StoreError> {
    tx.all(
        concatcp!(
            "select ",
            MEMBERSHIP_COLUMNS,
            " from memberships where organization_id = $1 and removed_at is null \
             order by (select username from users where users.id = user_id), id limit $2 offset $3"
        ),
        bind![organization_id, limit, offset],
    )
    .await
}

/// The ids of an organization's owners whose accounts are active.
pub async fn list_active_owners(tx: &mut Tx, organization_id: i64) -> Result<Vec<i64>, StoreError> {
    let rows: Vec<(i64,)> = tx
        .all(
            "select users.id from users join memberships on memberships.user_id = users.id \
             where organization_id = $1 and role = 'owner' and removed_at is null and is_active order by users.id",
            bind![organization_id],
        )
        .await?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

/// The e-mail addresses of an organization's owners and admins whose accounts are active, the owners
/// first and a few at most.
pub async fn list_admin_emails(
    tx: &mut Tx,
    organization_id: i64,
) -> Result<Vec<String>, StoreError> {
    let rows: Vec<(String,)> = tx
        .all(
            "select email from users join memberships on memberships.user_id = users.id \
             where organization_id = $1 and role in ('owner', 'admin') and removed_at is null and is_active \
             order by role desc, users.id limit 5",
            bind![organization_id],
        )
        .await?;
    Ok(rows.into_iter().map(|(email,)| email).collect())
}

/// How many members an organization has, removed ones not counted.
pub async fn count_memberships(tx: &mut Tx, organization_id: i64) -> Result<i64, StoreError> {
    let (count,) = tx
        .one(
            "select count(*) from memberships where organization_id = $1 and removed_at is null",
            bind![organization_id],
        )
        .await?;
    Ok(count)
}
