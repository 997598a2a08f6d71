//! The record of what was done: its chain and its statements.
//!
//! Each event holds the digest of the one before it. Where the chain ends stands in a row of its own,
//! and transactions end one after another; so an event is given its place when its transaction ends.

use aws_lc_rs::digest::{self, SHA256};
use const_format::concatcp;
use serde_json::json;
use sqlx::FromRow;

use super::batch::Batch;
use super::error::StoreError;
use super::tx::Tx;
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
    /// Whether events were chained that its row does not know of.
    #[sqlx(skip)]
    is_longer: bool,
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

pub(super) const HEAD: &str = "select last_id, digest from audit_head where one = 1";

/// The end of the chain as it is.
pub async fn head(tx: &mut Tx) -> Result<AuditHead, StoreError> {
    tx.one(HEAD, bind![]).await
}

/// Inserts `event` at the end of the chain when the transaction ends; its id and digests are made then.
pub fn chain_at_commit(tx: &mut Tx, event: AuditEvent) {
    tx.chain_at_commit(event);
}

impl AuditHead {
    /// Chains `event` to the end and makes it the end.
    pub(super) fn chain(&mut self, mut event: AuditEvent, batch: &mut Batch) {
        event.id = self.last_id + 1;
        event.previous_digest = std::mem::take(&mut self.digest);
        event.digest = event.digest();
        self.last_id = event.id;
        self.digest.clone_from(&event.digest);
        self.is_longer = true;
        batch.add(
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
        );
    }

    /// Writes down where the end is, if that has changed.
    pub(super) fn keep(&self, batch: &mut Batch) {
        if self.is_longer {
            batch.add(
                "update audit_head set last_id = $1, digest = $2 where one = 1",
                bind![self.last_id, self.digest.as_slice()],
            );
        }
    }
}

impl AuditEvent {
    /// SHA-256 of the event before it and of the event's own fields as a JSON array, in this order.
    #[must_use]
    pub fn digest(&self) -> Vec<u8> {
        let fields = json!([
            self.id,
            self.at,
            self.actor,
            self.actor_id,
            self.address,
            self.action,
            self.subject,
            self.organization_id,
            self.outcome,
            self.detail,
        ]);
        let mut context = digest::Context::new(&SHA256);
        context.update(&self.previous_digest);
        context.update(fields.to_string().as_bytes());
        context.finish().as_ref().to_vec()
    }
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
