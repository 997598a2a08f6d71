//! Pages of tokens: the rows of one, and the way to the next.

use super::view::TokenRow;
use crate::domain::tokens::listing::{Listed, TokenFilter};
use crate::http::ui::forms::query_value;

/// Tokens on a page.
pub(crate) const ROWS: i64 = 50;

/// A page of tokens.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rows {
    pub(crate) tokens: Vec<TokenRow>,
    /// What the next page's address says; none on the last page.
    pub(crate) next: Option<String>,
}

impl Rows {
    /// The filter that also finds out whether there is a next page.
    pub(crate) fn asked(filter: &TokenFilter) -> TokenFilter {
        TokenFilter {
            limit: filter.limit + 1,
            ..filter.clone()
        }
    }

    /// The page that `filter` wants of what [`Self::asked`] has found.
    pub(crate) fn of(mut found: Vec<Listed>, filter: &TokenFilter, now: i64) -> Self {
        let limit = usize::try_from(filter.limit).unwrap_or_default();
        let has_next = found.len() > limit;
        found.truncate(limit);
        let last = found.last().filter(|_| has_next);
        let next = last.map(|last| format!("{}.{}", last.token.created_at, last.token.id));
        let rows = found.into_iter().map(|listed| TokenRow::new(listed, now));
        Self {
            tokens: rows.collect(),
            next,
        }
    }
}

/// Where a page begins, as [`Rows::next`] says it.
pub(crate) fn read(text: &str) -> Option<(i64, String)> {
    let (at, id) = text.split_once('.')?;
    Some((at.parse().ok()?, id.to_owned()))
}

/// What was done a moment ago, if the address says so.
pub(crate) fn done(query: Option<&str>) -> Option<&'static str> {
    match query_value(query, "done")?.as_str() {
        "revoked" => Some("The token is revoked. It is refused from now on."),
        "revoked-several" => Some("The tokens are revoked. They are refused from now on."),
        _ => None,
    }
}
