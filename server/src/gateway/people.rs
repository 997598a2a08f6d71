//! Who of here is who over there.
//!
//! People are the same if their e-mail addresses are. Going out, Keybearer needs Label Studio's id of
//! a token's owner: an imported user has the same, for others it looks once through Label Studio's
//! users. Coming in, a browser shows Label Studio's session, and Label Studio itself says whose it is.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, PoisonError};

use keybearer_verify::TokenHash;

use super::upstream::{As, Person, Upstream};
use crate::app::App;
use crate::cx::{Caller, Cx};
use crate::domain::recognition::{self, Newcomer};
use crate::error::{Error, Refusal, Result, Trouble};

/// How long a session is known without asking again: the few requests that one page makes.
const SESSION_FOR_MS: i64 = 10_000;
/// How long an id is: an e-mail address that was changed over there is felt after that.
const ID_FOR_MS: i64 = 600_000;
/// Sessions, or ids, that are remembered at the most.
const CAPACITY: usize = 50_000;
/// Label Studio numbers its users from 1: one of the first is there to look through the list as.
const FIRST_IDS: std::ops::RangeInclusive<i64> = 1..=10;

/// What was learnt lately.
#[derive(Default)]
pub(super) struct Memory {
    /// By the digest of the session's cookie.
    sessions: Lately<[u8; 32], Person>,
    /// The id over there, by the id here and the e-mail address.
    ids: Lately<(i64, String), i64>,
    /// One look through the list at a time; the others find its result.
    search: tokio::sync::Mutex<()>,
}

/// What was learnt, and when.
struct Lately<K, V>(Mutex<HashMap<K, (V, i64)>>);

impl<K, V> Default for Lately<K, V> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<K: Hash + Eq, V: Clone> Lately<K, V> {
    /// What is known of `key` and was learnt after `since`.
    fn find(&self, key: &K, since: i64) -> Option<V> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (value, at) = known.get(key)?;
        (*at > since).then(|| value.clone())
    }

    fn put(&self, key: K, value: V, now: i64) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= CAPACITY {
            known.clear();
        }
        known.insert(key, (value, now));
    }

    fn forget(&self, key: &K) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.remove(key);
    }
}

/// Label Studio's id of the user that the caller is.
///
/// # Errors
/// [`Error::Forbidden`] if Label Studio has no such user who may come in, [`Error::Upstream`].
pub(super) async fn upstream_id(upstream: &Upstream, cx: &Cx, caller: &Caller) -> Result<i64> {
    let memory = upstream.memory();
    let key = (caller.user_id, caller.email.to_lowercase());
    let known = || memory.ids.find(&key, cx.now - ID_FOR_MS);
    if let Some(id) = known() {
        return Ok(id);
    }
    let _one = memory.search.lock().await;
    if let Some(id) = known() {
        return Ok(id);
    }
    let id = search(upstream, cx, caller).await?;
    memory.ids.put(key, id, cx.now);
    Ok(id)
}

async fn search(upstream: &Upstream, cx: &Cx, caller: &Caller) -> Result<i64> {
    let is_he = |person: &Person| person.email.eq_ignore_ascii_case(&caller.email);
    let guides = std::iter::once(caller.user_id).chain(FIRST_IDS);
    for guide in guides {
        let who = As::User(guide);
        let Some(person) = upstream
            .whoami(who, cx.now)
            .await
            .map_err(Error::Upstream)?
        else {
            continue;
        };
        if is_he(&person) {
            return Ok(person.id);
        }
        let Some(users) = upstream.users(who, cx.now).await.map_err(Error::Upstream)? else {
            continue;
        };
        return users
            .iter()
            .find(|person| is_he(person))
            .map(|person| person.id)
            .ok_or_else(|| not_let_in(caller));
    }
    // Nobody at all is let in: then it is not about this user.
    if believes_us(upstream, cx).await? {
        Err(not_let_in(caller))
    } else {
        Err(Error::Upstream(Trouble::OtherKey))
    }
}

