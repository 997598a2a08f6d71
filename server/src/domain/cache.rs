//! What was looked up before and is still true: grants and accounts, in bounded memory.
//!
//! Nothing has to be taken out when something changes. Each entry holds the stamp that was taken
//! before it was read or made, and the slots of what it was made of; [`crate::store::changes`] says
//! whether that is still so. An entry that is not is read again. What depends on the time (an end, a
//! rest) is judged at each use, with the time of the request.

use std::fmt;
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use keybearer_verify::{Grant, Limits, TokenHash};
use quick_cache::Weighter;
use quick_cache::sync::Cache as Table;

use crate::app::App;
use crate::cx::Cx;
use crate::domain::access::Role;
use crate::domain::{grants, users};
use crate::error::Result;
use crate::store;
use crate::store::changes::{Change, Slot, Stamp};
use crate::store::tokens::{Token, TokenWithRulers};

use super::users::User;

const MIB: u64 = 1 << 20;
/// Of the cache's memory, how much is for accounts: one in so many.
const ACCOUNTS_SHARE: u64 = 4;
/// What an entry takes besides its texts, in bytes: an estimate, for nothing can count it exactly.
const GRANT_BYTES: usize = 800;
const ACCOUNT_BYTES: usize = 1000;
/// A line of scopes or ranges when it is read, in bytes.
const LINE_BYTES: usize = 64;
/// An account as the doors show it: its fields once more, and what is the same in all.
const SHOWN_BYTES: usize = 3000;

/// Grants and accounts that were looked up. Clones are the same cache.
#[derive(Clone)]
pub struct Cache(Arc<Tables>);

struct Tables {
    grants: Table<Key, Arc<Known>, Size>,
    accounts: Table<i64, Arc<Account>, Size>,
}

/// How a grant is found.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Key {
    Id(Box<str>),
    Hash([u8; 32]),
}

impl From<TokenHash> for Key {
    fn from(hash: TokenHash) -> Self {
        Self::Hash(*hash.as_bytes())
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
    bytes: usize,
    stamp: Stamp,
    slots: [Slot; 4],
}

/// A user, and of the organization that he works in what everybody in it sees.
#[derive(Debug)]
pub struct Account {
    /// Without the digest of the password.
    pub user: User,
    pub organization_title: String,
    pub organization_email: String,
    /// The account as a door has written it out, to be sent again.
    pub shown: OnceLock<Bytes>,
    stamp: Stamp,
    slots: [Slot; 3],
}

impl Cache {
    /// A cache of `mib` MiB at the most.
    #[must_use]
    pub fn new(mib: u32) -> Self {
        let bytes = u64::from(mib) * MIB;
        let accounts = bytes / ACCOUNTS_SHARE;
        let table = |bytes: u64, each: usize| {
            let items = bytes / u64::try_from(each).unwrap_or(1);
            (usize::try_from(items).unwrap_or_default(), bytes, Size)
        };
        let (items, room, size) = table(bytes - accounts, GRANT_BYTES);
        let grants = Table::with_weighter(items, room, size);
        let (items, room, size) = table(accounts, ACCOUNT_BYTES + SHOWN_BYTES);
        let accounts = Table::with_weighter(items, room, size);
        Self(Arc::new(Tables { grants, accounts }))
    }
}

impl fmt::Debug for Cache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Cache")
    }
}

/// The stored token that `key` finds, and whether it was known before. One indexed look-up at the
/// most.
///
/// # Errors
/// If the database fails or holds what cannot be read.
pub async fn grant(app: &App, key: &Key) -> Result<Option<(Arc<Known>, bool)>> {
    let known = app.cache.0.grants.get(key);
    match known.filter(|known| app.db.changes().none_since(known.stamp, &known.slots)) {
        Some(known) => Ok(Some((known, true))),
        // Boxed, as all that is rare on this way: the frame of a request is moved about more than once,
        // and should be small.
        None => {
            let read = Box::pin(read_grant(app, key)).await?;
            Ok(read.map(|known| (known, false)))
        }
    }
}

/// The stored token that `key` finds, looked up whether or not it is known.
///
/// # Errors
/// As [`grant`].
pub async fn read_grant(app: &App, key: &Key) -> Result<Option<Arc<Known>>> {
    // Before the look-up: see `store::changes`.
    let stamp = app.db.changes().stamp();
    let mut tx = app.db.glance().await?;
    let row = match key {
        Key::Id(id) => store::tokens::find_with_rulers(&mut tx, id).await?,
        Key::Hash(hash) => store::tokens::find_with_rulers_by_hash(&mut tx, hash).await?,
    };
    drop(tx);
    let Some(row) = row else {
        return Ok(None);
    };
    let known = Arc::new(Known::of(row, stamp)?);
    app.cache.0.grants.insert(key.clone(), known.clone());
    Ok(Some(known))
}

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
    fn ruled_as(other: &Self, token: &Token, stamp: Stamp) -> Result<Self> {
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

/// The account of a user.
///
/// # Errors
/// [`crate::error::Error::NotFound`] if there is none; if the database fails.
pub async fn account(app: &App, user_id: i64) -> Result<Arc<Account>> {
    let known = app.cache.0.accounts.get(&user_id);
    if let Some(known) =
        known.filter(|known| app.db.changes().none_since(known.stamp, &known.slots))
    {
        return Ok(known);
    }
    Box::pin(read_account(app, user_id)).await
}

async fn read_account(app: &App, user_id: i64) -> Result<Arc<Account>> {
    let stamp = app.db.changes().stamp();
    let mut tx = app.db.read().await?;
    let mut user = users::find_by_id(&mut tx, user_id).await?;
    user.password_hash = None;
    let organization = match user.active_organization_id {
        Some(id) => store::organizations::find(&mut tx, id).await?,
        None => None,
    };
    let creator = match organization.as_ref().and_then(|found| found.created_by) {
        Some(id) => store::users::find(&mut tx, id).await?,
        None => None,
    };
    let creator_id = creator.as_ref().map_or(user_id, |creator| creator.id);
    let organization_id = user.active_organization_id.unwrap_or_default();
    let account = Arc::new(Account {
        user,
        organization_title: organization.map(|found| found.title).unwrap_or_default(),
        organization_email: creator.map(|creator| creator.email).unwrap_or_default(),
        shown: OnceLock::new(),
        stamp,
        slots: [
            Change::User(user_id).slot(),
            Change::User(creator_id).slot(),
            Change::Organization(organization_id).slot(),
        ],
    });
    app.cache.0.accounts.insert(user_id, account.clone());
    Ok(account)
}

#[derive(Clone)]
struct Size;

impl Weighter<Key, Arc<Known>> for Size {
    fn weight(&self, _key: &Key, known: &Arc<Known>) -> u64 {
        u64::try_from(known.bytes).unwrap_or(u64::MAX)
    }
}

impl Weighter<i64, Arc<Account>> for Size {
    fn weight(&self, _key: &i64, account: &Arc<Account>) -> u64 {
        let user = &account.user;
        let texts = [
            &user.email,
            &user.username,
            &user.first_name,
            &user.last_name,
            &user.phone,
            &user.custom_hotkeys,
            &account.organization_title,
            &account.organization_email,
        ];
        let texts: usize = texts.iter().map(|text| text.len()).sum();
        u64::try_from(ACCOUNT_BYTES + SHOWN_BYTES + 3 * texts).unwrap_or(u64::MAX)
    }
}
