//! What was looked up before and is still true: grants and accounts, in bounded memory.
//!
//! Nothing has to be taken out when something changes. Each entry holds the stamp that was taken
//! before it was read or made, and the slots of what it was made of; [`crate::store::changes`] says
//! whether that is still so. An entry that is not is read again. What depends on the time (an end, a
//! rest) is judged at each use, with the time of the request.

mod accounts;
mod known;
mod rulers;

use std::fmt;
use std::sync::Arc;

use quick_cache::Weighter;
use quick_cache::sync::Cache as Table;

pub use accounts::{Account, account};
use known::Key;
pub use known::{Known, Sought, grant, read_grant};
pub use rulers::{Rulers, remember};

const MIB: u64 = 1 << 20;
/// Of the cache's memory, how much is for accounts: one in so many.
const ACCOUNTS_SHARE: u64 = 4;
/// What an entry takes besides its texts, in bytes: an estimate, for nothing can count it exactly.
const GRANT_BYTES: usize = 800;
const ACCOUNT_BYTES: usize = 1000;
/// An account as the doors show it: its fields once more, and what is the same in all.
const SHOWN_BYTES: usize = 3000;

/// Grants and accounts that were looked up. Clones are the same cache.
#[derive(Clone)]
pub struct Cache(Arc<Tables>);

struct Tables {
    grants: Table<Key, Arc<Known>, Size>,
    accounts: Table<i64, Arc<Account>, Size>,
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
