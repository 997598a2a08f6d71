//! Personal access tokens: JWTs of type `refresh`, as Label Studio makes them.

use keybearer_verify::{Claims, PlainToken, Presented, Purpose, SignedKind, TokenKind};
use serde_json::json;

use super::{DAY_MS, Draft, Token, end, require_enabled, visible};
use crate::app::App;
use crate::cx::Cx;
use crate::domain::access::{self, Action};
use crate::domain::audit::{self, Subject};
use crate::domain::introspection;
use crate::domain::organizations;
use crate::error::{Error, Result};
use crate::store::users::User;
use crate::store::{self, Tx};

pub(super) fn draft(app: &App, cx: &Cx, draft: Draft<'_>) -> Result<(Token, PlainToken)> {
    let issued = cx.now.div_euclid(1000);
    let ttl_days = draft
        .ttl_days
        .unwrap_or(draft.organization.personal_ttl_days);
    let claims = Claims {
        kind: SignedKind::Refresh,
        exp: issued + ttl_days * DAY_MS / 1000,
        iat: Some(issued),
        nbf: None,
        jti: app.random.hex::<16>(),
        user_id: draft.user_id.to_string(),
        pat: None,
        sub: None,
    };
    let signed = claims
        .sign(app.signing.current()?)
        .map_err(|error| Error::Internal(error.into()))?;
    let token = Token {
        kind: TokenKind::Personal.as_str().into(),
        user_id: draft.user_id,
        organization_id: draft.organization.id,
        name: draft.name,
        hash: signed.hash().as_bytes().to_vec(),
        sealed: None,
        created_at: issued * 1000,
        expires_at: Some(claims.exp * 1000),
        revoked_at: None,
        revoked_because: None,
        successor_id: None,
        id: claims.jti,
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
    let mut tokens = super::list_own(app, cx).await?;
    tokens.retain(|token| is_live(token, cx.now));
    Ok(tokens)
}

/// Puts a new personal access token in an old one's place. The old one dies at once, as in Label
/// Studio; its name and the rest of its lifetime rules are the organization's, as for a new one.
///
/// # Errors
/// [`Error::Invalid`] unless `text` is a whole, working token of the caller's own (or, for admins,
/// of the organization's); [`Error::TypeDisabled`] if the organization has switched them off.
pub async fn rotate(app: &App, cx: &Cx, text: &str) -> Result<(Token, PlainToken)> {
    access::require(cx, Action::ChangeOwn)?;
    let invalid = || Error::Invalid {
        field: None,
        why: "Invalid refresh token".into(),
    };
    let grant = match introspection::check(app, cx, text, Purpose::Exchange).await {
        Ok(found) => found.grant,
        Err(introspection::Failure::Refused {
            denial: keybearer_verify::Denial::TypeDisabled,
            ..
        }) => {
            return Err(Error::TypeDisabled(TokenKind::Personal));
        }
        Err(introspection::Failure::Refused { .. }) => return Err(invalid()),
        Err(introspection::Failure::Error(error)) => return Err(error),
    };
    let mut tx = app.db.write().await?;
    let found = store::tokens::find(&mut tx, &grant.id).await?;
    let old = visible(cx, found).map_err(|_| invalid())?;
    let organization = organizations::find_by_id(&mut tx, old.organization_id).await?;
    require_enabled(&organization, TokenKind::Personal)?;
    let successor = Draft {
        user_id: old.user_id,
        organization: &organization,
        name: old.name.clone(),
        ttl_days: None,
    };
    let (token, plain) = draft(app, cx, successor)?;
    store::tokens::insert(&mut tx, &token).await?;
    end(&mut tx, cx, &old, "rotated", Some(&token.id))
        .await
        .map_err(|error| match error {
            Error::Conflict(_) => invalid(),
            other => other,
        })?;
    audit::record(
        &mut tx,
        cx,
        "token.rotate",
        Subject::Token(&token.id),
        json!({"old": old.id, "user": old.user_id}),
    )
    .await?;
    tx.commit().await?;
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
    let proven = shown.verify(app.signing.all()).is_ok();
    if proven
        && shown
            .unverified_claims()
            .is_some_and(|claims| claims.kind == SignedKind::Access)
    {
        return Err(introspection::wrong_type(TokenKind::Access));
    }
    if !proven {
        access::require(cx, Action::ChangeOwn)?;
    }
    let mut tx = app.db.write().await?;
    let found = store::tokens::find_by_hash(&mut tx, shown.hash().as_bytes())
        .await?
        .ok_or_else(missing)?;
    let token = if proven {
        found
    } else {
        visible(cx, Some(found)).map_err(|_| missing())?
    };
    end(
        &mut tx,
        cx,
        &token,
        if proven { "by_holder" } else { "by_owner" },
        None,
    )
    .await
    .map_err(|error| match error {
        Error::Conflict(_) => missing(),
        other => other,
    })?;
    tx.commit().await?;
    Ok(())
}

/// Under `strict_single_pat`: a second working token is refused with Label Studio's sentence.
pub(super) async fn refuse_second(tx: &mut Tx, cx: &Cx, owner: &User) -> Result<()> {
    let organization_id = owner.active_organization_id.unwrap_or_default();
    let tokens = store::tokens::list_by_user(tx, owner.id, organization_id).await?;
    if tokens.iter().any(|token| is_live(token, cx.now)) {
        return Err(Error::Conflict(
            "You already have a valid token. Please revoke it before creating a new one.".into(),
        ));
    }
    Ok(())
}

fn is_live(token: &Token, now: i64) -> bool {
    token.kind == TokenKind::Personal.as_str()
        && token.revoked_at.is_none()
        && token.expires_at.is_none_or(|end| now < end)
}
