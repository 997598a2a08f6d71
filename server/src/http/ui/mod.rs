//! The pages: server-rendered, working without JavaScript.
//!
//! The route table is here; each page's template struct sits beside its handler. `frame` is what
//! stands around every page, `visitor` whoever is signed in. Errors become pages in `errors`, and
//! a form that is not right is shown again with what was typed.

mod account;
pub(crate) mod assets;
mod audit;
pub(crate) mod errors;
pub(crate) mod forms;
pub(crate) mod frame;
mod home;
mod organization;
mod set_up;
mod sign_in;
mod sign_up;
pub(crate) mod theme;
pub(crate) mod tokens;
mod usage;
pub(crate) mod visitor;
pub(crate) mod words;

use axum::Router;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::from_fn_with_state;
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post};

use crate::app::App;

/// The routes. Paths are without a slash at their end; see `layers::normalize`.
pub fn router(app: &App) -> Router<App> {
    Router::new()
        .route("/", get(home::show))
        .route("/user/login", get(sign_in::show).post(sign_in::submit))
        .route("/user/signup", get(sign_up::show).post(sign_up::submit))
        .route("/set-up", get(set_up::show).post(set_up::submit))
        .route("/logout", get(sign_in::sign_out).post(sign_in::sign_out))
        .route("/user/theme", post(theme::submit))
        .route("/static/{name}", get(assets::show))
        .merge(account::routes())
        .merge(organization::routes())
        .merge(tokens::routes())
        .merge(usage::routes())
        .merge(audit::routes())
        .layer(from_fn_with_state(app.clone(), errors::render))
}

/// Sends the browser to `path` below the public URL (302, as Label Studio does).
pub(super) fn redirect(app: &App, path: &str) -> Response {
    redirect_to(&format!("{}{path}", app.config.base_path()))
}

/// Sends the browser to `location`.
pub(crate) fn redirect_to(location: &str) -> Response {
    let Ok(location) = HeaderValue::from_str(location) else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    (StatusCode::FOUND, [(header::LOCATION, location)], Html("")).into_response()
}

/// The path, below the public URL, of our page that a form was sent from; the start page if that is
/// not known.
fn back_to(app: &App, headers: &HeaderMap) -> String {
    let from = headers
        .get(header::REFERER)
        .and_then(|value| value.to_str().ok());
    let after_scheme = from
        .and_then(|url| url.split_once("://"))
        .map(|(_, rest)| rest);
    let path = after_scheme.and_then(|rest| rest.find('/').and_then(|at| rest.get(at..)));
    let path = path.and_then(|path| path.strip_prefix(app.config.base_path()));
    sign_in::own_path(path.unwrap_or("/"))
}
