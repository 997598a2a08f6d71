//! Stored tokens that were looked up, as `judge` reads them.

use std::sync::Arc;

use keybearer_verify::{Grant, Limits, TokenHash};

use super::GRANT_BYTES;
use crate::app::App;
use crate::domain::access::Role;
use crate::domain::grants;
use crate::error::Result;
use crate::store;
use crate::store::changes::{Change, Slot, Stamp};
use crate::store::tokens::{Token, TokenWithRulers};

/// A line of scopes or ranges when it is read, in bytes.
const LINE_BYTES: usize = 64;

/// Which stored token is meant.
#[derive(Debug)]
pub enum Sought<'t> {
    /// The one of this id: an access token names it.
    Id(&'t str),
    /// The one of this id whose text has this hash: a personal access token or a key token says its id.
    Text(&'t str, TokenHash),
    /// The legacy token whose text has this hash.
    Legacy(TokenHash),
}

/// What a grant is remembered by.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Key {
    Id(Box<str>),
    Hash([u8; 32]),
}

impl Sought<'_> {
    fn key(&self) -> Key {
        match self {
            Self::Id(id) => Key::Id((*id).into()),
            Self::Text(_, hash) | Self::Legacy(hash) => Key::Hash(*hash.as_bytes()),
        }
    }
}

/// A stored token as `judge` reads it, and what answers say of its owner.
#[derive(Debug)]
pub struct Known {
    pub grant: Grant,
    pub email: Arc<str>,
    pub role: Option<Role>,
    pub rate_per_minute: Option<i64>,
    pub signing_key_id: Option<String>,
    pub(super) bytes: usize,
    pub(super) stamp: Stamp,
    pub(super) slots: [Slot; 4],
}

/// The stored token that is sought, and whether it was known before. One indexed look-up at the most.
///
/// # Errors
/// If the database fails or holds what cannot be read.
pub async fn grant(app: &App, sought: &Sought<'_>) -> Result<Option<(Arc<Known>, bool)>> {
    let known = app.cache.0.grants.get(&sought.key());
    match known.filter(|known| app.db.changes().none_since(known.stamp, &known.slots)) {
        Some(known) => Ok(Some((known, true))),
        // Boxed, as all that is rare on this way: the frame of a request is moved about more than once,
        // and should be small.
        None => {
            let read = Box::pin(read_grant(app, sought)).await?;
            Ok(read.map(|known| (known, false)))
        }
    }
}

/// The stored token that is sought, looked up whether or not it is known.
///
/// # Errors
/// As [`grant`].
pub async fn read_grant(app: &App, sought: &Sought<'_>) -> Result<Option<Arc<Known>>> {
    // Before the look-up: see `store::changes`.
    let stamp = app.db.changes().stamp();
    let mut tx = app.db.glance().await?;
    let row = match sought {
        Sought::Id(id) => store::tokens::find_with_rulers(&mut tx, id).await?,
        Sought::Text(id, hash) => store::tokens::find_with_rulers(&mut tx, id)
            .await?
            .filter(|row| row.token.has_hash(hash.as_bytes())),
        Sought::Legacy(hash) => {
            store::tokens::find_legacy_with_rulers(&mut tx, hash.as_bytes()).await?
        }
    };
    drop(tx);
    let Some(row) = row else {
        return Ok(None);
    };
    let known = Arc::new(Known::of(row, stamp)?);
    app.cache.0.grants.insert(sought.key(), known.clone());
    Ok(Some(known))
}

impl Known {
    fn of(row: TokenWithRulers, stamp: Stamp) -> Result<Self> {
        let role = row.role.as_deref().and_then(Role::parse);
        let grant = grants::of_row(&row)?;
        Ok(Self::new(
            &row.token,
            grant,
            (row.email.into(), role),
            stamp,
        ))
    }

    /// What is known of a token with the rulers of another.
    pub(super) fn ruled_as(other: &Self, token: &Token, stamp: Stamp) -> Result<Self> {
        let grant = grants::of_ruled(token, other.grant.owner, other.grant.policy.clone())?;
        let owner = (other.email.clone(), other.role);
        Ok(Self::new(token, grant, owner, stamp))
    }

    fn new(
        token: &Token,
        grant: Grant,
        (email, role): (Arc<str>, Option<Role>),
        stamp: Stamp,
    ) -> Self {
        let lines = |limits: &Limits| limits.scopes.iter().count() + limits.ip_ranges.len();
        let lines = lines(&grant.limits) + lines(&grant.policy.limits);
        Self {
            grant,
            role,
            rate_per_minute: token.rate_per_minute,
            signing_key_id: token.signing_key_id.clone(),
            bytes: GRANT_BYTES + email.len() + token.id.len() + lines * LINE_BYTES,
            stamp,
            slots: [
                Change::Token(&token.id).slot(),
                Change::Family(&token.family_id).slot(),
                Change::User(token.user_id).slot(),
                Change::Organization(token.organization_id).slot(),
            ],
            email,
        }
    }
}
