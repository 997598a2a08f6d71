//! Users, and how they are shown.

use std::collections::HashMap;

use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::{Map, Value, json};

use super::body::Body;
use super::endpoint::{ALL_FORMS, Endpoint};
use super::failure::Failure;
use super::ids::PathIds;
use super::python_json::Json;
use super::selection::select;
use super::tokens::answer;
use crate::app::App;
use crate::cx::Cx;
use crate::domain::access::{self, Action, Role};
use crate::domain::organizations;
use crate::domain::users::adding::{self, UserSpec};
use crate::domain::users::changing::{self, UserChange};
use crate::domain::users::{self, LONGEST_TEXT, User};
use crate::http::credentials::Auth;

pub(super) static USERS: Endpoint = Endpoint {
    allow: "GET, POST, HEAD",
    auth: Auth::Required,
    name: "User List",
    parses: ALL_FORMS,
    fields: "",
};
pub(super) static USER: Endpoint = Endpoint {
    allow: "GET, HEAD, PATCH, DELETE",
    auth: Auth::Required,
    name: "User",
    parses: ALL_FORMS,
    fields: "",
};

pub(super) async fn list(
    State(app): State<App>,
    cx: Cx,
    RawQuery(query): RawQuery,
) -> Result<Response, Failure> {
    let users = users::list(&app, &cx).await?;
    let views = views(&app, &users)
        .await?
        .into_iter()
        .map(Value::Object)
        .collect();
    answer(StatusCode::OK, &select(views, query.as_deref(), "include"))
}

pub(super) async fn show(
    State(app): State<App>,
    cx: Cx,
    PathIds([id]): PathIds<1>,
    RawQuery(query): RawQuery,
) -> Result<Response, Failure> {
    let user = users::find(&app, &cx, id).await?;
    answer(
        StatusCode::OK,
        &select(view(&app, &user).await?, query.as_deref(), "include"),
    )
}

pub(super) async fn create(
    State(app): State<App>,
    cx: Cx,
    data: Body,
) -> Result<Response, Failure> {
    let organization_id = access::require(&cx, Action::ChangeMembers)?.organization_id;
    let mut object = data.object()?;
    let username = object.required_text("username");
    let email = object.required_text("email");
    let spec = UserSpec {
        username: Some(username),
        first_name: object
            .text_up_to("first_name", LONGEST_TEXT)
            .unwrap_or_default(),
        last_name: object
            .text_up_to("last_name", LONGEST_TEXT)
            .unwrap_or_default(),
        phone: object.text_up_to("phone", LONGEST_TEXT).unwrap_or_default(),
        allow_newsletters: allow_newsletters(&mut object).flatten(),
        ..UserSpec::new(&email, Role::Member)
    };
    object.check()?;
    let user = adding::add(&app, &cx, organization_id, spec).await?;
    answer(StatusCode::CREATED, &view(&app, &user).await?)
}

pub(super) async fn update(
    State(app): State<App>,
    cx: Cx,
    PathIds([id]): PathIds<1>,
    RawQuery(query): RawQuery,
    data: Body,
) -> Result<Response, Failure> {
    let mut object = data.object()?;
    if object.get("email").is_some() {
        // Label Studio saves the other fields before it says so; here nothing is half done.
        return Err(Failure::http(
            StatusCode::METHOD_NOT_ALLOWED,
            "Cannot update read-only field: email",
        ));
    }
    let username = object
        .get("username")
        .is_some()
        .then(|| object.required_text("username"));
    let change = UserChange {
        username,
        first_name: object.text_up_to("first_name", LONGEST_TEXT),
        last_name: object.text_up_to("last_name", LONGEST_TEXT),
        phone: object.text_up_to("phone", LONGEST_TEXT),
        allow_newsletters: allow_newsletters(&mut object),
    };
    object.check()?;
    let user = changing::update(&app, &cx, id, change).await?;
    let view = view(&app, &user).await?;
    answer(StatusCode::OK, &select(view, query.as_deref(), "include"))
}

pub(super) async fn delete(
    State(app): State<App>,
    cx: Cx,
    PathIds([id]): PathIds<1>,
) -> Result<StatusCode, Failure> {
    changing::delete(&app, &cx, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn allow_newsletters(object: &mut super::fields::Object) -> Option<Option<bool>> {
    if matches!(object.get("allow_newsletters"), Some(Json::Null)) {
        return Some(None);
    }
    object.boolean("allow_newsletters").map(Some)
}

/// A user as Label Studio shows one.
pub(super) async fn view(app: &App, user: &User) -> Result<Value, Failure> {
    let view = views(app, std::slice::from_ref(user)).await?.pop();
    Ok(view.unwrap_or_default().into())
}

/// Users as Label Studio shows them.
pub(super) async fn views(app: &App, users: &[User]) -> Result<Vec<Map<String, Value>>, Failure> {
    let mut organizations: HashMap<i64, (String, String)> = HashMap::new();
    let mut views = Vec::new();
    for user in users {
        let (title, email) = match user.active_organization_id {
            None => Default::default(),
            Some(id) => match organizations.get(&id) {
                Some(meta) => meta.clone(),
                None => organizations
                    .entry(id)
                    .or_insert(organizations::meta(app, id).await?)
                    .clone(),
            },
        };
        views.push(view_in(user, (title, email)));
    }
    Ok(views)
}

/// A user as Label Studio shows one; his organization's title, and its creator's address.
pub(super) fn view_in(user: &User, (title, email): (String, String)) -> Map<String, Value> {
    let hotkeys = serde_json::from_str::<Value>(&user.custom_hotkeys);
    let view = json!({
        "id": user.id,
        "first_name": user.first_name,
        "last_name": user.last_name,
        "username": user.username,
        "email": user.email,
        "last_activity": instant(user.last_activity_at),
        "custom_hotkeys": hotkeys.unwrap_or_else(|_| json!({})),
        "avatar": null,
        "initials": initials(user),
        "phone": user.phone,
        "active_organization": user.active_organization_id,
        "active_organization_meta": {"title": title, "email": email},
        "allow_newsletters": user.allow_newsletters,
        "date_joined": instant(user.created_at),
    });
    match view {
        Value::Object(view) => view,
        _ => Map::new(),
    }
}

/// Two letters for a round picture.
fn initials(user: &User) -> String {
    let first = |text: &str| text.chars().next().map(String::from).unwrap_or_default();
    match (user.first_name.is_empty(), user.last_name.is_empty()) {
        (true, true) => user.email.chars().take(2).collect(),
        _ => first(&user.first_name) + &first(&user.last_name),
    }
}

/// An instant (Unix milliseconds) as Label Studio writes it: RFC 3339 in UTC, with six digits of
/// fraction or none.
pub(super) fn instant(ms: i64) -> String {
    let Ok(timestamp) = jiff::Timestamp::from_millisecond(ms) else {
        return String::new();
    };
    if timestamp.subsec_nanosecond() == 0 {
        format!("{timestamp:.0}")
    } else {
        format!("{timestamp:.6}")
    }
}
