//! An organization's policy over tokens: what it is, and changing it.
//!
//! The policy is judged at each use of a token, so it holds for every token there is from the moment
//! it is saved, and a token that it blocks works again when it is taken back.

mod change;
mod dry_run;

use keybearer_verify::{Denial, Need, Policy};
use serde_json::json;

use crate::app::App;
use crate::cx::{Caller, Cx};
use crate::domain::access::{self, Action};
use crate::domain::grants;
use crate::domain::organizations::{self, Organization};
use crate::error::{Error, Result};
use crate::store::{self, Tx};

pub use change::{PolicyChange, read_limits};
pub(super) use change::{apply, range_lines};
use dry_run::stops;
pub use dry_run::{DryRun, Stopped, dry_run};

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
        // It may be so by another's work that is not durable yet.
        tx.commit().await?;
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

/// Whoever changes the policy with a token can take it back with it, unless he says `force`. Switching
/// his own kind off is not looked at here: Label Studio lets it be done, and another kind is left.
async fn refuse_own_lock_out(tx: &mut Tx, cx: &Cx, after: &Organization) -> Result<()> {
    let Some(known) = cx.caller().and_then(Caller::token) else {
        return Ok(());
    };
    let Some(row) = store::tokens::find_with_rulers(tx, &known.grant.id).await? else {
        return Ok(());
    };
    let after = of(after)?;
    let grant = grants::of_row(&row)?;
    let field = match stops(grant, cx.address, &after, cx.now) {
        Some(Denial::IpNotAllowed) => "ip_ranges",
        Some(Denial::LifetimeOverPolicy) => "max_ttl_days",
        _ if !after.limits.scopes.answers(Need::Admin) => "scopes",
        _ => return Ok(()),
    };
    let why = "This would stop the token that you make the change with, so that it could not take it back. Include it, \
               or say \"force\": true.";
    Err(Error::invalid(field, why))
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
