//! Which Label Studio this interface is compatible with, and whether Keybearer is up.

use axum::extract::State;
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};

use super::failure::{self, Failure};
use crate::app::App;
use crate::domain::set_up;
use crate::http::credentials::Auth;

/// The Label Studio whose interface this is.
pub(super) const COMPATIBLE_VERSION: &str = "1.23.2";

/// Label Studio's own answer: clients read versions and edition out of it.
const VERSION_JSON: &str = include_str!("version.json");

pub(super) async fn show() -> Response {
    (
        [(header::CONTENT_TYPE, "application/json")],
        VERSION_JSON.trim_end(),
    )
        .into_response()
}

pub(super) async fn other_method(State(app): State<App>, method: Method) -> Response {
    let refused = Failure::http(
        StatusCode::METHOD_NOT_ALLOWED,
        format!("Method \"{method}\" not allowed."),
    );
    let mut response = failure::render(&app, Auth::None, refused.into_response());
    response.headers_mut().insert(
        header::ALLOW,
        HeaderValue::from_static("GET, HEAD, OPTIONS"),
    );
    response
}

/// The same for people.
pub(super) async fn page() -> Html<String> {
    Html(format!("<pre>{}</pre>", VERSION_JSON.trim_end()))
}

/// Ready means that the database answers. The type of the answer is Label Studio's.
pub(super) async fn health(State(app): State<App>) -> Response {
    match set_up::is_needed(&app).await {
        Ok(_) => Html(r#"{"status": "UP"}"#).into_response(),
        Err(error) => failure::render(&app, Auth::None, Failure::from(error).into_response()),
    }
}
