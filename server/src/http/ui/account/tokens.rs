//! One's own personal access tokens, and one's own key tokens: the list, and making one.

use askama::Template;
use axum::extract::State;
use axum::http::{StatusCode, Uri};
use keybearer_verify::TokenKind;

use super::Menu;
use super::new_token::{self, NewToken};
use crate::app::App;
use crate::domain::tokens::listing::{self, TokenFilter};
use crate::domain::{organizations, tokens};
use crate::error::{Error, Result};
use crate::http::ui::errors::PageResult;
use crate::http::ui::forms::{Fault, Form, query_value};
use crate::http::ui::frame::Frame;
use crate::http::ui::tokens::paging::{self, Rows};
use crate::http::ui::tokens::secret::SecretPanel;
use crate::http::ui::visitor::Visitor;
use crate::http::ui::words;

/// Ended tokens below the live ones; the rest has a page of its own.
const ENDED: i64 = 10;

#[derive(Template)]
#[template(path = "account/tokens.html")]
struct TokensPage<'a> {
    frame: &'a Frame,
    menu: Menu,
    /// The page's own path.
    path: &'static str,
    title: &'static str,
    /// What one of them, and what they are called in a sentence.
    kind: String,
    kinds: &'static str,
    intro: &'static str,
    is_off: bool,
    form: NewToken,
    lifetime_hint: String,
    panel: Option<SecretPanel>,
    done: Option<&'static str>,
    /// Whether the list is of ended tokens.
    shows_ended: bool,
    live: Rows,
    ended: Rows,
}

pub(super) async fn show_personal(
    State(app): State<App>,
    visitor: Visitor,
    uri: Uri,
) -> PageResult {
    show(&app, &visitor, TokenKind::Personal, uri.query()).await
}

pub(super) async fn show_key(State(app): State<App>, visitor: Visitor, uri: Uri) -> PageResult {
    show(&app, &visitor, TokenKind::Key, uri.query()).await
}

pub(super) async fn submit_personal(
    State(app): State<App>,
    visitor: Visitor,
    form: Form,
) -> PageResult {
    submit(&app, &visitor, TokenKind::Personal, &form).await
}

pub(super) async fn submit_key(State(app): State<App>, visitor: Visitor, form: Form) -> PageResult {
    submit(&app, &visitor, TokenKind::Key, &form).await
}

async fn show(app: &App, visitor: &Visitor, kind: TokenKind, query: Option<&str>) -> PageResult {
    page(app, visitor, (kind, query), NewToken::default(), None).await
}

/// Makes a token and answers with its secret: never by a redirect, which would need to carry it.
async fn submit(app: &App, visitor: &Visitor, kind: TokenKind, form: &Form) -> PageResult {
    let mut typed = NewToken::of(form);
    let spec = match typed.spec(form, kind, visitor.user_id()) {
        Ok(spec) => tokens::issue(app, &visitor.cx, spec).await,
        Err(error) => Err(error),
    };
    match spec {
        Ok((_, secret)) => {
            let panel = SecretPanel::new(app, kind, secret);
            page(app, visitor, (kind, None), NewToken::default(), Some(panel)).await
        }
        Err(Error::Invalid { field, why }) => {
            let is_rule = field == Some("scopes") && !typed.rules.trim().is_empty();
            let field = if is_rule { Some("rules") } else { field };
            typed.fault = Some(Fault::new(field, why));
            page(app, visitor, (kind, None), typed, None).await
        }
        Err(error) => Err(error.into()),
    }
}

async fn page(
    app: &App,
    visitor: &Visitor,
    (kind, query): (TokenKind, Option<&str>),
    form: NewToken,
    panel: Option<SecretPanel>,
) -> PageResult {
    let organization = organizations::find_own(app, &visitor.cx).await?;
    let menu = Menu::of(&organization);
    let shows_ended = query_value(query, "state").as_deref() == Some("ended");
    let filter = |state: &str, limit| TokenFilter {
        user_id: Some(visitor.user_id()),
        kind: Some(kind.as_str().to_owned()),
        state: Some(state.to_owned()),
        after: query_value(query, "after").and_then(|text| paging::read(&text)),
        limit,
        ..TokenFilter::default()
    };
    let state = if shows_ended { "ended" } else { "active" };
    let live = rows(app, visitor, filter(state, paging::ROWS)).await?;
    let ended = if shows_ended {
        Rows::default()
    } else {
        let first = TokenFilter {
            after: None,
            ..filter("ended", ENDED)
        };
        rows(app, visitor, first).await?
    };
    let is_personal = kind == TokenKind::Personal;
    let (path, title, intro) = if is_personal {
        (
            "/user/account/personal-access-token",
            "Personal Access Tokens",
            "A personal access token is a JWT. Label Studio's SDK exchanges it by itself for access tokens that live five minutes.",
        )
    } else {
        (
            "/user/account/key-token",
            "Key Tokens",
            "A key token is a short text that is used as it is, without an exchange: in the SDK, in ML backends, in any header.",
        )
    };
    let page = TokensPage {
        frame: &visitor.frame,
        menu,
        path,
        title,
        kind: words::kind(kind.as_str()).to_lowercase(),
        kinds: words::kind_plural(kind.as_str()),
        intro,
        is_off: if is_personal {
            menu.personal_off
        } else {
            menu.key_off
        },
        lifetime_hint: new_token::lifetime_hint(&organization, kind),
        form,
        panel,
        done: paging::done(query),
        shows_ended,
        live,
        ended,
    };
    Ok(visitor.frame.page(StatusCode::OK, &page))
}

async fn rows(app: &App, visitor: &Visitor, filter: TokenFilter) -> Result<Rows> {
    let asked = Rows::asked(&filter);
    let found = listing::page(app, &visitor.cx, visitor.organization_id(), asked).await?;
    Ok(Rows::of(found, &filter, visitor.cx.now))
}
