//! One's own legacy token: it stays visible, and is reset by hand.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use keybearer_verify::TokenKind;

use super::Menu;
use crate::app::App;
use crate::domain::tokens::legacy;
use crate::domain::tokens::listing::{self, TokenFilter};
use crate::error::{Error, Result};
use crate::http::ui::errors::{PageError, PageResult};
use crate::http::ui::forms::Form;
use crate::http::ui::frame::Frame;
use crate::http::ui::redirect;
use crate::http::ui::tokens::secret::SecretPanel;
use crate::http::ui::tokens::view::TokenRow;
use crate::http::ui::visitor::Visitor;

#[derive(Template)]
#[template(path = "account/legacy_token.html")]
struct LegacyPage<'a> {
    frame: &'a Frame,
    menu: Menu,
    panel: Option<SecretPanel>,
    token: Option<TokenRow>,
    is_reset: bool,
}

#[derive(Template)]
#[template(path = "account/legacy_reset.html")]
struct ResetPage<'a> {
    frame: &'a Frame,
    menu: Menu,
    token: Option<TokenRow>,
}

pub(super) async fn show(
    State(app): State<App>,
    visitor: Visitor,
    uri: axum::http::Uri,
) -> PageResult {
    let panel = match legacy::read_own(&app, &visitor.cx).await {
        Ok(secret) => Some(SecretPanel::new(&app, TokenKind::Legacy, secret)),
        Err(Error::NotFound(_)) => None,
        Err(error) => return Err(error.into()),
    };
    let page = LegacyPage {
        frame: &visitor.frame,
        menu: Menu::load(&app, &visitor).await?,
        panel,
        token: live(&app, &visitor).await?,
        is_reset: uri.query() == Some("done=reset"),
    };
    Ok(visitor.frame.page(StatusCode::OK, &page))
}

pub(super) async fn confirm(State(app): State<App>, visitor: Visitor) -> PageResult {
    let menu = Menu::load(&app, &visitor).await?;
    if menu.legacy_off {
        return Err(PageError::Failed(Error::TypeDisabled(TokenKind::Legacy)));
    }
    let page = ResetPage {
        frame: &visitor.frame,
        menu,
        token: live(&app, &visitor).await?,
    };
    Ok(visitor.frame.page(StatusCode::OK, &page))
}

/// Resets it. Unlike other secrets this one can be read again, so a redirect loses nothing.
pub(super) async fn submit(State(app): State<App>, visitor: Visitor, _form: Form) -> PageResult {
    legacy::reset_own(&app, &visitor.cx).await?;
    Ok(redirect(&app, "/user/account/legacy-token?done=reset"))
}

async fn live(app: &App, visitor: &Visitor) -> Result<Option<TokenRow>> {
    let filter = TokenFilter {
        user_id: Some(visitor.user_id()),
        kind: Some("legacy".into()),
        state: Some("active".into()),
        limit: 1,
        ..TokenFilter::default()
    };
    let found = listing::page(app, &visitor.cx, visitor.organization_id(), filter).await?;
    Ok(found
        .into_iter()
        .next()
        .map(|listed| TokenRow::new(listed, visitor.cx.now)))
}
