//! Which tokens come, and which ones here have ended there.

use std::collections::{HashMap, HashSet};

use keybearer_verify::{Presented, TokenKind};

use super::Progress;
use super::report::Report;
use super::snapshot::{Legacy, Personal, Snapshot};
use crate::app::App;
use crate::cx::Cx;
use crate::domain::sealing::Purpose;
use crate::domain::tokens::Token;
use crate::error::{Error, Result};
use crate::store::imports::KnownToken;
use crate::store::token_endings::Ending;
use crate::store::{self, Tx};

/// How many tokens are made before they are written.
const AT_ONCE: usize = 5_000;
const NOTE: &str = "Imported from Label Studio";
/// Why a token that was dead in Label Studio is dead here, and who ended it.
const REVOKED_BECAUSE: &str = "revoked_before_import";
const REVOKED_BY: &str = "Label Studio";

/// What is here already.
pub(super) struct Known {
    pub(super) tokens: Vec<KnownToken>,
    /// Id, kind and owner of tokens that ended here long ago.
    pub(super) archived: Vec<(String, String, i64)>,
    /// The ids of signing keys.
    pub(super) keys: HashSet<String>,
}

/// What is to be written.
pub(super) struct Tokens<'s> {
    personal: Vec<(&'s Personal, i64)>,
    legacy: Vec<(&'s Legacy, i64)>,
    /// Tokens here that have ended there: id, when, why.
    ended: Vec<(String, i64, &'static str)>,
    /// Known tokens whose key was removed.
    keyless: Vec<String>,
}

impl Tokens<'_> {
    /// Whether a personal access token comes that could work, so that its key must come too.
    pub(super) fn needs_key(&self) -> bool {
        !self.keyless.is_empty() || self.personal.iter().any(|(token, _)| !token.is_blacklisted)
    }
}

/// Decides which tokens come; `homes` says where each user's belong.
pub(super) fn plan<'s>(
    (app, cx): (&App, &Cx),
    all: &'s Snapshot,
    known: &Known,
    homes: &HashMap<i64, i64>,
    report: &mut Report,
) -> Tokens<'s> {
    let mut tokens = Tokens {
        personal: Vec::new(),
        legacy: Vec::new(),
        ended: Vec::new(),
        keyless: Vec::new(),
    };
    let comes: HashSet<i64> = all.users.iter().map(|user| user.id).collect();
    let home = |user_id: &i64| comes.get(user_id).and_then(|id| homes.get(id)).copied();
    let here: HashMap<&[u8], &KnownToken> = known
        .tokens
        .iter()
        .map(|token| (token.hash.as_slice(), token))
        .collect();
    let ids: HashSet<&str> = known.tokens.iter().map(|token| token.id.as_str()).collect();
    let archived: HashSet<&str> = known.archived.iter().map(|(id, ..)| id.as_str()).collect();
    for token in &all.personal {
        if archived.contains(token.id.as_str()) {
            report.personal_tokens.known += 1;
            continue;
        }
        if let Some(found) = here.get(token.hash.as_slice()) {
            report.personal_tokens.known += 1;
            meet(cx, token, found, &known.keys, &mut tokens);
            continue;
        }
        let Some(user_id) = token.user_id else {
            let why = "personal access tokens of deleted users: dead in Label Studio, left out";
            report.odd.note(why, format!("token {}", token.id));
            continue;
        };
        match home(&user_id) {
            _ if ids.contains(token.id.as_str()) => {
                let why = "personal access tokens whose id is another token's here, left out";
                report.odd.note(why, format!("token {}", token.id));
            }
            Some(home) => tokens.personal.push((token, home)),
            None => report.odd.note(
                "personal access tokens of users who are left out or were never a member, left out",
                format!("user {user_id}"),
            ),
        }
    }
    plan_legacy(app, cx, all, (known, &here, &home), (&mut tokens, report));
    report.personal_tokens.new = count(&tokens.personal);
    report.legacy_tokens.new = count(&tokens.legacy);
    let lives = |token: &Personal| !token.is_blacklisted && token.expires_at > cx.now;
    report.live_personal_tokens = tokens
        .personal
        .iter()
        .filter(|(token, _)| lives(token))
        .count()
        .try_into()
        .unwrap_or(u64::MAX);
    report.revoked_since = count(&tokens.ended);
    tokens
}

/// A token that an earlier import has brought.
fn meet(
    cx: &Cx,
    token: &Personal,
    known: &KnownToken,
    keys: &HashSet<String>,
    tokens: &mut Tokens<'_>,
) {
    if known.revoked_at.is_some() {
        return;
    }
    if token.is_blacklisted {
        let at = token.blacklisted_at.unwrap_or(cx.now);
        tokens.ended.push((known.id.clone(), at, REVOKED_BECAUSE));
    } else if token.user_id.is_none() {
        tokens
            .ended
            .push((known.id.clone(), cx.now, "user_deleted"));
    } else if known
        .signing_key_id
        .as_ref()
        .is_some_and(|id| !keys.contains(id))
    {
        tokens.keyless.push(known.id.clone());
    }
}

type Lookup<'a, 'k> = (
    &'a Known,
    &'a HashMap<&'k [u8], &'k KnownToken>,
    &'a dyn Fn(&i64) -> Option<i64>,
);

