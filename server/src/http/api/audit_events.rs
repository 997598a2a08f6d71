//! The audit log, for admins: as JSON, or as CSV for a spreadsheet.

use axum::Extension;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::extract::Query;
use super::pages::{self, Page};
use super::problem::Problem;
use super::views::{answer, instant, read_instant};
use crate::app::App;
use crate::cx::Cx;
use crate::domain::audit::{self, AuditEvent, AuditFilter};
use crate::error::{Error, Result};

const CSV: &str = "text/csv; charset=utf-8";
const COLUMNS: &str =
    "id,at,actor,actor_id,address,action,subject,organization_id,outcome,detail\r\n";

/// A change: who did what to whom, when and whence.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AuditEvent)]
pub(super) struct EventView {
    id: i64,
    #[schema(format = DateTime)]
    at: String,
    /// The e-mail address of the user who did it, or `operator`, `system`, `anonymous`.
    actor: String,
    actor_id: Option<i64>,
    /// Whence; empty for the command line.
    address: String,
    /// What, such as `token.issue`.
    action: String,
    /// To whom, such as `user 7`.
    subject: String,
    organization_id: Option<i64>,
    outcome: String,
    /// What else matters; never a secret.
    #[schema(value_type = Object)]
    detail: serde_json::Value,
}

impl EventView {
    fn new(event: AuditEvent) -> Self {
        Self {
            id: event.id,
            at: instant(event.at),
            actor: event.actor,
            actor_id: event.actor_id,
            address: event.address,
            action: event.action,
            subject: event.subject,
            organization_id: event.organization_id,
            outcome: event.outcome,
            detail: serde_json::from_str(&event.detail).unwrap_or_default(),
        }
    }

    fn csv_line(&self) -> String {
        let number = |number: Option<i64>| number.map(|n| n.to_string()).unwrap_or_default();
        let cells = [
            self.id.to_string(),
            self.at.clone(),
            self.actor.clone(),
            number(self.actor_id),
            self.address.clone(),
            self.action.clone(),
            self.subject.clone(),
            number(self.organization_id),
            self.outcome.clone(),
            self.detail.to_string(),
        ];
        let cells: Vec<String> = cells.iter().map(|text| cell(text)).collect();
        format!("{}\r\n", cells.join(","))
    }
}

/// A cell of a CSV file (RFC 4180). A text that a spreadsheet would take for a formula gets an
/// apostrophe in front, which makes it text again: names are chosen by whoever has an account.
fn cell(text: &str) -> String {
    let is_formula = text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '|', '%']);
    let guard = if is_formula { "'" } else { "" };
    format!("\"{guard}{}\"", text.replace('"', "\"\""))
}

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
    Extension(cx): Extension<Cx>,
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
    let mut text = String::from(COLUMNS);
    text.extend(events.iter().map(EventView::csv_line));
    let mut response = Response::new(Body::from(text));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(CSV));
    let disposition = HeaderValue::from_static("attachment; filename=\"audit-events.csv\"");
    headers.insert(header::CONTENT_DISPOSITION, disposition);
    let link = next.map(|next| format!("<{}{next}>; rel=\"next\"", app.config.base_path()));
    if let Some(link) = link.and_then(|link| HeaderValue::from_str(&link).ok()) {
        headers.insert(header::LINK, link);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::cell;

    #[test]
    fn no_cell_is_a_formula() {
        assert_eq!(cell("=1+1"), "\"'=1+1\"");
        assert_eq!(cell("@SUM(A1)"), "\"'@SUM(A1)\"");
        assert_eq!(cell("a \"b\", c"), "\"a \"\"b\"\", c\"");
        assert_eq!(cell("plain"), "\"plain\"");
    }
}
