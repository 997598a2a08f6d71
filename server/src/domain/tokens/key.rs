//! Key tokens: opaque, expiring, used as they are.

use keybearer_verify::{KeyToken, PlainToken, TokenHash, TokenKind};

use super::{DAY_MS, Draft, Token};
use crate::app::App;
use crate::cx::Cx;

/// How long a key token lives if nobody says otherwise, in days.
const DEFAULT_TTL_DAYS: i64 = 90;

pub(super) fn draft(app: &App, cx: &Cx, draft: Draft<'_>) -> (Token, PlainToken) {
    let key = KeyToken::from_random(&app.random.base62());
    let token = Token {
        id: key.id().to_owned(),
        kind: TokenKind::Key.as_str().into(),
        user_id: draft.user_id,
        organization_id: draft.organization.id,
        name: draft.name,
        hash: TokenHash::digest(key.plain().reveal()).as_bytes().to_vec(),
        sealed: None,
        created_at: cx.now,
        expires_at: Some(cx.now + draft.ttl_days.unwrap_or(DEFAULT_TTL_DAYS) * DAY_MS),
        revoked_at: None,
        revoked_because: None,
        successor_id: None,
    };
    (token, key.plain().clone())
}
