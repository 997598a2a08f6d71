//! The members of an organization.

use axum::Extension;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::Response;
use serde_json::{Value, json};

use super::endpoint::{ALL_FORMS, Auth, Endpoint};
use super::failure::Failure;
use super::selection::select;
use super::tokens::answer;
use super::users::{instant, views};
use crate::app::App;
use crate::cx::Cx;
use crate::domain::members;
use crate::error::Error;
use crate::http::extract::PathIds;

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

const PAGE_SIZE: i64 = 20;
const LARGEST_PAGE: i64 = 1000;

/// A page of members. A page past the end is empty, for the SDK's pager asks until it finds one.
pub(super) async fn list(
    State(app): State<App>,
    Extension(cx): Extension<Cx>,
    PathIds([organization_id]): PathIds<1>,
    (headers, uri, RawQuery(query)): (HeaderMap, Uri, RawQuery),
) -> Result<Response, Failure> {
    let pairs: Vec<(String, String)> =
        form_urlencoded::parse(query.as_deref().unwrap_or_default().as_bytes())
            .into_owned()
            .collect();
    let number = |name: &str| {
        pairs
            .iter()
            .rev()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.trim().parse::<i64>())
    };
    let size = number("page_size")
        .and_then(Result::ok)
        .filter(|size| *size > 0)
        .unwrap_or(PAGE_SIZE)
        .min(LARGEST_PAGE);
    let page = match number("page") {
        None => 1,
        Some(Ok(page)) if page > 0 => page,
        Some(_) => return Err(Failure::http(StatusCode::NOT_FOUND, "Invalid page.")),
    };
    let offset = (page - 1).saturating_mul(size);
    let found = members::list(&app, &cx, organization_id, (size, offset)).await?;
    let users: Vec<_> = found.members.iter().map(|(_, user)| user.clone()).collect();
    let results: Value = found
        .members
        .iter()
        .zip(views(&app, &users).await?)
        .map(|((membership, _), mut user)| {
            user.insert("created_projects".into(), Value::Null);
            user.insert("contributed_to_projects".into(), Value::Null);
            json!({
                "id": membership.id,
                "organization": membership.organization_id,
                "user": user,
                "created_projects": null,
                "contributed_to_projects": null,
            })
        })
        .collect();
    let link = |page: i64| page_link(&app, &headers, &uri, (&pairs, page));
    let body = json!({
        "count": found.total,
        "next": (offset.saturating_add(size) < found.total).then(|| link(page + 1)),
        "previous": (page > 1).then(|| link(page - 1)),
        "results": select(results, query.as_deref(), "fields"),
    });
    answer(StatusCode::OK, &body)
}

pub(super) async fn show(
    State(app): State<App>,
    Extension(cx): Extension<Cx>,
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
    Extension(cx): Extension<Cx>,
    PathIds([organization_id, user_id]): PathIds<2>,
) -> Result<StatusCode, Failure> {
    match members::remove(&app, &cx, organization_id, user_id).await {
        Ok(()) => Ok(StatusCode::NO_CONTENT),
        Err(Error::Conflict(why)) => Err(Failure::bare(StatusCode::METHOD_NOT_ALLOWED, why)),
        Err(other) => Err(other.into()),
    }
}

/// The absolute address of a page, with the query's other keys in alphabetical order; the first
/// page has no `page` in it.
fn page_link(
    app: &App,
    headers: &HeaderMap,
    uri: &Uri,
    (pairs, page): (&[(String, String)], i64),
) -> String {
    let mut pairs: Vec<(&str, String)> = pairs
        .iter()
        .filter(|(key, _)| key != "page")
        .map(|(key, value)| (key.as_str(), value.clone()))
        .collect();
    if page > 1 {
        pairs.push(("page", page.to_string()));
    }
    pairs.sort();
    let query = form_urlencoded::Serializer::new(String::new())
        .extend_pairs(pairs)
        .finish();
    let mark = if query.is_empty() { "" } else { "?" };
    let host = headers
        .get(header::HOST)
        .and_then(|host| host.to_str().ok());
    let base = match host {
        Some(host) if app.config.base_path().is_empty() && !app.config.is_https() => {
            format!("http://{host}")
        }
        _ => app.config.public_url.clone(),
    };
    format!("{base}{}{mark}{query}", uri.path())
}
