//! An organization's policy over tokens: what it is, what changing it would do, and changing it.
//!
//! The policy is judged at each use of a token, so it holds for every token there is from the moment
//! it is saved, and a token that it blocks works again when it is taken back.

use std::net::IpAddr;

use keybearer_verify::{
    Ask, Denial, DirectUse, Grant, IpNet, Limits, Need, Policy, Purpose, ScopeSet, TokenKind,
    Verdict, judge,
};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::app::App;
use crate::cx::{Cx, Proof};
use crate::domain::access::{self, Action};
use crate::domain::organizations::{self, Organization};
use crate::domain::{grants, tokens};
use crate::error::{Error, Result};
use crate::store::{self, Tx};

/// The longest overlap that an organization may allow, in hours: 30 days.
const LONGEST_OVERLAP_HOURS: i64 = 720;

/// What follows when a rotated token is used after its overlap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnReuse {
    /// The audit log says so.
    Alert,
    /// And all tokens of its line are revoked.
    RevokeFamily,
}

impl OnReuse {
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Alert => "alert",
            Self::RevokeFamily => "revoke_family",
        }
    }

    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Alert, Self::RevokeFamily]
            .into_iter()
            .find(|on_reuse| on_reuse.as_str() == word)
    }
}

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

/// A token that a change would stop.
#[derive(Clone, Debug)]
pub struct Stopped {
    pub id: String,
    pub kind: String,
    pub name: String,
    pub user_id: i64,
    pub email: String,
    pub last_used_at: Option<i64>,
    pub denial: Denial,
}

/// What a change would do.
#[derive(Clone, Debug)]
pub struct DryRun {
    pub stopped: Vec<Stopped>,
    /// It would leave no kind of token that Label Studio's clients can use, and takes `force`.
    pub locks_out: bool,
}

/// Changes the policy of an organization.
///
/// # Errors
/// [`Error::Invalid`] for a value out of range, and for a change that would leave neither personal
/// access tokens nor legacy tokens, or would stop the caller's own token, unless it says `force`; [`Error::Forbidden`] below admin.
pub async fn update(
    app: &App,
    cx: &Cx,
    organization_id: i64,
    change: &PolicyChange,
) -> Result<Organization> {
    access::require_in(cx, Action::ChangeOrganization, organization_id)?;
    let mut tx = app.db.write().await?;
    let before = organizations::find_by_id(&mut tx, organization_id).await?;
    let mut organization = apply(&before, change)?;
    if view(&before) == view(&organization) {
        return Ok(before);
    }
    if !change.force {
        refuse_own_lock_out(&mut tx, cx, &organization).await?;
    }
    let detail = json!({"organization": organization_id, "policy": view(&organization)});
    organizations::save(&mut tx, cx, &mut organization, detail).await?;
    tx.commit().await?;
    Ok(organization)
}

/// Which tokens a change would stop, whose they are and when they were last used, and whether it would
/// lock Label Studio's clients out. Changes nothing.
///
/// # Errors
/// As [`update`], for a change that could not be made.
pub async fn dry_run(
    app: &App,
    cx: &Cx,
    organization_id: i64,
    change: &PolicyChange,
) -> Result<DryRun> {
    access::require_in(cx, Action::ChangeOrganization, organization_id)?;
    let mut tx = app.db.read().await?;
    let before = organizations::find_by_id(&mut tx, organization_id).await?;
    // Who would be locked out is the answer, not a reason for none.
    let forced = PolicyChange {
        force: true,
        ..change.clone()
    };
    let organization = apply(&before, &forced)?;
    let (present, after) = (of(&before)?, of(&organization)?);
    // What rules over new tokens alone stops none.
    let rows = if present == after {
        Vec::new()
    } else {
        store::unrevoked_tokens::list(&mut tx, organization_id).await?
    };
    let mut stopped = Vec::new();
    for row in rows {
        let grant = grants::of_unrevoked(&row, organization_id, &present)?;
        if let Some(denial) = stops(grant, row.last_used_address.as_deref(), &after, cx.now) {
            stopped.push(Stopped {
                id: row.id,
                kind: row.kind,
                name: row.name,
                user_id: row.user_id,
                email: row.email,
                last_used_at: row.last_used_at,
                denial,
            });
        }
    }
    Ok(DryRun {
        stopped,
        locks_out: locks_out(change, &organization),
    })
}

