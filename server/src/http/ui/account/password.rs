//! Changing one's password.

use askama::Template;
use axum::extract::State;
use axum::http::{StatusCode, Uri};

use super::Menu;
use crate::app::App;
use crate::domain::passwords::Password;
use crate::domain::users::own_password;
use crate::error::{Error, Result};
use crate::http::ui::errors::PageResult;
use crate::http::ui::forms::{Fault, Form};
use crate::http::ui::frame::Frame;
use crate::http::ui::redirect;
use crate::http::ui::visitor::Visitor;

#[derive(Template)]
#[template(path = "account/password.html")]
struct PasswordPage<'a> {
    frame: &'a Frame,
    menu: Menu,
    fault: Option<Fault>,
    is_changed: bool,
}

pub(super) async fn show(State(app): State<App>, visitor: Visitor, uri: Uri) -> PageResult {
    page(&app, &visitor, None, uri.query() == Some("done=changed")).await
}

pub(super) async fn submit(State(app): State<App>, visitor: Visitor, form: Form) -> PageResult {
    match change(&app, &visitor, &form).await {
        Ok(()) => Ok(redirect(&app, "/user/account/password?done=changed")),
        Err(Error::Invalid { field, why }) => {
            page(&app, &visitor, Some(Fault::new(field, why)), false).await
        }
        Err(error) => Err(error.into()),
    }
}

async fn change(app: &App, visitor: &Visitor, form: &Form) -> Result<()> {
    let present = Password::new(form.text("present_password"));
    let new = Password::new(form.text("password"));
    if form.text("password") != form.text("repeated_password") {
        return Err(Error::invalid(
            "repeated_password",
            "This is not the same as the new password above.",
        ));
    }
    own_password::change(app, &visitor.cx, (&present, &new), &visitor.session).await
}

async fn page(app: &App, visitor: &Visitor, fault: Option<Fault>, is_changed: bool) -> PageResult {
    let page = PasswordPage {
        frame: &visitor.frame,
        menu: Menu::load(app, visitor).await?,
        fault,
        is_changed,
    };
    Ok(visitor.frame.page(StatusCode::OK, &page))
}
