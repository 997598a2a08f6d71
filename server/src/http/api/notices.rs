//! What owners were told, or will be, before their tokens end: for admins.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::extract::Query;
use super::pages::{self, Page};
use super::problem::Problem;
use super::views::{answer, instant};
use crate::app::App;
use crate::cx::Cx;
use crate::domain::notices::{self, NoticeFilter, NoticeWithToken};

/// A notice to one receiver.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Notice)]
pub(super) struct NoticeView {
    id: i64,
    token_id: String,
    /// The token's name.
    name: String,
    /// The owner's e-mail address.
    email: String,
    /// How many days before the token's end; 0 is the end itself.
    days_before: i64,
    /// `mail` or `webhook`.
    channel: String,
    /// `due`, `delivered`, `failed` (given up) or `dropped` (not worth telling any more).
    state: String,
    attempts: i64,
    /// What stood in the way last, or why it was dropped.
    reason: Option<String>,
    #[schema(format = DateTime)]
    created_at: String,
    #[schema(format = DateTime)]
    next_try_at: Option<String>,
    #[schema(format = DateTime)]
    ended_at: Option<String>,
}

impl NoticeView {
    fn new(found: NoticeWithToken) -> Self {
        let notice = found.notice;
        Self {
            id: notice.id,
            token_id: notice.token_id,
            name: found.name,
            email: found.email,
            days_before: notice.threshold_days,
            channel: notice.channel,
            state: notice.state,
            attempts: notice.attempts,
            reason: notice.reason,
            created_at: instant(notice.created_at),
            next_try_at: notice.next_try_at.map(instant),
            ended_at: notice.ended_at.map(instant),
        }
    }
}

/// Which notices are meant.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct NoticeQuery {
    /// Only `due`, `delivered`, `failed` or `dropped` ones.
    #[param(pattern = "^(due|delivered|failed|dropped)$")]
    state: Option<String>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// Items on the page.
    #[param(minimum = 1, maximum = 500, default = 50)]
    limit: Option<i64>,
}

/// Notices before tokens end
///
/// Of your organization's tokens, newest first. Owners and admins only.
#[utoipa::path(get, path = "/api/v1/notices", operation_id = "list_notices", tag = "notices", params(NoticeQuery),
    responses((status = 200, description = "A page of notices", body = Page<NoticeView>)))]
pub(super) async fn list(
    State(app): State<App>,
    cx: Cx,
    Query(query): Query<NoticeQuery>,
) -> Result<Response, Problem> {
    let limit = pages::checked_limit(query.limit)?;
    let filter = NoticeFilter {
        state: query.state,
        before_id: pages::decode(query.cursor.as_deref())?,
        limit: limit + 1,
        ..NoticeFilter::default()
    };
    let rows = notices::list(&app, &cx, filter).await?;
    let page = Page::of(rows, limit, |found| found.notice.id, NoticeView::new);
    answer(StatusCode::OK, &page)
}
