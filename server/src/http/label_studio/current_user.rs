//! The caller himself: who he is, and his legacy token.

use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::{Value, json};

use super::endpoint::{ALL_FORMS, Endpoint, ONLY_JSON};
use super::failure::{self, Failure};
use super::selection::select;
use super::tokens::answer;
use super::users::view_in;
use crate::app::App;
use crate::cx::Cx;
use crate::domain::tokens::legacy;
use crate::domain::users::{self, Account};
use crate::http::credentials::Auth;

pub(super) static WHOAMI: Endpoint = Endpoint {
    allow: "GET, HEAD, OPTIONS",
    auth: Auth::Required,
    name: "User Who Am Iapi",
    parses: ALL_FORMS,
    fields: "",
};
pub(super) static LEGACY: Endpoint = Endpoint {
    allow: "GET, HEAD, OPTIONS",
    auth: Auth::Required,
    name: "User Get Token Api",
    parses: ONLY_JSON,
    fields: "",
};
pub(super) static RESET: Endpoint = Endpoint {
    allow: "POST, OPTIONS",
    auth: Auth::Required,
    name: "User Reset Token Api",
    parses: ALL_FORMS,
    fields: "",
};

/// What Label Studio says that its users may do. It says the same to all of them; its clients look
/// for the names, and Keybearer's own rules are in `domain::access`.
const PERMISSIONS: [&str; 44] = [
    "organizations.create",
    "organizations.view",
    "organizations.change",
    "organizations.delete",
    "organizations.invite",
    "projects.create",
    "projects.view",
    "projects.change",
    "projects.delete",
    "projects.reset_cache",
    "tasks.create",
    "tasks.view",
    "tasks.change",
    "tasks.delete",
    "views.reset",
    "annotations.create",
    "annotations.view",
    "annotations.change",
    "annotations.delete",
    "actions.perform",
    "predictions.any",
    "avatar.any",
    "labels.create",
    "labels.view",
    "labels.change",
    "labels.delete",
    "models.create",
    "models.view",
    "models.change",
    "models.delete",
    "model_provider_connection.create",
    "model_provider_connection.view",
    "model_provider_connection.change",
    "model_provider_connection.delete",
    "webhooks.view",
    "webhooks.change",
    "users.token.any",
    "storages.view",
    "storages.change",
    "storages.sync",
    "views.view",
    "views.create",
    "views.change",
    "views.delete",
];

pub(super) async fn whoami(
    State(app): State<App>,
    cx: Cx,
    RawQuery(query): RawQuery,
) -> Result<Response, Failure> {
    let account = users::account(&app, &cx).await?;
    if query.is_some() {
        let view = select(own_view(&account), query.as_deref(), "include");
        return answer(StatusCode::OK, &view);
    }
    // The most frequent question of all, and its answer is the same until the account changes.
    let shown = account
        .shown
        .get_or_init(|| own_view(&account).to_string().into());
    Ok(failure::json_text(StatusCode::OK, shown.clone()))
}

fn own_view(account: &Account) -> Value {
    let organization = (
        account.organization_title.clone(),
        account.organization_email.clone(),
    );
    let mut view = view_in(&account.user, organization);
    view.insert(
        "permissions".into(),
        PERMISSIONS.iter().copied().map(Value::from).collect(),
    );
    view.into()
}

pub(super) async fn show_legacy(State(app): State<App>, cx: Cx) -> Result<Response, Failure> {
    let token = legacy::read_own(&app, &cx).await?;
    answer(StatusCode::OK, &json!({"token": token.reveal()}))
}

pub(super) async fn reset_legacy(State(app): State<App>, cx: Cx) -> Result<Response, Failure> {
    let token = legacy::reset_own(&app, &cx).await?;
    answer(StatusCode::CREATED, &json!({"token": token.reveal()}))
}
