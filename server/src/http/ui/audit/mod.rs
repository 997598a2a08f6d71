//! What was done in the organization, for its admins: filtered, page by page, and as a file.

mod export;
mod filter;
mod words;

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, Uri};
use axum::routing::get;

use self::filter::{Asked, Faults};
use self::words::{ACTIONS, Row};
use super::errors::{PageError, PageResult};
use super::frame::Frame;
use super::visitor::Visitor;
use crate::app::App;
use crate::domain::audit::{self, Chain};

const ON_A_PAGE: usize = 50;
/// The newest events whose chain is checked each time the page is shown.
const CHECKED: i64 = 1000;

#[derive(Template)]
#[template(path = "organization/audit.html")]
struct AuditPage<'a> {
    frame: &'a Frame,
    asked: &'a Asked,
    faults: Faults,
    rows: Vec<Row>,
    /// The query of the page with older events; empty if there are none.
    older: Option<String>,
    /// How many of the newest events were checked, in words; none if they do not fit together.
    checked: Option<String>,
}

impl AuditPage<'_> {
    fn actions(&self) -> &'static [(&'static str, &'static str)] {
        &ACTIONS
    }

    fn outcomes(&self) -> impl Iterator<Item = (&'static str, &'static str)> {
        [(audit::DONE, "done")].into_iter().chain(audit::REFUSED)
    }

    fn most(&self) -> String {
        super::words::count(i64::try_from(export::MOST).unwrap_or_default(), "event")
    }
}

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/organization/audit", get(show))
        .route("/organization/audit/{name}", get(export::show))
}

async fn show(State(app): State<App>, visitor: Visitor, uri: Uri) -> PageResult {
    let asked = Asked::read(uri.query());
    let (mut filter, faults, status) = match asked.filter() {
        Ok(filter) => (filter, Faults::default(), StatusCode::OK),
        // Nothing is older than the first event: the list is empty until the filter is right.
        Err(faults) => {
            let none = audit::AuditFilter {
                before_id: Some(0),
                ..audit::AuditFilter::default()
            };
            (none, faults, StatusCode::BAD_REQUEST)
        }
    };
    filter.limit = i64::try_from(ON_A_PAGE + 1).unwrap_or_default();
    let mut events = audit::list(&app, &visitor.cx, filter).await?;
    let is_more = events.len() > ON_A_PAGE;
    events.truncate(ON_A_PAGE);
    let older = events
        .last()
        .filter(|_| is_more)
        .map(|last| asked.query(Some(last.id)));
    let names = audit::names_of_subjects(&app, &visitor.cx, &events).await?;
    let checked = match audit::verify_newest(&app, &visitor.cx, CHECKED).await? {
        Chain::Whole { events } => Some(super::words::count(events, "event")),
        Chain::Broken { .. } | Chain::CutOff { .. } => None,
    };
    let rows = events
        .into_iter()
        .map(|event| Row::new(event, &asked, &names));
    let page = AuditPage {
        frame: &visitor.frame,
        rows: rows.collect(),
        asked: &asked,
        faults,
        older,
        checked,
    };
    Ok(visitor.frame.page(status, &page))
}

/// A filter that cannot be read, where there is no form to say so.
fn unreadable(faults: &Faults) -> PageError {
    let why = faults
        .from
        .or(faults.to)
        .unwrap_or("The filter cannot be read.");
    let field = if faults.from.is_some() { "from" } else { "to" };
    crate::error::Error::invalid(field, why).into()
}
