//! Members with what they hold, for lists of people.

use const_format::concatcp;
use sqlx::FromRow;

use super::error::StoreError;
use super::tokens::contains_pattern;
use super::tx::Tx;
use super::value::bind;

/// A member of an organization, his account, and his tokens there in numbers.
#[derive(Clone, Debug, FromRow)]
pub struct Member {
    pub user_id: i64,
    pub email: String,
    pub first_name: String,
    pub last_name: String,
    pub is_active: bool,
    pub last_activity_at: i64,
    pub role: String,
    pub joined_at: i64,
    /// Neither revoked nor past their time, and of a kind that the organization has not switched off.
    pub live_tokens: i64,
    pub last_token_use_at: Option<i64>,
}

const OF_ORGANIZATION: &str = " from memberships join users on users.id = memberships.user_id \
    where organization_id = $1 and removed_at is null ";
const COLUMNS: &str = "users.id as user_id, email, first_name, last_name, is_active, last_activity_at, role, \
    memberships.created_at as joined_at";
const MATCHING: &str = "and ($2 is null or email like $2 escape '!' \
    or lower(first_name || ' ' || last_name) like $2 escape '!') ";
/// Puts the numbers of their tokens beside the people `shown`, and reads no other people's tokens. The plus
/// keeps SQLite from taking the index of the organization, which would read them all.
const WITH_TOKENS: &str = ") select shown.user_id, email, first_name, last_name, is_active, last_activity_at, role, \
    joined_at, coalesce(live_tokens, 0) as live_tokens, last_token_use_at from shown left join (\
        select tokens.user_id as holder_id, max(last_used_at) as last_token_use_at, \
            count(case when revoked_at is null and (expires_at is null or expires_at > $3) \
                and (retires_at is null or retires_at > $3) and (kind <> 'personal' or personal_enabled) \
                and (kind <> 'legacy' or legacy_enabled) and (kind <> 'key' or key_enabled) then 1 end) as live_tokens \
        from tokens join organizations on organizations.id = $1 \
        where +tokens.organization_id = $1 and tokens.user_id in (select user_id from shown) \
        group by tokens.user_id\
    ) as held on holder_id = shown.user_id order by email";

/// Which members are meant.
#[derive(Clone, Copy, Debug, Default)]
pub struct MemberFilter<'a> {
    /// A part of the name or the e-mail address.
    pub search: Option<&'a str>,
    /// When a token counts as live.
    pub now: i64,
    pub limit: i64,
    pub offset: i64,
}

/// A page of an organization's members in the order of their e-mail addresses.
pub async fn list(
    tx: &mut Tx,
    organization_id: i64,
    filter: MemberFilter<'_>,
) -> Result<Vec<Member>, StoreError> {
    tx.all(
        concatcp!(
            "with shown as (select ",
            COLUMNS,
            OF_ORGANIZATION,
            MATCHING,
            "order by email limit $4 offset $5",
            WITH_TOKENS
        ),
        bind![
            organization_id,
            filter.search.map(contains_pattern).as_deref(),
            filter.now,
            filter.limit,
            filter.offset,
        ],
    )
    .await
}

/// How many members match.
pub async fn count(
    tx: &mut Tx,
    organization_id: i64,
    search: Option<&str>,
) -> Result<i64, StoreError> {
    let (count,) = tx
        .one(
            concatcp!("select count(*)", OF_ORGANIZATION, MATCHING),
            bind![organization_id, search.map(contains_pattern).as_deref()],
        )
        .await?;
    Ok(count)
}

/// One member of an organization.
pub async fn find(
    tx: &mut Tx,
    organization_id: i64,
    user_id: i64,
    now: i64,
) -> Result<Option<Member>, StoreError> {
    tx.optional(
        concatcp!(
            "with shown as (select ",
            COLUMNS,
            OF_ORGANIZATION,
            "and users.id = $2",
            WITH_TOKENS
        ),
        bind![organization_id, user_id, now],
    )
    .await
}
