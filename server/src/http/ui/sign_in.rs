//! Signing in and out. Label Studio's old client signs in through this form too.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::request::Parts;

use super::errors::{PageError, PageResult};
use super::forms::{self, Form};
use super::frame::{Frame, session_cookie};
use super::redirect;
use crate::app::App;
use crate::domain::passwords::Password;
use crate::domain::{sessions, set_up};
use crate::error::Error;
use crate::http::{extract, same_origin};

/// Label Studio's sentence, the same whatever was wrong.
const NO_MATCH: &str = "The email and password you entered don't match.";

#[derive(Template)]
#[template(path = "sign_in.html")]
struct SignInPage<'a> {
    frame: &'a Frame,
    next: &'a str,
    email: &'a str,
    fault: Option<&'a str>,
    needs_set_up: bool,
}

pub(super) async fn show(State(app): State<App>, parts: Parts) -> PageResult {
    let cx = extract::anonymous_cx(&app, &parts);
    let next = next_path(parts.uri.query());
    if let Some(secret) = session_cookie(&parts.headers)
        && sessions::caller(&app, &cx, secret).await.is_ok()
    {
        return Ok(redirect(&app, &next));
    }
    let frame = &Frame::plain(&app, &parts);
    let page = SignInPage {
        frame,
        next: &next,
        email: "",
        fault: None,
        needs_set_up: set_up::is_needed(&app).await?,
    };
    Ok(frame.page(StatusCode::OK, &page))
}

pub(super) async fn submit(State(app): State<App>, form: Form) -> PageResult {
    let next = next_path(form.query.as_deref());
    let (email, password) = (form.text("email"), Password::new(form.text("password")));
    match sessions::sign_in(&app, &form.cx, email, &password).await {
        Ok(secret) => {
            let mut response = redirect(&app, &next);
            forms::set_session_cookie(&form.frame, &mut response, Some(secret.reveal()));
            Ok(response)
        }
        Err(Error::Unauthenticated(_)) => {
            let page = SignInPage {
                frame: &form.frame,
                next: &next,
                email,
                fault: Some(NO_MATCH),
                needs_set_up: false,
            };
            Ok(form.frame.page(StatusCode::OK, &page))
        }
        Err(error) => Err(error.into()),
    }
}

/// Ends the session, so that its cookie's text opens nothing any more wherever it lies. Label Studio
/// signs out by GET, so a link does; another site's page does not.
pub(super) async fn sign_out(State(app): State<App>, parts: Parts) -> PageResult {
    let is_from_elsewhere = parts
        .headers
        .get("sec-fetch-site")
        .is_some_and(|site| site == "cross-site");
    if is_from_elsewhere || !same_origin::is_proven(&app, &parts.method, &parts.headers) {
        let text = "This comes from another site's page. Sign out on Keybearer's own page.";
        return Err(PageError::Said(
            StatusCode::FORBIDDEN,
            "Not accepted",
            text.to_owned(),
        ));
    }
    let cx = extract::anonymous_cx(&app, &parts);
    if let Some(secret) = session_cookie(&parts.headers) {
        sessions::sign_out(&app, &cx, secret).await?;
    }
    let mut response = redirect(&app, "/");
    forms::set_session_cookie(&Frame::plain(&app, &parts), &mut response, None);
    Ok(response)
}

/// Where to go after the sign-in.
fn next_path(query: Option<&str>) -> String {
    own_path(&forms::query_value(query, "next").unwrap_or_default())
}

/// A path of our own, never another site's address; the start page instead of anything else.
pub(super) fn own_path(path: &str) -> String {
    // Browsers read a backslash as a slash, and cut control characters out of an address.
    let is_path = path.starts_with('/')
        && !path.starts_with("//")
        && !path.contains('\\')
        && !path.contains(char::is_control);
    if is_path { path.to_owned() } else { "/".into() }
}
