//! Lists of tokens: one's own, and for admins the organization's. No list has a secret in it.

use keybearer_verify::{Ask, Denial, Purpose, TokenKind, Verdict, judge};

use super::Token;
use crate::app::App;
use crate::cx::{Actor, Cx};
use crate::domain::access::{self, Action};
use crate::domain::daily_counts::day_of;
use crate::domain::grants;
use crate::error::{Error, Result};
use crate::store;
use crate::store::tokens::TokenWithRulers;

pub use crate::store::tokens::TokenFilter;

/// The largest page.
pub const LARGEST_PAGE: i64 = 1000;

/// A token in a list, and its owner's e-mail address.
#[derive(Clone, Debug)]
pub struct Listed {
    pub token: Token,
    pub email: String,
    /// Why a token that has not ended is refused all the same: the policy, or its owner's state. Where
    /// requests come from is not known here and not looked at.
    pub blocked: Option<Denial>,
}

impl Listed {
    fn of_row(row: TokenWithRulers, now: i64) -> Result<Self> {
        let grant = grants::of_row(&row)?;
        let purpose = match grant.kind {
            TokenKind::Personal => Purpose::Exchange,
            _ => Purpose::Api,
        };
        let ask = Ask {
            purpose,
            ..Ask::api()
        };
        let blocked = match judge(&grant, &ask, now) {
            Verdict::Denied(
                denial @ (Denial::TypeDisabled
                | Denial::LifetimeOverPolicy
                | Denial::UserInactive
                | Denial::NotAMember),
            ) => Some(denial),
            _ => None,
        };
        Ok(Self {
            token: row.token,
            email: row.email,
            blocked,
        })
    }
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
    if !known(&filter.state, &["active", "expired", "revoked", "ended"]) {
        return Err(Error::invalid(
            "state",
            "The states are active, expired, revoked, and ended for both of these.",
        ));
    }
    filter.now = cx.now;
    filter.limit = filter.limit.clamp(1, LARGEST_PAGE);
    let mut tx = app.db.read().await?;
    let rows = store::tokens::list_by_filter(&mut tx, organization_id, &filter).await?;
    rows.into_iter()
        .map(|row| Listed::of_row(row, cx.now))
        .collect()
}

/// A token that the caller may see: his own, or as an admin one of the organization's.
///
/// # Errors
/// [`Error::NotFound`] if there is none that he may know of.
pub async fn find(app: &App, cx: &Cx, id: &str) -> Result<Listed> {
    super::find(app, cx, id).await?;
    let mut tx = app.db.read().await?;
    let row = store::tokens::find_with_rulers(&mut tx, id).await?;
    let row = row.ok_or_else(|| Error::not_found("No Token matches the given query."))?;
    Listed::of_row(row, cx.now)
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

/// A token's uses on those of the last `days` days, today among them, that had any: the day (since
/// 1970-01-01, UTC) and how many, newest first.
///
/// # Errors
/// [`Error::NotFound`] if there is no token that the caller may know of.
pub async fn uses(app: &App, cx: &Cx, id: &str, days: i64) -> Result<Vec<(i64, i64)>> {
    let token = super::find(app, cx, id).await?;
    let mut tx = app.db.read().await?;
    let since = day_of(cx.now) - days + 1;
    Ok(store::token_uses::list_uses(&mut tx, &token.id, since).await?)
}
