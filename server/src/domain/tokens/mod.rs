//! Tokens: what they are to their owner. One file a kind and one an operation; what they share is
//! here.
//!
//! A secret leaves this room once, as the [`PlainToken`] that [`issue`] and its like return.

pub mod exchange;
mod ids;
pub mod key;
pub mod legacy;
pub mod listing;
pub mod personal;
pub mod rotation;
mod rules;

use keybearer_verify::{Limits, PlainToken, TokenKind};
use serde_json::json;

use crate::app::App;
use crate::cx::{Actor, Cx};
use crate::domain::access::{self, Action};
use crate::domain::audit::{self, Subject};
use crate::domain::cache::{self, Rulers};
use crate::domain::{organizations, policy, users};
use crate::error::{Error, Result};
use crate::store::changes::Change;
use crate::store::token_endings::Ending;
use crate::store::{self, Tx};

use rules::{
    checked_line, checked_ttl, refuse_limits_on_legacy, refuse_more_than_own, refuse_secret_of_more,
};

pub use crate::store::organizations::Organization;
pub use crate::store::tokens::Token;

/// The longest lifetime that can be asked for, in days: Label Studio's 200 years.
pub const LONGEST_TTL_DAYS: i64 = 73_000;
/// The longest name, in characters.
const LONGEST_NAME: usize = 255;
/// The longest note, in characters.
const LONGEST_NOTE: usize = 1000;
/// The most requests a minute that a limit may allow.
const MOST_PER_MINUTE: i64 = 1_000_000;
const DAY_MS: i64 = 86_400_000;

/// What is asked for when a token is made.
#[derive(Clone, Debug)]
pub struct TokenSpec {
    pub kind: TokenKind,
    pub user_id: i64,
    pub name: String,
    pub note: String,
    /// `None`: what the organization's policy says.
    pub ttl_days: Option<i64>,
    pub limits: Limits,
    pub rate_per_minute: Option<i64>,
}

impl TokenSpec {
    /// A token of that kind for that user, and nothing else said of it.
    #[must_use]
    pub fn new(kind: TokenKind, user_id: i64) -> Self {
        Self {
            kind,
            user_id,
            name: String::new(),
            note: String::new(),
            ttl_days: None,
            limits: Limits::default(),
            rate_per_minute: None,
        }
    }
}

/// Makes a token and returns it with its secret, which nobody sees again (a legacy token apart).
///
/// # Errors
/// [`Error::TypeDisabled`] if the organization has switched the kind off; [`Error::Invalid`] for a
/// name, lifetime or limit that is not right; [`Error::Forbidden`] if the caller may not make it for
/// that user, or would hand out more than he has.
pub async fn issue(app: &App, cx: &Cx, spec: TokenSpec) -> Result<(Token, PlainToken)> {
    let rulers = Rulers::of_caller(app, cx);
    let mut tx = match spec.kind {
        // It ends the one before.
        TokenKind::Legacy => app.db.write().await?,
        // It is the only one.
        TokenKind::Personal if app.config.strict_single_pat => app.db.write().await?,
        _ => app.db.write_just(Change::Nothing).await?,
    };
    let organization = organization_of_new(&mut tx, cx, spec.user_id).await?;
    require_enabled(&organization, spec.kind)?;
    refuse_more_than_own(cx, &spec)?;
    match spec.kind {
        TokenKind::Access => {
            return Err(Error::invalid(
                "kind",
                "An access token is made by exchange only.",
            ));
        }
        TokenKind::Legacy => {
            refuse_limits_on_legacy(&spec)?;
            let owner = users::find_by_id(&mut tx, spec.user_id).await?;
            return legacy::replace(app, cx, tx, &owner, None).await;
        }
        TokenKind::Personal if app.config.strict_single_pat => {
            let of = (spec.user_id, organization.id);
            if let Err(second) = personal::refuse_second(&mut tx, cx, of).await {
                return Err(second.after(tx).await);
            }
        }
        TokenKind::Personal | TokenKind::Key => {}
    }
    let draft = Draft::of_spec(&organization, spec)?;
    let (token, plain) = draft.make(app, cx)?;
    store::tokens::insert_at_commit(&mut tx, &token)?;
    let detail = json!({"kind": token.kind, "user": token.user_id, "name": token.name});
    let subject = Subject::Token(&token.id);
    audit::record(&mut tx, cx, "token.issue", subject, detail).await?;
    tx.commit().await?;
    cache::remember(app, rulers, &token);
    Ok((token, plain))
}

