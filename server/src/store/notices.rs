//! Notices that a token ends soon, and their statements.
//!
//! A notice is written once ([`insert_due`], held by a unique constraint), then claimed for a while
//! by whoever delivers it ([`update_claimed`]), and ends ([`update_ended`]) or is put off
//! ([`update_put_off`]).

use const_format::concatcp;
use sqlx::FromRow;

use super::error::StoreError;
use super::tx::Tx;
use super::value::bind;

/// A notice to one receiver.
#[derive(Clone, Debug, FromRow)]
pub struct Notice {
    pub id: i64,
    pub token_id: String,
    pub threshold_days: i64,
    pub channel: String,
    pub endpoint: String,
    pub state: String,
    pub attempts: i64,
    pub next_try_at: Option<i64>,
    pub claimed_until: Option<i64>,
    pub reason: Option<String>,
    pub created_at: i64,
    pub ended_at: Option<i64>,
}

/// A notice with what it is about.
#[derive(Clone, Debug, FromRow)]
pub struct NoticeWithToken {
    #[sqlx(flatten)]
    pub notice: Notice,
    pub name: String,
    pub kind: String,
    pub email: String,
    pub organization_id: i64,
    pub expires_at: Option<i64>,
    pub last_used_at: Option<i64>,
    /// The token is as good as it was: not revoked, not replaced, its owner an active member.
    pub is_standing: bool,
    /// A later notice of the same token to the same receiver is there.
    pub is_overtaken: bool,
}

/// Which tokens a threshold concerns, and to whom the notice goes.
#[derive(Clone, Copy, Debug)]
pub struct Due<'a> {
    pub threshold_days: i64,
    /// The token ends after this instant …
    pub after: i64,
    /// … and not after this one, …
    pub until: i64,
    /// … and it was made earlier than this long before its end.
    pub life_over_ms: i64,
    pub channel: &'a str,
    pub endpoint: &'a str,
    pub now: i64,
}

const COLUMNS: &str = "notices.id, token_id, threshold_days, channel, endpoint, state, attempts, next_try_at, \
    claimed_until, reason, notices.created_at, ended_at";
/// Whose tokens are told about.
const STANDING: &str =
    "revoked_at is null and successor_id is null and is_active and memberships.id is not null";
const WITH_TOKEN: &str = concatcp!(
    "select ",
    COLUMNS,
    ", name, kind, email, tokens.organization_id, expires_at, last_used_at, (",
    STANDING,
    ") as is_standing, exists (select 1 from notices later where later.token_id = notices.token_id \
     and later.channel = notices.channel and later.endpoint = notices.endpoint \
     and later.threshold_days < notices.threshold_days) as is_overtaken from notices \
     join tokens on tokens.id = notices.token_id \
     join users on users.id = tokens.user_id \
     left join memberships on memberships.user_id = tokens.user_id \
         and memberships.organization_id = tokens.organization_id and removed_at is null"
);

/// Writes the notices that are due and were never written, and says how many.
///
/// A threshold that was passed over, since a later one is written already, is not made up for: the
/// clock may have been moved back, or nobody was there when it was due. In the order of the tokens' ids,
/// so that two nodes that write the same ones wait for each other and never in a ring.
pub async fn insert_due(tx: &mut Tx, due: Due<'_>) -> Result<u64, StoreError> {
    let done = tx
        .execute(
            concatcp!(
                "insert into notices (token_id, threshold_days, channel, endpoint, state, attempts, created_at) \
                 select tokens.id, $1, $2, $3, 'due', 0, $4 from tokens \
                 join users on users.id = tokens.user_id \
                 join memberships on memberships.user_id = tokens.user_id \
                     and memberships.organization_id = tokens.organization_id and removed_at is null \
                 where expires_at > $5 and expires_at <= $6 and expires_at - tokens.created_at > $7 \
                 and kind in ('personal', 'key') and ",
                STANDING,
                " and not exists (select 1 from notices where token_id = tokens.id and channel = $2 \
                 and endpoint = $3 and threshold_days <= $1) \
                 order by tokens.id on conflict do nothing"
            ),
            bind![
                due.threshold_days,
                due.channel,
                due.endpoint,
                due.now,
                due.after,
                due.until,
                due.life_over_ms,
            ],
        )
        .await?;
    Ok(done.rows)
}

