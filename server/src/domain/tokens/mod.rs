//! Tokens: what they are to their owner. One file a kind; what they share is here.
//!
//! A secret leaves this room once, as the [`PlainToken`] that [`issue`] and its like return.

pub mod exchange;
pub mod key;
pub mod legacy;
pub mod personal;

use keybearer_verify::{PlainToken, TokenKind};
use serde_json::json;

use crate::app::App;
use crate::cx::{Actor, Cx};
use crate::domain::access::{self, Action};
use crate::domain::audit::{self, Subject};
use crate::domain::{organizations, users};
use crate::error::{Error, Result};
use crate::store::{self, Tx};

pub use crate::store::organizations::Organization;
pub use crate::store::tokens::Token;

/// The longest lifetime that can be asked for, in days: Label Studio's 200 years.
pub const LONGEST_TTL_DAYS: i64 = 73_000;
/// The longest name, in characters.
const LONGEST_NAME: usize = 255;
const DAY_MS: i64 = 86_400_000;

/// What is asked for when a token is made.
#[derive(Clone, Debug)]
pub struct TokenSpec {
    pub kind: TokenKind,
    pub user_id: i64,
    pub name: String,
    /// `None`: what the organization's policy says.
    pub ttl_days: Option<i64>,
}

/// Makes a token and returns it with its secret, which nobody sees again (a legacy token apart).
///
/// # Errors
/// [`Error::TypeDisabled`] if the organization has switched the kind off; [`Error::Invalid`] for a
/// name or lifetime out of range; [`Error::Forbidden`] if the caller may not make it for that user.
pub async fn issue(app: &App, cx: &Cx, spec: TokenSpec) -> Result<(Token, PlainToken)> {
    let name = checked_name(&spec.name)?;
    let mut tx = app.db.write().await?;
    let owner = users::find_for(
        &mut tx,
        cx,
        spec.user_id,
        Action::ChangeOwn,
        Action::ChangeTokensOfOthers,
    )
    .await?;
    let organization = organizations::of_user(&mut tx, &owner).await?;
    require_enabled(&organization, spec.kind)?;
    if spec.kind == TokenKind::Personal && app.config.strict_single_pat {
        personal::refuse_second(&mut tx, cx, &owner).await?;
    }
    let draft = Draft {
        user_id: owner.id,
        organization: &organization,
        name,
        ttl_days: checked_ttl(spec.ttl_days)?,
    };
    let (token, plain) = match spec.kind {
        TokenKind::Personal => personal::draft(app, cx, draft)?,
        TokenKind::Key => key::draft(app, cx, draft),
        TokenKind::Legacy => return legacy::replace(app, cx, tx, &owner, None).await,
        TokenKind::Access => {
            return Err(Error::invalid(
                "kind",
                "An access token is made by exchange only.",
            ));
        }
    };
    store::tokens::insert(&mut tx, &token).await?;
    audit::record(
        &mut tx,
        cx,
        "token.issue",
        Subject::Token(&token.id),
        json!({"kind": token.kind, "user": owner.id}),
    )
    .await?;
    tx.commit().await?;
    Ok((token, plain))
}

/// What a kind's file makes a token of.
struct Draft<'a> {
    user_id: i64,
    organization: &'a Organization,
    name: String,
    ttl_days: Option<i64>,
}

/// The user's own tokens, newest first; revoked and expired ones are among them.
///
/// # Errors
/// If the caller may not see them.
pub async fn list_own(app: &App, cx: &Cx) -> Result<Vec<Token>> {
    let caller = access::require(cx, Action::SeeOwn)?;
    let mut tx = app.db.read().await?;
    Ok(store::tokens::list_by_user(&mut tx, caller.user_id, caller.organization_id).await?)
}

/// All tokens of an organization, newest first.
///
/// # Errors
/// If the caller may not see them.
pub async fn list_organization(app: &App, cx: &Cx, organization_id: i64) -> Result<Vec<Token>> {
    access::require_in(cx, Action::ChangeTokensOfOthers, organization_id)?;
    let mut tx = app.db.read().await?;
    Ok(store::tokens::list_by_organization(&mut tx, organization_id).await?)
}

/// Finds a token that the caller may see: his own, or as an admin one of the organization's.
///
/// # Errors
/// [`Error::NotFound`] if there is none that he may know of.
pub async fn find(app: &App, cx: &Cx, id: &str) -> Result<Token> {
    let mut tx = app.db.read().await?;
    let token = store::tokens::find(&mut tx, id).await?;
    visible(cx, token)
}

/// Revokes a token for good: from the moment this returns, it and its access tokens are refused.
///
/// # Errors
/// [`Error::NotFound`] if there is none that the caller may know of; [`Error::Conflict`] if it is
/// revoked already.
pub async fn revoke(app: &App, cx: &Cx, id: &str) -> Result<()> {
    let mut tx = app.db.write().await?;
    let found = store::tokens::find(&mut tx, id).await?;
    let token = visible(cx, found)?;
    let because = if is_owner(cx, &token) {
        "by_owner"
    } else {
        "by_admin"
    };
    end(&mut tx, cx, &token, because, None).await?;
    tx.commit().await?;
    Ok(())
}

/// Marks a token as revoked and records it.
async fn end(
    tx: &mut Tx,
    cx: &Cx,
    token: &Token,
    because: &str,
    successor: Option<&str>,
) -> Result<()> {
    if !store::tokens::update_revoked(tx, &token.id, cx.now, because, successor).await? {
        return Err(Error::Conflict("The token is revoked already.".into()));
    }
    audit::record(
        tx,
        cx,
        "token.revoke",
        Subject::Token(&token.id),
        json!({"because": because, "user": token.user_id}),
    )
    .await
}

fn visible(cx: &Cx, token: Option<Token>) -> Result<Token> {
    let missing = || Error::not_found("No Token matches the given query.");
    let token = token.ok_or_else(missing)?;
    let may = match &cx.actor {
        Actor::Operator | Actor::System => true,
        Actor::User(caller) => {
            let admin = access::may(caller, Action::ChangeTokensOfOthers)
                && caller.organization_id == token.organization_id;
            admin || caller.user_id == token.user_id
        }
        Actor::Anonymous => false,
    };
    if may { Ok(token) } else { Err(missing()) }
}

fn is_owner(cx: &Cx, token: &Token) -> bool {
    matches!(&cx.actor, Actor::User(caller) if caller.user_id == token.user_id)
}

fn require_enabled(organization: &Organization, kind: TokenKind) -> Result<()> {
    if organizations::policy(organization).allows(kind) {
        Ok(())
    } else {
        Err(Error::TypeDisabled(kind))
    }
}

fn checked_name(name: &str) -> Result<String> {
    let name = name.trim();
    if name.chars().count() > LONGEST_NAME {
        return Err(Error::invalid(
            "name",
            format!("Ensure this field has no more than {LONGEST_NAME} characters."),
        ));
    }
    if name.chars().any(char::is_control) {
        return Err(Error::invalid(
            "name",
            "A name is one line of text without control characters.",
        ));
    }
    Ok(name.to_owned())
}

fn checked_ttl(days: Option<i64>) -> Result<Option<i64>> {
    if days.is_none_or(|days| (1..=LONGEST_TTL_DAYS).contains(&days)) {
        return Ok(days);
    }
    Err(Error::invalid(
        "ttl_days",
        format!("A lifetime is between 1 and {LONGEST_TTL_DAYS} days."),
    ))
}
