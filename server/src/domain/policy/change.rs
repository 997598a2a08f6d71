//! A change of a policy: what is asked for, and what may not be.

use std::net::IpAddr;

use keybearer_verify::{DirectUse, IpNet, Limits, ScopeSet};
use serde::{Deserialize, Serialize};

use super::OnReuse;
use crate::domain::organizations::Organization;
use crate::domain::tokens;
use crate::error::{Error, Result};

/// The longest overlap that an organization may allow, in hours: 30 days.
const LONGEST_OVERLAP_HOURS: i64 = 720;

/// What changes of a policy; what is absent stays as it is. `Some(None)` takes a limit away.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PolicyChange {
    pub personal_enabled: Option<bool>,
    pub legacy_enabled: Option<bool>,
    pub key_enabled: Option<bool>,
    /// Lifetime of new personal access tokens, in days.
    pub personal_ttl_days: Option<i64>,
    /// Lifetime of new key tokens, in days.
    pub key_ttl_days: Option<i64>,
    #[serde(deserialize_with = "present")]
    pub max_ttl_days: Option<Option<i64>>,
    #[serde(deserialize_with = "present")]
    pub idle_days: Option<Option<i64>>,
    /// `allow`, `warn` or `refuse`.
    pub direct_use: Option<String>,
    pub scopes: Option<Vec<String>>,
    pub ip_ranges: Option<Vec<String>>,
    pub max_overlap_hours: Option<i64>,
    /// `alert` or `revoke_family`.
    pub on_reuse: Option<String>,
    /// Also if neither personal access tokens nor legacy tokens are left, or if it stops the token that
    /// it is made with.
    pub force: bool,
}

/// `null` is a value here, and absence is another.
fn present<'de, D: serde::Deserializer<'de>>(
    deserializer: D,
) -> std::result::Result<Option<Option<i64>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

/// `before` as `change` leaves it.
pub(in crate::domain) fn apply(
    before: &Organization,
    change: &PolicyChange,
) -> Result<Organization> {
    let days = |field, days: i64| in_range(field, days);
    let mut after = before.clone();
    after.personal_enabled = change.personal_enabled.unwrap_or(before.personal_enabled);
    after.legacy_enabled = change.legacy_enabled.unwrap_or(before.legacy_enabled);
    after.key_enabled = change.key_enabled.unwrap_or(before.key_enabled);
    if let Some(ttl) = change.personal_ttl_days {
        after.personal_ttl_days = days("personal_ttl_days", ttl)?;
    }
    if let Some(ttl) = change.key_ttl_days {
        after.key_ttl_days = days("key_ttl_days", ttl)?;
    }
    if let Some(ttl) = change.max_ttl_days {
        after.max_ttl_days = ttl.map(|ttl| days("max_ttl_days", ttl)).transpose()?;
    }
    if let Some(idle) = change.idle_days {
        after.idle_days = idle.map(|idle| days("idle_days", idle)).transpose()?;
    }
    if let Some(hours) = change.max_overlap_hours {
        let range = 0..=LONGEST_OVERLAP_HOURS;
        let why = || {
            Error::invalid(
                "max_overlap_hours",
                format!("An overlap is between 0 and {LONGEST_OVERLAP_HOURS} hours."),
            )
        };
        after.max_overlap_hours = Some(hours)
            .filter(|hours| range.contains(hours))
            .ok_or_else(why)?;
    }
    if let Some(word) = &change.direct_use {
        let known = DirectUse::parse(word);
        after.direct_use = known
            .ok_or_else(|| Error::invalid("direct_use", "This is allow, warn or refuse."))?
            .as_str()
            .into();
    }
    if let Some(word) = &change.on_reuse {
        let known = OnReuse::parse(word);
        after.on_reuse = known
            .ok_or_else(|| Error::invalid("on_reuse", "This is alert or revoke_family."))?
            .as_str()
            .into();
    }
    let limits = read_limits(change.scopes.as_deref(), change.ip_ranges.as_deref())?;
    if change.scopes.is_some() {
        after.scopes = limits.scopes.to_lines();
    }
    if change.ip_ranges.is_some() {
        after.ip_ranges = range_lines(&limits.ip_ranges);
    }
    refuse_lock_out(change, &after)?;
    Ok(after)
}

/// Whether it is `change` that leaves neither personal access tokens nor legacy tokens.
pub(super) fn locks_out(change: &PolicyChange, after: &Organization) -> bool {
    let switches_off =
        change.personal_enabled == Some(false) || change.legacy_enabled == Some(false);
    switches_off && !after.personal_enabled && !after.legacy_enabled
}

fn refuse_lock_out(change: &PolicyChange, after: &Organization) -> Result<()> {
    if locks_out(change, after) && !change.force {
        return Err(Error::Invalid {
            field: None,
            why: "This would switch off personal access tokens and legacy tokens both, and lock every Label Studio \
                  client out, yours too. Leave one on, or say \"force\": true."
                .into(),
        });
    }
    Ok(())
}

fn in_range(field: &'static str, days: i64) -> Result<i64> {
    let most = tokens::LONGEST_TTL_DAYS;
    if (1..=most).contains(&days) {
        return Ok(days);
    }
    let what = if field == "idle_days" {
        "The time that a token may lie unused"
    } else {
        "A lifetime"
    };
    Err(Error::invalid(
        field,
        format!("{what} is between 1 and {most} days."),
    ))
}

/// Scopes and address ranges as somebody wrote them.
///
/// # Errors
/// [`Error::Invalid`] for the first that cannot be read.
pub fn read_limits(scopes: Option<&[String]>, ip_ranges: Option<&[String]>) -> Result<Limits> {
    let scopes = scopes
        .unwrap_or_default()
        .iter()
        .map(|scope| keybearer_verify::Scope::parse(scope.trim()));
    let scopes = scopes
        .collect::<std::result::Result<Vec<_>, _>>()
        .map_err(|not| Error::invalid("scopes", not.0))?;
    let range = |text: &String| -> Result<IpNet> {
        let text = text.trim();
        let alone = || text.parse::<IpAddr>().ok().map(IpNet::from);
        text.parse::<IpNet>().ok().or_else(alone).map(|range| canonical(range.trunc())).ok_or_else(|| {
            Error::invalid("ip_ranges", format!("{text} is no address and no range; they look like 192.0.2.7 and 192.0.2.0/24."))
        })
    };
    let ip_ranges = ip_ranges
        .unwrap_or_default()
        .iter()
        .map(range)
        .collect::<Result<Vec<_>>>()?;
    Ok(Limits {
        scopes: ScopeSet::new(scopes),
        ip_ranges,
    })
}

/// A range of IPv4 addresses in IPv6 form is one of IPv4 addresses, as which they come.
fn canonical(range: IpNet) -> IpNet {
    let mapped = match range {
        IpNet::V6(range) => range
            .network()
            .to_ipv4_mapped()
            .zip(range.prefix_len().checked_sub(96)),
        IpNet::V4(_) => None,
    };
    let narrow = mapped.and_then(|(address, length)| IpNet::new(address.into(), length).ok());
    narrow.unwrap_or(range)
}

/// Address ranges, one to a line.
pub(in crate::domain) fn range_lines(ranges: &[IpNet]) -> String {
    ranges
        .iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join("\n")
}
