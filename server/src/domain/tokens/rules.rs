//! What a new token may be: how long it lives, what it is called, how much it may do.

use keybearer_verify::{Limits, TokenKind};

use super::{LONGEST_TTL_DAYS, Organization, TokenSpec};
use crate::cx::{Caller, Cx};
use crate::error::{Error, Result};

/// A new token never gets more than the token that makes it.
pub(super) fn refuse_more_than_own(cx: &Cx, spec: &TokenSpec) -> Result<()> {
    let exceeds = |caller: &Caller| caller.exceeded_by(&spec.limits, spec.rate_per_minute);
    let Some((field, cure)) = cx.caller().and_then(exceeds) else {
        return Ok(());
    };
    let why = format!("A token cannot make one that may do more than itself. {cure}");
    Err(Error::invalid(field, why))
}

/// Nor does it get at the secret of one that may do more: a legacy token, which has no limits at all,
/// or the successor of another token.
pub(super) fn refuse_secret_of_more(
    cx: &Cx,
    limits: &Limits,
    rate_per_minute: Option<i64>,
) -> Result<()> {
    let exceeds = |caller: &Caller| caller.exceeded_by(limits, rate_per_minute);
    match cx.caller().and_then(exceeds) {
        None => Ok(()),
        Some((field, _)) => Err(Error::forbidden(format!(
            "A token cannot get at one that may do more than itself, and this one is narrower in its {field}. Use a \
             token without that limit, or sign in."
        ))),
    }
}

pub(super) fn refuse_limits_on_legacy(spec: &TokenSpec) -> Result<()> {
    let is_plain = spec.limits == Limits::default()
        && spec.ttl_days.is_none()
        && spec.rate_per_minute.is_none();
    if is_plain {
        return Ok(());
    }
    Err(Error::invalid(
        "kind",
        "A legacy token has no lifetime, scopes, ranges or limits. Make a key token to have them.",
    ))
}

pub(super) fn checked_line(field: &'static str, text: &str, longest: usize) -> Result<String> {
    let text = text.trim();
    if text.chars().count() > longest {
        return Err(Error::invalid(
            field,
            format!("Ensure this field has no more than {longest} characters."),
        ));
    }
    if text.chars().any(|c| c.is_control() || is_direction_mark(c)) {
        return Err(Error::invalid(
            field,
            "This is one line of text without control characters or direction marks.",
        ));
    }
    Ok(text.to_owned())
}

/// Marks that turn the reading direction of what follows: they can make one name look like another.
fn is_direction_mark(character: char) -> bool {
    matches!(character, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

pub(super) fn checked_ttl(
    asked: Option<i64>,
    organization: &Organization,
    kind: TokenKind,
) -> Result<i64> {
    let most = organization.max_ttl_days.unwrap_or(LONGEST_TTL_DAYS);
    let usual = if kind == TokenKind::Key {
        organization.key_ttl_days
    } else {
        organization.personal_ttl_days
    };
    match asked {
        None => Ok(usual.min(most)),
        Some(days) if (1..=most).contains(&days) => Ok(days),
        Some(_) => Err(Error::invalid(
            "ttl_days",
            format!("A lifetime is between 1 and {most} days here."),
        )),
    }
}