fn plan_legacy<'s>(
    app: &App,
    cx: &Cx,
    all: &'s Snapshot,
    (known, here, home): Lookup<'_, '_>,
    (tokens, report): (&mut Tokens<'s>, &mut Report),
) {
    let live: HashMap<i64, &KnownToken> = known
        .tokens
        .iter()
        .filter(|token| token.kind == TokenKind::Legacy.as_str() && token.revoked_at.is_none())
        .map(|token| (token.user_id, token))
        .collect();
    let archived: HashSet<i64> = known
        .archived
        .iter()
        .filter(|(_, kind, _)| kind == TokenKind::Legacy.as_str())
        .map(|(.., owner)| *owner)
        .collect();
    for token in &all.legacy {
        let what = || format!("user {}", token.user_id);
        if here.contains_key(app.sealing.hash(token.text.reveal()).as_bytes().as_slice()) {
            report.legacy_tokens.known += 1;
            continue;
        }
        let is_legacy = matches!(
            Presented::parse(token.text.reveal()),
            Ok(Presented::Legacy(_))
        );
        let Some(home) = home(&token.user_id).filter(|_| is_legacy) else {
            let why = if is_legacy {
                "legacy tokens of users who are left out or were never a member, left out"
            } else {
                "legacy tokens that look like another kind of token, left out"
            };
            report.odd.note(why, what());
            continue;
        };
        if archived.contains(&token.user_id) {
            // Whether it is the one that ended here cannot be told: of that no digest is left.
            let why = "legacy tokens of users who had one here that ended long ago, left out";
            report.odd.note(why, what());
            continue;
        }
        match live.get(&token.user_id) {
            Some(known) if known.imported_at.is_none() => {
                let why = "legacy tokens of users who have another one here already, left out";
                report.odd.note(why, what());
                continue;
            }
            // It was reset there after the import before.
            Some(known) => tokens.ended.push((known.id.clone(), cx.now, "reset")),
            None => {}
        }
        tokens.legacy.push((token, home));
    }
}

/// Writes what was planned; `key_id` is the key that proves the personal access tokens.
pub(super) async fn write(
    (app, cx): (&App, &Cx),
    tx: &mut Tx,
    tokens: &Tokens<'_>,
    key_id: Option<&str>,
    progress: &Progress<'_>,
) -> Result<()> {
    for (id, at, because) in &tokens.ended {
        let ending = Ending {
            at: *at,
            because,
            by: REVOKED_BY,
        };
        store::token_endings::revoke_at_commit(tx, id, ending)?;
    }
    if let Some(key_id) = key_id {
        for id in &tokens.keyless {
            store::imports::update_signing_key(tx, id, key_id).await?;
        }
    }
    let total = count(&tokens.personal) + count(&tokens.legacy);
    let mut done = 0;
    for chunk in tokens.personal.chunks(AT_ONCE) {
        let rows: Vec<Token> = chunk
            .iter()
            .map(|(token, home)| personal(cx, token, *home, key_id))
            .collect();
        store::imports::insert_tokens(tx, &rows).await?;
        done += count(&rows);
        progress("tokens", done, total);
    }
    for chunk in tokens.legacy.chunks(AT_ONCE) {
        let rows: Vec<Token> = chunk
            .iter()
            .map(|(token, home)| legacy(app, cx, token, *home))
            .collect::<Result<_>>()?;
        store::imports::insert_tokens(tx, &rows).await?;
        done += count(&rows);
        progress("tokens", done, total);
    }
    Ok(())
}

fn personal(cx: &Cx, token: &Personal, home: i64, key_id: Option<&str>) -> Token {
    let is_dead = token.is_blacklisted;
    Token {
        expires_at: Some(token.expires_at),
        revoked_at: is_dead.then(|| token.blacklisted_at.unwrap_or(cx.now)),
        revoked_because: is_dead.then(|| REVOKED_BECAUSE.into()),
        revoked_by: is_dead.then(|| REVOKED_BY.into()),
        signing_key_id: key_id.map(str::to_owned),
        ..row(
            cx,
            (TokenKind::Personal, &token.id),
            (token.user_id.unwrap_or_default(), home),
            (&token.hash, token.created_at),
        )
    }
}

fn legacy(app: &App, cx: &Cx, token: &Legacy, home: i64) -> Result<Token> {
    let text = token.text.reveal();
    let sealed = app.sealing.seal(&app.random, Purpose::LegacyToken, text);
    Ok(Token {
        sealed: Some(sealed.map_err(Error::Internal)?),
        ..row(
            cx,
            (TokenKind::Legacy, &app.random.text::<16>()),
            (token.user_id, home),
            (
                app.sealing.hash(text).as_bytes(),
                token.created_at.unwrap_or(cx.now),
            ),
        )
    })
}

/// What both kinds have in common.
fn row(
    cx: &Cx,
    (kind, id): (TokenKind, &str),
    (user_id, organization_id): (i64, i64),
    (hash, created_at): (&[u8; 32], i64),
) -> Token {
    Token {
        id: id.to_owned(),
        kind: kind.as_str().into(),
        user_id,
        organization_id,
        name: String::new(),
        note: NOTE.into(),
        scopes: String::new(),
        ip_ranges: String::new(),
        rate_per_minute: None,
        hash: hash.to_vec(),
        sealed: None,
        sealed_until: None,
        created_at,
        expires_at: None,
        revoked_at: None,
        revoked_because: None,
        revoked_by: None,
        successor_id: None,
        retires_at: None,
        idempotency_key: None,
        family_id: id.to_owned(),
        last_used_at: None,
        last_used_address: None,
        last_used_client: None,
        signing_key_id: None,
        imported_at: Some(cx.now),
    }
}

fn count<T>(all: &[T]) -> u64 {
    u64::try_from(all.len()).unwrap_or(u64::MAX)
}
