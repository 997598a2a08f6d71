//! Which events a visitor asks for: what he typed, and what it means.

use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::domain::audit::AuditFilter;

/// What was typed; empty for all.
#[derive(Clone, Debug, Default)]
pub(super) struct Asked {
    pub(super) actor: String,
    pub(super) action: String,
    pub(super) subject: String,
    pub(super) outcome: String,
    /// Days (UTC), both among those that are meant.
    pub(super) from: String,
    pub(super) to: String,
    /// Only events older than this one.
    pub(super) before: String,
}

/// What is wrong with it, by field.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Faults {
    pub(super) from: Option<&'static str>,
    pub(super) to: Option<&'static str>,
}

const NO_DAY: &str = "Write a day, such as 2026-01-31.";
const TURNED: &str = "This day is before the first one.";

impl Asked {
    pub(super) fn read(query: Option<&str>) -> Self {
        let mut asked = Self::default();
        for (name, value) in form_urlencoded::parse(query.unwrap_or_default().as_bytes()) {
            let field = match name.as_ref() {
                "actor" => &mut asked.actor,
                "action" => &mut asked.action,
                "subject" => &mut asked.subject,
                "outcome" => &mut asked.outcome,
                "from" => &mut asked.from,
                "to" => &mut asked.to,
                "before" => &mut asked.before,
                _ => continue,
            };
            value.trim().clone_into(field);
        }
        asked
    }

    /// The filter that this means.
    ///
    /// # Errors
    /// What is wrong, by field.
    pub(super) fn filter(&self) -> Result<AuditFilter, Faults> {
        let (from, to) = (day(&self.from), day(&self.to));
        let is_turned = matches!((from, to), (Ok(Some(from)), Ok(Some(to))) if to < from);
        let (Ok(from), Ok(to), false) = (from, to, is_turned) else {
            return Err(Faults {
                from: from.err(),
                to: to.err().or(is_turned.then_some(TURNED)),
            });
        };
        let text = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        Ok(AuditFilter {
            // Addresses are kept in lower case.
            actor: text(&self.actor.to_lowercase()),
            action: text(&self.action),
            subject: text(&self.subject),
            outcome: text(&self.outcome),
            since: from.map(midnight),
            until: to.and_then(|to| to.tomorrow().ok()).map(midnight),
            // What is no number is no page's link; the newest events are an answer.
            before_id: self.before.parse().ok(),
            ..AuditFilter::default()
        })
    }

    /// Whether anything narrows the list.
    pub(super) fn is_narrow(&self) -> bool {
        let texts = [
            &self.actor,
            &self.action,
            &self.subject,
            &self.outcome,
            &self.from,
            &self.to,
        ];
        texts.iter().any(|text| !text.is_empty())
    }

    /// The query of the same question, for events older than `before`.
    pub(super) fn query(&self, before: Option<i64>) -> String {
        let before = before.map(|id| id.to_string()).unwrap_or_default();
        let pairs = [
            ("actor", &self.actor),
            ("action", &self.action),
            ("subject", &self.subject),
            ("outcome", &self.outcome),
            ("from", &self.from),
            ("to", &self.to),
            ("before", &before),
        ];
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(pairs.iter().filter(|(_, value)| !value.is_empty()));
        let query = query.finish();
        if query.is_empty() {
            query
        } else {
            format!("?{query}")
        }
    }

    /// The query of this question and one thing more.
    pub(super) fn narrowed(&self, name: &str, value: &str) -> String {
        let mut asked = self.clone();
        let field = match name {
            "actor" => &mut asked.actor,
            "action" => &mut asked.action,
            _ => &mut asked.subject,
        };
        value.clone_into(field);
        asked.query(None)
    }
}

fn day(text: &str) -> Result<Option<Date>, &'static str> {
    if text.is_empty() {
        return Ok(None);
    }
    text.parse().map(Some).map_err(|_| NO_DAY)
}

fn midnight(day: Date) -> i64 {
    let at = TimeZone::UTC.to_timestamp(day.at(0, 0, 0, 0));
    at.map_or(0, |at| at.as_millisecond())
}
