//! A new token is known from the start if it has the rulers of the one that it was made with.

use std::sync::Arc;

use super::known::{Key, Known};
use crate::app::App;
use crate::cx::Cx;
use crate::store::changes::Stamp;
use crate::store::tokens::Token;

/// Who the caller is and what rules over his tokens, as it was at a moment; see [`remember`].
#[derive(Debug)]
pub struct Rulers {
    known: Arc<Known>,
    stamp: Stamp,
}

impl Rulers {
    /// The rulers of the token that the caller came with; `None` if they are not known. To be taken
    /// before the transaction that makes another one.
    #[must_use]
    pub fn of_caller(app: &App, cx: &Cx) -> Option<Self> {
        let changes = app.db.changes();
        let stamp = changes.stamp();
        let known = cx.caller()?.token()?.clone();
        // What is true after the stamp was taken was true at it.
        changes
            .none_since(known.stamp, &known.slots)
            .then_some(Self { known, stamp })
    }
}

/// Remembers a token that was made just now, for nearly every one is used at once. Whatever changes
/// it, or its rulers, is later than their stamp. Does nothing if they are unknown, or another's.
pub fn remember(app: &App, rulers: Option<Rulers>, token: &Token) {
    let Some(Rulers { known, stamp }) = rulers else {
        return;
    };
    let is_ruled_alike = (known.grant.user_id, known.grant.organization_id)
        == (token.user_id, token.organization_id);
    let hash = token.hash.as_slice().try_into();
    // It is made already; one that cannot be read is told of when it is used.
    if is_ruled_alike
        && let Ok(hash) = hash
        && let Ok(known) = Known::ruled_as(&known, token, stamp)
    {
        app.cache.0.grants.insert(Key::Hash(hash), Arc::new(known));
    }
}
