//! The record of what was done, and its statements.

use const_format::concatcp;
use sqlx::FromRow;

use super::engine::Tx;
use super::error::StoreError;
use super::value::bind;

/// One change: who did what to whom, when and whence.
#[derive(Clone, Debug, FromRow)]
pub struct AuditEvent {
    pub id: i64,
    pub at: i64,
    pub actor: String,
    pub actor_id: Option<i64>,
    pub address: String,
    pub action: String,
    pub subject: String,
    pub organization_id: Option<i64>,
    pub outcome: String,
    pub detail: String,
    pub previous_digest: Vec<u8>,
    pub digest: Vec<u8>,
}

/// The end of the chain.
#[derive(Clone, Debug, FromRow)]
pub struct AuditHead {
    pub last_id: i64,
    pub digest: Vec<u8>,
}

/// Which events are meant; `None` for all.
#[derive(Clone, Debug, Default)]
pub struct AuditFilter {
    pub organization_id: Option<i64>,
    pub actor: Option<String>,
    pub action: Option<String>,
    pub subject: Option<String>,
    pub outcome: Option<String>,
    pub since: Option<i64>,
    pub until: Option<i64>,
    /// Only events older than this one.
    pub before_id: Option<i64>,
    pub limit: i64,
}

const COLUMNS: &str = "id, at, actor, actor_id, address, action, subject, organization_id, outcome, detail, previous_digest, digest";

/// Takes the turn to write the next event: nobody else gets one before this transaction ends.
pub async fn take_turn(tx: &mut Tx) -> Result<AuditHead, StoreError> {
    tx.one(
        "update audit_head set last_id = last_id + 1 where one = 1 returning last_id, digest",
        bind![],
    )
    .await
}

/// The end of the chain as it is.
pub async fn head(tx: &mut Tx) -> Result<AuditHead, StoreError> {
    tx.one(
        "select last_id, digest from audit_head where one = 1",
        bind![],
    )
    .await
}

/// Inserts `event` and makes it the end of the chain.
pub async fn insert(tx: &mut Tx, event: &AuditEvent) -> Result<(), StoreError> {
    tx.execute(
        "insert into audit_events (id, at, actor, actor_id, address, action, subject, organization_id, outcome, detail, \
         previous_digest, digest) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
        bind![
            event.id,
            event.at,
            &event.actor,
            event.actor_id,
            &event.address,
            &event.action,
            &event.subject,
            event.organization_id,
            &event.outcome,
            &event.detail,
            event.previous_digest.as_slice(),
            event.digest.as_slice(),
        ],
    )
    .await?;
    tx.execute(
        "update audit_head set digest = $1 where one = 1",
        bind![event.digest.as_slice()],
    )
    .await?;
    Ok(())
}

pub async fn find(tx: &mut Tx, id: i64) -> Result<Option<AuditEvent>, StoreError> {
    tx.optional(
        concatcp!("select ", COLUMNS, " from audit_events where id = $1"),
        bind![id],
    )
    .await
}

const FILTERED: &str = " and ($2 is null or actor = $2) and ($3 is null or action = $3) and ($4 is null or subject = $4) \
    and ($5 is null or at >= $5) and ($6 is null or at < $6) and ($7 is null or id < $7) \
    and ($8 is null or outcome = $8) order by id desc limit $9";
const OF_ALL: &str = concatcp!(
    "select ",
    COLUMNS,
    " from audit_events where $1 is null",
    FILTERED
);
const BY_ORGANIZATION: &str = concatcp!(
    "select ",
    COLUMNS,
    " from audit_events where organization_id = $1",
    FILTERED
);

/// A page of events, newest first. An organization's are found by an index of their own: it may be one
/// of very many.
pub async fn list(tx: &mut Tx, filter: &AuditFilter) -> Result<Vec<AuditEvent>, StoreError> {
    let statement = if filter.organization_id.is_some() {
        BY_ORGANIZATION
    } else {
        OF_ALL
    };
    tx.all(
        statement,
        bind![
            filter.organization_id,
            filter.actor.as_deref(),
            filter.action.as_deref(),
            filter.subject.as_deref(),
            filter.since,
            filter.until,
            filter.before_id,
            filter.outcome.as_deref(),
            filter.limit,
        ],
    )
    .await
}

/// The events after `id`, oldest first: the chain's own order.
pub async fn list_after(tx: &mut Tx, id: i64, limit: i64) -> Result<Vec<AuditEvent>, StoreError> {
    tx.all(
        concatcp!(
            "select ",
            COLUMNS,
            " from audit_events where id > $1 order by id limit $2"
        ),
        bind![id, limit],
    )
    .await
}
