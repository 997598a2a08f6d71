//! Legacy tokens: one a user, without an expiry, readable again by their owner.
//!
//! The text is sealed, for its owner may look at it again; a presented one is found by its keyed
//! hash, for an operator may have chosen the text himself (`--user-token`).

use keybearer_verify::{Limits, PlainToken, Presented, TokenKind};
use serde_json::json;

use super::{Draft, Organization, Token, refuse_secret_of_more, require_enabled};
use crate::app::App;
use crate::cx::Cx;
use crate::domain::access::{self, Action};
use crate::domain::audit::{self, Subject};
use crate::domain::sealing::Purpose;
use crate::domain::{organizations, users};
use crate::error::{Error, Result};
use crate::store::token_endings::Ending;
use crate::store::users::User;
use crate::store::{self, Tx};

/// The shortest text that an operator may choose; Label Studio's bound.
const SHORTEST: usize = 6;

/// The caller's legacy token. It may be read while its kind is switched off, since it opens nothing
/// then. It opens all that its owner may, so a token that has limits cannot read it.
///
/// # Errors
/// [`Error::NotFound`] if he has none, which is a normal state; [`Error::Forbidden`] for a token with
/// limits.
pub async fn read_own(app: &App, cx: &Cx) -> Result<PlainToken> {
    let caller = access::require(cx, Action::ChangeOwnTokens)?;
    refuse_secret_of_more(cx, &Limits::default(), None)?;
    let mut tx = app.db.read().await?;
    let token = live(&mut tx, caller.user_id, caller.organization_id)
        .await?
        .ok_or_else(|| {
            Error::not_found(
                "You have no legacy token. POST /api/current-user/reset-token/ makes one.",
            )
        })?;
    let sealed = token.sealed.as_deref().unwrap_or_default();
    let text = app
        .sealing
        .unseal(Purpose::LegacyToken, sealed)
        .map_err(Error::Internal)?;
    Ok(PlainToken::new(text))
}

/// Puts a new legacy token in the place of the caller's own.
///
/// # Errors
/// [`Error::TypeDisabled`] if the organization has switched legacy tokens off; [`Error::Forbidden`]
/// for a token with limits.
pub async fn reset_own(app: &App, cx: &Cx) -> Result<PlainToken> {
    let caller = access::require(cx, Action::ChangeOwnTokens)?;
    refuse_secret_of_more(cx, &Limits::default(), None)?;
    let mut tx = app.db.write().await?;
    let owner = users::find_by_id(&mut tx, caller.user_id).await?;
    let organization = organizations::find_by_id(&mut tx, caller.organization_id).await?;
    require_enabled(&organization, TokenKind::Legacy)?;
    let (_, plain) = replace(app, cx, tx, &owner, None).await?;
    Ok(plain)
}

/// Ends `owner`'s legacy token, makes the next one of `text` or at random, and commits.
pub(super) async fn replace(
    app: &App,
    cx: &Cx,
    mut tx: Tx,
    owner: &User,
    text: Option<&PlainToken>,
) -> Result<(Token, PlainToken)> {
    let organization = organizations::of_user(&mut tx, cx, owner).await?;
    let old = live(&mut tx, owner.id, organization.id).await?;
    let (token, plain) = insert(app, cx, &mut tx, owner, (&organization, text)).await?;
    if let Some(old) = &old {
        let by = cx.actor_name();
        let ending = Ending {
            at: cx.now,
            because: "reset",
            by: &by,
        };
        store::token_endings::revoke_at_commit(&mut tx, &old.id, ending)?;
    }
    // One change, one event: the old token's end is part of the new one's beginning.
    let detail = json!({"kind": token.kind, "user": owner.id, "replaced": old.map(|old| old.id)});
    let subject = Subject::Token(&token.id);
    audit::record(&mut tx, cx, "token.issue", subject, detail).await?;
    tx.commit().await?;
    Ok((token, plain))
}

/// Gives a new user his legacy token, as Label Studio does, in the transaction that makes the user
/// and records it.
///
/// # Errors
/// [`Error::Invalid`] for a chosen `text` that cannot be a legacy token.
pub async fn insert(
    app: &App,
    cx: &Cx,
    tx: &mut Tx,
    owner: &User,
    (organization, text): (&Organization, Option<&PlainToken>),
) -> Result<(Token, PlainToken)> {
    let text = match text {
        Some(text) => checked_text(text.reveal())?.to_owned(),
        None => app.random.hex::<20>(),
    };
    let draft = Draft {
        kind: TokenKind::Legacy,
        user_id: owner.id,
        organization_id: organization.id,
        name: String::new(),
        note: String::new(),
        limits: Limits::default(),
        rate_per_minute: None,
        ttl_ms: 0,
        family_id: None,
    };
    let sealed = app
        .sealing
        .seal(&app.random, Purpose::LegacyToken, &text)
        .map_err(Error::Internal)?;
    let token = Token {
        sealed: Some(sealed),
        expires_at: None,
        ..draft.row(
            app.random.text::<16>(),
            app.sealing.hash(&text).as_bytes(),
            cx.now,
        )
    };
    store::tokens::insert(tx, &token).await?;
    Ok((token, PlainToken::new(text)))
}

async fn live(tx: &mut Tx, user_id: i64, organization_id: i64) -> Result<Option<Token>> {
    let of = (user_id, organization_id);
    let kind = TokenKind::Legacy.as_str();
    // It has no end.
    let live = store::tokens::list_live_by_user(tx, of, kind, i64::MAX - 1, 1).await?;
    Ok(live.into_iter().next())
}

fn checked_text(text: &str) -> Result<&str> {
    let is_legacy = matches!(Presented::parse(text), Ok(Presented::Legacy(_)));
    if is_legacy && text.len() >= SHORTEST && text.is_ascii() {
        return Ok(text);
    }
    Err(Error::invalid(
        "user_token",
        format!(
            "A legacy token is at least {SHORTEST} ASCII characters without blanks, and neither a JWT nor a key token."
        ),
    ))
}
