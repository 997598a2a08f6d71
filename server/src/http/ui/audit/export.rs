//! The events that a filter matches as a file: CSV for a spreadsheet, or one JSON object a line.
//!
//! The file is written while the log is read, a batch at a time, so its length is no matter of
//! memory; and it ends at [`MOST`] events, so one request is no matter of hours.

use axum::body::Body;
use axum::extract::{RawPathParams, State};
use axum::http::{HeaderValue, Uri};
use futures_util::stream;

use super::filter::Asked;
use super::unreadable;
use crate::app::App;
use crate::cx::Cx;
use crate::domain::audit::{self, AuditEvent, AuditFilter, LARGEST_PAGE};
use crate::http::csv;
use crate::http::events::{COLUMNS, EventView};
use crate::http::ui::errors::{PageError, PageResult};
use crate::http::ui::visitor::Visitor;

/// Events in one file.
pub(super) const MOST: usize = 100_000;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Format {
    Csv,
    JsonLines,
}

/// Where the file is being written.
struct Progress {
    app: App,
    cx: Cx,
    filter: AuditFilter,
    format: Format,
    /// The batch that comes next, if it was read already.
    ahead: Option<Vec<AuditEvent>>,
    written: usize,
    is_over: bool,
}

pub(super) async fn show(
    State(app): State<App>,
    visitor: Visitor,
    params: RawPathParams,
    uri: Uri,
) -> PageResult {
    let name = params.iter().next().map_or("", |(_, name)| name);
    let (format, media_type) = match name {
        "events.csv" => (Format::Csv, "text/csv; charset=utf-8"),
        "events.jsonl" => (Format::JsonLines, "application/jsonl"),
        _ => return Err(PageError::no_page()),
    };
    let mut filter = Asked::read(uri.query())
        .filter()
        .map_err(|faults| unreadable(&faults))?;
    filter.limit = LARGEST_PAGE;
    // What cannot be read at all is a page that says so, and not half a file.
    let ahead = audit::list(&app, &visitor.cx, filter.clone()).await?;
    let progress = Progress {
        app,
        cx: visitor.cx,
        filter,
        format,
        ahead: Some(ahead),
        written: 0,
        is_over: false,
    };
    let file = stream::try_unfold(progress, async |progress| {
        progress.next().await.map_err(|error| {
            tracing::error!(?error, "an export of the audit log ended early");
            std::io::Error::other("the audit log cannot be read")
        })
    });
    let media_type = HeaderValue::from_static(media_type);
    Ok(csv::attachment(name, media_type, Body::from_stream(file)))
}

impl Progress {
    /// The next part of the file; none at its end.
    async fn next(mut self) -> crate::error::Result<Option<(String, Self)>> {
        if self.is_over {
            return Ok(None);
        }
        let events = match self.ahead.take() {
            Some(events) => events,
            None => audit::list(&self.app, &self.cx, self.filter.clone()).await?,
        };
        let mut text = String::new();
        if self.written == 0 && self.format == Format::Csv {
            text.push_str(&csv::head(&COLUMNS));
        }
        self.filter.before_id = events.last().map(|event| event.id);
        let is_full = i64::try_from(events.len()) == Ok(LARGEST_PAGE);
        self.written += events.len();
        self.is_over = !is_full || self.written >= MOST;
        for event in events {
            let view = EventView::new(event);
            match self.format {
                Format::Csv => text.push_str(&view.csv_line()),
                Format::JsonLines => {
                    let line = serde_json::to_string(&view);
                    text.push_str(
                        &line.map_err(|error| crate::error::Error::Internal(error.into()))?,
                    );
                    text.push('\n');
                }
            }
        }
        Ok(Some((text, self)))
    }
}
