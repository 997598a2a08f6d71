//! What is in an event, in words.

use std::collections::HashMap;

use super::filter::Asked;
use crate::domain::audit::{self, AuditEvent};

/// Every action that is recorded, and what it is called.
pub(super) const ACTIONS: [(&str, &str); 21] = [
    ("member.remove", "Member removed"),
    ("member.return", "Member returned"),
    ("member.role", "Role changed"),
    ("organization.add", "Organization made"),
    ("organization.update", "Settings changed"),
    ("session.end", "Signed out"),
    ("session.start", "Signed in"),
    ("token.issue", "Token made"),
    ("token.rename", "Token renamed"),
    ("token.reuse", "Replaced token used"),
    ("token.revoke", "Token revoked"),
    ("token.revoke_all", "All tokens revoked"),
    ("token.rotate", "Token rotated"),
    ("user.activate", "Account activated"),
    ("user.add", "User added"),
    ("user.deactivate", "Account deactivated"),
    ("user.delete", "User deleted"),
    ("user.hotkeys", "Hotkeys changed"),
    ("user.organization", "Organization switched"),
    ("user.password", "Password changed"),
    ("user.update", "User changed"),
];

/// An event as the page shows it.
pub(super) struct Row {
    pub(super) id: i64,
    /// `2026-11-24 18:30:05`, UTC.
    pub(super) at: String,
    pub(super) machine_at: String,
    pub(super) actor: String,
    /// From where, or who that is.
    pub(super) whence: String,
    pub(super) title: String,
    pub(super) subject: String,
    /// What the subject is called.
    pub(super) name: Option<String>,
    /// Why it was not done; none if it was.
    pub(super) refused: Option<String>,
    /// What else matters: name and text.
    pub(super) detail: Vec<(String, String)>,
    /// The queries that show only events of the same actor, action and subject.
    pub(super) same_actor: String,
    pub(super) same_action: String,
    pub(super) same_subject: String,
}

impl Row {
    pub(super) fn new(event: AuditEvent, asked: &Asked, names: &HashMap<String, String>) -> Self {
        let print = |format| {
            jiff::Timestamp::from_millisecond(event.at)
                .map(|at| at.strftime(format).to_string())
                .unwrap_or_default()
        };
        let is_done = event.outcome == audit::DONE;
        let name = names.get(&event.subject).cloned();
        let name = name.filter(|name| !name.is_empty());
        let mut detail = detail(&event.detail);
        // A token's name stands there already.
        detail.retain(|(_, text)| Some(text) != name.as_ref());
        Self {
            id: event.id,
            at: print("%Y-%m-%d %H:%M:%S"),
            machine_at: print("%Y-%m-%dT%H:%M:%SZ"),
            title: title(&event.action, is_done),
            name,
            refused: (!is_done).then(|| reason(&event.outcome).to_owned()),
            detail,
            same_actor: asked.narrowed("actor", &event.actor),
            same_action: asked.narrowed("action", &event.action),
            same_subject: asked.narrowed("subject", &event.subject),
            whence: whence(&event),
            actor: event.actor,
            subject: event.subject,
        }
    }
}

fn whence(event: &AuditEvent) -> String {
    let who = match event.actor.as_str() {
        "operator" => "command line",
        "system" => "Keybearer itself",
        "anonymous" => "not signed in",
        _ => "",
    };
    let address = Some(&event.address).filter(|address| !address.is_empty());
    match address {
        Some(address) if who.is_empty() => format!("from {address}"),
        Some(address) => format!("{who}, from {address}"),
        None => who.to_owned(),
    }
}

fn title(action: &str, is_done: bool) -> String {
    if action == "session.start" && !is_done {
        return "Sign-in failed".to_owned();
    }
    let known = ACTIONS.iter().find(|(code, _)| *code == action);
    known.map_or(action, |(_, title)| title).to_owned()
}

fn reason(outcome: &str) -> &str {
    let known = audit::REFUSED.iter().find(|(code, _)| *code == outcome);
    known.map_or(outcome, |(_, words)| words)
}

/// The fields of an event's detail, without those that say nothing and the organization, which is
/// always the visitor's.
fn detail(json: &str) -> Vec<(String, String)> {
    let Ok(serde_json::Value::Object(fields)) = serde_json::from_str(json) else {
        return Vec::new();
    };
    fields
        .into_iter()
        .filter(|(name, _)| name != "organization")
        .filter_map(|(name, value)| {
            let text = match value {
                serde_json::Value::Null => return None,
                serde_json::Value::String(text) if text.is_empty() => return None,
                serde_json::Value::String(text) => text,
                other => other.to_string(),
            };
            Some((name.replace('_', " "), text))
        })
        .collect()
}
