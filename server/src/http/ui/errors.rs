//! Why there is no page, as a page that says what to do.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::frame::Frame;
use super::visitor::Visitor;
use super::{redirect, redirect_to};
use crate::app::App;
use crate::domain::members;
use crate::error::{Error, Trouble};
use crate::http::refusals::upstream_status;

pub(crate) type PageResult = Result<Response, PageError>;

/// Why a handler has no page to show. [`render`] makes the page of it.
#[derive(Debug)]
pub(crate) enum PageError {
    /// An operation failed.
    Failed(Error),
    /// A status, a title, and what to do.
    Said(StatusCode, &'static str, String),
    /// Somebody must sign in first; where to go after that.
    SignIn(String),
}

impl PageError {
    /// For an address that leads nowhere.
    pub(super) fn no_page() -> Self {
        let text =
            "There is no page at this address. Check it, or go on from the start page.".to_owned();
        Self::Said(StatusCode::NOT_FOUND, "Page not found", text)
    }
}

impl From<Error> for PageError {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

impl IntoResponse for PageError {
    fn into_response(self) -> Response {
        let mut response = StatusCode::INTERNAL_SERVER_ERROR.into_response();
        response.extensions_mut().insert(Arc::new(self));
        response
    }
}

/// A page that says what went wrong and what to do.
#[derive(Template)]
#[template(path = "error.html")]
struct ErrorPage<'a> {
    frame: &'a Frame,
    title: &'a str,
    text: &'a str,
    /// Whom to ask for what one may not do oneself.
    whom_to_ask: Vec<String>,
}

/// Makes pages of the errors that handlers answer with.
pub(super) async fn render(State(app): State<App>, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let mut response = next.run(Request::from_parts(parts.clone(), body)).await;
    let Some(error) = response.extensions_mut().remove::<Arc<PageError>>() else {
        return response;
    };
    let visitor = Visitor::find(&app, &parts).await.ok();
    page(&app, &parts, visitor.as_ref(), &error).await
}

/// The page for a request that the Label Studio behind the gateway does not answer.
pub(crate) async fn no_upstream(app: &App, parts: &Parts, trouble: Trouble) -> Response {
    // Nobody is asked for: whose session it is, the very same Label Studio would have to say.
    let error = PageError::Failed(Error::Upstream(trouble));
    page(app, parts, None, &error).await
}

/// The page for a path that no route has.
pub(crate) async fn not_found(app: &App, parts: &Parts) -> Response {
    let visitor = Visitor::find(app, parts).await.ok();
    page(app, parts, visitor.as_ref(), &PageError::no_page()).await
}

async fn page(app: &App, parts: &Parts, visitor: Option<&Visitor>, error: &PageError) -> Response {
    let said = match error {
        PageError::Failed(Error::Unauthenticated(_)) => return to_sign_in(app, "/"),
        PageError::Failed(error) => words(app, error),
        PageError::Said(status, title, text) => (*status, *title, text.clone()),
        PageError::SignIn(next) => return to_sign_in(app, next),
    };
    let (status, title, text) = said;
    let plain = Frame::plain(app, parts);
    let frame = visitor.map_or(&plain, |visitor| &visitor.frame);
    let whom_to_ask = match visitor {
        Some(visitor) if status == StatusCode::FORBIDDEN => {
            members::admins(app, &visitor.cx).await.unwrap_or_default()
        }
        _ => Vec::new(),
    };
    let page = ErrorPage {
        frame,
        title,
        text: &text,
        whom_to_ask,
    };
    let mut response = frame.page(status, &page);
    if let PageError::Failed(Error::TooMany {
        retry_after_seconds,
    }) = error
    {
        let seconds = HeaderValue::from(*retry_after_seconds);
        response.headers_mut().insert(header::RETRY_AFTER, seconds);
    }
    response
}

/// Sends the browser to sign in, and to the path `next` of our own after that. In gateway mode people
/// sign in to Label Studio, whose page knows nothing of our folder.
fn to_sign_in(app: &App, next: &str) -> Response {
    let encoded = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    let config = &app.config;
    if app.upstream.is_some() {
        let next = encoded(&format!("{}{next}", config.base_path()));
        redirect_to(&format!("{}/user/login/?next={next}", config.mount_path()))
    } else if next == "/" {
        redirect(app, "/user/login/")
    } else {
        redirect(app, &format!("/user/login/?next={}", encoded(next)))
    }
}

fn words(app: &App, error: &Error) -> (StatusCode, &'static str, String) {
    match error {
        Error::Invalid { why, .. } => (StatusCode::BAD_REQUEST, "That is not right", why.clone()),
        Error::Forbidden(why) => (StatusCode::FORBIDDEN, "Not allowed", why.clone()),
        Error::Unauthenticated(_) | Error::ScopeMissing(_) => {
            let text = "You may not do that. Sign in again and try once more.".to_owned();
            (StatusCode::FORBIDDEN, "Not allowed", text)
        }
        Error::TypeDisabled(kind) => {
            let text = format!(
                "Your organization has switched {} off. An admin can switch them on again in Access Token Settings.",
                super::words::kind_plural(kind.as_str())
            );
            (StatusCode::FORBIDDEN, "Switched off", text)
        }
        Error::NotFound(what) => (StatusCode::NOT_FOUND, "Not found", what.clone()),
        Error::Conflict(why) => (StatusCode::CONFLICT, "Not possible", why.clone()),
        Error::TooMany {
            retry_after_seconds,
        } => {
            let text = format!(
                "There were too many failed attempts. Wait {retry_after_seconds} seconds, then try again."
            );
            (StatusCode::TOO_MANY_REQUESTS, "Too many attempts", text)
        }
        Error::Unavailable(cause) => {
            tracing::error!(?cause, "the database cannot be used");
            let text = format!("Keybearer cannot answer now: {cause}. Try again in a moment.");
            (StatusCode::SERVICE_UNAVAILABLE, "Not now", text)
        }
        Error::Upstream(trouble) => (
            upstream_status(*trouble),
            "Label Studio does not answer",
            trouble.sentence().to_owned(),
        ),
        Error::Internal(cause) => {
            let id = app.random.uuid();
            tracing::error!(id, cause = format!("{cause:#}"), "internal error");
            let text = format!(
                "This is a defect of Keybearer. The server's log has the cause under the id {id}."
            );
            (StatusCode::INTERNAL_SERVER_ERROR, "Internal error", text)
        }
    }
}
