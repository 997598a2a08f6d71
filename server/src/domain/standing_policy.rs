//! The policy that the settings say: written into the first organization at each start, and when it
//! is made. What the settings leave out is left to whoever administers the organization.

use crate::app::App;
use crate::config::Config;
use crate::config::policy::PolicySettings;
use crate::cx::Cx;
use crate::domain::access::{self, Action};
use crate::domain::organizations::{self, Organization};
use crate::domain::policy::{self, PolicyChange};
use crate::error::Result;
use crate::store;

/// Writes the settings' policy into the first organization, with one audit event if that changes
/// anything. Before the first organization is made, it only checks that the policy can hold.
///
/// # Errors
/// [`crate::error::Error::Invalid`] for a value that cannot hold, and for a policy that would lock
/// every Label Studio client out without saying `force`.
pub async fn write(app: &App, cx: &Cx) -> Result<()> {
    let mut tx = app.db.read().await?;
    let first = store::organizations::find_first(&mut tx).await?;
    drop(tx);
    let Some(organization) = first else {
        return check(&app.config);
    };
    let change = of(&app.config.policy);
    // A start must not fail over what is so already, however it came to be so.
    let forced = PolicyChange {
        force: true,
        ..change.clone()
    };
    let after = policy::apply(&organization, &forced)?;
    if policy::view(&after) != policy::view(&organization) {
        policy::update(app, cx, organization.id, &change).await?;
    }
    Ok(())
}

/// Whether the settings' policy can hold in an organization that is made with it.
///
/// # Errors
/// As [`fn@write`].
pub fn check(config: &Config) -> Result<()> {
    policy::apply(&organizations::usual(config), &of(&config.policy)).map(drop)
}

/// What the settings say of the policy of the organization that the caller acts in: changed by hand, it
/// would hold until the next start alone. Nothing for any but the first organization.
///
/// # Errors
/// [`crate::error::Error::Forbidden`] below admin.
pub async fn ruled(app: &App, cx: &Cx) -> Result<PolicyChange> {
    let caller = access::require(cx, Action::ChangeOrganization)?;
    let mut tx = app.db.read().await?;
    let first = store::organizations::find_first(&mut tx).await?;
    if first.is_some_and(|first| first.id == caller.organization_id) {
        Ok(of(&app.config.policy))
    } else {
        Ok(PolicyChange::default())
    }
}

/// `organization` with the policy that the settings say.
pub(super) fn with(app: &App, organization: &Organization) -> Result<Organization> {
    policy::apply(organization, &of(&app.config.policy))
}

fn of(settings: &PolicySettings) -> PolicyChange {
    let list = |given: &Option<Vec<String>>| {
        let mut given = given.clone()?;
        // An empty variable is an empty list, and `none` says the same aloud.
        given.retain(|word| !matches!(word.trim(), "" | "none"));
        Some(given)
    };
    PolicyChange {
        personal_enabled: settings.personal_enabled,
        legacy_enabled: settings.legacy_enabled,
        key_enabled: settings.key_enabled,
        personal_ttl_days: settings.personal_ttl_days,
        key_ttl_days: settings.key_ttl_days,
        max_ttl_days: settings.max_ttl_days.map(|limit| limit.0),
        idle_days: settings.idle_days.map(|limit| limit.0),
        direct_use: settings.direct_use.clone(),
        scopes: list(&settings.scopes),
        ip_ranges: list(&settings.ip_ranges),
        max_overlap_hours: settings.max_overlap_hours,
        on_reuse: settings.on_reuse.clone(),
        force: settings.force.unwrap_or(false),
    }
}
