//! How the organization's tokens are used and refused: charts, and their numbers as CSV.

mod charts;
mod drawing;

use askama::Template;
use axum::Router;
use axum::body::Body;
use axum::extract::{RawPathParams, State};
use axum::http::StatusCode;
use axum::routing::get;

use self::charts::Chart;
use super::errors::{PageError, PageResult};
use super::frame::Frame;
use super::visitor::Visitor;
use crate::app::App;
use crate::domain::daily_counts::{self, Counts};
use crate::http::csv;

#[derive(Template)]
#[template(path = "organization/use.html")]
struct UsePage<'a> {
    frame: &'a Frame,
    charts: &'a [Chart],
}

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/organization/use", get(show))
        .route("/organization/use/{name}", get(numbers))
}

async fn show(State(app): State<App>, visitor: Visitor) -> PageResult {
    let report = daily_counts::report(&app, &visitor.cx).await?;
    let page = UsePage {
        frame: &visitor.frame,
        charts: &charts::all(&report),
    };
    Ok(visitor.frame.page(StatusCode::OK, &page))
}

/// The numbers of one chart, days without any among them.
async fn numbers(State(app): State<App>, visitor: Visitor, params: RawPathParams) -> PageResult {
    let report = daily_counts::report(&app, &visitor.cx).await?;
    let name = params.iter().next().map_or("", |(_, name)| name);
    let (first, counts) = match name {
        "requests.csv" => ("day", &report.requests),
        "shares.csv" => ("week_from", &report.weeks),
        "expiring.csv" => ("day", &report.expiring),
        "refusals.csv" => ("day", &report.refusals),
        _ => return Err(PageError::no_page()),
    };
    let body = Body::from(lines(first, counts));
    Ok(csv::file(name, body))
}

fn lines(first: &str, counts: &Counts) -> String {
    let names = counts.series.iter().map(|series| series.name.as_str());
    let head: Vec<&str> = [first].into_iter().chain(names).collect();
    let mut text = csv::head(&head);
    for at in 0..counts.steps() {
        let numbers = counts
            .series
            .iter()
            .filter_map(|series| series.counts.get(at));
        let cells: Vec<String> = [charts::date(counts, at)]
            .into_iter()
            .chain(numbers.map(ToString::to_string))
            .collect();
        text.push_str(&csv::line(&cells));
    }
    text
}
