//! The fields of Access Token Settings: what they are called and what they mean, what is stored, and what
//! a changed one changes.

use crate::domain::organizations::Organization;
use crate::domain::policy::PolicyChange;

/// A kind of token that can be switched on and off.
pub(in crate::http::ui::organization) struct Kind {
    pub(in crate::http::ui::organization) name: &'static str,
    pub(in crate::http::ui::organization) label: &'static str,
    pub(in crate::http::ui::organization) hint: &'static str,
}

pub(super) const KINDS: [Kind; 3] = [
    Kind {
        name: "personal_enabled",
        label: "Personal Access Tokens",
        hint: "People make them for themselves; Label Studio's clients exchange them for access tokens of five minutes.",
    },
    Kind {
        name: "legacy_enabled",
        label: "Legacy Tokens",
        hint: "One a person, as older Label Studio clients use it. These do not expire.",
    },
    Kind {
        name: "key_enabled",
        label: "Key Tokens",
        hint: "Sent as they are, without an exchange: for scripts and services.",
    },
];

/// How a field is filled in.
#[derive(Clone, Copy)]
pub(super) enum Shape {
    /// A whole number; of what.
    Number(&'static str),
    /// One to a line.
    Lines,
    /// One of these words, and what it says.
    Choice(&'static [(&'static str, &'static str)]),
}

/// Every other setting.
#[derive(Clone, Copy)]
pub(in crate::http::ui::organization) struct Setting {
    pub(in crate::http::ui::organization) name: &'static str,
    pub(in crate::http::ui::organization) label: &'static str,
    pub(in crate::http::ui::organization) hint: &'static str,
    shape: Shape,
    /// Folded away.
    pub(in crate::http::ui::organization) is_more: bool,
}

impl Setting {
    /// Of what it is a number, if it is one.
    pub(in crate::http::ui::organization) fn unit(&self) -> Option<&'static str> {
        match self.shape {
            Shape::Number(unit) => Some(unit),
            _ => None,
        }
    }

    /// The words to choose from and what they say, if it is a choice.
    pub(in crate::http::ui::organization) fn choices(
        &self,
    ) -> Option<&'static [(&'static str, &'static str)]> {
        match self.shape {
            Shape::Choice(choices) => Some(choices),
            _ => None,
        }
    }
}

pub(super) const SETTINGS: [Setting; 9] = [
    Setting {
        name: "personal_ttl_days",
        label: "Personal Access Token Time-to-Live",
        hint: "How long a new one is valid.",
        shape: Shape::Number("days"),
        is_more: false,
    },
    Setting {
        name: "key_ttl_days",
        label: "Key Token Time-to-Live",
        hint: "How long a new one is valid.",
        shape: Shape::Number("days"),
        is_more: false,
    },
    Setting {
        name: "max_ttl_days",
        label: "Maximum Time-to-Live",
        hint: "A token that lives longer is refused, except a legacy one. Empty: no limit.",
        shape: Shape::Number("days"),
        is_more: false,
    },
    Setting {
        name: "idle_days",
        label: "Idle limit",
        hint: "A token that lies unused for longer is refused. Empty: no limit.",
        shape: Shape::Number("days"),
        is_more: false,
    },
    Setting {
        name: "direct_use",
        label: "Personal access tokens sent without an exchange",
        hint: "Label Studio refuses them; it wants them exchanged first.",
        shape: Shape::Choice(&[
            ("allow", "Let in"),
            ("warn", "Let in, with a warning in the answer"),
            ("refuse", "Refuse"),
        ]),
        is_more: false,
    },
    Setting {
        name: "scopes",
        label: "The most that any token may do",
        hint: "One scope to a line, such as read or GET /api/projects/*. Empty: all that its owner may.",
        shape: Shape::Lines,
        is_more: true,
    },
    Setting {
        name: "ip_ranges",
        label: "Where tokens are let in from",
        hint: "One address or range to a line, such as 192.0.2.0/24. Empty: everywhere.",
        shape: Shape::Lines,
        is_more: true,
    },
    Setting {
        name: "max_overlap_hours",
        label: "Longest overlap of a rotation",
        hint: "How long a rotated token may go on working beside its successor.",
        shape: Shape::Number("hours"),
        is_more: true,
    },
    Setting {
        name: "on_reuse",
        label: "When a rotated token is used after its overlap",
        hint: "It may have been stolen.",
        shape: Shape::Choice(&[
            ("alert", "Write it into the audit log"),
            ("revoke_family", "Revoke its successors too"),
        ]),
        is_more: true,
    },
];

