//! The organization's invite link.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Serialize;

use super::endpoint::{Endpoint, ONLY_JSON};
use super::failure::Failure;
use super::tokens::answer;
use crate::app::App;
use crate::cx::Cx;
use crate::domain::invites;
use crate::http::credentials::Auth;

pub(super) static INVITE: Endpoint = Endpoint {
    allow: "GET, HEAD, OPTIONS",
    auth: Auth::Required,
    name: "Organization Invite Api",
    parses: ONLY_JSON,
    fields: "",
};
pub(super) static RESET: Endpoint = Endpoint {
    allow: "POST, OPTIONS",
    auth: Auth::Required,
    name: "Organization Reset Token Api",
    parses: ONLY_JSON,
    fields: "",
};

#[derive(Serialize)]
struct InviteView {
    token: String,
    invite_url: String,
}

impl InviteView {
    fn new(app: &App, token: String) -> Self {
        Self {
            invite_url: format!("{}/user/signup/?token={token}", app.config.base_path()),
            token,
        }
    }
}

pub(super) async fn show(State(app): State<App>, cx: Cx) -> Result<Response, Failure> {
    let token = invites::read(&app, &cx).await?;
    answer(StatusCode::OK, &InviteView::new(&app, token))
}

pub(super) async fn reset(State(app): State<App>, cx: Cx) -> Result<Response, Failure> {
    let token = invites::reset(&app, &cx).await?;
    answer(StatusCode::CREATED, &InviteView::new(&app, token))
}
