//! What this interface shows: tokens and instants. No secret but where one is made.

use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use serde::Serialize;
use utoipa::ToSchema;

use super::problem::Problem;
use crate::domain::tokens::Token;
use crate::domain::tokens::listing::{self, Listed};
use crate::error::{Error, Result};

/// A token, without its secret.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Token)]
pub(super) struct TokenView {
    id: String,
    /// `personal`, `key` or `legacy`.
    kind: String,
    name: String,
    note: String,
    /// `active`; `rotated` (its successor is there, and both work); `expired`; `revoked`.
    #[schema(inline)]
    state: &'static str,
    user_id: i64,
    organization_id: i64,
    /// What it may do; empty for all that its owner may.
    scopes: Vec<String>,
    /// Whence it may be used; empty for everywhere.
    ip_ranges: Vec<String>,
    /// How many requests a minute it has; `null` for no limit.
    rate_per_minute: Option<i64>,
    #[schema(format = DateTime)]
    created_at: String,
    /// `null` for never.
    #[schema(format = DateTime)]
    expires_at: Option<String>,
    #[schema(format = DateTime)]
    revoked_at: Option<String>,
    /// `by_owner`, `by_admin`, `rotated`, `reuse` and the like.
    revoked_because: Option<String>,
    revoked_by: Option<String>,
    /// The token that takes this one's place.
    successor_id: Option<String>,
    /// When the overlap with the successor ends.
    #[schema(format = DateTime)]
    retires_at: Option<String>,
    #[schema(format = DateTime)]
    last_used_at: Option<String>,
    last_used_address: Option<String>,
    last_used_client: Option<String>,
}

impl TokenView {
    pub(super) fn new(token: Token, now: i64) -> Self {
        Self {
            state: listing::state(&token, now),
            scopes: lines(&token.scopes),
            ip_ranges: lines(&token.ip_ranges),
            created_at: instant(token.created_at),
            expires_at: token.expires_at.map(instant),
            revoked_at: token.revoked_at.map(instant),
            retires_at: token.retires_at.map(instant),
            last_used_at: token.last_used_at.map(instant),
            id: token.id,
            kind: token.kind,
            name: token.name,
            note: token.note,
            user_id: token.user_id,
            organization_id: token.organization_id,
            rate_per_minute: token.rate_per_minute,
            revoked_because: token.revoked_because,
            revoked_by: token.revoked_by,
            successor_id: token.successor_id,
            last_used_address: token.last_used_address,
            last_used_client: token.last_used_client,
        }
    }
}

/// A token of an organization, and whose it is.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ListedToken)]
pub(super) struct ListedView {
    #[serde(flatten)]
    token: TokenView,
    /// The owner's e-mail address.
    email: String,
}

impl ListedView {
    pub(super) fn new(listed: Listed, now: i64) -> Self {
        Self {
            token: TokenView::new(listed.token, now),
            email: listed.email,
        }
    }
}

/// Lines as a list.
pub(super) fn lines(text: &str) -> Vec<String> {
    text.lines().map(str::to_owned).collect()
}

/// An instant as RFC 3339 writes it: UTC, to the millisecond.
pub(in crate::http) fn instant(ms: i64) -> String {
    jiff::Timestamp::from_millisecond(ms)
        .map(|at| format!("{at:.3}"))
        .unwrap_or_default()
}

/// The instant that the parameter `field` names.
///
/// # Errors
/// [`Error::Invalid`] for a text that is none.
pub(super) fn read_instant(field: &'static str, text: Option<&str>) -> Result<Option<i64>> {
    let Some(text) = text else {
        return Ok(None);
    };
    let at = text.parse::<jiff::Timestamp>().map_err(|_| {
        let why = "This is an instant as RFC 3339 writes it, such as 2026-01-31T12:00:00Z.";
        Error::invalid(field, why)
    })?;
    Ok(Some(at.as_millisecond()))
}

/// A JSON answer.
pub(super) fn answer(
    status: StatusCode,
    view: &impl Serialize,
) -> std::result::Result<Response, Problem> {
    let body = serde_json::to_string(view).map_err(|_| Problem::internal("a view is not JSON"))?;
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    response.headers_mut().insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/json"),
    );
    Ok(response)
}
