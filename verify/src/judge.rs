//! The one function that says yes or no.
//!
//! Pure: grant, question and time in, verdict out. Whoever calls it has already proven that the
//! caller holds the secret (signature or hash), so every reason may be told.

use core::net::IpAddr;

use crate::grant::{DirectUse, Grant, Limits};
use crate::scope::Need;
use crate::signed::Claims;
use crate::token::TokenKind;
use crate::verdict::{Denial, Verdict};

/// How far the clocks of client and server may differ, in seconds, on `exp`, `iat` and `nbf`.
///
/// RFC 7519 section 4.1.4 allows "some small leeway"; Label Studio has none, and five-minute
/// tokens then fail on machines whose clock is a few seconds off.
pub const LEEWAY_SECONDS: i64 = 10;

const DAY_MS: i64 = 86_400_000;

/// What the token is shown for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// To call the API.
    Api,
    /// To be exchanged for an access token, or to be rotated.
    Exchange,
}

/// A question to [`judge()`].
#[derive(Clone, Copy, Debug)]
pub struct Ask<'a> {
    /// What for.
    pub purpose: Purpose,
    /// The claims of a signed token, whose signature has been checked; `None` for the other kinds.
    pub claims: Option<&'a Claims>,
    /// Where the request comes from; `None` where that is not known, and then any range refuses.
    pub address: Option<IpAddr>,
    /// The scope that the request needs, if that is known already.
    pub need: Option<Need>,
}

impl<'a> Ask<'a> {
    /// May an unsigned token (key, legacy) call the API?
    #[must_use]
    pub fn api() -> Self {
        Self {
            purpose: Purpose::Api,
            claims: None,
            address: None,
            need: None,
        }
    }

    /// May the signed token with these claims do that?
    #[must_use]
    pub fn signed(purpose: Purpose, claims: &'a Claims) -> Self {
        Self {
            purpose,
            claims: Some(claims),
            address: None,
            need: None,
        }
    }

    /// The same question about a request from `address`.
    #[must_use]
    pub fn from(self, address: Option<IpAddr>) -> Self {
        Self { address, ..self }
    }

    fn kind(&self, grant: &Grant) -> TokenKind {
        self.claims
            .map_or(grant.kind, |claims| claims.kind.token_kind())
    }
}

/// Says whether the token behind `grant` opens the door at `now` (Unix milliseconds).
///
/// Of several reasons for "no" the lasting ones come first: what was revoked stays revoked.
#[must_use]
pub fn judge(grant: &Grant, ask: &Ask<'_>, now: i64) -> Verdict {
    let kind = ask.kind(grant);
    let denial = misplaced(grant, ask, kind)
        .or_else(|| ended(grant, ask, now))
        .or_else(|| ownerless(grant))
        .or_else(|| against_policy(grant, kind, now))
        .or_else(|| beyond_limits(grant, ask));
    denial.map_or(Verdict::Allowed, Verdict::Denied)
}

fn misplaced(grant: &Grant, ask: &Ask<'_>, kind: TokenKind) -> Option<Denial> {
    let fits = match ask.purpose {
        Purpose::Exchange => kind == TokenKind::Personal,
        Purpose::Api => kind != TokenKind::Personal || grant.policy.direct_use != DirectUse::Refuse,
    };
    (!fits).then_some(Denial::WrongTokenType)
}

fn ended(grant: &Grant, ask: &Ask<'_>, now: i64) -> Option<Denial> {
    if grant.revoked_at.is_some() || grant.retires_at.is_some_and(|end| end <= now) {
        return Some(Denial::Revoked);
    }
    let is_over = grant
        .expires_at
        .is_some_and(|end| end.saturating_add(LEEWAY_SECONDS * 1000) <= now);
    if is_over || ask.claims.is_some_and(|claims| claims.is_over(now)) {
        return Some(Denial::Expired);
    }
    // Nothing of ours begins later than it is made: its claims are odd, or a clock went back.
    let is_early = ask.claims.is_some_and(|claims| !claims.has_begun(now));
    is_early.then_some(Denial::Malformed)
}

fn ownerless(grant: &Grant) -> Option<Denial> {
    if !grant.owner.is_active {
        return Some(Denial::UserInactive);
    }
    (!grant.owner.is_member).then_some(Denial::NotAMember)
}

fn against_policy(grant: &Grant, kind: TokenKind, now: i64) -> Option<Denial> {
    let policy = &grant.policy;
    if !policy.allows(kind) {
        return Some(Denial::TypeDisabled);
    }
    // A legacy token has no end by nature; whether there may be any is the switch's matter.
    let lives_too_long = grant.kind != TokenKind::Legacy
        && policy.max_ttl_days.is_some_and(|days| {
            grant.expires_at.is_none_or(|end| {
                end.saturating_sub(grant.created_at) > days.saturating_mul(DAY_MS)
            })
        });
    let lies_too_long = policy.idle_days.is_some_and(|days| {
        let awake = grant
            .last_used_at
            .unwrap_or(grant.created_at)
            .max(grant.created_at);
        now.saturating_sub(awake) > days.saturating_mul(DAY_MS)
    });
    (lives_too_long || lies_too_long).then_some(Denial::LifetimeOverPolicy)
}

fn beyond_limits(grant: &Grant, ask: &Ask<'_>) -> Option<Denial> {
    for limits in [&grant.limits, &grant.policy.limits] {
        if !is_from(limits, ask.address) {
            return Some(Denial::IpNotAllowed);
        }
        if ask.need.is_some_and(|need| !limits.scopes.answers(need)) {
            return Some(Denial::ScopeMissing);
        }
    }
    None
}

fn is_from(limits: &Limits, address: Option<IpAddr>) -> bool {
    limits.ip_ranges.is_empty()
        || address.is_some_and(|address| {
            limits
                .ip_ranges
                .iter()
                .any(|range| range.contains(&address.to_canonical()))
        })
}
