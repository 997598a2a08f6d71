//! What was done, by whom, to whom.
//!
//! Written in the change's own transaction, so that neither is there without the other. Each event is
//! chained to the one before it by a digest, so that a changed or missing one shows.

use std::collections::HashMap;

use crate::app::App;
use crate::cx::{Actor, Cx};
use crate::domain::access::{self, Action};
use crate::error::Result;
use crate::store::{self, Tx};

use crate::store::audit::AuditHead;
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
        _ => (None, organization_of(tx, subject, &detail).await?),
    };
    let event = AuditEvent {
        id: 0,
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
        previous_digest: Vec::new(),
        digest: Vec::new(),
    };
    store::audit::chain_at_commit(tx, event);
    Ok(())
}

/// The organization whose admins see what no member of it did: the one that `detail` names, else the
/// subject's.
async fn organization_of(
    tx: &mut Tx,
    subject: Subject<'_>,
    detail: &serde_json::Value,
) -> Result<Option<i64>> {
    let named = detail
        .get("organization")
        .and_then(serde_json::Value::as_i64);
    Ok(match subject {
        _ if named.is_some() => named,
        Subject::Organization(id) => Some(id),
        Subject::SigningKey(_) | Subject::Installation => None,
        Subject::Token(id) => store::tokens::find(tx, id)
            .await?
            .map(|token| token.organization_id),
        Subject::User(id) => store::users::find(tx, id)
            .await?
            .and_then(|user| user.active_organization_id),
    })
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

/// What the subjects of these events are called, by subject: a user's e-mail address, a token's
/// name. What is not there any more has no name.
///
/// # Errors
/// [`crate::error::Error::Forbidden`] below admin.
pub async fn names_of_subjects(
    app: &App,
    cx: &Cx,
    events: &[AuditEvent],
) -> Result<HashMap<String, String>> {
    access::require(cx, Action::SeeAudit)?;
    let mut names = HashMap::new();
    let mut tx = app.db.read().await?;
    for event in events {
        if names.contains_key(&event.subject) {
            continue;
        }
        let name = match event.subject.split_once(' ') {
            Some(("user", id)) => {
                let id = id.parse().unwrap_or_default();
                let user = store::users::find(&mut tx, id).await?;
                user.map(|user| user.email)
            }
            Some(("token", id)) => {
                let token = store::tokens::find(&mut tx, id).await?;
                token.map(|token| token.name)
            }
            _ => None,
        };
        names.insert(event.subject.clone(), name.unwrap_or_default());
    }
    Ok(names)
}

/// Reads the whole chain and checks it, for the operator.
///
/// # Errors
/// If the database fails.
pub async fn verify(app: &App) -> Result<Chain> {
    verify_in(&mut app.db.read().await?).await
}

/// The same in the caller's transaction.
pub(super) async fn verify_in(tx: &mut Tx) -> Result<Chain> {
    let head = store::audit::head(tx).await?;
    follow(tx, &head, (0, Vec::new())).await
}

/// Checks the newest `most` events of the chain, for admins: it is quick however long the log is.
///
/// # Errors
/// [`crate::error::Error::Forbidden`] below admin.
pub async fn verify_newest(app: &App, cx: &Cx, most: i64) -> Result<Chain> {
    access::require(cx, Action::SeeAudit)?;
    let mut tx = app.db.read().await?;
    let head = store::audit::head(&mut tx).await?;
    let before = (head.last_id - most).max(0);
    let start = match store::audit::find(&mut tx, before).await? {
        Some(event) => (before, event.digest),
        None if before == 0 => (0, Vec::new()),
        None => return Ok(Chain::Broken { at: before }),
    };
    Ok(match follow(&mut tx, &head, start).await? {
        Chain::Whole { events } => Chain::Whole {
            events: events - before,
        },
        broken => broken,
    })
}

/// Follows the chain from the event `id`, which has that digest, to its end.
async fn follow(
    tx: &mut Tx,
    head: &AuditHead,
    (mut id, mut digest): (i64, Vec<u8>),
) -> Result<Chain> {
    loop {
        let events = store::audit::list_after(tx, id, BATCH).await?;
        if events.is_empty() {
            break;
        }
        for event in events {
            if event.id != id + 1
                || event.previous_digest != digest
                || event.digest != event.digest()
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
