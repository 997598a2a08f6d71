//! Personal Info: one's name and telephone number.

use askama::Template;
use axum::extract::State;
use axum::http::{StatusCode, Uri};

use super::Menu;
use crate::app::App;
use crate::domain::users;
use crate::domain::users::changing::{self, UserChange};
use crate::error::Error;
use crate::http::ui::errors::PageResult;
use crate::http::ui::forms::{Fault, Form};
use crate::http::ui::frame::Frame;
use crate::http::ui::redirect;
use crate::http::ui::visitor::Visitor;

#[derive(Template)]
#[template(path = "account/personal_info.html")]
struct PersonalInfoPage<'a> {
    frame: &'a Frame,
    menu: Menu,
    email: &'a str,
    first_name: &'a str,
    last_name: &'a str,
    phone: &'a str,
    fault: Option<Fault>,
    is_saved: bool,
}

pub(super) async fn show(State(app): State<App>, visitor: Visitor, uri: Uri) -> PageResult {
    let user = users::find_own(&app, &visitor.cx).await?;
    let page = PersonalInfoPage {
        frame: &visitor.frame,
        menu: Menu::load(&app, &visitor).await?,
        email: &user.email,
        first_name: &user.first_name,
        last_name: &user.last_name,
        phone: &user.phone,
        fault: None,
        is_saved: uri.query() == Some("done=saved"),
    };
    Ok(visitor.frame.page(StatusCode::OK, &page))
}

pub(super) async fn submit(State(app): State<App>, visitor: Visitor, form: Form) -> PageResult {
    let typed = |name| Some(form.text(name).trim().to_owned());
    let change = UserChange {
        first_name: typed("first_name"),
        last_name: typed("last_name"),
        phone: typed("phone"),
        ..UserChange::default()
    };
    match changing::update(&app, &visitor.cx, visitor.user_id(), change).await {
        Ok(_) => Ok(redirect(&app, "/user/account/personal-info?done=saved")),
        Err(Error::Invalid { field, why }) => {
            let user = users::find_own(&app, &visitor.cx).await?;
            let page = PersonalInfoPage {
                frame: &visitor.frame,
                menu: Menu::load(&app, &visitor).await?,
                email: &user.email,
                first_name: form.text("first_name"),
                last_name: form.text("last_name"),
                phone: form.text("phone"),
                fault: Some(Fault::new(field, why)),
                is_saved: false,
            };
            Ok(visitor.frame.page(StatusCode::OK, &page))
        }
        Err(error) => Err(error.into()),
    }
}
