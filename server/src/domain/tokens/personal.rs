//! Personal access tokens: JWTs of type `refresh`, as Label Studio makes them.

use keybearer_verify::{Claims, PlainToken, Presented, Purpose, SignedKind, TokenKind};
use serde_json::json;

use super::{DAY_MS, Draft, Token, end, ids, is_owner, require_enabled, rotation, visible};
use crate::app::App;
use crate::cx::Cx;
use crate::domain::access::{self, Action};
use crate::domain::audit::{self, Subject};
use crate::domain::cache::{self, Rulers};
use crate::domain::introspection;
use crate::domain::{organizations, signing};
use crate::error::{Error, Result};
use crate::store::changes::Change;
use crate::store::token_endings::{Ending, Successor};
use crate::store::{self, Tx};

pub(super) fn make(app: &App, cx: &Cx, draft: Draft) -> Result<(Token, PlainToken)> {
    let issued = cx.now.div_euclid(1000);
    let claims = Claims {
        kind: SignedKind::Refresh,
        exp: issued + draft.ttl_ms / 1000,
        iat: Some(issued),
        nbf: None,
        jti: ids::hex(&app.random, cx.now),
        user_id: draft.user_id.to_string(),
        pat: None,
        sub: None,
    };
    let key = app.signing.current()?;
    let signed = claims
        .sign(key.secret())
        .map_err(|error| Error::Internal(error.into()))?;
    let token = Token {
        signing_key_id: Some(key.id.clone()),
        ..draft.row(claims.jti, signed.hash().as_bytes(), issued * 1000)
    };
    Ok((token, signed.plain().clone()))
}

/// `header.payload` of a personal access token, written anew from what is stored of it: what Label
/// Studio lists. It opens nothing.
#[must_use]
pub fn unsigned_text(token: &Token) -> String {
    Claims {
        kind: SignedKind::Refresh,
        exp: token.expires_at.unwrap_or(i64::MAX).div_euclid(1000),
        iat: Some(token.created_at.div_euclid(1000)),
        nbf: None,
        jti: token.id.clone(),
        user_id: token.user_id.to_string(),
        pat: None,
        sub: None,
    }
    .unsigned_text()
}

/// The user's personal access tokens that still work, newest first: what Label Studio lists.
///
/// # Errors
/// If the caller may not see them.
pub async fn list_live(app: &App, cx: &Cx) -> Result<Vec<Token>> {
    let caller = access::require(cx, Action::SeeOwn)?;
    let mut tx = app.db.read().await?;
    let of = (caller.user_id, caller.organization_id);
    live(&mut tx, cx, of, i64::MAX).await
}

/// Puts a new personal access token in an old one's place. The old one dies at once, as in Label
/// Studio; name, note, scopes, ranges and limits are the old one's.
///
/// # Errors
/// [`Error::Invalid`] unless `text` is a whole, working token of the caller's own (or, for admins,
/// of the organization's); [`Error::TypeDisabled`] if the organization has switched them off.
pub async fn rotate(app: &App, cx: &Cx, text: &str) -> Result<(Token, PlainToken)> {
    access::require(cx, Action::ChangeOwnTokens)?;
    let invalid = || Error::Invalid {
        field: None,
        why: "Invalid refresh token".into(),
    };
    let shown = match introspection::check(app, cx, text, Purpose::Exchange).await {
        Ok(found) => found.known,
        Err(introspection::Failure::Refused {
            denial: keybearer_verify::Denial::TypeDisabled,
            ..
        }) => {
            return Err(Error::TypeDisabled(TokenKind::Personal));
        }
        Err(introspection::Failure::Refused { .. }) => return Err(invalid()),
        Err(introspection::Failure::Error(error)) => return Err(error),
    };
    let rulers = Rulers::of_caller(app, cx);
    let id = &shown.grant.id;
    let mut tx = app.db.write_just(Change::Token(id)).await?;
    let (found, organization) = store::tokens::find_with_organization(&mut tx, id).await?;
    let old = visible(cx, found).map_err(|_| invalid())?;
    if old.successor_id.is_some() || old.revoked_at.is_some() {
        return Err(invalid().after(tx).await);
    }
    let organization = organization.ok_or_else(organizations::missing)?;
    require_enabled(&organization, TokenKind::Personal)?;
    let mut successor = rotation::successor(&old, &organization)?;
    // Label Studio gives it the organization's lifetime; a token that was made for less stays short.
    successor.ttl_ms = successor
        .ttl_ms
        .min(organization.personal_ttl_days * DAY_MS);
    let (token, plain) = successor.make(app, cx)?;
    // No overlap: the old one is dead when the new one is there.
    let by = cx.actor_name();
    let ending = Ending {
        at: cx.now,
        because: "rotated",
        by: &by,
    };
    let successor = Successor {
        id: &token.id,
        retires_at: cx.now,
        idempotency_key: None,
    };
    store::token_endings::replace_at_commit(&mut tx, &old.id, successor, Some(ending))?;
    store::tokens::insert_at_commit(&mut tx, &token)?;
    let detail = json!({"old": old.id, "user": old.user_id, "overlap_hours": 0});
    audit::record(
        &mut tx,
        cx,
        "token.rotate",
        Subject::Token(&token.id),
        detail,
    )
    .await?;
    tx.commit().await?;
    cache::remember(app, rulers, &token);
    Ok((token, plain))
}

