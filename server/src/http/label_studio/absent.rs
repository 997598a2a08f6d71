//! What Label Studio has and Keybearer has not: projects, tasks and all the rest of labelling.

use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::failure::{self, Failure};
use crate::app::App;
use crate::http::credentials::{self, Auth};

/// The families of URLs that only Label Studio itself answers.
const LABELLING: [&str; 23] = [
    "actions",
    "activity-logs",
    "annotation-history",
    "annotations",
    "auth",
    "billing",
    "comments",
    "dm",
    "export",
    "import",
    "interactive",
    "label_links",
    "labels",
    "ml",
    "model-runs",
    "predictions",
    "projects",
    "prompts",
    "storages",
    "tasks",
    "templates",
    "webhooks",
    "workspaces",
];

/// Answers a path below `/api/` that no route knows.
pub async fn unknown_path(app: &App, parts: &Parts) -> Response {
    let path = parts.uri.path().to_owned();
    let family = path.split('/').nth(2).unwrap_or_default();
    if !LABELLING.contains(&family) {
        let what =
            format!("Not found. There is nothing at {path}; docs/api.md lists what there is.");
        let failure = Failure::http(StatusCode::NOT_FOUND, what);
        return failure::render(app, Auth::None, failure.into_response());
    }
    // As in Label Studio, a stranger does not learn what is there.
    let failure = match credentials::authenticate(app, Auth::Required, parts).await {
        Ok(_) => Failure::http(
            StatusCode::NOT_FOUND,
            format!(
                "Not found. Keybearer has no {family} of its own. In gateway mode, in front of a Label Studio, it passes \
                 {path} on; this server is not in gateway mode."
            ),
        ),
        Err(error) => Failure::from(error),
    };
    let mut response = failure::render(app, Auth::Required, failure.into_response());
    response.headers_mut().insert(
        header::ALLOW,
        HeaderValue::from_static("GET, POST, HEAD, OPTIONS"),
    );
    response
}
