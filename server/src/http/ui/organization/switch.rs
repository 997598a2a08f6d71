//! Working in another of one's organizations.

use axum::extract::State;

use crate::app::App;
use crate::domain::organizations;
use crate::http::extract;
use crate::http::ui::errors::PageResult;
use crate::http::ui::forms::Form;
use crate::http::ui::redirect;
use crate::http::ui::visitor::Visitor;

/// The form is in every page's menu: there is no page of its own.
pub(super) async fn show(State(app): State<App>, _visitor: Visitor) -> PageResult {
    Ok(redirect(&app, "/"))
}

pub(super) async fn submit(State(app): State<App>, visitor: Visitor, form: Form) -> PageResult {
    // What is no number is no organization's.
    let id = extract::path_number(form.text("organization")).unwrap_or_default();
    organizations::switch(&app, &visitor.cx, id).await?;
    Ok(redirect(&app, "/"))
}