/// Revokes the personal access token that `text` is or, without its signature, names.
///
/// The whole token is proof enough. `header.payload` alone is no secret, since it is listed: then
/// the caller must be the token's owner or an admin over it.
///
/// # Errors
/// [`Error::NotFound`] if there is no such token or it is revoked already;
/// [`Error::Unauthenticated`] if a stranger shows a token without its signature, whether or not it
/// exists; for an access token [`keybearer_verify::Denial::WrongTokenType`].
pub async fn revoke_shown(app: &App, cx: &Cx, text: &str) -> Result<()> {
    let missing = || Error::not_found("Token is invalid or already blacklisted.");
    let Ok(Presented::Signed(shown)) = Presented::parse(text) else {
        return Err(missing());
    };
    let proof = signing::prove(app, &shown, cx.now).await?.ok();
    if proof
        .as_ref()
        .is_some_and(|proof| proof.claims.kind == SignedKind::Access)
    {
        return Err(introspection::wrong_type(TokenKind::Access));
    }
    if proof.is_none() {
        access::require(cx, Action::ChangeOwnTokens)?;
    }
    // Its hash proves that it is the token of that id.
    let claims = shown.unverified_claims().ok_or_else(missing)?;
    let mut tx = app.db.write_just(Change::Token(&claims.jti)).await?;
    let found = store::tokens::find(&mut tx, &claims.jti)
        .await?
        .filter(|token| token.has_hash(shown.hash().as_bytes()))
        .ok_or_else(missing)?;
    let proven = proof.is_some_and(|proof| proof.is_of(found.signing_key_id.as_deref()));
    let token = if proven {
        found
    } else {
        // A good signature of another key is no proof of this token.
        access::require(cx, Action::ChangeOwnTokens)?;
        visible(cx, Some(found)).map_err(|_| missing())?
    };
    let because = match (is_owner(cx, &token), proven) {
        (true, _) => "by_owner",
        (false, true) => "by_holder",
        (false, false) => "by_admin",
    };
    match end(&mut tx, cx, &token, because).await {
        Ok(()) => Ok(tx.commit().await?),
        Err(Error::Conflict(_)) => Err(missing().after(tx).await),
        Err(other) => Err(other),
    }
}

/// Under `strict_single_pat`: a second working token of a user in an organization is refused with Label
/// Studio's sentence.
pub(super) async fn refuse_second(tx: &mut Tx, cx: &Cx, of: (i64, i64)) -> Result<()> {
    if !live(tx, cx, of, 1).await?.is_empty() {
        return Err(Error::Conflict(
            "You already have a valid token. Please revoke it before creating a new one.".into(),
        ));
    }
    Ok(())
}

async fn live(tx: &mut Tx, cx: &Cx, of: (i64, i64), limit: i64) -> Result<Vec<Token>> {
    let kind = TokenKind::Personal.as_str();
    Ok(store::tokens::list_live_by_user(tx, of, kind, cx.now, limit).await?)
}
