//! The one-time set-up link: it makes the first owner.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::Response;

use super::forms::{self, Form};
use super::sign_up::Faults;
use super::{error_page, page, redirect, say};
use crate::app::App;
use crate::domain::passwords::Password;
use crate::domain::{sessions, set_up};
use crate::error::Error;

#[derive(Template)]
#[template(path = "set_up.html")]
struct SetUpPage<'a> {
    base: &'a str,
    csrf: &'a str,
    secret: &'a str,
    email: &'a str,
    faults: Faults<'a>,
}

pub(super) async fn show(State(app): State<App>, parts: Parts) -> Response {
    let secret = forms::query_value(parts.uri.query(), "token").unwrap_or_default();
    if !set_up::is_secret(&app, &secret) {
        let text = "This set-up link is not valid: it works once, until the first account is made. The server prints the current one when it starts.";
        return say(&app, StatusCode::FORBIDDEN, "Not allowed", text);
    }
    let csrf = forms::csrf_text(&app, &parts.headers);
    let base = app.config.base_path();
    let mut response = page(
        StatusCode::OK,
        &SetUpPage {
            base,
            csrf: &csrf,
            secret: &secret,
            email: "",
            faults: Faults::default(),
        },
    );
    forms::set_csrf_cookie(&app, &mut response, &csrf);
    response
}

pub(super) async fn submit(State(app): State<App>, form: Form) -> Response {
    let secret = forms::query_value(form.query.as_deref(), "token").unwrap_or_default();
    let (email, password) = (form.text("email"), Password::new(form.text("password")));
    let user = match set_up::by_link(&app, &form.cx, &secret, (email, &password)).await {
        Ok(user) => user,
        Err(Error::Invalid { field, why }) => {
            let (base, csrf) = (app.config.base_path(), form.text("csrfmiddlewaretoken"));
            let faults = Faults::of(field, &why);
            return page(
                StatusCode::OK,
                &SetUpPage {
                    base,
                    csrf,
                    secret: &secret,
                    email,
                    faults,
                },
            );
        }
        Err(error) => return error_page(&app, &error),
    };
    match sessions::start(&app, &form.cx, &user).await {
        Ok(session) => {
            let mut response = redirect(&app, "/");
            forms::set_session_cookie(&app, &mut response, Some(session.reveal()));
            response
        }
        Err(error) => error_page(&app, &error),
    }
}
