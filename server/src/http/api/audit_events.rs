//! The audit log, for admins: as JSON, or as CSV for a spreadsheet.

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::response::Response;
use serde::Deserialize;
use utoipa::IntoParams;

use super::extract::Query;
use super::pages::{self, Page};
use super::problem::Problem;
use super::views::{answer, read_instant};
use crate::app::App;
use crate::cx::Cx;
use crate::domain::audit::{self, AuditFilter};
use crate::error::{Error, Result};
use crate::http::csv;
use crate::http::events::{COLUMNS, EventView};

/// Which events are meant.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct EventQuery {
    /// Whose; an e-mail address, `operator` or `system`.
    actor: Option<String>,
    /// Such as `token.issue`.
    action: Option<String>,
    /// Such as `user 7` or `token ID`.
    subject: Option<String>,
    /// `ok`, or why it was not done, such as `wrong_password`.
    outcome: Option<String>,
    /// From this instant on.
    #[param(format = DateTime)]
    since: Option<String>,
    /// Before this instant.
    #[param(format = DateTime)]
    until: Option<String>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// Items on the page.
    #[param(minimum = 1, maximum = 500, default = 50)]
    limit: Option<i64>,
    /// `json` or `csv`; without it, what `Accept` asks for.
    #[param(pattern = "^(json|csv)$")]
    format: Option<String>,
}

impl EventQuery {
    fn filter(&self) -> Result<(AuditFilter, i64)> {
        let limit = pages::checked_limit(self.limit)?;
        let filter = AuditFilter {
            actor: self.actor.clone(),
            action: self.action.clone(),
            subject: self.subject.clone(),
            outcome: self.outcome.clone(),
            since: read_instant("since", self.since.as_deref())?,
            until: read_instant("until", self.until.as_deref())?,
            before_id: pages::decode(self.cursor.as_deref())?,
            limit: limit + 1,
            ..AuditFilter::default()
        };
        Ok((filter, limit))
    }

    fn wants_csv(&self, headers: &HeaderMap) -> Result<bool> {
        match self.format.as_deref() {
            Some("csv") => Ok(true),
            Some("json") => Ok(false),
            Some(_) => Err(Error::invalid("format", "The formats are json and csv.")),
            None => {
                let accept = headers.get(header::ACCEPT);
                let accept = accept.and_then(|value| value.to_str().ok());
                Ok(accept.is_some_and(|accept| accept.trim().starts_with("text/csv")))
            }
        }
    }

    /// The query of the next page, for the link to it.
    fn next(&self, cursor: &str) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        let limit = self.limit.map(|limit| limit.to_string());
        let pairs = [
            ("actor", self.actor.as_deref()),
            ("action", self.action.as_deref()),
            ("subject", self.subject.as_deref()),
            ("outcome", self.outcome.as_deref()),
            ("since", self.since.as_deref()),
            ("until", self.until.as_deref()),
            ("limit", limit.as_deref()),
            ("format", self.format.as_deref()),
            ("cursor", Some(cursor)),
        ];
        query.extend_pairs(
            pairs
                .iter()
                .filter_map(|(name, value)| Some((name, (*value)?))),
        );
        query.finish()
    }
}

/// The audit log of your organization, for its admins
///
/// As CSV, the next page's address is in the `Link` header.
#[utoipa::path(get, path = "/api/v1/audit-events", operation_id = "list_audit_events", tag = "audit",
    params(EventQuery),
    responses((status = 200, description = "A page of events, newest first", content(
        (Page<EventView> = "application/json"), (String = "text/csv")))))]
pub(super) async fn list(
    State(app): State<App>,
    cx: Cx,
    Query(query): Query<EventQuery>,
    (headers, uri): (HeaderMap, Uri),
) -> std::result::Result<Response, Problem> {
    let (filter, limit) = query.filter()?;
    let wants_csv = query.wants_csv(&headers)?;
    let rows = audit::list(&app, &cx, filter).await?;
    let page = Page::of(rows, limit, |event| event.id, EventView::new);
    if !wants_csv {
        return answer(StatusCode::OK, &page);
    }
    let (events, cursor) = page.into_parts();
    let next = cursor.map(|cursor| format!("{}?{}", uri.path(), query.next(&cursor)));
    Ok(csv(&app, &events, next.as_deref()))
}

fn csv(app: &App, events: &[EventView], next: Option<&str>) -> Response {
    let mut text = csv::head(&COLUMNS);
    text.extend(events.iter().map(EventView::csv_line));
    let mut response = csv::file("audit-events.csv", Body::from(text));
    let link = next.map(|next| format!("<{}{next}>; rel=\"next\"", app.config.base_path()));
    if let Some(link) = link.and_then(|link| HeaderValue::from_str(&link).ok()) {
        response.headers_mut().insert(header::LINK, link);
    }
    response
}