/// The organization that a new token of that user belongs to, if the caller may make it.
async fn organization_of_new(tx: &mut Tx, cx: &Cx, user_id: i64) -> Result<Organization> {
    match cx.caller().filter(|caller| caller.user_id == user_id) {
        // He is there: accounts are never deleted.
        Some(_) => {
            let caller = access::require(cx, Action::ChangeOwnTokens)?;
            organizations::find_by_id(tx, caller.organization_id).await
        }
        None => {
            let owner = users::find_for(tx, cx, user_id, Action::ChangeOwnTokens, None).await?;
            organizations::of_user(tx, cx, &owner).await
        }
    }
}

/// What a kind's file makes a token of.
struct Draft {
    kind: TokenKind,
    user_id: i64,
    organization_id: i64,
    name: String,
    note: String,
    limits: Limits,
    rate_per_minute: Option<i64>,
    ttl_ms: i64,
    family_id: Option<String>,
}

impl Draft {
    fn of_spec(organization: &Organization, spec: TokenSpec) -> Result<Self> {
        let ttl_days = checked_ttl(spec.ttl_days, organization, spec.kind)?;
        if spec
            .rate_per_minute
            .is_some_and(|rate| !(1..=MOST_PER_MINUTE).contains(&rate))
        {
            let why = format!("A limit is between 1 and {MOST_PER_MINUTE} requests a minute.");
            return Err(Error::invalid("rate_per_minute", why));
        }
        Ok(Self {
            kind: spec.kind,
            user_id: spec.user_id,
            organization_id: organization.id,
            name: checked_line("name", &spec.name, LONGEST_NAME)?,
            note: checked_line("note", &spec.note, LONGEST_NOTE)?,
            limits: spec.limits,
            rate_per_minute: spec.rate_per_minute,
            ttl_ms: ttl_days * DAY_MS,
            family_id: None,
        })
    }

    fn make(self, app: &App, cx: &Cx) -> Result<(Token, PlainToken)> {
        match self.kind {
            TokenKind::Key => Ok(key::make(app, cx, self)),
            _ => personal::make(app, cx, self),
        }
    }

    /// The row of this draft; the kind's file says what is its own.
    fn row(self, id: String, hash: &[u8], created_at: i64) -> Token {
        Token {
            kind: self.kind.as_str().into(),
            user_id: self.user_id,
            organization_id: self.organization_id,
            name: self.name,
            note: self.note,
            scopes: self.limits.scopes.to_lines(),
            ip_ranges: policy::range_lines(&self.limits.ip_ranges),
            rate_per_minute: self.rate_per_minute,
            hash: hash.to_vec(),
            sealed: None,
            sealed_until: None,
            created_at,
            expires_at: Some(created_at + self.ttl_ms),
            revoked_at: None,
            revoked_because: None,
            revoked_by: None,
            successor_id: None,
            retires_at: None,
            idempotency_key: None,
            family_id: self.family_id.unwrap_or_else(|| id.clone()),
            last_used_at: None,
            last_used_address: None,
            last_used_client: None,
            signing_key_id: None,
            imported_at: None,
            id,
        }
    }
}

/// Finds a token that the caller may see: his own, or as an admin one of the organization's.
///
/// # Errors
/// [`Error::NotFound`] if there is none that he may know of.
pub async fn find(app: &App, cx: &Cx, id: &str) -> Result<Token> {
    require_some(cx, Action::SeeOwn)?;
    let mut tx = app.db.read().await?;
    let token = store::tokens::find(&mut tx, id).await?;
    visible(cx, token)
}

/// Gives a token of the caller's own another name and note.
///
/// # Errors
/// [`Error::Invalid`] for one that is too long; [`Error::Forbidden`] for an admin; [`Error::NotFound`].
pub async fn rename(
    app: &App,
    cx: &Cx,
    id: &str,
    (name, note): (Option<&str>, Option<&str>),
) -> Result<Token> {
    require_some(cx, Action::ChangeOwnTokens)?;
    let mut tx = app.db.write().await?;
    let found = store::tokens::find(&mut tx, id).await?;
    let mut token = visible(cx, found)?;
    if cx.caller().is_some() && !is_owner(cx, &token) {
        return Err(Error::forbidden("Only its owner can rename a token."));
    }
    if let Some(name) = name {
        token.name = checked_line("name", name, LONGEST_NAME)?;
    }
    if let Some(note) = note {
        token.note = checked_line("note", note, LONGEST_NOTE)?;
    }
    store::tokens::update_name(&mut tx, id, &token.name, &token.note).await?;
    audit::record(
        &mut tx,
        cx,
        "token.rename",
        Subject::Token(id),
        json!({"name": token.name}),
    )
    .await?;
    tx.commit().await?;
    Ok(token)
}

