//! Stored rows as the grants that `keybearer_verify::judge` reads.

use keybearer_verify::{DirectUse, Grant, IpNet, Limits, Owner, Policy, ScopeSet, TokenKind};

use crate::error::{Error, Result};
use crate::store::tokens::{Token, TokenWithRulers};
use crate::store::unrevoked_tokens::{TokenOwner, UnrevokedToken};

/// The grant of a stored token.
///
/// # Errors
/// [`Error::Internal`] if what is stored cannot be read.
pub(super) fn of_row(row: &TokenWithRulers) -> Result<Grant> {
    let owner = Owner {
        is_active: row.is_active,
        is_member: row.role.is_some(),
    };
    let policy = Policy {
        personal_enabled: row.personal_enabled,
        legacy_enabled: row.legacy_enabled,
        key_enabled: row.key_enabled,
        direct_use: direct_use(&row.direct_use)?,
        max_ttl_days: row.max_ttl_days,
        idle_days: row.idle_days,
        limits: limits(&row.policy_scopes, &row.policy_ip_ranges)?,
    };
    of_ruled(&row.token, owner, policy)
}

/// The grant of a token with that owner under `policy`.
///
/// # Errors
/// As [`of_row`].
pub(super) fn of_ruled(token: &Token, owner: Owner, policy: Policy) -> Result<Grant> {
    let kind = TokenKind::parse(&token.kind).ok_or_else(|| unreadable("kind", &token.kind))?;
    Ok(Grant {
        id: token.id.clone(),
        kind,
        user_id: token.user_id,
        organization_id: token.organization_id,
        created_at: token.created_at,
        expires_at: token.expires_at,
        revoked_at: token.revoked_at,
        retires_at: token.retires_at,
        last_used_at: token.last_used_at,
        limits: limits(&token.scopes, &token.ip_ranges)?,
        owner,
        policy,
    })
}

/// The grant of one of an organization's tokens under `policy`.
///
/// # Errors
/// As [`of_row`].
pub(super) fn of_unrevoked(
    row: &UnrevokedToken,
    organization_id: i64,
    owner: &TokenOwner,
    policy: &Policy,
) -> Result<Grant> {
    let kind = TokenKind::parse(&row.kind).ok_or_else(|| unreadable("kind", &row.kind))?;
    Ok(Grant {
        id: row.id.clone(),
        kind,
        user_id: row.user_id,
        organization_id,
        created_at: row.created_at,
        expires_at: row.expires_at,
        revoked_at: None,
        retires_at: row.retires_at,
        last_used_at: row.last_used_at,
        limits: limits(&row.scopes, &row.ip_ranges)?,
        owner: Owner {
            is_active: owner.is_active,
            is_member: owner.removed_at.is_none(),
        },
        policy: policy.clone(),
    })
}

pub(super) fn limits(scopes: &str, ip_ranges: &str) -> Result<Limits> {
    Ok(Limits {
        scopes: ScopeSet::parse_lines(scopes).map_err(|_| unreadable("scopes", scopes))?,
        ip_ranges: ip_ranges
            .lines()
            .map(|line| {
                line.parse::<IpNet>()
                    .map_err(|_| unreadable("address range", line))
            })
            .collect::<Result<_>>()?,
    })
}

pub(super) fn direct_use(word: &str) -> Result<DirectUse> {
    DirectUse::parse(word).ok_or_else(|| unreadable("direct use", word))
}

fn unreadable(what: &str, stored: &str) -> Error {
    Error::Internal(anyhow::anyhow!(
        "the database has a {what} that cannot be read: {stored:?}"
    ))
}
