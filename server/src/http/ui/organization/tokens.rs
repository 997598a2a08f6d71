//! All tokens of the organization: finding them, and revoking one or many.

use askama::Template;
use axum::extract::State;
use axum::http::{StatusCode, Uri};

use crate::app::App;
use crate::domain::tokens;
use crate::domain::tokens::listing::{self, TokenFilter};
use crate::error::Error;
use crate::http::ui::errors::PageResult;
use crate::http::ui::forms::{Form, query_value};
use crate::http::ui::frame::Frame;
use crate::http::ui::redirect;
use crate::http::ui::tokens::paging::{self, Rows};
use crate::http::ui::tokens::view::TokenRow;
use crate::http::ui::visitor::Visitor;
use crate::http::ui::words;

const DAY_MS: i64 = 86_400_000;
/// Tokens that can be revoked in one go: as many as a page has, and some.
const MOST: usize = 100;

/// What the filter's fields say.
#[derive(Clone, Debug, Default)]
struct Wanted {
    search: String,
    kind: String,
    state: String,
    owner: String,
    unused_days: String,
}

impl Wanted {
    fn of(query: Option<&str>) -> Self {
        let text = |name| query_value(query, name).unwrap_or_default();
        Self {
            search: text("q").trim().to_owned(),
            kind: text("kind"),
            state: query_value(query, "state").unwrap_or_else(|| "active".to_owned()),
            owner: text("owner").trim().to_lowercase(),
            unused_days: text("unused_days").trim().to_owned(),
        }
    }

    /// The filter, or what is wrong with the number of days.
    fn filter(&self, query: Option<&str>, now: i64) -> (TokenFilter, Option<&'static str>) {
        let some = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        let days = self
            .unused_days
            .parse::<i64>()
            .ok()
            .filter(|days| *days > 0);
        let is_wrong = days.is_none() && !self.unused_days.is_empty();
        let filter = TokenFilter {
            kind: some(&self.kind),
            state: some(&self.state),
            search: some(&self.search),
            owner: some(&self.owner),
            unused_since: days.map(|days| now.saturating_sub(days.saturating_mul(DAY_MS))),
            after: query_value(query, "after").and_then(|text| paging::read(&text)),
            limit: paging::ROWS,
            ..TokenFilter::default()
        };
        (
            filter,
            is_wrong.then_some("Write a number of days, such as 90."),
        )
    }

    /// The query that asks for the same once more.
    fn query(&self) -> String {
        form_urlencoded::Serializer::new(String::new())
            .append_pair("q", &self.search)
            .append_pair("kind", &self.kind)
            .append_pair("state", &self.state)
            .append_pair("owner", &self.owner)
            .append_pair("unused_days", &self.unused_days)
            .finish()
    }

    fn is_filtered(&self) -> bool {
        let texts = [&self.search, &self.kind, &self.owner, &self.unused_days];
        texts.iter().any(|text| !text.is_empty()) || self.state != "active"
    }
}

#[derive(Template)]
#[template(path = "organization/tokens.html")]
struct TokensPage<'a> {
    frame: &'a Frame,
    wanted: Wanted,
    /// What is wrong with the number of days.
    fault: Option<&'static str>,
    rows: Rows,
    done: Option<&'static str>,
}

pub(super) async fn show(State(app): State<App>, visitor: Visitor, uri: Uri) -> PageResult {
    let wanted = Wanted::of(uri.query());
    let (filter, fault) = wanted.filter(uri.query(), visitor.cx.now);
    let asked = Rows::asked(&filter);
    let found = listing::page(&app, &visitor.cx, visitor.organization_id(), asked).await?;
    let page = TokensPage {
        frame: &visitor.frame,
        wanted,
        fault,
        rows: Rows::of(found, &filter, visitor.cx.now),
        done: paging::done(uri.query()),
    };
    Ok(visitor.frame.page(StatusCode::OK, &page))
}

#[derive(Template)]
#[template(path = "organization/tokens_revoke.html")]
struct RevokePage<'a> {
    frame: &'a Frame,
    tokens: Vec<TokenRow>,
}

impl RevokePage<'_> {
    fn how_many(&self) -> String {
        words::count(
            i64::try_from(self.tokens.len()).unwrap_or(i64::MAX),
            "token",
        )
    }
}

/// Names the tokens that were ticked and asks once more; then revokes them.
pub(super) async fn revoke(State(app): State<App>, visitor: Visitor, form: Form) -> PageResult {
    let ids: Vec<String> = form.texts("id").map(str::to_owned).collect();
    if ids.is_empty() {
        return Ok(redirect(&app, "/organization/tokens"));
    }
    if ids.len() > MOST {
        let why = format!("At most {MOST} tokens are revoked in one go.");
        return Err(Error::Invalid { field: None, why }.into());
    }
    if form.text("confirmed") == "yes" {
        tokens::revoke_several(&app, &visitor.cx, &ids).await?;
        return Ok(redirect(&app, "/organization/tokens?done=revoked-several"));
    }
    let mut tokens = Vec::new();
    for id in &ids {
        let listed = listing::find(&app, &visitor.cx, id).await?;
        tokens.push(TokenRow::new(listed, visitor.cx.now));
    }
    tokens.retain(|token| token.state.is_live);
    let page = RevokePage {
        frame: &visitor.frame,
        tokens,
    };
    Ok(visitor.frame.page(StatusCode::OK, &page))
}

/// Where a sign-in in between leads back to.
pub(super) async fn back(State(app): State<App>, _visitor: Visitor) -> PageResult {
    Ok(redirect(&app, "/organization/tokens"))
}