/// Revokes a token for good: from the moment this returns, it and its access tokens are refused.
///
/// # Errors
/// [`Error::NotFound`] if there is none that the caller may know of; [`Error::Conflict`] if it is
/// revoked already.
pub async fn revoke(app: &App, cx: &Cx, id: &str) -> Result<()> {
    let mut tx = app.db.write_just(Change::Token(id)).await?;
    let found = store::tokens::find(&mut tx, id).await?;
    let token = visible(cx, found)?;
    match end(&mut tx, cx, &token, because(cx, &token)?).await {
        Ok(()) => Ok(tx.commit().await?),
        Err(ended) => Err(ended.after(tx).await),
    }
}

/// Revokes several tokens in one go and says how many; those that are revoked already count for
/// nothing. If one of them is none of the caller's business, none is revoked.
///
/// # Errors
/// [`Error::NotFound`] if there is one that the caller may not know of.
pub async fn revoke_several(app: &App, cx: &Cx, ids: &[String]) -> Result<usize> {
    let mut tx = app.db.write().await?;
    let mut count = 0;
    for id in ids {
        let found = store::tokens::find(&mut tx, id).await?;
        let token = visible(cx, found)?;
        match end(&mut tx, cx, &token, because(cx, &token)?).await {
            Ok(()) => count += 1,
            Err(Error::Conflict(_)) => {}
            Err(error) => return Err(error),
        }
    }
    tx.commit().await?;
    Ok(count)
}

/// In whose name the caller revokes a token that he may see.
fn because(cx: &Cx, token: &Token) -> Result<&'static str> {
    if is_owner(cx, token) {
        require_some(cx, Action::ChangeOwnTokens)?;
        return Ok("by_owner");
    }
    Ok("by_admin")
}

/// Revokes all tokens of a member, for himself and for admins, and says how many there were. Those
/// of other organizations are none of the caller's business; an operator revokes them all.
///
/// # Errors
/// [`Error::NotFound`] for somebody who is no member; [`Error::Forbidden`] below admin.
pub async fn revoke_all_of(app: &App, cx: &Cx, user_id: i64) -> Result<u64> {
    let mut tx = app.db.write().await?;
    let others = Some(Action::ChangeTokensOfOthers);
    let user = users::find_for(&mut tx, cx, user_id, Action::ChangeOwnTokens, others).await?;
    let by = cx.actor_name();
    let ending = Ending {
        at: cx.now,
        because: "by_admin",
        by: &by,
    };
    let count = match cx.caller() {
        Some(caller) => {
            let member = (caller.organization_id, user.id);
            store::token_endings::update_revoked_by_member(&mut tx, member, ending).await?
        }
        None => store::token_endings::update_revoked_by_user(&mut tx, user.id, ending).await?,
    };
    audit::record(
        &mut tx,
        cx,
        "token.revoke_all",
        Subject::User(user.id),
        json!({"count": count}),
    )
    .await?;
    tx.commit().await?;
    Ok(count)
}

/// Marks a token, which the caller has read in the same transaction, as revoked and records it.
async fn end(tx: &mut Tx, cx: &Cx, token: &Token, because: &str) -> Result<()> {
    if token.revoked_at.is_some() {
        return Err(Error::Conflict("The token is revoked already.".into()));
    }
    let by = cx.actor_name();
    let ending = Ending {
        at: cx.now,
        because,
        by: &by,
    };
    store::token_endings::revoke_at_commit(tx, &token.id, ending)?;
    let detail =
        json!({"because": because, "user": token.user_id, "organization": token.organization_id});
    audit::record(tx, cx, "token.revoke", Subject::Token(&token.id), detail).await
}

fn visible(cx: &Cx, token: Option<Token>) -> Result<Token> {
    let missing = || Error::not_found("No Token matches the given query.");
    let token = token.ok_or_else(missing)?;
    let may = match &cx.actor {
        Actor::Operator | Actor::System => true,
        Actor::User(caller) => {
            let is_here = caller.organization_id == token.organization_id;
            is_here
                && (caller.user_id == token.user_id
                    || access::may(caller, Action::ChangeTokensOfOthers))
        }
        Actor::Anonymous => false,
    };
    if may { Ok(token) } else { Err(missing()) }
}

fn is_owner(cx: &Cx, token: &Token) -> bool {
    cx.caller()
        .is_some_and(|caller| caller.user_id == token.user_id)
}

/// Passes for operators and for callers who may do `action` at all.
fn require_some(cx: &Cx, action: Action) -> Result<()> {
    match cx.actor {
        Actor::Operator | Actor::System => Ok(()),
        _ => access::require(cx, action).map(drop),
    }
}

fn require_enabled(organization: &Organization, kind: TokenKind) -> Result<()> {
    if policy::of(organization)?.allows(kind) {
        Ok(())
    } else {
        Err(Error::TypeDisabled(kind))
    }
}
