//! Key tokens: opaque, expiring, used as they are.

use keybearer_verify::{KeyToken, PlainToken, TokenHash};

use super::{Draft, Token, ids};
use crate::app::App;
use crate::cx::Cx;

pub(super) fn make(app: &App, cx: &Cx, draft: Draft) -> (Token, PlainToken) {
    let key = KeyToken::from_digits(&ids::base62(&app.random, cx.now), &app.random.base62());
    let hash = TokenHash::digest(key.plain().reveal());
    let token = draft.row(key.id().to_owned(), hash.as_bytes(), cx.now);
    (token, key.plain().clone())
}
