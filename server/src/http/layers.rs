//! What happens to every request, whichever door it comes to: one spelling of its path, one log
//! line, a few headers, and an answer even if the program fails.

use std::any::Any;
use std::net::IpAddr;
use std::time::Instant;

use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::uri::PathAndQuery;
use axum::http::{HeaderValue, Method, Uri, header};
use axum::response::{IntoResponse, Response};

use crate::app::App;
use crate::http::credentials::Auth;
use crate::http::label_studio::failure::{self, Failure};
use crate::http::{api, extract, label_studio, ui};

/// The target as the client has sent it, for whoever hands the request on.
#[derive(Clone, Debug)]
pub(crate) struct AsSent(pub(crate) Uri);

/// Marks an answer that another server has given: nothing is added to it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Foreign;

/// Gives the path its one spelling: no slash at the end, no doubled slash, not below the mount path.
///
/// Label Studio answers both spellings itself and never redirects, since a redirected POST loses
/// its body with most clients; so Keybearer does the same everywhere.
pub(super) fn normalize(mut request: Request, mount_path: &str) -> Request {
    let path = request.uri().path();
    if mount_path.is_empty() && is_normal(path) {
        return request;
    }
    let below = path
        .strip_prefix(mount_path)
        .filter(|rest| rest.is_empty() || rest.starts_with('/'))
        .unwrap_or(path);
    let trimmed = format!("/{}", below.trim_matches('/'));
    if trimmed != path {
        let query = request
            .uri()
            .query()
            .map(|query| format!("?{query}"))
            .unwrap_or_default();
        if let Ok(path_and_query) = PathAndQuery::try_from(format!("{trimmed}{query}")) {
            let mut parts = request.uri().clone().into_parts();
            parts.path_and_query = Some(path_and_query);
            if let Ok(uri) = Uri::from_parts(parts) {
                *request.uri_mut() = uri;
            }
        }
    }
    request
}

fn is_normal(path: &str) -> bool {
    path == "/" || (path.starts_with('/') && !path.starts_with("//") && !path.ends_with('/'))
}

/// What the log says of a request; nothing if it would say nothing. The query is not logged: an
/// invite link's secret is in it.
pub(super) struct Seen(Option<(Method, String, Option<IpAddr>, Instant)>);

impl Seen {
    pub(super) fn of(app: &App, request: &Request) -> Self {
        Self(tracing::enabled!(tracing::Level::DEBUG).then(|| {
            (
                request.method().clone(),
                request.uri().path().to_owned(),
                extract::address_of(app, request.headers(), request.extensions()),
                Instant::now(),
            )
        }))
    }
}

/// Sets the headers that every answer has, and logs the request.
pub(super) fn finish(app: &App, seen: Seen, response: Response) -> Response {
    // What no door has written out: the failure behind a panic.
    let mut response = failure::render(app, Auth::None, response);
    if response.extensions().get::<Foreign>().is_none() {
        add_headers(app, &mut response);
    }
    if let Some((method, path, address, started)) = seen.0 {
        let status = response.status().as_u16();
        let took_us = u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX);
        tracing::debug!(%method, path, status, ?address, took_us, "request");
    }
    response
}

/// The headers that every answer of our own has.
fn add_headers(app: &App, response: &mut Response) {
    let headers = response.headers_mut();
    headers.insert(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    headers.insert(
        header::REFERRER_POLICY,
        HeaderValue::from_static("same-origin"),
    );
    headers
        .entry(header::CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
    if app.config.is_https() {
        headers.insert(
            header::STRICT_TRANSPORT_SECURITY,
            HeaderValue::from_static("max-age=31536000"),
        );
    }
}

/// Answers what no route knows: JSON below `/api/`, a page elsewhere.
pub(crate) async fn not_found(State(app): State<App>, parts: Parts) -> Response {
    let path = parts.uri.path();
    if path == "/api/v1" || path.starts_with("/api/v1/") {
        return api::unknown_path(&app, &parts);
    }
    if is_api(path) {
        return label_studio::unknown_path(&app, &parts).await;
    }
    ui::errors::not_found(&app, &parts).await
}

/// Answers for a defect: the cause goes to the log alone.
pub(super) fn panicked(cause: &(dyn Any + Send)) -> Response {
    let text = cause.downcast_ref::<String>().map(String::as_str);
    let text = text
        .or_else(|| cause.downcast_ref::<&str>().copied())
        .unwrap_or("no message");
    tracing::error!(cause = text, "a request made the program panic");
    Failure::internal("panic").into_response()
}

fn is_api(path: &str) -> bool {
    path == "/api" || path.starts_with("/api/")
}
