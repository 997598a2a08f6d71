//! One's own sessions: seeing them, and ending others than the one that one looks with.

use std::fmt::Write;

use keybearer_verify::TokenHash;
use serde_json::json;

use super::SessionSecret;
use crate::app::App;
use crate::cx::Cx;
use crate::domain::access::{self, Action};
use crate::domain::audit::{self, Subject};
use crate::error::{Error, Result};
use crate::store;
use crate::store::sessions::Session;

/// A browser that is signed in as the caller.
#[derive(Clone, Debug)]
pub struct OwnSession {
    /// Public: names the session, opens nothing.
    pub id: String,
    pub created_at: i64,
    pub expires_at: i64,
    pub address: String,
    pub client: String,
    /// Whether the caller looks with this one.
    pub is_present: bool,
}

/// The caller's sessions, the newest first.
///
/// # Errors
/// If the caller is a stranger.
pub async fn list(app: &App, cx: &Cx, present: &SessionSecret) -> Result<Vec<OwnSession>> {
    let caller = access::require(cx, Action::SeeOwn)?;
    let mut tx = app.db.read().await?;
    let sessions = store::sessions::list_by_user(&mut tx, caller.user_id, cx.now).await?;
    let present = TokenHash::digest(present.reveal());
    let own = sessions.into_iter().map(|session| OwnSession {
        id: id_of(&session),
        is_present: session.hash == present.as_bytes(),
        created_at: session.created_at,
        expires_at: session.expires_at,
        address: session.address,
        client: session.client,
    });
    Ok(own.collect())
}

/// Ends the caller's session of that id.
///
/// # Errors
/// [`Error::NotFound`] if he has none of that id.
pub async fn end(app: &App, cx: &Cx, id: &str) -> Result<()> {
    let caller = access::require(cx, Action::ChangeOwn)?;
    let mut tx = app.db.write().await?;
    let sessions = store::sessions::list_by_user(&mut tx, caller.user_id, cx.now).await?;
    let Some(session) = sessions.iter().find(|session| id_of(session) == id) else {
        let why = "There is no such session; it may have ended.";
        return Err(Error::not_found(why).after(tx).await);
    };
    store::sessions::delete(&mut tx, &session.hash).await?;
    let subject = Subject::User(caller.user_id);
    audit::record(&mut tx, cx, "session.end", subject, json!({"session": id})).await?;
    tx.commit().await?;
    Ok(())
}

/// Ends all of the caller's sessions but the present one, and says how many there were.
///
/// # Errors
/// If the database fails.
pub async fn end_others(app: &App, cx: &Cx, present: &SessionSecret) -> Result<u64> {
    let caller = access::require(cx, Action::ChangeOwn)?;
    let mut tx = app.db.write().await?;
    let kept = TokenHash::digest(present.reveal());
    let count = store::sessions::delete_others(&mut tx, caller.user_id, kept.as_bytes()).await?;
    if count > 0 {
        let subject = Subject::User(caller.user_id);
        let detail = json!({"others": count});
        audit::record(&mut tx, cx, "session.end", subject, detail).await?;
    }
    tx.commit().await?;
    Ok(count)
}

/// A part of a digest of the secret: enough to tell a user's sessions apart.
fn id_of(session: &Session) -> String {
    let mut id = String::new();
    for byte in session.hash.iter().take(8) {
        let _ = write!(id, "{byte:02x}");
    }
    id
}