/// Why the policy `after` would refuse a token that opens the door now, as if it came once more from where
/// it came last.
fn stops(mut grant: Grant, last_address: Option<&str>, after: &Policy, now: i64) -> Option<Denial> {
    let purpose = if grant.kind == TokenKind::Personal {
        Purpose::Exchange
    } else {
        Purpose::Api
    };
    let address = last_address.and_then(|text| text.parse::<IpAddr>().ok());
    let ask = Ask {
        purpose,
        claims: None,
        address,
        need: None,
    };
    if judge(&grant, &ask, now) != Verdict::Allowed {
        return None;
    }
    grant.policy = after.clone();
    match judge(&grant, &ask, now) {
        Verdict::Allowed => None,
        Verdict::Denied(denial) => Some(denial),
    }
}

/// The policy as `judge` reads it.
///
/// # Errors
/// [`Error::Internal`] if what is stored cannot be read.
pub fn of(organization: &Organization) -> Result<Policy> {
    Ok(Policy {
        personal_enabled: organization.personal_enabled,
        legacy_enabled: organization.legacy_enabled,
        key_enabled: organization.key_enabled,
        direct_use: grants::direct_use(&organization.direct_use)?,
        max_ttl_days: organization.max_ttl_days,
        idle_days: organization.idle_days,
        limits: grants::limits(&organization.scopes, &organization.ip_ranges)?,
    })
}

/// The policy as it is shown.
#[must_use]
pub fn view(organization: &Organization) -> serde_json::Value {
    json!({
        "personal_enabled": organization.personal_enabled,
        "legacy_enabled": organization.legacy_enabled,
        "key_enabled": organization.key_enabled,
        "personal_ttl_days": organization.personal_ttl_days,
        "key_ttl_days": organization.key_ttl_days,
        "max_ttl_days": organization.max_ttl_days,
        "idle_days": organization.idle_days,
        "direct_use": organization.direct_use,
        "scopes": organization.scopes.lines().collect::<Vec<_>>(),
        "ip_ranges": organization.ip_ranges.lines().collect::<Vec<_>>(),
        "max_overlap_hours": organization.max_overlap_hours,
        "on_reuse": organization.on_reuse,
    })
}

/// `before` as `change` leaves it.
pub(super) fn apply(before: &Organization, change: &PolicyChange) -> Result<Organization> {
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
fn locks_out(change: &PolicyChange, after: &Organization) -> bool {
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

/// Whoever changes the policy with a token can take it back with it, unless he says `force`. Switching
/// his own kind off is not looked at here: Label Studio lets it be done, and another kind is left.
async fn refuse_own_lock_out(tx: &mut Tx, cx: &Cx, after: &Organization) -> Result<()> {
    let Some(Proof::Token { id }) = cx.caller().map(|caller| &caller.proof) else {
        return Ok(());
    };
    let Some(row) = store::tokens::find_with_rulers(tx, id).await? else {
        return Ok(());
    };
    let after = of(after)?;
    let grant = grants::of_row(&row)?;
    let field = match stops(grant, Some(&cx.address_text()), &after, cx.now) {
        Some(Denial::IpNotAllowed) => "ip_ranges",
        Some(Denial::LifetimeOverPolicy) => "max_ttl_days",
        _ if !after.limits.scopes.answers(Need::Admin) => "scopes",
        _ => return Ok(()),
    };
    let why = "This would stop the token that you make the change with, so that it could not take it back. Include it, \
               or say \"force\": true.";
    Err(Error::invalid(field, why))
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
        text.parse::<IpNet>().ok().or_else(alone).map(|range| range.trunc()).ok_or_else(|| {
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

/// Address ranges, one to a line.
pub(super) fn range_lines(ranges: &[IpNet]) -> String {
    ranges
        .iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join("\n")
}
