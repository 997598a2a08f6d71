//! The start page: one's own tokens.

use axum::extract::State;

use super::errors::PageResult;
use super::redirect;
use super::visitor::Visitor;
use crate::app::App;

pub(super) async fn show(State(app): State<App>, _visitor: Visitor) -> PageResult {
    Ok(redirect(&app, "/user/account/personal-access-token"))
}
