//! The organization's Access Token Settings.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Serialize;

use super::body::Body;
use super::endpoint::{ALL_FORMS, Endpoint};
use super::failure::Failure;
use super::tokens::answer;
use crate::app::App;
use crate::cx::Cx;
use crate::domain::access::{self, Action};
use crate::domain::organizations::{self, Organization};
use crate::domain::policy::{self, PolicyChange};
use crate::error::Error;
use crate::http::credentials::Auth;

pub(super) static SETTINGS: Endpoint = Endpoint {
    allow: "GET, POST, HEAD, OPTIONS",
    auth: Auth::Required,
    name: "Jwt Settings Api",
    parses: ALL_FORMS,
    fields: r#"{"POST": {"api_tokens_enabled": {"type": "boolean", "required": false, "read_only": false,
        "label": "JWT API tokens enabled", "help_text": "Enable JWT API token authentication for this organization"},
        "legacy_api_tokens_enabled": {"type": "boolean", "required": false, "read_only": false,
        "label": "Legacy API tokens enabled", "help_text": "Enable legacy API token authentication for this organization"}}}"#,
};

#[derive(Serialize)]
struct SettingsView {
    api_tokens_enabled: bool,
    legacy_api_tokens_enabled: bool,
    api_token_ttl_days: i64,
}

impl SettingsView {
    fn new(organization: &Organization) -> Self {
        Self {
            api_tokens_enabled: organization.personal_enabled,
            legacy_api_tokens_enabled: organization.legacy_enabled,
            api_token_ttl_days: organization.personal_ttl_days,
        }
    }
}

pub(super) async fn show(State(app): State<App>, cx: Cx) -> Result<Response, Failure> {
    // Whoever may change the settings may see them; Label Studio's page for them is the admins'. In
    // gateway mode Label Studio's account page asks for everybody, to know which tokens to offer.
    let action = match app.upstream {
        None => Action::ChangeOrganization,
        Some(_) => Action::SeeOrganization,
    };
    let organization_id = access::require(&cx, action)?.organization_id;
    let organization = organizations::find(&app, &cx, organization_id).await?;
    answer(StatusCode::OK, &SettingsView::new(&organization))
}

pub(super) async fn update(
    State(app): State<App>,
    cx: Cx,
    data: Body,
) -> Result<Response, Failure> {
    let organization_id = access::require(&cx, Action::ChangeOrganization)?.organization_id;
    let mut object = data.object()?;
    let change = PolicyChange {
        personal_enabled: object.boolean("api_tokens_enabled"),
        legacy_enabled: object.boolean("legacy_api_tokens_enabled"),
        personal_ttl_days: object.integer("api_token_ttl_days"),
        force: object.boolean("force").unwrap_or(false),
        ..PolicyChange::default()
    };
    object.check()?;
    let updated = policy::update(&app, &cx, organization_id, &change).await;
    let organization = updated.map_err(|error| match error {
        Error::Invalid {
            field: Some("personal_ttl_days"),
            why,
        } => Error::invalid("api_token_ttl_days", why),
        other => other,
    })?;
    answer(StatusCode::OK, &SettingsView::new(&organization))
}
