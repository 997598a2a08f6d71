//! Signing up by the invite link of an organization.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::request::Parts;

use super::errors::PageResult;
use super::forms::{self, Form};
use super::frame::Frame;
use super::redirect;
use crate::app::App;
use crate::domain::passwords::Password;
use crate::domain::{invites, sessions};
use crate::error::Error;

#[derive(Template)]
#[template(path = "sign_up.html")]
struct SignUpPage<'a> {
    frame: &'a Frame,
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

pub(super) async fn show(State(app): State<App>, parts: Parts) -> PageResult {
    let invite = forms::query_value(parts.uri.query(), "token").unwrap_or_default();
    let organization = invites::find_organization(&app, &invite).await?;
    let frame = &Frame::plain(&app, &parts);
    let page = SignUpPage {
        frame,
        invite: &invite,
        organization: &organization.title,
        email: "",
        faults: Faults::default(),
    };
    Ok(frame.page(StatusCode::OK, &page))
}

pub(super) async fn submit(State(app): State<App>, form: Form) -> PageResult {
    let invite = forms::query_value(form.query.as_deref(), "token").unwrap_or_default();
    let (email, password) = (form.text("email"), Password::new(form.text("password")));
    let user = match invites::sign_up(&app, &form.cx, &invite, (email, &password)).await {
        Ok(user) => user,
        Err(Error::Invalid { field, why }) => {
            let organization = invites::find_organization(&app, &invite).await?;
            let page = SignUpPage {
                frame: &form.frame,
                invite: &invite,
                organization: &organization.title,
                email,
                faults: Faults::of(field, &why),
            };
            return Ok(form.frame.page(StatusCode::OK, &page));
        }
        Err(error) => return Err(error.into()),
    };
    let secret = sessions::start(&app, &form.cx, &user).await?;
    let mut response = redirect(&app, "/");
    forms::set_session_cookie(&form.frame, &mut response, Some(secret.reveal()));
    Ok(response)
}
