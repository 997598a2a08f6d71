//! The form of Access Token Settings as it stands: what is in its fields, what is wrong with them, and
//! which of them the server's own settings rule.

use super::fields::{KINDS, Kind, SETTINGS, Setting};
use crate::domain::organizations::Organization;
use crate::domain::policy::PolicyChange;
use crate::http::ui::forms::Form;

/// What stands in the form.
pub(in crate::http::ui::organization) struct SettingsForm {
    pub(in crate::http::ui::organization) switches: Vec<Switch>,
    pub(in crate::http::ui::organization) entries: Vec<Entry>,
}

/// The box of a kind of token.
pub(in crate::http::ui::organization) struct Switch {
    pub(in crate::http::ui::organization) kind: Kind,
    pub(in crate::http::ui::organization) is_on: bool,
    pub(in crate::http::ui::organization) is_ruled: bool,
}

/// The field of another setting.
pub(in crate::http::ui::organization) struct Entry {
    pub(in crate::http::ui::organization) setting: Setting,
    pub(in crate::http::ui::organization) text: String,
    pub(in crate::http::ui::organization) fault: Option<String>,
    /// The server's settings say it at each start: it cannot be changed here.
    pub(in crate::http::ui::organization) is_ruled: bool,
}

impl SettingsForm {
    /// The form of what is stored.
    pub(in crate::http::ui::organization) fn stored(
        organization: &Organization,
        ruled: &PolicyChange,
    ) -> Self {
        let switches = KINDS.into_iter().map(|kind| Switch {
            is_on: (kind.is_on)(organization),
            is_ruled: (kind.is_said)(ruled),
            kind,
        });
        let entries = SETTINGS.into_iter().map(|setting| Entry {
            text: (setting.stored)(organization),
            fault: None,
            is_ruled: (setting.is_said)(ruled),
            setting,
        });
        Self {
            switches: switches.collect(),
            entries: entries.collect(),
        }
    }

    /// The form as it was sent. What is ruled is what is stored, whatever was sent.
    pub(super) fn sent(form: &Form, organization: &Organization, ruled: &PolicyChange) -> Self {
        let mut sent = Self::stored(organization, ruled);
        for switch in sent.switches.iter_mut().filter(|switch| !switch.is_ruled) {
            switch.is_on = form.is_ticked(switch.kind.name);
        }
        for entry in sent.entries.iter_mut().filter(|entry| !entry.is_ruled) {
            entry.text = form.lines(entry.setting.name).join("\n");
        }
        sent
    }

    /// What the form changes of what is stored; `None` if a field cannot be read, and then its fault
    /// says so.
    pub(super) fn change(&mut self, organization: &Organization) -> Option<PolicyChange> {
        let mut change = PolicyChange::default();
        for switch in &self.switches {
            if switch.is_on != (switch.kind.is_on)(organization) {
                (switch.kind.put)(&mut change, switch.is_on);
            }
        }
        for entry in &mut self.entries {
            if entry.text != (entry.setting.stored)(organization) {
                let put = (entry.setting.put)(&mut change, &entry.text);
                entry.fault = put.err().map(str::to_owned);
            }
        }
        let is_right = self.entries.iter().all(|entry| entry.fault.is_none());
        is_right.then_some(change)
    }

    /// Says beside a field what is wrong with it; `false` if there is no such field.
    pub(super) fn blame(&mut self, field: Option<&str>, why: &str) -> bool {
        let entry = self
            .entries
            .iter_mut()
            .find(|entry| Some(entry.setting.name) == field);
        let found = entry.is_some();
        if let Some(entry) = entry {
            entry.fault = Some(why.to_owned());
        }
        found
    }

    /// Whether a field that is folded away has a fault.
    pub(in crate::http::ui::organization) fn is_more_open(&self) -> bool {
        self.entries
            .iter()
            .any(|entry| entry.setting.is_more && entry.fault.is_some())
    }

    /// The form once more, as hidden fields.
    pub(in crate::http::ui::organization) fn hidden(&self) -> Vec<(&'static str, &str)> {
        let on = self.switches.iter().filter(|switch| switch.is_on);
        let on = on.map(|switch| (switch.kind.name, "on"));
        let entries = self.entries.iter();
        on.chain(entries.map(|entry| (entry.setting.name, entry.text.as_str())))
            .collect()
    }
}
