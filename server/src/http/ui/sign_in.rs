//! Signing in and out. Label Studio's old client signs in through this form too.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::Response;

use super::forms::{self, Form};
use super::{error_page, page, redirect, say};
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
    base: &'a str,
    csrf: &'a str,
    next: &'a str,
    email: &'a str,
    fault: Option<&'a str>,
    needs_set_up: bool,
}

pub(super) async fn show(State(app): State<App>, parts: Parts) -> Response {
    let cx = extract::anonymous_cx(&app, &parts);
    let next = next_path(parts.uri.query());
    if let Some(secret) = extract::cookie(&parts.headers, extract::SESSION_COOKIE)
        && sessions::caller(&app, &cx, secret).await.is_ok()
    {
        return redirect(&app, &next);
    }
    let needs_set_up = match set_up::is_needed(&app).await {
        Ok(needed) => needed,
        Err(error) => return error_page(&app, &error),
    };
    let csrf = forms::csrf_text(&app, &parts.headers);
    let base = app.config.base_path();
    let mut response = page(
        StatusCode::OK,
        &SignInPage {
            base,
            csrf: &csrf,
            next: &next,
            email: "",
            fault: None,
            needs_set_up,
        },
    );
    forms::set_csrf_cookie(&app, &mut response, &csrf);
    response
}

pub(super) async fn submit(State(app): State<App>, form: Form) -> Response {
    let next = next_path(form.query.as_deref());
    let (email, password) = (form.text("email"), Password::new(form.text("password")));
    match sessions::sign_in(&app, &form.cx, email, &password).await {
        Ok(secret) => {
            let mut response = redirect(&app, &next);
            forms::set_session_cookie(&app, &mut response, Some(secret.reveal()));
            response
        }
        Err(Error::Unauthenticated(_)) => {
            let csrf = form.text("csrfmiddlewaretoken");
            let base = app.config.base_path();
            let fault = Some(NO_MATCH);
            page(
                StatusCode::OK,
                &SignInPage {
                    base,
                    csrf,
                    next: &next,
                    email,
                    fault,
                    needs_set_up: false,
                },
            )
        }
        Err(error) => error_page(&app, &error),
    }
}

/// Ends the session, so that its cookie's text opens nothing any more wherever it lies.
pub(super) async fn sign_out(State(app): State<App>, parts: Parts) -> Response {
    if !same_origin::is_proven(&app, &parts.method, &parts.headers) {
        let text = "This comes from another site's page. Sign out on Keybearer's own page.";
        return say(&app, StatusCode::FORBIDDEN, "Not accepted", text);
    }
    let cx = extract::anonymous_cx(&app, &parts);
    if let Some(secret) = extract::cookie(&parts.headers, extract::SESSION_COOKIE)
        && let Err(error) = sessions::sign_out(&app, &cx, secret).await
    {
        return error_page(&app, &error);
    }
    let mut response = redirect(&app, "/");
    forms::set_session_cookie(&app, &mut response, None);
    response
}

/// Where to go after the sign-in: a path of our own, never another site's address.
fn next_path(query: Option<&str>) -> String {
    let next = forms::query_value(query, "next").unwrap_or_default();
    // Browsers read a backslash as a slash, and cut control characters out of an address.
    let is_path = next.starts_with('/')
        && !next.starts_with("//")
        && !next.contains('\\')
        && !next.contains(char::is_control);
    if is_path { next } else { "/".into() }
}
