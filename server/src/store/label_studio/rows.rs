//! Label Studio's tables, as far as they matter here. Every value is text, as it stands there.

use sqlx::FromRow;

use super::Source;
use crate::store::error::StoreError;
use crate::store::tx::Row;

/// A row of `htx_user`.
#[derive(Debug, FromRow)]
pub struct User {
    pub id: Option<String>,
    pub email: Option<String>,
    pub password: Option<String>,
    pub username: Option<String>,
    pub first_name: Option<String>,
    pub last_name: Option<String>,
    pub phone: Option<String>,
    pub is_active: Option<String>,
    pub is_superuser: Option<String>,
    pub date_joined: Option<String>,
    pub last_activity: Option<String>,
    pub active_organization_id: Option<String>,
    pub allow_newsletters: Option<String>,
    pub custom_hotkeys: Option<String>,
}

/// A row of `organization`.
#[derive(Debug, FromRow)]
pub struct Organization {
    pub id: Option<String>,
    pub title: Option<String>,
    pub created_at: Option<String>,
    pub updated_at: Option<String>,
    pub created_by_id: Option<String>,
    /// The secret of the invite link.
    pub token: Option<String>,
}

/// A row of `organizations_organizationmember`.
#[derive(Debug, FromRow)]
pub struct Member {
    pub organization_id: Option<String>,
    pub user_id: Option<String>,
    pub created_at: Option<String>,
    pub deleted_at: Option<String>,
}

/// A row of `jwt_auth_jwtsettings`.
#[derive(Debug, FromRow)]
pub struct Settings {
    pub organization_id: Option<String>,
    pub api_tokens_enabled: Option<String>,
    pub legacy_api_tokens_enabled: Option<String>,
    pub api_token_ttl_days: Option<String>,
}

/// A row of `token_blacklist_outstandingtoken`, with when it was blacklisted.
#[derive(Debug, FromRow)]
pub struct IssuedToken {
    pub jti: Option<String>,
    /// `header.payload`, without the signature.
    pub token: Option<String>,
    pub user_id: Option<String>,
    pub created_at: Option<String>,
    /// That it is there says that the token is blacklisted.
    pub blacklisted_id: Option<String>,
    pub blacklisted_at: Option<String>,
}

/// A row of `authtoken_token`.
#[derive(Debug, FromRow)]
pub struct LegacyToken {
    pub key: Option<String>,
    pub created: Option<String>,
    pub user_id: Option<String>,
}

/// A table: what must be there of it, and what a version may lack.
struct Table {
    name: &'static str,
    required: &'static [&'static str],
    optional: &'static [&'static str],
}

const USERS: Table = Table {
    name: "htx_user",
    required: &["id", "email"],
    optional: &[
        "password",
        "username",
        "first_name",
        "last_name",
        "phone",
        "is_active",
        "is_superuser",
        "date_joined",
        "last_activity",
        "active_organization_id",
        "allow_newsletters",
        "custom_hotkeys",
    ],
};
const ORGANIZATIONS: Table = Table {
    name: "organization",
    required: &["id"],
    optional: &[
        "title",
        "created_at",
        "updated_at",
        "created_by_id",
        "token",
    ],
};
const MEMBERS: Table = Table {
    name: "organizations_organizationmember",
    required: &["organization_id", "user_id"],
    optional: &["created_at", "deleted_at"],
};
const SETTINGS: Table = Table {
    name: "jwt_auth_jwtsettings",
    required: &["organization_id"],
    optional: &[
        "api_tokens_enabled",
        "legacy_api_tokens_enabled",
        "api_token_ttl_days",
    ],
};
const ISSUED: Table = Table {
    name: "token_blacklist_outstandingtoken",
    required: &["id", "jti", "token", "user_id"],
    optional: &["created_at"],
};
const BLACKLISTED: Table = Table {
    name: "token_blacklist_blacklistedtoken",
    required: &["token_id"],
    optional: &["blacklisted_at"],
};
const LEGACY: Table = Table {
    name: "authtoken_token",
    required: &["key", "user_id"],
    optional: &["created"],
};

/// All users, by id.
///
/// # Errors
/// [`StoreError::Unusable`] if this is no database of Label Studio's.
pub async fn list_users(source: &mut Source) -> Result<Vec<User>, StoreError> {
    list(source, &USERS, "id").await
}

