//! Another name for the organization.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;

use crate::app::App;
use crate::domain::access::{self, Action};
use crate::domain::organizations;
use crate::error::Error;
use crate::http::ui::errors::{PageError, PageResult};
use crate::http::ui::forms::Form;
use crate::http::ui::frame::Frame;
use crate::http::ui::redirect;
use crate::http::ui::visitor::Visitor;

#[derive(Template)]
#[template(path = "organization/title.html")]
struct TitlePage<'a> {
    frame: &'a Frame,
    title: &'a str,
    fault: Option<&'a str>,
}

pub(super) async fn show(State(app): State<App>, visitor: Visitor) -> PageResult {
    access::require(&visitor.cx, Action::ChangeOrganization)?;
    let organization = organizations::find_own(&app, &visitor.cx).await?;
    let page = TitlePage {
        frame: &visitor.frame,
        title: &organization.title,
        fault: None,
    };
    Ok(visitor.frame.page(StatusCode::OK, &page))
}

pub(super) async fn submit(State(app): State<App>, visitor: Visitor, form: Form) -> PageResult {
    let (id, title) = (visitor.organization_id(), form.text("title"));
    match organizations::update_title(&app, &visitor.cx, id, title).await {
        Ok(_) => Ok(redirect(&app, "/organization?done=title")),
        Err(Error::Invalid { why, .. }) => {
            let page = TitlePage {
                frame: &visitor.frame,
                title,
                fault: Some(&why),
            };
            Ok(visitor.frame.page(StatusCode::OK, &page))
        }
        Err(error) => Err(PageError::from(error)),
    }
}
