//! The one-time set-up link: it makes the first owner.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::request::Parts;

use super::errors::{PageError, PageResult};
use super::forms::{self, Form};
use super::frame::Frame;
use super::redirect;
use super::sign_up::Faults;
use crate::app::App;
use crate::domain::passwords::Password;
use crate::domain::{sessions, set_up};
use crate::error::Error;

#[derive(Template)]
#[template(path = "set_up.html")]
struct SetUpPage<'a> {
    frame: &'a Frame,
    secret: &'a str,
    email: &'a str,
    faults: Faults<'a>,
}

pub(super) async fn show(State(app): State<App>, parts: Parts) -> PageResult {
    let secret = forms::query_value(parts.uri.query(), "token").unwrap_or_default();
    if !set_up::is_secret(&app, &secret) {
        let text = "This set-up link is not valid: it works once, until the first account is made. The server prints the current one when it starts.";
        return Err(PageError::Said(
            StatusCode::FORBIDDEN,
            "Not allowed",
            text.to_owned(),
        ));
    }
    let frame = &Frame::plain(&app, &parts);
    let page = SetUpPage {
        frame,
        secret: &secret,
        email: "",
        faults: Faults::default(),
    };
    Ok(frame.page(StatusCode::OK, &page))
}

pub(super) async fn submit(State(app): State<App>, form: Form) -> PageResult {
    let secret = forms::query_value(form.query.as_deref(), "token").unwrap_or_default();
    let (email, password) = (form.text("email"), Password::new(form.text("password")));
    let user = match set_up::by_link(&app, &form.cx, &secret, (email, &password)).await {
        Ok(user) => user,
        Err(Error::Invalid { field, why }) => {
            let page = SetUpPage {
                frame: &form.frame,
                secret: &secret,
                email,
                faults: Faults::of(field, &why),
            };
            return Ok(form.frame.page(StatusCode::OK, &page));
        }
        Err(error) => return Err(error.into()),
    };
    let session = sessions::start(&app, &form.cx, &user).await?;
    let mut response = redirect(&app, "/");
    forms::set_session_cookie(&form.frame, &mut response, Some(session.reveal()));
    Ok(response)
}
