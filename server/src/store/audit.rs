//! The record of what was done, and its statements.

use sqlx::FromRow;

use super::engine::{Tx, bind};
use super::error::StoreError;

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
    pub detail: String,
}

/// Inserts `event`; its id is given by the database.
pub async fn insert(tx: &mut Tx, event: &AuditEvent) -> Result<(), StoreError> {
    tx.execute(
        "insert into audit_events (at, actor, actor_id, address, action, subject, organization_id, detail) \
         values ($1, $2, $3, $4, $5, $6, $7, $8)",
        bind![
            event.at,
            &event.actor,
            event.actor_id,
            &event.address,
            &event.action,
            &event.subject,
            event.organization_id,
            &event.detail,
        ],
    )
    .await?;
    Ok(())
}

/// All events, oldest first.
pub async fn list(tx: &mut Tx) -> Result<Vec<AuditEvent>, StoreError> {
    tx.all(
        "select id, at, actor, actor_id, address, action, subject, organization_id, detail from audit_events order by id",
        bind![],
    )
    .await
}