/// Whether a kind is on.
pub(super) fn is_on(organization: &Organization, name: &str) -> bool {
    match name {
        "personal_enabled" => organization.personal_enabled,
        "legacy_enabled" => organization.legacy_enabled,
        _ => organization.key_enabled,
    }
}

/// A setting as its field shows it.
pub(super) fn stored(organization: &Organization, name: &str) -> String {
    let limit = |days: Option<i64>| days.map(|days| days.to_string()).unwrap_or_default();
    match name {
        "personal_ttl_days" => organization.personal_ttl_days.to_string(),
        "key_ttl_days" => organization.key_ttl_days.to_string(),
        "max_ttl_days" => limit(organization.max_ttl_days),
        "idle_days" => limit(organization.idle_days),
        "direct_use" => organization.direct_use.clone(),
        "scopes" => organization.scopes.clone(),
        "ip_ranges" => organization.ip_ranges.clone(),
        "max_overlap_hours" => organization.max_overlap_hours.to_string(),
        _ => organization.on_reuse.clone(),
    }
}

/// Whether `change` says anything of the field.
pub(super) fn is_said(change: &PolicyChange, name: &str) -> bool {
    match name {
        "personal_enabled" => change.personal_enabled.is_some(),
        "legacy_enabled" => change.legacy_enabled.is_some(),
        "key_enabled" => change.key_enabled.is_some(),
        "personal_ttl_days" => change.personal_ttl_days.is_some(),
        "key_ttl_days" => change.key_ttl_days.is_some(),
        "max_ttl_days" => change.max_ttl_days.is_some(),
        "idle_days" => change.idle_days.is_some(),
        "direct_use" => change.direct_use.is_some(),
        "scopes" => change.scopes.is_some(),
        "ip_ranges" => change.ip_ranges.is_some(),
        "max_overlap_hours" => change.max_overlap_hours.is_some(),
        _ => change.on_reuse.is_some(),
    }
}

/// Puts a kind's switch into `change`.
pub(super) fn put_switch(change: &mut PolicyChange, name: &str, is_on: bool) {
    match name {
        "personal_enabled" => change.personal_enabled = Some(is_on),
        "legacy_enabled" => change.legacy_enabled = Some(is_on),
        _ => change.key_enabled = Some(is_on),
    }
}

/// Puts what stands in a field into `change`.
///
/// # Errors
/// What to write instead of something that is no whole number. Whether a number is in its range, and a
/// scope or an address one, the domain says.
pub(super) fn put(change: &mut PolicyChange, name: &str, text: &str) -> Result<(), &'static str> {
    let is_empty = text.is_empty();
    let lines = || text.lines().map(str::to_owned).collect();
    match name {
        "personal_ttl_days" => change.personal_ttl_days = Some(number(text, DAYS)?),
        "key_ttl_days" => change.key_ttl_days = Some(number(text, DAYS)?),
        "max_ttl_days" if is_empty => change.max_ttl_days = Some(None),
        "max_ttl_days" => change.max_ttl_days = Some(Some(number(text, DAYS_OR_NONE)?)),
        "idle_days" if is_empty => change.idle_days = Some(None),
        "idle_days" => change.idle_days = Some(Some(number(text, DAYS_OR_NONE)?)),
        "direct_use" => change.direct_use = Some(text.to_owned()),
        "scopes" => change.scopes = Some(lines()),
        "ip_ranges" => change.ip_ranges = Some(lines()),
        "max_overlap_hours" => change.max_overlap_hours = Some(number(text, HOURS)?),
        _ => change.on_reuse = Some(text.to_owned()),
    }
    Ok(())
}

const DAYS: &str = "Write a whole number of days, such as 90.";
const DAYS_OR_NONE: &str = "Write a whole number of days, such as 90, or nothing for no limit.";
const HOURS: &str = "Write a whole number of hours, such as 168.";

fn number(text: &str, why: &'static str) -> Result<i64, &'static str> {
    text.parse().map_err(|_| why)
}
