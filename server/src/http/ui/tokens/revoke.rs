//! Revoking a token, after a look at which one it is.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;

use super::view::TokenRow;
use super::{TokenId, list_path};
use crate::app::App;
use crate::domain::tokens::{self, listing};
use crate::error::Error;
use crate::http::ui::errors::PageResult;
use crate::http::ui::forms::Form;
use crate::http::ui::frame::Frame;
use crate::http::ui::redirect;
use crate::http::ui::visitor::Visitor;

#[derive(Template)]
#[template(path = "tokens/revoke.html")]
struct RevokePage<'a> {
    frame: &'a Frame,
    token: TokenRow,
    list: &'static str,
    is_own: bool,
}

pub(super) async fn show(
    State(app): State<App>,
    visitor: Visitor,
    TokenId(id): TokenId,
) -> PageResult {
    let listed = listing::find(&app, &visitor.cx, &id).await?;
    let page = RevokePage {
        frame: &visitor.frame,
        list: list_path(&visitor.cx, &listed.token),
        is_own: listed.token.user_id == visitor.user_id(),
        token: TokenRow::new(listed, visitor.cx.now),
    };
    Ok(visitor.frame.page(StatusCode::OK, &page))
}

pub(super) async fn submit(
    State(app): State<App>,
    visitor: Visitor,
    TokenId(id): TokenId,
    _form: Form,
) -> PageResult {
    let token = tokens::find(&app, &visitor.cx, &id).await?;
    match tokens::revoke(&app, &visitor.cx, &id).await {
        // Sent twice, or somebody else was quicker: it is revoked, which is what was wanted.
        Ok(()) | Err(Error::Conflict(_)) => {
            let list = list_path(&visitor.cx, &token);
            Ok(redirect(&app, &format!("{list}?done=revoked")))
        }
        Err(error) => Err(error.into()),
    }
}
