//! Adding members by the invite link, and putting a new link in its place.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::request::Parts;

use crate::app::App;
use crate::cx::Cx;
use crate::domain::{invites, organizations};
use crate::error::Result;
use crate::http::ui::errors::PageResult;
use crate::http::ui::forms::Form;
use crate::http::ui::frame::Frame;
use crate::http::ui::redirect;
use crate::http::ui::visitor::Visitor;

#[derive(Template)]
#[template(path = "organization/invite.html")]
struct InvitePage<'a> {
    frame: &'a Frame,
    title: &'a str,
    invite_link: &'a str,
    done: Option<&'static str>,
}

/// The whole link, as it is sent to people.
pub(super) async fn link(app: &App, cx: &Cx) -> Result<String> {
    let secret = invites::read(app, cx).await?;
    let public_url = app.config.public_url.trim_end_matches('/');
    Ok(format!("{public_url}/user/signup/?token={secret}"))
}

pub(super) async fn show(State(app): State<App>, visitor: Visitor, parts: Parts) -> PageResult {
    let invite_link = link(&app, &visitor.cx).await?;
    let organization = organizations::find_own(&app, &visitor.cx).await?;
    let page = InvitePage {
        frame: &visitor.frame,
        title: &organization.title,
        invite_link: &invite_link,
        done: super::done(parts.uri.query()),
    };
    Ok(visitor.frame.page(StatusCode::OK, &page))
}

pub(super) async fn reset(State(app): State<App>, visitor: Visitor, _form: Form) -> PageResult {
    invites::reset(&app, &visitor.cx).await?;
    Ok(redirect(&app, "/organization/invite?done=invite"))
}