/// All organizations, by id.
///
/// # Errors
/// [`StoreError::Unusable`] if this is no database of Label Studio's.
pub async fn list_organizations(source: &mut Source) -> Result<Vec<Organization>, StoreError> {
    list(source, &ORGANIZATIONS, "id").await
}

/// All memberships, removed ones included.
///
/// # Errors
/// [`StoreError::Unusable`] if this is no database of Label Studio's.
pub async fn list_members(source: &mut Source) -> Result<Vec<Member>, StoreError> {
    list(source, &MEMBERS, "organization_id, user_id").await
}

/// What organizations say of tokens; `None` for a Label Studio that is too old to have a say.
///
/// # Errors
/// [`StoreError`] if it cannot be read.
pub async fn list_settings(source: &mut Source) -> Result<Option<Vec<Settings>>, StoreError> {
    if is_missing(source, &SETTINGS).await? {
        return Ok(None);
    }
    list(source, &SETTINGS, "organization_id").await.map(Some)
}

/// Hands over every personal access token that was ever issued, oldest first.
///
/// # Errors
/// [`StoreError`] if they cannot be read.
pub async fn each_issued_token(
    source: &mut Source,
    take: impl FnMut(IssuedToken) + Send,
) -> Result<(), StoreError> {
    if is_missing(source, &ISSUED).await? {
        return Ok(());
    }
    let issued = columns(source, &ISSUED, "issued.").await?;
    let sql = if is_missing(source, &BLACKLISTED).await? {
        format!(
            "select {issued}, null as blacklisted_id, null as blacklisted_at from {} issued order by issued.id",
            ISSUED.name
        )
    } else {
        let blacklisted = columns(source, &BLACKLISTED, "blacklisted.").await?;
        format!(
            "select {issued}, cast(blacklisted.token_id as text) as blacklisted_id, {blacklisted} from {} issued \
             left join {} blacklisted on blacklisted.token_id = issued.id order by issued.id",
            ISSUED.name, BLACKLISTED.name
        )
    };
    source.each(sql, take).await
}

/// Hands over every legacy token.
///
/// # Errors
/// [`StoreError`] if they cannot be read.
pub async fn each_legacy_token(
    source: &mut Source,
    take: impl FnMut(LegacyToken) + Send,
) -> Result<(), StoreError> {
    if is_missing(source, &LEGACY).await? {
        return Ok(());
    }
    let columns = columns(source, &LEGACY, "").await?;
    let sql = format!("select {columns} from {} order by user_id", LEGACY.name);
    source.each(sql, take).await
}

async fn list<T: Row>(
    source: &mut Source,
    table: &Table,
    order: &str,
) -> Result<Vec<T>, StoreError> {
    let columns = columns(source, table, "").await?;
    let sql = format!("select {columns} from {} order by {order}", table.name);
    let mut rows = Vec::new();
    source.each(sql, |row| rows.push(row)).await?;
    Ok(rows)
}

/// Whether a table that versions may lack is not there; that is noted.
async fn is_missing(source: &mut Source, table: &Table) -> Result<bool, StoreError> {
    let is_missing = source.columns(table.name).await?.is_empty();
    if is_missing {
        source.missing.push(format!("table {}", table.name));
    }
    Ok(is_missing)
}

/// The columns of a statement, as text; null for each that is not there, which is noted.
async fn columns(source: &mut Source, table: &Table, prefix: &str) -> Result<String, StoreError> {
    let there = source.columns(table.name).await?;
    if there.is_empty() {
        return Err(StoreError::Unusable(format!(
            "this is no database of Label Studio: it has no table {}",
            table.name
        )));
    }
    let mut columns = Vec::new();
    for name in table.required {
        if !there.iter().any(|column| column == name) {
            return Err(StoreError::Unusable(format!(
                "the table {} has no column {name}, and nothing can be imported without it; this Label Studio's version is not known",
                table.name
            )));
        }
        columns.push(format!("cast({prefix}{name} as text) as {name}"));
    }
    for name in table.optional {
        if there.iter().any(|column| column == name) {
            columns.push(format!("cast({prefix}{name} as text) as {name}"));
        } else {
            source.missing.push(format!("column {}.{name}", table.name));
            columns.push(format!("null as {name}"));
        }
    }
    Ok(columns.join(", "))
}
