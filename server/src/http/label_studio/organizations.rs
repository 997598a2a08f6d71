//! Organizations.

use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::{Value, json};

use super::body::Body;
use super::endpoint::{ALL_FORMS, Endpoint};
use super::failure::Failure;
use super::ids::PathIds;
use super::selection::select;
use super::tokens::answer;
use super::users::instant;
use crate::app::App;
use crate::cx::Cx;
use crate::domain::organizations::{self, Organization};
use crate::domain::{invites, users};
use crate::error::Error;
use crate::http::credentials::Auth;

pub(super) static ORGANIZATIONS: Endpoint = Endpoint {
    allow: "GET, POST, HEAD, OPTIONS",
    auth: Auth::Required,
    name: "Organization List Api",
    parses: ALL_FORMS,
    fields: r#"{"POST": {"id": {"type": "integer", "required": false, "read_only": true, "label": "ID"},
        "title": {"type": "string", "required": true, "read_only": false, "label": "Organization title", "max_length": 1000},
        "contact_info": {"type": "email", "required": false, "read_only": false, "label": "Contact info", "max_length": 254},
        "created_at": {"type": "datetime", "required": false, "read_only": true, "label": "Created at"}}}"#,
};
pub(super) static ORGANIZATION: Endpoint = Endpoint {
    allow: "GET, PUT, PATCH, HEAD, OPTIONS",
    auth: Auth::Required,
    name: "Organization Api",
    parses: ALL_FORMS,
    fields: r#"{"PUT": {"id": {"type": "integer", "required": false, "read_only": true, "label": "ID"},
        "title": {"type": "string", "required": true, "read_only": false, "label": "Organization title", "max_length": 1000},
        "token": {"type": "string", "required": false, "read_only": false, "label": "Token", "max_length": 256},
        "created_at": {"type": "datetime", "required": false, "read_only": true, "label": "Created at"},
        "updated_at": {"type": "datetime", "required": false, "read_only": true, "label": "Updated at"},
        "contact_info": {"type": "email", "required": false, "read_only": false, "label": "Contact info", "max_length": 254},
        "created_by": {"type": "field", "required": false, "read_only": true, "label": "Created_by"},
        "users": {"type": "field", "required": false, "read_only": true, "label": "Users"}}}"#,
};

pub(super) async fn list(
    State(app): State<App>,
    cx: Cx,
    RawQuery(query): RawQuery,
) -> Result<Response, Failure> {
    let views: Value = organizations::list(&app, &cx)
        .await?
        .iter()
        .map(short_view)
        .collect();
    answer(StatusCode::OK, &select(views, query.as_deref(), "fields"))
}

pub(super) async fn create() -> Failure {
    Failure::http(
        StatusCode::FORBIDDEN,
        "Creating organizations over the API is disabled on this instance",
    )
}

pub(super) async fn show(
    State(app): State<App>,
    cx: Cx,
    PathIds([id]): PathIds<1>,
    RawQuery(query): RawQuery,
) -> Result<Response, Failure> {
    let organization = organizations::find(&app, &cx, id).await?;
    answer(
        StatusCode::OK,
        &select(
            view(&app, &cx, &organization).await?,
            query.as_deref(),
            "fields",
        ),
    )
}

pub(super) async fn update(
    State(app): State<App>,
    cx: Cx,
    PathIds([id]): PathIds<1>,
    data: Body,
) -> Result<Response, Failure> {
    let mut object = data.object()?;
    let title = object.text("title", false);
    object.check()?;
    let organization = match title {
        Some(title) => organizations::update_title(&app, &cx, id, &title).await?,
        None => organizations::find(&app, &cx, id).await?,
    };
    answer(StatusCode::OK, &view(&app, &cx, &organization).await?)
}

pub(super) async fn replace(
    State(app): State<App>,
    cx: Cx,
    PathIds([id]): PathIds<1>,
    data: Body,
) -> Result<Response, Failure> {
    let mut object = data.object()?;
    let title = object.required_text("title");
    object.check()?;
    let organization = organizations::update_title(&app, &cx, id, &title).await?;
    answer(StatusCode::OK, &view(&app, &cx, &organization).await?)
}

fn short_view(organization: &Organization) -> Value {
    json!({
        "id": organization.id,
        "title": organization.title,
        "contact_info": null,
        "created_at": instant(organization.created_at),
    })
}

/// An organization in full. Its invite secret is in it for those who may invite.
async fn view(app: &App, cx: &Cx, organization: &Organization) -> Result<Value, Failure> {
    let invite = match invites::read(app, cx).await {
        Ok(invite) => Some(invite),
        Err(Error::Forbidden(_)) => None,
        Err(other) => return Err(other.into()),
    };
    let users: Vec<i64> = users::list(app, cx)
        .await?
        .iter()
        .map(|user| user.id)
        .collect();
    Ok(json!({
        "id": organization.id,
        "title": organization.title,
        "token": invite,
        "created_at": instant(organization.created_at),
        "updated_at": instant(organization.updated_at),
        "contact_info": null,
        "created_by": organization.created_by,
        "users": users,
    }))
}
