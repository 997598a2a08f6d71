//! What was done, by whom, to whom.
//!
//! Written in the change's own transaction, so that neither is there without the other. Each event is
//! chained to the one before it by a digest, so that a changed or missing one shows.

use aws_lc_rs::digest::{self, SHA256};
use serde_json::json;

use crate::app::App;
use crate::cx::{Actor, Cx};
use crate::domain::access::{self, Action};
use crate::error::Result;
use crate::store::{self, Tx};

pub use crate::store::audit::{AuditEvent, AuditFilter};

/// How many events are read at once when the chain is verified.
const BATCH: i64 = 1000;
/// The outcome of what was done.
pub const DONE: &str = "ok";
/// The outcomes of what was not, and each in words.
pub const REFUSED: [(&str, &str); 2] = [
    (WRONG_PASSWORD, "wrong password"),
    (USER_INACTIVE, "account deactivated"),
];
/// Somebody tried to sign in with a password that is not the account's.
pub const WRONG_PASSWORD: &str = "wrong_password";
/// Somebody tried to sign in to an account that is deactivated.
pub const USER_INACTIVE: &str = "user_inactive";
/// The largest page of events.
pub const LARGEST_PAGE: i64 = 1000;

/// The subject of a change.
#[derive(Clone, Copy, Debug)]
pub enum Subject<'a> {
    User(i64),
    Organization(i64),
    Token(&'a str),
    SigningKey(&'a str),
    /// Everything that there is.
    Installation,
}

/// Whether the chain of events is whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Chain {
    /// All of this many events fit.
    Whole { events: i64 },
    /// The event of this id was changed, or the one before it is missing or was changed.
    Broken { at: i64 },
    /// The end is missing: this many events were written, fewer are there.
    CutOff { written: i64, there: i64 },
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
    write(tx, cx, (action, DONE), subject, detail).await
}

/// Records that somebody wanted to do `action` to `subject` and did not get to, for the reason
/// `outcome`.
///
/// # Errors
/// If it cannot be written.
pub async fn record_refused(
    tx: &mut Tx,
    cx: &Cx,
    (action, outcome): (&str, &str),
    subject: Subject<'_>,
    detail: serde_json::Value,
) -> Result<()> {
    write(tx, cx, (action, outcome), subject, detail).await
}

async fn write(
    tx: &mut Tx,
    cx: &Cx,
    (action, outcome): (&str, &str),
    subject: Subject<'_>,
    detail: serde_json::Value,
) -> Result<()> {
    let (actor_id, organization_id) = match &cx.actor {
        Actor::User(caller) => (Some(caller.user_id), Some(caller.organization_id)),
        _ => (
            None,
            detail
                .get("organization")
                .and_then(serde_json::Value::as_i64),
        ),
    };
    let head = store::audit::take_turn(tx).await?;
    let mut event = AuditEvent {
        id: head.last_id,
        at: cx.now,
        actor: cx.actor_name(),
        actor_id,
        address: cx.address_text(),
        action: action.to_owned(),
        subject: match subject {
            Subject::User(id) => format!("user {id}"),
            Subject::Organization(id) => format!("organization {id}"),
            Subject::Token(id) => format!("token {id}"),
            Subject::SigningKey(id) => format!("signing key {id}"),
            Subject::Installation => "installation".to_owned(),
        },
        organization_id,
        outcome: outcome.to_owned(),
        detail: detail.to_string(),
        previous_digest: head.digest,
        digest: Vec::new(),
    };
    event.digest = digest_of(&event);
    store::audit::insert(tx, &event).await?;
    Ok(())
}

/// A page of the events of the organization that the caller acts in, newest first.
///
/// # Errors
/// [`crate::error::Error::Forbidden`] below admin.
pub async fn list(app: &App, cx: &Cx, mut filter: AuditFilter) -> Result<Vec<AuditEvent>> {
    if !matches!(cx.actor, Actor::Operator | Actor::System) {
        let caller = access::require(cx, Action::SeeAudit)?;
        filter.organization_id = Some(caller.organization_id);
    }
    filter.limit = filter.limit.clamp(1, LARGEST_PAGE);
    let mut tx = app.db.read().await?;
    Ok(store::audit::list(&mut tx, &filter).await?)
}

/// Reads the whole chain and checks it, for the operator.
///
/// # Errors
/// If the database fails.
pub async fn verify(app: &App) -> Result<Chain> {
    let mut tx = app.db.read().await?;
    let head = store::audit::head(&mut tx).await?;
    let (mut id, mut digest) = (0, Vec::new());
    loop {
        let events = store::audit::list_after(&mut tx, id, BATCH).await?;
        if events.is_empty() {
            break;
        }
        for event in events {
            if event.id != id + 1
                || event.previous_digest != digest
                || event.digest != digest_of(&event)
            {
                return Ok(Chain::Broken { at: event.id });
            }
            (id, digest) = (event.id, event.digest);
        }
    }
    if id == head.last_id && digest == head.digest {
        return Ok(Chain::Whole { events: id });
    }
    Ok(Chain::CutOff {
        written: head.last_id,
        there: id,
    })
}

/// SHA-256 of the event before it and of the event's own fields as a JSON array, in this order.
fn digest_of(event: &AuditEvent) -> Vec<u8> {
    let fields = json!([
        event.id,
        event.at,
        event.actor,
        event.actor_id,
        event.address,
        event.action,
        event.subject,
        event.organization_id,
        event.outcome,
        event.detail,
    ]);
    let mut context = digest::Context::new(&SHA256);
    context.update(&event.previous_digest);
    context.update(fields.to_string().as_bytes());
    context.finish().as_ref().to_vec()
}
