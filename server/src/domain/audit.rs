//! What was done, by whom, to whom. Written in the change's own transaction, so that neither is
//! there without the other.

use crate::cx::{Actor, Cx};
use crate::error::Result;
use crate::store::{self, Tx};

pub use crate::store::audit::AuditEvent;

/// The subject of a change.
#[derive(Clone, Copy, Debug)]
pub enum Subject<'a> {
    User(i64),
    Organization(i64),
    Token(&'a str),
}

/// Records that the caller did `action` to `subject`. `detail` says what else matters, never a secret.
///
/// # Errors
/// If it cannot be written; then the change must not be either.
pub async fn record(
    tx: &mut Tx,
    cx: &Cx,
    action: &str,
    subject: Subject<'_>,
    detail: serde_json::Value,
) -> Result<()> {
    let (actor, actor_id, organization_id) = match &cx.actor {
        Actor::User(caller) => (
            caller.email.clone(),
            Some(caller.user_id),
            Some(caller.organization_id),
        ),
        Actor::Anonymous => ("anonymous".to_owned(), None, None),
        Actor::Operator => ("operator".to_owned(), None, None),
        Actor::System => ("system".to_owned(), None, None),
    };
    let event = AuditEvent {
        id: 0,
        at: cx.now,
        actor,
        actor_id,
        address: cx.address.clone(),
        action: action.to_owned(),
        subject: match subject {
            Subject::User(id) => format!("user {id}"),
            Subject::Organization(id) => format!("organization {id}"),
            Subject::Token(id) => format!("token {id}"),
        },
        organization_id,
        detail: detail.to_string(),
    };
    store::audit::insert(tx, &event).await?;
    Ok(())
}
