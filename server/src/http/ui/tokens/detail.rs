//! The page of a single token: all that is known of it, and its name and note to change.

use askama::Template;
use axum::extract::State;
use axum::http::{StatusCode, Uri};

use super::view::TokenRow;
use super::{TokenId, list_path};
use crate::app::App;
use crate::domain::tokens::{self, listing};
use crate::error::Error;
use crate::http::ui::errors::PageResult;
use crate::http::ui::forms::{Fault, Form};
use crate::http::ui::frame::Frame;
use crate::http::ui::redirect;
use crate::http::ui::visitor::Visitor;
use crate::http::ui::words;

const DAYS: i64 = 30;
const DAY_MS: i64 = 86_400_000;

#[derive(Template)]
#[template(path = "tokens/detail.html")]
struct DetailPage<'a> {
    frame: &'a Frame,
    token: TokenRow,
    list: &'static str,
    /// What tokens of its kind are called.
    kinds: &'static str,
    is_own: bool,
    can_rotate: bool,
    /// The days with uses, newest first: the date and how many.
    uses: Vec<(String, String)>,
    name: &'a str,
    note: &'a str,
    fault: Option<Fault>,
    is_renamed: bool,
}

pub(super) async fn show(
    State(app): State<App>,
    visitor: Visitor,
    TokenId(id): TokenId,
    uri: Uri,
) -> PageResult {
    let is_renamed = uri.query() == Some("done=renamed");
    page(&app, &visitor, &id, (None, None), is_renamed).await
}

pub(super) async fn submit(
    State(app): State<App>,
    visitor: Visitor,
    TokenId(id): TokenId,
    form: Form,
) -> PageResult {
    let typed = (form.text("name"), form.text("note"));
    match tokens::rename(&app, &visitor.cx, &id, (Some(typed.0), Some(typed.1))).await {
        Ok(_) => Ok(redirect(&app, &format!("/user/tokens/{id}?done=renamed"))),
        Err(Error::Invalid { field, why }) => {
            let fault = Some(Fault::new(field, why));
            page(&app, &visitor, &id, (Some(typed), fault), false).await
        }
        Err(error) => Err(error.into()),
    }
}

async fn page(
    app: &App,
    visitor: &Visitor,
    id: &str,
    (typed, fault): (Option<(&str, &str)>, Option<Fault>),
    is_renamed: bool,
) -> PageResult {
    let listed = listing::find(app, &visitor.cx, id).await?;
    let uses = listing::uses(app, &visitor.cx, id, DAYS).await?;
    let uses = uses.into_iter().map(|(day, uses)| {
        let date = words::Moment::new(day * DAY_MS, visitor.cx.now).date();
        (date, words::grouped(uses))
    });
    let stored = (listed.token.name.clone(), listed.token.note.clone());
    let (name, note) = typed.unwrap_or((&stored.0, &stored.1));
    let is_own = listed.token.user_id == visitor.user_id();
    let list = list_path(&visitor.cx, &listed.token);
    let is_rotated = listed.token.successor_id.is_some();
    let kinds = words::kind_plural(&listed.token.kind);
    let token = TokenRow::new(listed, visitor.cx.now);
    let page = DetailPage {
        frame: &visitor.frame,
        list,
        kinds,
        is_own,
        can_rotate: is_own && token.state.is_live && !token.is_legacy && !is_rotated,
        uses: uses.collect(),
        token,
        name,
        note,
        fault,
        is_renamed,
    };
    Ok(visitor.frame.page(StatusCode::OK, &page))
}
