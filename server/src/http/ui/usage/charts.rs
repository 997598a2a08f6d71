//! The charts of the page: what each says in words, its picture, and its numbers as a table.

use std::cmp::Ordering;

use keybearer_verify::TokenKind;

use super::drawing::{Drawing, draw};
use crate::domain::daily_counts::{
    Counts, DAYS_AHEAD, DAYS_BACK, KINDS, Report, Series, WEEKS_BACK,
};
use crate::http::refusals;
use crate::http::ui::words;

/// Causes of refusals that have a colour of their own; the others share one.
const CAUSES: usize = 4;
const CAUSE_COLORS: [&str; CAUSES] = ["--chart-a", "--chart-b", "--chart-c", "--chart-d"];
const REST_COLOR: &str = "--chart-rest";
const DAY_MS: i64 = 86_400_000;

/// A chart as the page shows it.
pub(super) struct Chart {
    /// Its name in addresses.
    pub(super) name: &'static str,
    pub(super) title: &'static str,
    /// What it says, in a sentence.
    pub(super) says: String,
    pub(super) legend: Vec<Entry>,
    /// None if there is nothing to draw.
    pub(super) picture: Option<String>,
    pub(super) table: Table,
}

/// A line of a legend.
pub(super) struct Entry {
    /// The stylesheet's variable without its dashes.
    pub(super) color: &'static str,
    pub(super) text: String,
    pub(super) total: String,
    /// Where the words are explained, below the public URL.
    pub(super) docs: Option<String>,
}

/// The numbers behind a picture, the newest first; what is all zero is left out.
pub(super) struct Table {
    pub(super) columns: Vec<String>,
    pub(super) rows: Vec<(String, Vec<String>)>,
}

/// All charts of a report.
pub(super) fn all(report: &Report) -> Vec<Chart> {
    vec![
        requests(&report.requests),
        shares(&report.weeks),
        expiring(&report.expiring),
        refused(&report.refusals),
    ]
}

fn requests(counts: &Counts) -> Chart {
    let today = counts
        .series
        .iter()
        .filter_map(|series| series.counts.last())
        .sum();
    let says = if counts.total() == 0 {
        format!("No token was used in the last {DAYS_BACK} days.")
    } else {
        format!(
            "{} in the last {DAYS_BACK} days, {} of them today.",
            words::count(counts.total(), "request"),
            words::grouped(today)
        )
    };
    let labels = ("Day (UTC)", "Requests");
    by_kind(("requests", "Requests per day"), counts, labels, says)
}

fn expiring(counts: &Counts) -> Chart {
    let is_some = |at: &usize| {
        counts
            .series
            .iter()
            .any(|series| series.counts.get(*at).is_some_and(|count| *count > 0))
    };
    let says = match (0..DAYS_AHEAD).find(is_some) {
        None => format!("No token expires in the next {DAYS_AHEAD} days."),
        Some(first) => format!(
            "{} in the next {DAYS_AHEAD} days, the first on {}.",
            if counts.total() == 1 {
                "1 token expires".to_owned()
            } else {
                format!("{} tokens expire", words::grouped(counts.total()))
            },
            date(counts, first)
        ),
    };
    let labels = ("Day (UTC)", "Tokens");
    let mut chart = by_kind(
        ("expiring", "Tokens that expire soon"),
        counts,
        labels,
        says,
    );
    // What comes next stands first here.
    chart.table.rows.reverse();
    chart
}

fn by_kind(
    (name, title): (&'static str, &'static str),
    counts: &Counts,
    (across, upward): (&str, &str),
    says: String,
) -> Chart {
    let colors = KINDS.map(color);
    let picture = (counts.total() > 0).then(|| {
        draw(&Drawing {
            name,
            counts,
            colors: &colors,
            is_share: false,
            across,
            upward,
            says: &says,
        })
    });
    Chart {
        name,
        title,
        legend: KINDS.iter().zip(&counts.series).map(entry).collect(),
        table: table(counts, kind_columns()),
        picture,
        says,
    }
}

fn shares(counts: &Counts) -> Chart {
    let (name, title) = ("shares", "Legacy tokens against the others");
    let share_of = |at: usize| legacy_share(counts, at);
    let first = (0..WEEKS_BACK).find_map(|at| Some((WEEKS_BACK - at, share_of(at)?)));
    let says = match (share_of(WEEKS_BACK - 1), first) {
        (_, None) => format!("No token was used in the last {WEEKS_BACK} weeks."),
        (None, _) => "No token was used in the last 7 days.".to_owned(),
        (Some(now), Some((weeks, then))) => {
            let since = match now.cmp(&then) {
                _ if weeks == 1 => String::new(),
                Ordering::Less => format!(", down from {then}% {weeks} weeks ago"),
                Ordering::Greater => format!(", up from {then}% {weeks} weeks ago"),
                Ordering::Equal => format!(", as {weeks} weeks ago"),
            };
            format!("{now}% of the requests of the last 7 days came with a legacy token{since}.")
        }
    };
    let colors = KINDS.map(color);
    let picture = (counts.total() > 0).then(|| {
        draw(&Drawing {
            name,
            counts,
            colors: &colors,
            is_share: true,
            across: "Week from (UTC)",
            upward: "Share of requests",
            says: &says,
        })
    });
    let mut columns = kind_columns();
    columns.push("Share of legacy tokens".to_owned());
    let mut table = table(counts, columns);
    let weeks = (0..WEEKS_BACK).rev().filter_map(share_of);
    for ((_, cells), share) in table.rows.iter_mut().zip(weeks) {
        cells.push(format!("{share}%"));
    }
    Chart {
        name,
        title,
        legend: KINDS.iter().zip(&counts.series).map(entry).collect(),
        table,
        picture,
        says,
    }
}

