//! Instants, kinds and clients as people read them.

use std::fmt;

use jiff::Timestamp;

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// An instant that prints as a `time` element: how far away it is, the date and time (UTC) on demand.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Moment {
    /// Unix milliseconds.
    at: i64,
    now: i64,
}

impl Moment {
    pub(crate) fn new(at: i64, now: i64) -> Self {
        Self { at, now }
    }

    /// How far away it is: `4 minutes ago`, `in 12 days`, or the date if that says more.
    pub(crate) fn distance(&self) -> String {
        let away = (self.now - self.at).abs();
        let nearest = |unit: i64| (away + unit / 2) / unit;
        let words = match away {
            _ if away < MINUTE => return "just now".to_owned(),
            _ if nearest(MINUTE) < 60 => count(nearest(MINUTE), "minute"),
            _ if nearest(HOUR) < 24 => count(nearest(HOUR), "hour"),
            _ if away < 90 * DAY => count(nearest(DAY), "day"),
            _ => return self.date(),
        };
        if self.at <= self.now {
            format!("{words} ago")
        } else {
            format!("in {words}")
        }
    }

    /// The day (UTC): `2026-11-24`.
    pub(crate) fn date(&self) -> String {
        self.print("%Y-%m-%d")
    }

    fn print(&self, format: &str) -> String {
        Timestamp::from_millisecond(self.at)
            .map(|at| at.strftime(format).to_string())
            .unwrap_or_default()
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (iso, full) = (
            self.print("%Y-%m-%dT%H:%M:%SZ"),
            self.print("%Y-%m-%d %H:%M UTC"),
        );
        let distance = self.distance();
        write!(
            f,
            "<time datetime=\"{iso}\" title=\"{full}\">{distance}</time>"
        )
    }
}

// It writes an element, and nothing in it comes from outside.
impl askama::filters::HtmlSafe for Moment {}

/// `1 token`, `3 tokens`.
pub(crate) fn count(number: i64, noun: &str) -> String {
    let ending = if number == 1 { "" } else { "s" };
    format!("{} {noun}{ending}", grouped(number))
}

/// A number with its thousands apart: `12,345`.
pub(crate) fn grouped(number: i64) -> String {
    let digits = number.abs().to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    if number < 0 { format!("-{text}") } else { text }
}

/// A lifetime: `90 days`, or in years where days say nothing.
pub(crate) fn days(days: i64) -> String {
    if days >= 3650 {
        format!("{} (about {} years)", count(days, "day"), days / 365)
    } else {
        count(days, "day")
    }
}

/// What a kind of token is called.
pub(crate) fn kind(kind: &str) -> &'static str {
    match kind {
        "personal" => "Personal access token",
        "key" => "Key token",
        "legacy" => "Legacy token",
        _ => "Access token",
    }
}

/// What tokens of a kind are called in a sentence.
pub(crate) fn kind_plural(kind: &str) -> &'static str {
    match kind {
        "personal" => "personal access tokens",
        "key" => "key tokens",
        "legacy" => "legacy tokens",
        _ => "access tokens",
    }
}

/// The part of a `User-Agent` that says which program it was.
pub(crate) fn client(agent: &str) -> String {
    let browsers = [
        ("Edg/", "Edge"),
        ("OPR/", "Opera"),
        ("Firefox/", "Firefox"),
        ("Chrome/", "Chrome"),
        ("Safari/", "Safari"),
    ];
    if agent.starts_with("Mozilla/")
        && let Some((_, name)) = browsers.iter().find(|(mark, _)| agent.contains(mark))
    {
        let systems = [
            ("Android", "Android"),
            ("iPhone", "iPhone"),
            ("Windows", "Windows"),
            ("Mac OS", "macOS"),
            ("Linux", "Linux"),
        ];
        let system = systems.iter().find(|(mark, _)| agent.contains(mark));
        return system.map_or_else(
            || (*name).to_owned(),
            |(_, system)| format!("{name} on {system}"),
        );
    }
    let first = agent.split_whitespace().next().unwrap_or_default();
    first.chars().take(40).collect()
}
