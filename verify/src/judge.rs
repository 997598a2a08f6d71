//! The one function that says yes or no.
//!
//! Pure: grant, question and time in, verdict out. Whoever calls it has already proven that the
//! caller holds the secret (signature or hash), so every reason may be told.

use crate::grant::Grant;
use crate::signed::Claims;
use crate::token::TokenKind;
use crate::verdict::{Denial, Verdict};

/// How far the clocks of client and server may differ, in seconds, on `exp`, `iat` and `nbf`.
///
/// RFC 7519 section 4.1.4 allows "some small leeway"; Label Studio has none, and five-minute
/// tokens then fail on machines whose clock is a few seconds off.
pub const LEEWAY_SECONDS: i64 = 10;

/// What the token is shown for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// To call the API.
    Api,
    /// To be exchanged for an access token, or to be rotated.
    Exchange,
}

/// A question to [`judge`].
#[derive(Clone, Copy, Debug)]
pub struct Ask<'a> {
    /// What for.
    pub purpose: Purpose,
    /// The claims of a signed token, whose signature has been checked; `None` for the other kinds.
    pub claims: Option<&'a Claims>,
}

impl<'a> Ask<'a> {
    /// May an unsigned token (key, legacy) call the API?
    #[must_use]
    pub fn api() -> Self {
        Self {
            purpose: Purpose::Api,
            claims: None,
        }
    }

    /// May the signed token with these claims do that?
    #[must_use]
    pub fn signed(purpose: Purpose, claims: &'a Claims) -> Self {
        Self {
            purpose,
            claims: Some(claims),
        }
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
    match refusal(grant, ask, now) {
        Some(denial) => Verdict::Denied(denial),
        None => Verdict::Allowed,
    }
}

fn refusal(grant: &Grant, ask: &Ask<'_>, now: i64) -> Option<Denial> {
    let kind = ask.kind(grant);
    if ask.purpose == Purpose::Exchange && kind != TokenKind::Personal {
        return Some(Denial::WrongTokenType);
    }
    if grant.revoked_at.is_some() {
        return Some(Denial::Revoked);
    }
    if grant
        .expires_at
        .is_some_and(|end| end.saturating_add(LEEWAY_SECONDS * 1000) <= now)
        || ask.claims.is_some_and(|claims| claims.is_over(now))
    {
        return Some(Denial::Expired);
    }
    if ask.claims.is_some_and(|claims| !claims.has_begun(now)) {
        // Nothing of ours begins later than it is made: its claims are odd, or a clock went back.
        return Some(Denial::Malformed);
    }
    if !grant.owner.is_active {
        return Some(Denial::UserInactive);
    }
    if !grant.owner.is_member {
        return Some(Denial::NotAMember);
    }
    if !grant.policy.allows(kind) {
        return Some(Denial::TypeDisabled);
    }
    None
}