/// In hundredths, of the requests of the week `at`; none if there were none.
pub(super) fn legacy_share(counts: &Counts, at: usize) -> Option<i64> {
    let of = |series: &Series| series.counts.get(at).copied().unwrap_or_default();
    let all: i64 = counts.series.iter().map(of).sum();
    let legacy = counts
        .series
        .iter()
        .filter(|series| series.name == TokenKind::Legacy.as_str());
    let legacy: i64 = legacy.map(of).sum();
    // Rounded, but never to 0 or to 100 what is neither.
    let share = (legacy * 200 + all).checked_div(all * 2)?;
    Some(match legacy {
        0 => 0,
        _ if legacy == all => 100,
        _ => share.clamp(1, 99),
    })
}

fn refused(counts: &Counts) -> Chart {
    let (name, title) = ("refusals", "Refused requests by cause");
    let says = match counts.series.first() {
        None => format!("No token of your organization was refused in the last {DAYS_BACK} days."),
        Some(most) => format!(
            "{} in the last {DAYS_BACK} days, most often with the cause “{}” ({}).",
            words::count(counts.total(), "refusal"),
            refusals::title(&most.name),
            words::grouped(most.total())
        ),
    };
    let shown = with_rest(counts);
    let colors: Vec<&str> = CAUSE_COLORS.into_iter().chain([REST_COLOR]).collect();
    let text = |series: &Series| match series.name.as_str() {
        "" => "Other causes".to_owned(),
        code => refusals::title(code).to_owned(),
    };
    let legend = shown
        .series
        .iter()
        .zip(&colors)
        .map(|(series, color)| Entry {
            color: color.trim_start_matches('-'),
            text: text(series),
            total: words::grouped(series.total()),
            docs: Some(format!("{}#{}", refusals::DOCS_PATH, series.name))
                .filter(|_| !series.name.is_empty()),
        });
    let picture = (counts.total() > 0).then(|| {
        draw(&Drawing {
            name,
            counts: &shown,
            colors: &colors,
            is_share: false,
            across: "Day (UTC)",
            upward: "Refusals",
            says: &says,
        })
    });
    Chart {
        name,
        title,
        legend: legend.collect(),
        table: table(&shown, shown.series.iter().map(text).collect()),
        picture,
        says,
    }
}

/// The most frequent causes, and all others as one without a name.
fn with_rest(counts: &Counts) -> Counts {
    let mut shown = counts.clone();
    if shown.series.len() > CAUSES + 1 {
        let others = shown.series.split_off(CAUSES);
        let days = others.first().map_or(0, |series| series.counts.len());
        let of_day = |at| {
            others
                .iter()
                .filter_map(|series| series.counts.get(at))
                .sum()
        };
        shown.series.push(Series {
            name: String::new(),
            counts: (0..days).map(of_day).collect(),
        });
    }
    shown
}

fn table(counts: &Counts, columns: Vec<String>) -> Table {
    let row = |at: usize| {
        let numbers: Vec<i64> = counts
            .series
            .iter()
            .filter_map(|series| series.counts.get(at))
            .copied()
            .collect();
        let is_some = numbers.iter().any(|number| *number > 0);
        is_some.then(|| {
            (
                date(counts, at),
                numbers.into_iter().map(words::grouped).collect(),
            )
        })
    };
    Table {
        columns,
        rows: (0..counts.steps()).rev().filter_map(row).collect(),
    }
}

/// The day on which the step `at` begins: `2026-11-24`.
pub(super) fn date(counts: &Counts, at: usize) -> String {
    let day = counts.first_day + i64::try_from(at).unwrap_or_default() * counts.step_days;
    words::Moment::new(day * DAY_MS, 0).date()
}

fn kind_columns() -> Vec<String> {
    KINDS
        .map(|kind| words::kind(kind.as_str()).to_owned())
        .to_vec()
}

fn entry((kind, series): (&TokenKind, &Series)) -> Entry {
    Entry {
        color: color(*kind).trim_start_matches('-'),
        text: capitalized_plural(*kind),
        total: words::grouped(series.total()),
        docs: None,
    }
}

fn color(kind: TokenKind) -> &'static str {
    match kind {
        TokenKind::Key => "--chart-key",
        TokenKind::Legacy => "--chart-legacy",
        TokenKind::Personal | TokenKind::Access => "--chart-personal",
    }
}

fn capitalized_plural(kind: TokenKind) -> String {
    format!("{}s", words::kind(kind.as_str()))
}
