//! Lists a page at a time: one shape, one opaque cursor.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use serde::de::DeserializeOwned;
use utoipa::ToSchema;

use crate::error::{Error, Result};

const USUAL_LIMIT: i64 = 50;
const LARGEST_LIMIT: i64 = 500;

/// A page of a list, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Page<T> {
    items: Vec<T>,
    /// What to send as `cursor` for the page after this one; `null` on the last.
    next_cursor: Option<String>,
}

impl<T> Page<T> {
    /// The page of `limit` items out of `rows`, which has one row more if there is another page.
    /// `position` is what the query of that page needs to know of this one's last row.
    pub(super) fn of<R, P: Serialize>(
        mut rows: Vec<R>,
        limit: i64,
        position: impl Fn(&R) -> P,
        view: impl Fn(R) -> T,
    ) -> Self {
        let limit = usize::try_from(limit).unwrap_or_default();
        let has_more = rows.len() > limit;
        rows.truncate(limit);
        let last = rows.last().filter(|_| has_more);
        Self {
            next_cursor: last.map(|row| encode(&position(row))),
            items: rows.into_iter().map(view).collect(),
        }
    }

    pub(super) fn into_parts(self) -> (Vec<T>, Option<String>) {
        (self.items, self.next_cursor)
    }
}

/// How many items a page has.
///
/// # Errors
/// [`Error::Invalid`] for a number out of range.
pub(super) fn checked_limit(asked: Option<i64>) -> Result<i64> {
    let limit = asked.unwrap_or(USUAL_LIMIT);
    if (1..=LARGEST_LIMIT).contains(&limit) {
        return Ok(limit);
    }
    let why = format!("A page has between 1 and {LARGEST_LIMIT} items.");
    Err(Error::invalid("limit", why))
}

fn encode(position: &impl Serialize) -> String {
    let json = serde_json::to_vec(position).unwrap_or_default();
    URL_SAFE_NO_PAD.encode(json)
}

/// The position that a cursor stands for.
///
/// # Errors
/// [`Error::Invalid`] for a text that is no cursor of this list.
pub(super) fn decode<P: DeserializeOwned>(cursor: Option<&str>) -> Result<Option<P>> {
    let Some(cursor) = cursor else {
        return Ok(None);
    };
    let json = URL_SAFE_NO_PAD.decode(cursor).ok();
    // An escaped NUL is JSON, but no text that PostgreSQL takes.
    let json = json.filter(|json| !json.windows(6).any(|part| part == b"\\u0000"));
    let position = json.and_then(|json| serde_json::from_slice(&json).ok());
    let why = "This is no cursor of this list. Send next_cursor as it came, or none to begin anew.";
    position
        .map(Some)
        .ok_or_else(|| Error::invalid("cursor", why))
}
