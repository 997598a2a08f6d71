//! The members of an organization.

use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::Response;
use serde_json::{Map, Value, json};

use super::endpoint::{ALL_FORMS, Endpoint};
use super::failure::Failure;
use super::ids::PathIds;
use super::paging::{Asked, Paging};
use super::selection::select;
use super::tokens::answer;
use super::users::{instant, views};
use crate::app::App;
use crate::cx::Cx;
use crate::domain::members::{self, Membership};
use crate::error::Error;
use crate::http::credentials::Auth;

pub(super) static MEMBERSHIPS: Endpoint = Endpoint {
    allow: "GET, HEAD, OPTIONS",
    auth: Auth::Required,
    name: "Organization Member List Api",
    parses: ALL_FORMS,
    fields: "",
};
pub(super) static MEMBERSHIP: Endpoint = Endpoint {
    allow: "DELETE, GET",
    auth: Auth::Required,
    name: "Organization Member",
    parses: ALL_FORMS,
    fields: "",
};

/// A page of members. A page past the end is empty, for the SDK's pager asks until it finds one.
pub(super) async fn list(
    State(app): State<App>,
    cx: Cx,
    PathIds([organization_id]): PathIds<1>,
    (headers, uri, RawQuery(query)): (HeaderMap, Uri, RawQuery),
) -> Result<Response, Failure> {
    let paging = Paging::of(query.as_deref())?;
    let projects = projects(paging.value("contributed_to_projects"))?;
    let page = members::list(&app, &cx, organization_id, paging.limit_and_offset()).await?;
    let users: Vec<_> = page.members.iter().map(|(_, user)| user.clone()).collect();
    let users = views(&app, &users).await?;
    let members = page.members.iter().map(|(membership, _)| membership);
    let results: Value = members
        .zip(users)
        .map(|(member, user)| item(member, user, &projects))
        .collect();
    let asked = Asked {
        app: &app,
        headers: &headers,
        uri: &uri,
    };
    let body = json!({
        "count": page.total,
        "next": paging.next(&asked, page.total),
        "previous": paging.previous(&asked),
        "results": select(results, query.as_deref(), "fields"),
    });
    answer(StatusCode::OK, &body)
}

fn item(member: &Membership, mut user: Map<String, Value>, projects: &Value) -> Value {
    user.insert("created_projects".into(), projects.clone());
    user.insert("contributed_to_projects".into(), projects.clone());
    json!({
        "id": member.id,
        "organization": member.organization_id,
        "user": user,
        "created_projects": projects,
        "contributed_to_projects": projects,
    })
}

/// The projects of a member, if the query wants them: Keybearer has none.
fn projects(wanted: Option<&str>) -> Result<Value, Failure> {
    match wanted {
        None | Some("0" | "false" | "no") => Ok(Value::Null),
        Some("1" | "true" | "yes") => Ok(json!([])),
        Some(other) => Err(Failure::field_text(
            "contributed_to_projects",
            format!(
                "Incorrect bool value \"{other}\". It should be one of [1, 0, true, false, yes, no]"
            ),
        )),
    }
}

pub(super) async fn show(
    State(app): State<App>,
    cx: Cx,
    PathIds([organization_id, user_id]): PathIds<2>,
    RawQuery(query): RawQuery,
) -> Result<Response, Failure> {
    let membership = members::find(&app, &cx, organization_id, user_id).await?;
    let view = json!({
        "user": membership.user_id,
        "organization": membership.organization_id,
        "contributed_projects_count": 0,
        "annotations_count": 0,
        "created_at": instant(membership.created_at),
        "created_projects": null,
        "contributed_to_projects": null,
    });
    answer(StatusCode::OK, &select(view, query.as_deref(), "fields"))
}

pub(super) async fn delete(
    State(app): State<App>,
    cx: Cx,
    PathIds([organization_id, user_id]): PathIds<2>,
) -> Result<StatusCode, Failure> {
    match members::remove(&app, &cx, organization_id, user_id).await {
        Ok(()) => Ok(StatusCode::NO_CONTENT),
        Err(Error::Conflict(why)) => Err(Failure::bare(StatusCode::METHOD_NOT_ALLOWED, why)),
        Err(other) => Err(other.into()),
    }
}
