//! The form that makes a token.

use keybearer_verify::TokenKind;

use crate::domain::organizations::Organization;
use crate::domain::policy;
use crate::domain::tokens::{LONGEST_TTL_DAYS, TokenSpec};
use crate::error::{Error, Result};
use crate::http::ui::forms::{Fault, Form};
use crate::http::ui::words;

/// The scopes that are a word, and what they let do.
pub(super) const SCOPES: [(&str, &str); 4] = [
    ("read", "Read whatever you may read"),
    (
        "write",
        "Read and change whatever you may, apart from the two below",
    ),
    ("tokens", "Make, rotate and revoke your tokens"),
    (
        "admin",
        "Members, settings and the organization's tokens, if you may",
    ),
];

/// What was typed, and what is wrong with it.
#[derive(Clone, Debug, Default)]
pub(super) struct NewToken {
    pub(super) name: String,
    pub(super) note: String,
    pub(super) ttl_days: String,
    pub(super) scopes: Vec<String>,
    pub(super) rules: String,
    pub(super) ip_ranges: String,
    pub(super) rate_per_minute: String,
    pub(super) fault: Option<Fault>,
}

impl NewToken {
    pub(super) fn of(form: &Form) -> Self {
        let text = |name| form.text(name).to_owned();
        Self {
            name: text("name"),
            note: text("note"),
            ttl_days: text("ttl_days"),
            scopes: form.texts("scope").map(str::to_owned).collect(),
            rules: text("rules"),
            ip_ranges: text("ip_ranges"),
            rate_per_minute: text("rate_per_minute"),
            fault: None,
        }
    }

    pub(super) fn spec(&self, form: &Form, kind: TokenKind, user_id: i64) -> Result<TokenSpec> {
        let mut scopes = self.scopes.clone();
        scopes.extend(form.lines("rules"));
        let limits = policy::read_limits(Some(&scopes), Some(&form.lines("ip_ranges")))?;
        Ok(TokenSpec {
            name: self.name.clone(),
            note: self.note.clone(),
            ttl_days: number("ttl_days", &self.ttl_days)?,
            limits,
            rate_per_minute: number("rate_per_minute", &self.rate_per_minute)?,
            ..TokenSpec::new(kind, user_id)
        })
    }

    pub(super) fn has(&self, scope: &str) -> bool {
        self.scopes.iter().any(|one| one == scope)
    }

    /// Whether the part with the limits is to be open.
    pub(super) fn is_limited(&self) -> bool {
        let is_at_fault = self
            .fault
            .as_ref()
            .is_some_and(|fault| !matches!(fault.field, "name" | "note" | "ttl_days"));
        is_at_fault
            || !self.scopes.is_empty()
            || [&self.rules, &self.ip_ranges, &self.rate_per_minute]
                .iter()
                .any(|text| !text.trim().is_empty())
    }
}

fn number(field: &'static str, text: &str) -> Result<Option<i64>> {
    match text.trim() {
        "" => Ok(None),
        text => text
            .parse()
            .map(Some)
            .map_err(|_| Error::invalid(field, "Write a whole number, such as 90.")),
    }
}

/// What the organization says of lifetimes, beside the field.
pub(super) fn lifetime_hint(organization: &Organization, kind: TokenKind) -> String {
    let most = organization.max_ttl_days.unwrap_or(LONGEST_TTL_DAYS);
    let usual = match kind {
        TokenKind::Key => organization.key_ttl_days,
        _ => organization.personal_ttl_days,
    };
    let maximum = match organization.max_ttl_days {
        Some(most) => format!("Your organization allows at most {}.", words::days(most)),
        None => "Your organization sets no maximum.".to_owned(),
    };
    format!("{maximum} Left empty: {}.", words::days(usual.min(most)))
}
