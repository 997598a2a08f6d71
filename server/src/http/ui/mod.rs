//! The pages: server-rendered, working without JavaScript.
//!
//! The route table is here; each page's template struct sits beside its handler. Errors become
//! pages in `error_page`, and a form that is not right is shown again with what was typed.

pub(crate) mod assets;
mod forms;
mod home;
mod set_up;
mod sign_in;
mod sign_up;

use askama::Template;
use axum::Router;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;

use crate::app::App;
use crate::error::Error;

/// The routes. Paths are without a slash at their end; see `layers::normalize`.
pub fn router(_app: &App) -> Router<App> {
    Router::new()
        .route("/", get(home::show))
        .route("/user/login", get(sign_in::show).post(sign_in::submit))
        .route("/user/signup", get(sign_up::show).post(sign_up::submit))
        .route("/set-up", get(set_up::show).post(set_up::submit))
        .route("/logout", get(sign_in::sign_out).post(sign_in::sign_out))
        .route("/static/{name}", get(assets::show))
}

/// A page that says what went wrong and what to do.
#[derive(Template)]
#[template(path = "error.html")]
struct ErrorPage<'a> {
    base: &'a str,
    title: &'a str,
    text: &'a str,
}

/// The page for a path that leads nowhere.
pub(super) fn not_found(app: &App) -> Response {
    say(
        app,
        StatusCode::NOT_FOUND,
        "Page not found",
        "There is no page at this address. The start page is a good place to go on.",
    )
}

/// An error as a page.
fn error_page(app: &App, error: &Error) -> Response {
    match error {
        Error::Invalid { why, .. } => say(app, StatusCode::BAD_REQUEST, "That is not right", why),
        Error::Unauthenticated(_) => redirect(app, "/user/login/"),
        Error::Forbidden(why) => say(app, StatusCode::FORBIDDEN, "Not allowed", why),
        Error::ScopeMissing(_) => say(
            app,
            StatusCode::FORBIDDEN,
            "Not allowed",
            "This token may not do that.",
        ),
        Error::TypeDisabled(_) => say(
            app,
            StatusCode::FORBIDDEN,
            "Not allowed",
            "This kind of token is switched off.",
        ),
        Error::NotFound(what) => say(app, StatusCode::NOT_FOUND, "Not found", what),
        Error::Conflict(why) => say(app, StatusCode::CONFLICT, "Not possible", why),
        Error::TooMany {
            retry_after_seconds,
        } => {
            let text = format!(
                "There were too many failed tries. Wait {retry_after_seconds} seconds, then try again."
            );
            let mut response = say(app, StatusCode::TOO_MANY_REQUESTS, "Too many tries", &text);
            response
                .headers_mut()
                .insert(header::RETRY_AFTER, HeaderValue::from(*retry_after_seconds));
            response
        }
        Error::Unavailable(cause) => {
            tracing::error!(?cause, "the database cannot be used");
            let text = format!("Keybearer cannot answer now: {cause}. Try again in a moment.");
            say(app, StatusCode::SERVICE_UNAVAILABLE, "Not now", &text)
        }
        Error::Internal(cause) => {
            let id = app.random.uuid();
            tracing::error!(id, cause = format!("{cause:#}"), "internal error");
            let text = format!(
                "This is a defect of Keybearer. The server's log has the cause under the id {id}."
            );
            say(
                app,
                StatusCode::INTERNAL_SERVER_ERROR,
                "Internal error",
                &text,
            )
        }
    }
}

fn say(app: &App, status: StatusCode, title: &str, text: &str) -> Response {
    page(
        status,
        &ErrorPage {
            base: app.config.base_path(),
            title,
            text,
        },
    )
}

/// A rendered page, with the policy that lets in nothing but our own files.
pub(super) fn page(status: StatusCode, template: &impl Template) -> Response {
    let Ok(html) = template.render() else {
        return (
            StatusCode::INTERNAL_SERVER_ERROR,
            "A page could not be rendered.",
        )
            .into_response();
    };
    let mut response = (status, Html(html)).into_response();
    response.headers_mut().insert(
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static("default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"),
    );
    response
}

/// Sends the browser to `path` below the public URL (302, as Label Studio does).
fn redirect(app: &App, path: &str) -> Response {
    let to = format!("{}{path}", app.config.base_path());
    let Ok(location) = HeaderValue::from_str(&to) else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    (StatusCode::FOUND, [(header::LOCATION, location)], Html("")).into_response()
}
