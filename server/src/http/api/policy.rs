//! An organization's policy over tokens, and what a change of it would stop.

use std::collections::HashSet;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::extract::{Body, Nothing, PathNumber, Query};
use super::problem::Problem;
use super::views::{answer, instant, lines};
use crate::app::App;
use crate::cx::Cx;
use crate::domain::organizations::{self, Organization};
use crate::domain::policy::{self, PolicyChange, Stopped};

/// A policy over tokens. It holds for every token, from the moment it is saved.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Policy)]
pub(super) struct PolicyView {
    personal_enabled: bool,
    legacy_enabled: bool,
    key_enabled: bool,
    /// Lifetime of new personal access tokens.
    personal_ttl_days: i64,
    /// Lifetime of new key tokens.
    key_ttl_days: i64,
    /// The longest life of any token but a legacy one; `null` for no limit.
    max_ttl_days: Option<i64>,
    /// How long a token may lie unused; `null` for no limit.
    idle_days: Option<i64>,
    /// Personal access tokens that are sent without having been exchanged: `allow`, `warn`, `refuse`.
    direct_use: String,
    /// The most that any token may do; empty for no limit.
    scopes: Vec<String>,
    /// Whence tokens may be used; empty for everywhere.
    ip_ranges: Vec<String>,
    /// The longest overlap of a rotation.
    max_overlap_hours: i64,
    /// When a rotated token is used after its overlap: `alert`, or `revoke_family`.
    on_reuse: String,
}

impl PolicyView {
    fn new(organization: &Organization) -> Self {
        Self {
            personal_enabled: organization.personal_enabled,
            legacy_enabled: organization.legacy_enabled,
            key_enabled: organization.key_enabled,
            personal_ttl_days: organization.personal_ttl_days,
            key_ttl_days: organization.key_ttl_days,
            max_ttl_days: organization.max_ttl_days,
            idle_days: organization.idle_days,
            direct_use: organization.direct_use.clone(),
            scopes: lines(&organization.scopes),
            ip_ranges: lines(&organization.ip_ranges),
            max_overlap_hours: organization.max_overlap_hours,
            on_reuse: organization.on_reuse.clone(),
        }
    }
}

/// What changes of a policy; what is absent stays as it is, and `null` takes a limit away.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub(super) struct PolicyPatch {
    personal_enabled: Option<bool>,
    legacy_enabled: Option<bool>,
    key_enabled: Option<bool>,
    #[schema(minimum = 1, maximum = 73000)]
    personal_ttl_days: Option<i64>,
    #[schema(minimum = 1, maximum = 73000)]
    key_ttl_days: Option<i64>,
    #[serde(deserialize_with = "present")]
    #[schema(value_type = Option<i64>, minimum = 1, maximum = 73000)]
    max_ttl_days: Option<Option<i64>>,
    #[serde(deserialize_with = "present")]
    #[schema(value_type = Option<i64>, minimum = 1, maximum = 73000)]
    idle_days: Option<Option<i64>>,
    /// `allow`, `warn` or `refuse`.
    #[schema(pattern = "^(allow|warn|refuse)$")]
    direct_use: Option<String>,
    scopes: Option<Vec<String>>,
    ip_ranges: Option<Vec<String>>,
    #[schema(minimum = 0, maximum = 720)]
    max_overlap_hours: Option<i64>,
    /// `alert` or `revoke_family`.
    #[schema(pattern = "^(alert|revoke_family)$")]
    on_reuse: Option<String>,
    /// Also if neither personal access tokens nor legacy tokens are left, or if it stops the token that it
    /// is made with.
    force: bool,
}

/// `null` is a value here, and absence is another.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<i64>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

impl From<PolicyPatch> for PolicyChange {
    fn from(patch: PolicyPatch) -> Self {
        Self {
            personal_enabled: patch.personal_enabled,
            legacy_enabled: patch.legacy_enabled,
            key_enabled: patch.key_enabled,
            personal_ttl_days: patch.personal_ttl_days,
            key_ttl_days: patch.key_ttl_days,
            max_ttl_days: patch.max_ttl_days,
            idle_days: patch.idle_days,
            direct_use: patch.direct_use,
            scopes: patch.scopes,
            ip_ranges: patch.ip_ranges,
            max_overlap_hours: patch.max_overlap_hours,
            on_reuse: patch.on_reuse,
            force: patch.force,
        }
    }
}

/// Whether to save.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct PolicyQuery {
    /// `true`: change nothing, and say which tokens the change would stop.
    dry_run: Option<bool>,
}

/// What a change would stop.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PolicyDryRun)]
pub(super) struct DryRunView {
    stopped: Vec<StoppedView>,
    /// How many tokens would stop.
    tokens: usize,
    /// How many people they belong to.
    people: usize,
}

impl DryRunView {
    fn new(stopped: Vec<Stopped>) -> Self {
        let people: HashSet<i64> = stopped.iter().map(|token| token.user_id).collect();
        Self {
            tokens: stopped.len(),
            people: people.len(),
            stopped: stopped.into_iter().map(StoppedView::new).collect(),
        }
    }
}

/// A token that a change would stop.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = StoppedToken)]
struct StoppedView {
    id: String,
    kind: String,
    name: String,
    user_id: i64,
    /// The owner's e-mail address.
    email: String,
    #[schema(format = DateTime)]
    last_used_at: Option<String>,
    /// The code that it would be refused with.
    code: &'static str,
}

impl StoppedView {
    fn new(stopped: Stopped) -> Self {
        Self {
            id: stopped.id,
            kind: stopped.kind,
            name: stopped.name,
            user_id: stopped.user_id,
            email: stopped.email,
            last_used_at: stopped.last_used_at.map(instant),
            code: stopped.denial.code(),
        }
    }
}

/// The policy as it is now, or what the change would stop.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub(super) enum PolicyAnswer {
    Saved(PolicyView),
    DryRun(DryRunView),
}

/// An organization's policy over tokens
#[utoipa::path(get, path = "/api/v1/organizations/{id}/policy", operation_id = "show_policy", tag = "organizations",
    params(("id" = i64, Path)), responses((status = 200, description = "The policy", body = PolicyView)))]
pub(super) async fn show(
    State(app): State<App>,
    cx: Cx,
    Query(Nothing {}): Query<Nothing>,
    PathNumber(id): PathNumber,
) -> Result<Response, Problem> {
    let organization = organizations::find(&app, &cx, id).await?;
    answer(StatusCode::OK, &PolicyView::new(&organization))
}

/// Change an organization's policy, or see what that would stop
#[utoipa::path(patch, path = "/api/v1/organizations/{id}/policy", operation_id = "update_policy", tag = "organizations",
    params(("id" = i64, Path), PolicyQuery), request_body = PolicyPatch,
    responses((status = 200, description = "The policy as it is now; with dry_run, what would stop", body = PolicyAnswer)))]
pub(super) async fn update(
    State(app): State<App>,
    cx: Cx,
    PathNumber(id): PathNumber,
    Query(query): Query<PolicyQuery>,
    Body(patch): Body<PolicyPatch>,
) -> Result<Response, Problem> {
    let change = PolicyChange::from(patch);
    let view = if query.dry_run == Some(true) {
        let run = policy::dry_run(&app, &cx, id, &change).await?;
        PolicyAnswer::DryRun(DryRunView::new(run.stopped))
    } else {
        let organization = policy::update(&app, &cx, id, &change).await?;
        PolicyAnswer::Saved(PolicyView::new(&organization))
    };
    answer(StatusCode::OK, &view)
}