/// Why Label Studio has refused what Keybearer signed for this caller; `Ok` if it has not refused
/// the caller, but what he wanted.
///
/// # Errors
/// [`Error::Forbidden`] if it is about the caller, [`Error::Upstream`] if it is about the key.
pub(super) async fn refused_there(
    upstream: &Upstream,
    cx: &Cx,
    caller: &Caller,
    id: i64,
) -> Result<()> {
    let person = upstream.whoami(As::User(id), cx.now).await;
    match person.map_err(Error::Upstream)? {
        Some(person) if person.email.eq_ignore_ascii_case(&caller.email) => Ok(()),
        _ => {
            let key = (caller.user_id, caller.email.to_lowercase());
            upstream.memory().ids.forget(&key);
            if believes_us(upstream, cx).await? {
                Err(not_let_in(caller))
            } else {
                Err(Error::Upstream(Trouble::OtherKey))
            }
        }
    }
}

/// Whether the upstream believes what Keybearer signs; with the newest key in the file, if the one
/// that was in it is not the right one any more.
async fn believes_us(upstream: &Upstream, cx: &Cx) -> Result<bool> {
    let believes = upstream
        .believes_us(cx.now)
        .await
        .map_err(Error::Upstream)?;
    if believes {
        return Ok(true);
    }
    if upstream.take_new_key() {
        tracing::info!("upstream_secret_key_file has a new key; it is used from now on");
        return upstream.believes_us(cx.now).await.map_err(Error::Upstream);
    }
    tracing::error!(
        upstream = upstream.url(),
        "Label Studio refuses what Keybearer signs: the key that Keybearer has of it is not its SECRET_KEY"
    );
    Ok(false)
}

fn not_let_in(caller: &Caller) -> Error {
    Error::forbidden(format!(
        "Label Studio lets no user with the e-mail address {} in: there is none, or the account is deactivated there, \
         or API tokens are switched off in Label Studio's own settings. Its admin can change that.",
        caller.email
    ))
}

/// The caller whose session in Label Studio the cookie is. Who comes for the first time gets an
/// account here.
///
/// # Errors
/// [`Error::Unauthenticated`] if the session has ended; [`Error::Forbidden`] if he may not come in
/// here; [`Error::TooMany`], [`Error::Upstream`].
pub(crate) async fn by_session(
    app: &App,
    upstream: &Upstream,
    cx: &Cx,
    cookie: &str,
) -> Result<Caller> {
    let person = person_of(app, upstream, cx, cookie).await?;
    if let Some(caller) = recognition::recognize(app, &person.email).await? {
        return Ok(caller);
    }
    let creator = match person.active_organization {
        Some(id) => upstream.creator(id, As::Session(cookie), cx.now).await,
        None => Ok(None),
    };
    let newcomer = Newcomer {
        is_owner: creator.map_err(Error::Upstream)? == Some(person.id),
        email: person.email,
        username: person.username,
        first_name: person.first_name,
        last_name: person.last_name,
    };
    recognition::welcome(app, cx, newcomer).await
}

async fn person_of(app: &App, upstream: &Upstream, cx: &Cx, cookie: &str) -> Result<Person> {
    let digest = *TokenHash::digest(cookie).as_bytes();
    let sessions = &upstream.memory().sessions;
    if let Some(person) = sessions.find(&digest, cx.now - SESSION_FOR_MS) {
        return Ok(person);
    }
    // Whoever makes cookies up waits, before Label Studio is asked about them.
    let address = cx.address_text();
    app.failures_by_address.check(&address, cx.now)?;
    let person = upstream.whoami(As::Session(cookie), cx.now).await;
    let Some(person) = person.map_err(Error::Upstream)? else {
        app.failures_by_address.charge(&address, cx.now)?;
        return Err(Error::Unauthenticated(Refusal::NoCredentials));
    };
    sessions.put(digest, person.clone(), cx.now);
    Ok(person)
}
