//! The start page: who is signed in, and how to get a token.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::Response;

use super::{error_page, page, redirect};
use crate::app::App;
use crate::domain::{organizations, sessions};
use crate::http::extract;

#[derive(Template)]
#[template(path = "home.html")]
struct HomePage<'a> {
    base: &'a str,
    public_url: &'a str,
    email: &'a str,
    organization: &'a str,
    role: &'a str,
}

pub(super) async fn show(State(app): State<App>, parts: Parts) -> Response {
    let cx = extract::anonymous_cx(&app, &parts);
    let Some(secret) = extract::cookie(&parts.headers, extract::SESSION_COOKIE) else {
        return redirect(&app, "/user/login/");
    };
    let caller = match sessions::caller(&app, &cx, secret).await {
        Ok(caller) => caller,
        Err(error) => return error_page(&app, &error),
    };
    let organization = match organizations::find_own(&app, &cx.with_caller(caller.clone())).await {
        Ok(organization) => organization,
        Err(error) => return error_page(&app, &error),
    };
    page(
        StatusCode::OK,
        &HomePage {
            base: app.config.base_path(),
            public_url: &app.config.public_url,
            email: &caller.email,
            organization: &organization.title,
            role: caller.role.as_str(),
        },
    )
}
