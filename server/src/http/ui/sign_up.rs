//! Signing up by the invite link of an organization.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::Response;

use super::forms::{self, Form};
use super::{error_page, page, redirect};
use crate::app::App;
use crate::domain::passwords::Password;
use crate::domain::{invites, sessions};
use crate::error::Error;

#[derive(Template)]
#[template(path = "sign_up.html")]
struct SignUpPage<'a> {
    base: &'a str,
    csrf: &'a str,
    invite: &'a str,
    organization: &'a str,
    email: &'a str,
    faults: Faults<'a>,
}

/// What is wrong, beside which field.
#[derive(Clone, Copy, Default)]
pub(super) struct Faults<'a> {
    pub(super) email: Option<&'a str>,
    pub(super) password: Option<&'a str>,
}

impl<'a> Faults<'a> {
    pub(super) fn of(field: Option<&'static str>, why: &'a str) -> Self {
        match field {
            Some("password") => Self {
                password: Some(why),
                email: None,
            },
            _ => Self {
                email: Some(why),
                password: None,
            },
        }
    }
}

pub(super) async fn show(State(app): State<App>, parts: Parts) -> Response {
    let invite = forms::query_value(parts.uri.query(), "token").unwrap_or_default();
    let organization = match invites::find_organization(&app, &invite).await {
        Ok(organization) => organization,
        Err(error) => return error_page(&app, &error),
    };
    let csrf = forms::csrf_text(&app, &parts.headers);
    let mut response = page(
        StatusCode::OK,
        &SignUpPage {
            base: app.config.base_path(),
            csrf: &csrf,
            invite: &invite,
            organization: &organization.title,
            email: "",
            faults: Faults::default(),
        },
    );
    forms::set_csrf_cookie(&app, &mut response, &csrf);
    response
}

pub(super) async fn submit(State(app): State<App>, form: Form) -> Response {
    let invite = forms::query_value(form.query.as_deref(), "token").unwrap_or_default();
    let (email, password) = (form.text("email"), Password::new(form.text("password")));
    let user = match invites::sign_up(&app, &form.cx, &invite, (email, &password)).await {
        Ok(user) => user,
        Err(Error::Invalid { field, why }) => {
            return again(&app, &form, &invite, Faults::of(field, &why)).await;
        }
        Err(error) => return error_page(&app, &error),
    };
    match sessions::start(&app, &form.cx, &user).await {
        Ok(secret) => {
            let mut response = redirect(&app, "/");
            forms::set_session_cookie(&app, &mut response, Some(secret.reveal()));
            response
        }
        Err(error) => error_page(&app, &error),
    }
}

async fn again(app: &App, form: &Form, invite: &str, faults: Faults<'_>) -> Response {
    let organization = match invites::find_organization(app, invite).await {
        Ok(organization) => organization,
        Err(error) => return error_page(app, &error),
    };
    page(
        StatusCode::OK,
        &SignUpPage {
            base: app.config.base_path(),
            csrf: form.text("csrfmiddlewaretoken"),
            invite,
            organization: &organization.title,
            email: form.text("email"),
            faults,
        },
    )
}