/// The ids of notices that somebody should deliver now, the longest waiting first.
///
/// A claim that lies
/// more than twice `lease_ms` ahead is no claim: the clock was moved back under it. (Once `lease_ms` ahead
/// may be the claim of a node whose clock runs before.)
pub async fn list_due(
    tx: &mut Tx,
    now: i64,
    lease_ms: i64,
    limit: i64,
) -> Result<Vec<(i64, String, String)>, StoreError> {
    tx.all(
        "select id, channel, endpoint from notices \
         where state = 'due' and (next_try_at is null or next_try_at <= $1) \
         and (claimed_until is null or claimed_until <= $1 or claimed_until > $2) \
         order by coalesce(next_try_at, 0), id limit $3",
        bind![now, now + 2 * lease_ms, limit],
    )
    .await
}

/// Claims a notice for `lease_ms`; `false` if somebody else has it or it has ended.
pub async fn update_claimed(
    tx: &mut Tx,
    id: i64,
    now: i64,
    lease_ms: i64,
) -> Result<bool, StoreError> {
    let done = tx
        .execute(
            "update notices set claimed_until = $3, attempts = attempts + 1 \
             where id = $1 and state = 'due' and (next_try_at is null or next_try_at <= $2) \
             and (claimed_until is null or claimed_until <= $2 or claimed_until > $4)",
            bind![id, now, now + lease_ms, now + 2 * lease_ms],
        )
        .await?;
    Ok(done.rows == 1)
}

/// Ends a notice: delivered, failed or dropped.
pub async fn update_ended(
    tx: &mut Tx,
    id: i64,
    (state, reason): (&str, Option<&str>),
    at: i64,
) -> Result<(), StoreError> {
    tx.execute(
        "update notices set state = $2, reason = $3, ended_at = $4, claimed_until = null, next_try_at = null \
         where id = $1 and state = 'due'",
        bind![id, state, reason, at],
    )
    .await?;
    Ok(())
}

/// Lets go of a notice that could not be delivered, until `next_try_at`.
pub async fn update_put_off(
    tx: &mut Tx,
    id: i64,
    reason: &str,
    next_try_at: i64,
) -> Result<(), StoreError> {
    tx.execute(
        "update notices set reason = $2, next_try_at = $3, claimed_until = null where id = $1 and state = 'due'",
        bind![id, reason, next_try_at],
    )
    .await?;
    Ok(())
}

pub async fn find(tx: &mut Tx, id: i64) -> Result<Option<NoticeWithToken>, StoreError> {
    tx.optional(concatcp!(WITH_TOKEN, " where notices.id = $1"), bind![id])
        .await
}

/// Which notices are meant; `None` for all.
#[derive(Clone, Debug, Default)]
pub struct NoticeFilter {
    pub organization_id: Option<i64>,
    pub state: Option<String>,
    /// Only notices older than this one.
    pub before_id: Option<i64>,
    pub limit: i64,
}

/// A page of notices, newest first.
pub async fn list(tx: &mut Tx, filter: &NoticeFilter) -> Result<Vec<NoticeWithToken>, StoreError> {
    tx.all(
        concatcp!(
            WITH_TOKEN,
            " where ($1 is null or tokens.organization_id = $1) and ($2 is null or state = $2) \
             and ($3 is null or notices.id < $3) order by notices.id desc limit $4"
        ),
        bind![
            filter.organization_id,
            filter.state.as_deref(),
            filter.before_id,
            filter.limit
        ],
    )
    .await
}
