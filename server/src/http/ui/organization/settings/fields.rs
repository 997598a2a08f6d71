//! The fields of Access Token Settings: what they are called and what they mean, what is stored, and what
//! a changed one changes.

use crate::domain::organizations::Organization;
use crate::domain::policy::PolicyChange;

/// A kind of token that can be switched on and off.
pub(in crate::http::ui::organization) struct Kind {
    pub(in crate::http::ui::organization) name: &'static str,
    pub(in crate::http::ui::organization) label: &'static str,
    pub(in crate::http::ui::organization) hint: &'static str,
    pub(super) is_on: fn(&Organization) -> bool,
    pub(super) put: fn(&mut PolicyChange, bool),
    /// Whether a change says anything of it.
    pub(super) is_said: fn(&PolicyChange) -> bool,
}

pub(super) const KINDS: [Kind; 3] = [
    Kind {
        name: "personal_enabled",
        label: "Personal Access Tokens",
        hint: "People make them for themselves; Label Studio's clients exchange them for access tokens of five minutes.",
        is_on: |organization| organization.personal_enabled,
        put: |change, is_on| change.personal_enabled = Some(is_on),
        is_said: |change| change.personal_enabled.is_some(),
    },
    Kind {
        name: "legacy_enabled",
        label: "Legacy Tokens",
        hint: "One per person, as older Label Studio clients use it. It does not expire.",
        is_on: |organization| organization.legacy_enabled,
        put: |change, is_on| change.legacy_enabled = Some(is_on),
        is_said: |change| change.legacy_enabled.is_some(),
    },
    Kind {
        name: "key_enabled",
        label: "Key Tokens",
        hint: "Sent as they are, without an exchange: for scripts and services.",
        is_on: |organization| organization.key_enabled,
        put: |change, is_on| change.key_enabled = Some(is_on),
        is_said: |change| change.key_enabled.is_some(),
    },
];

/// How a field is filled in.
#[derive(Clone, Copy)]
pub(super) enum Shape {
    /// A whole number; of what.
    Number(&'static str),
    /// One per line.
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
    /// What is stored, as the field shows it.
    pub(super) stored: fn(&Organization) -> String,
    /// Puts what stands in the field into a change, or says what to write instead of something that is
    /// no whole number. Whether a number is in its range, and a scope or an address one, the domain says.
    pub(super) put: fn(&mut PolicyChange, &str) -> Result<(), &'static str>,
    /// Whether a change says anything of it.
    pub(super) is_said: fn(&PolicyChange) -> bool,
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
        stored: |organization| organization.personal_ttl_days.to_string(),
        put: |change, text| {
            number(text, DAYS).map(|number| change.personal_ttl_days = Some(number))
        },
        is_said: |change| change.personal_ttl_days.is_some(),
    },
    Setting {
        name: "key_ttl_days",
        label: "Key Token Time-to-Live",
        hint: "How long a new one is valid.",
        shape: Shape::Number("days"),
        is_more: false,
        stored: |organization| organization.key_ttl_days.to_string(),
        put: |change, text| number(text, DAYS).map(|number| change.key_ttl_days = Some(number)),
        is_said: |change| change.key_ttl_days.is_some(),
    },
    Setting {
        name: "max_ttl_days",
        label: "Maximum Time-to-Live",
        hint: "A token that lives longer is refused, except a legacy token. Empty: no limit.",
        shape: Shape::Number("days"),
        is_more: false,
        stored: |organization| shown(organization.max_ttl_days),
        put: |change, text| limit(text).map(|limit| change.max_ttl_days = Some(limit)),
        is_said: |change| change.max_ttl_days.is_some(),
    },
    Setting {
        name: "idle_days",
        label: "Idle limit",
        hint: "A token that is unused for longer is refused. Empty: no limit.",
        shape: Shape::Number("days"),
        is_more: false,
        stored: |organization| shown(organization.idle_days),
        put: |change, text| limit(text).map(|limit| change.idle_days = Some(limit)),
        is_said: |change| change.idle_days.is_some(),
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
        stored: |organization| organization.direct_use.clone(),
        put: |change, text| {
            change.direct_use = Some(text.to_owned());
            Ok(())
        },
        is_said: |change| change.direct_use.is_some(),
    },
    Setting {
        name: "scopes",
        label: "The most that any token may do",
        hint: "One scope per line, such as read or GET /api/projects/*. Empty: everything that its owner may.",
        shape: Shape::Lines,
        is_more: true,
        stored: |organization| organization.scopes.clone(),
        put: |change, text| {
            change.scopes = Some(text.lines().map(str::to_owned).collect());
            Ok(())
        },
        is_said: |change| change.scopes.is_some(),
    },
    Setting {
        name: "ip_ranges",
        label: "Where tokens are let in from",
        hint: "One address or range per line, such as 192.0.2.0/24. Empty: everywhere.",
        shape: Shape::Lines,
        is_more: true,
        stored: |organization| organization.ip_ranges.clone(),
        put: |change, text| {
            change.ip_ranges = Some(text.lines().map(str::to_owned).collect());
            Ok(())
        },
        is_said: |change| change.ip_ranges.is_some(),
    },
    Setting {
        name: "max_overlap_hours",
        label: "Longest overlap of a rotation",
        hint: "How long a rotated token may go on working beside its successor.",
        shape: Shape::Number("hours"),
        is_more: true,
        stored: |organization| organization.max_overlap_hours.to_string(),
        put: |change, text| {
            number(text, HOURS).map(|number| change.max_overlap_hours = Some(number))
        },
        is_said: |change| change.max_overlap_hours.is_some(),
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
        stored: |organization| organization.on_reuse.clone(),
        put: |change, text| {
            change.on_reuse = Some(text.to_owned());
            Ok(())
        },
        is_said: |change| change.on_reuse.is_some(),
    },
];

const DAYS: &str = "Write a whole number of days, such as 90.";
const DAYS_OR_NONE: &str = "Write a whole number of days, such as 90, or nothing for no limit.";
const HOURS: &str = "Write a whole number of hours, such as 168.";

fn number(text: &str, why: &'static str) -> Result<i64, &'static str> {
    text.parse().map_err(|_| why)
}

/// An empty field is no limit.
fn limit(text: &str) -> Result<Option<i64>, &'static str> {
    if text.is_empty() {
        return Ok(None);
    }
    number(text, DAYS_OR_NONE).map(Some)
}

fn shown(limit: Option<i64>) -> String {
    limit.map(|days| days.to_string()).unwrap_or_default()
}
