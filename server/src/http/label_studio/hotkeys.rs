//! The caller's hotkeys: Keybearer keeps them for Label Studio's clients and checks them as it does.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::body::Body;
use super::endpoint::{ALL_FORMS, Endpoint};
use super::failure::{self, Failure};
use super::python_json::Json;
use super::tokens::answer;
use crate::app::App;
use crate::cx::Cx;
use crate::domain::users::{self, changing};
use crate::http::credentials::Auth;

pub(super) static HOTKEYS: Endpoint = Endpoint {
    allow: "GET, PATCH, HEAD, OPTIONS",
    auth: Auth::Required,
    name: "User Hotkeys Api",
    parses: ALL_FORMS,
    fields: "",
};

const MOST: usize = 200;
const LONGEST_ACTION: usize = 100;
const LONGEST_KEYS: usize = 50;
const LONGEST_PART: usize = 20;
const MODIFIERS: [&str; 8] = [
    "ctrl", "alt", "shift", "cmd", "meta", "command", "option", "control",
];
/// Combinations that belong to the operating system.
const FORBIDDEN: [&str; 11] = [
    "ctrl+alt+delete",
    "cmd+alt+escape",
    "alt+f4",
    "ctrl+alt+esc",
    "cmd+option+esc",
    "ctrl+shift+esc",
    "cmd+shift+q",
    "alt+tab",
    "cmd+tab",
    "ctrl+alt+t",
    "cmd+space",
];

pub(super) async fn show(State(app): State<App>, cx: Cx) -> Result<Response, Failure> {
    let user = users::find_own(&app, &cx).await?;
    let hotkeys = serde_json::from_str::<Value>(&user.custom_hotkeys).unwrap_or_else(|_| json!({}));
    answer(StatusCode::OK, &json!({"custom_hotkeys": hotkeys}))
}

pub(super) async fn update(
    State(app): State<App>,
    cx: Cx,
    data: Body,
) -> Result<Response, Failure> {
    let object = match data {
        Body::Json(json) if !matches!(json, Json::Object(_)) => return Ok(refuse_body(&json)),
        data => data.object()?,
    };
    let hotkeys = match object.get("custom_hotkeys") {
        None => return Ok(refuse("This field is required.")),
        Some(Json::Null) => return Ok(refuse("This field may not be null.")),
        Some(hotkeys @ Json::Object(pairs)) => match check(pairs) {
            Ok(()) => hotkeys.to_value(),
            Err(why) => return Ok(refuse(&why)),
        },
        Some(other) => {
            return Ok(refuse(&format!(
                "Expected a dictionary of items but got type \"{}\".",
                other.type_name()
            )));
        }
    };
    changing::update_hotkeys(&app, &cx, &hotkeys).await?;
    answer(StatusCode::OK, &json!({"custom_hotkeys": hotkeys}))
}

fn refuse(why: &str) -> Response {
    refuse_with(&json!({"custom_hotkeys": [why]}))
}

fn refuse_body(body: &Json) -> Response {
    let why = match body {
        Json::Null => "No data provided".to_owned(),
        other => format!(
            "Invalid data. Expected a dictionary, but got {}.",
            other.type_name()
        ),
    };
    refuse_with(&json!({"non_field_errors": [why]}))
}

/// This view alone has a body of its own for what is not right.
fn refuse_with(details: &Value) -> Response {
    failure::json(
        StatusCode::BAD_REQUEST,
        &json!({"error": "Invalid hotkeys configuration", "details": details}),
    )
    .into_response()
}

fn check(hotkeys: &[(String, Json)]) -> Result<(), String> {
    if hotkeys.len() > MOST {
        return Err(format!("Cannot define more than {MOST} custom hotkeys"));
    }
    hotkeys.iter().try_for_each(|(action, hotkey)| {
        check_action(action)?;
        check_hotkey(action, hotkey)
    })
}

fn check_action(action: &str) -> Result<(), String> {
    if action.is_empty() {
        return Err("Action key '' must be a non-empty string".into());
    }
    if action.chars().count() > LONGEST_ACTION {
        return Err(format!(
            "Action key '{action}' is too long (max {LONGEST_ACTION} characters)"
        ));
    }
    match action.split_once(':') {
        None => Err(format!(
            "Action key '{action}' must be in 'section:action' format"
        )),
        Some((section, name)) if section.trim().is_empty() || name.trim().is_empty() => Err(
            format!("Action key '{action}' must have non-empty section and action parts"),
        ),
        Some(_) => Ok(()),
    }
}

fn check_hotkey(action: &str, hotkey: &Json) -> Result<(), String> {
    let Json::Object(hotkey) = hotkey else {
        return Err(format!("Hotkey data for '{action}' must be a dictionary"));
    };
    let field = |name: &str| {
        hotkey
            .iter()
            .find_map(|(key, value)| (key == name).then_some(value))
    };
    let keys = match field("key") {
        None => return Err(format!("Missing 'key' in hotkey data for '{action}'")),
        Some(Json::Text(keys)) if !keys.text.is_empty() => &keys.text,
        Some(_) => {
            return Err(format!(
                "Key combination for '{action}' must be a non-empty string"
            ));
        }
    };
    if keys.chars().count() > LONGEST_KEYS {
        return Err(format!(
            "Key combination for '{action}' is too long (max {LONGEST_KEYS} characters)"
        ));
    }
    if FORBIDDEN.contains(&keys.trim().to_lowercase().as_str()) {
        return Err(format!(
            "Key combination '{keys}' is not allowed for security reasons"
        ));
    }
    if !matches!(field("active"), None | Some(Json::Bool(_))) {
        return Err(format!("Active flag for '{action}' must be a boolean"));
    }
    let is_usual = |c: char| c.is_whitespace() || c.is_ascii_graphic();
    if !keys.chars().all(is_usual) {
        return Err(format!(
            "Key combination '{keys}' for '{action}' contains invalid characters"
        ));
    }
    let mut parts: Vec<&str> = keys.split('+').collect();
    parts.pop();
    match parts.iter().find(|part| {
        !MODIFIERS.contains(&part.trim().to_lowercase().as_str()) && part.len() > LONGEST_PART
    }) {
        Some(part) => Err(format!(
            "Invalid modifier or key '{part}' in key combination '{keys}'"
        )),
        None => Ok(()),
    }
}
