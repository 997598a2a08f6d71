//! Lists of tokens: one's own, and for admins the organization's. No list has a secret in it.

use super::Token;
use crate::app::App;
use crate::cx::{Actor, Cx};
use crate::domain::access::{self, Action};
use crate::error::{Error, Result};
use crate::store;

pub use crate::store::tokens::TokenFilter;

/// The largest page.
pub const LARGEST_PAGE: i64 = 1000;

/// A token in a list, and its owner's e-mail address.
#[derive(Clone, Debug)]
pub struct Listed {
    pub token: Token,
    pub email: String,
}

/// The caller's own tokens in the organization that he acts in, newest first; revoked and expired
/// ones are among them.
///
/// # Errors
/// If the caller may not see them.
pub async fn own(app: &App, cx: &Cx) -> Result<Vec<Token>> {
    let caller = access::require(cx, Action::SeeOwn)?;
    let mut tx = app.db.read().await?;
    Ok(store::tokens::list_by_user(&mut tx, caller.user_id, caller.organization_id).await?)
}

/// A page of an organization's tokens, newest first: all of them for admins, his own for a member.
///
/// # Errors
/// [`Error::Forbidden`] for a member who asks for others'; [`Error::Invalid`] for an unknown kind or
/// state.
pub async fn page(
    app: &App,
    cx: &Cx,
    organization_id: i64,
    mut filter: TokenFilter,
) -> Result<Vec<Listed>> {
    match &cx.actor {
        Actor::User(caller) if filter.user_id == Some(caller.user_id) => {
            access::require_in(cx, Action::SeeOwn, organization_id)?;
        }
        _ => access::require_in(cx, Action::ChangeTokensOfOthers, organization_id)?,
    }
    let known = |word: &Option<String>, words: &[&str]| {
        word.as_deref().is_none_or(|word| words.contains(&word))
    };
    if !known(&filter.kind, &["personal", "key", "legacy"]) {
        return Err(Error::invalid(
            "kind",
            "The kinds are personal, key and legacy.",
        ));
    }
    if !known(&filter.state, &["active", "expired", "revoked"]) {
        return Err(Error::invalid(
            "state",
            "The states are active, expired and revoked.",
        ));
    }
    filter.now = cx.now;
    filter.limit = filter.limit.clamp(1, LARGEST_PAGE);
    let mut tx = app.db.read().await?;
    let rows = store::tokens::list_by_filter(&mut tx, organization_id, &filter).await?;
    Ok(rows
        .into_iter()
        .map(|row| Listed {
            token: row.token,
            email: row.email,
        })
        .collect())
}

/// What a token is now: `active`, `rotated` (its successor is there, and both work), `expired` or
/// `revoked`.
#[must_use]
pub fn state(token: &Token, now: i64) -> &'static str {
    if token.revoked_at.is_some() || token.retires_at.is_some_and(|end| end <= now) {
        "revoked"
    } else if token.expires_at.is_some_and(|end| end <= now) {
        "expired"
    } else if token.retires_at.is_some() {
        "rotated"
    } else {
        "active"
    }
}

/// A token's uses on each of the last days that had any: days since 1970-01-01 (UTC), newest first.
///
/// # Errors
/// [`Error::NotFound`] if there is no token that the caller may know of.
pub async fn uses(app: &App, cx: &Cx, id: &str, days: i64) -> Result<Vec<(i64, i64)>> {
    let token = super::find(app, cx, id).await?;
    let mut tx = app.db.read().await?;
    Ok(store::tokens::list_uses(&mut tx, &token.id, days.clamp(1, 366)).await?)
}
