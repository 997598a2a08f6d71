//! Events of the audit log as programs read them: JSON, and lines of CSV.

use serde::Serialize;
use utoipa::ToSchema;

use super::api::views::instant;
use super::csv;
use crate::domain::audit::AuditEvent;

/// The columns of [`EventView::cells`].
pub(super) const COLUMNS: [&str; 10] = [
    "id",
    "at",
    "actor",
    "actor_id",
    "address",
    "action",
    "subject",
    "organization_id",
    "outcome",
    "detail",
];

/// A change: who did what to whom, when and whence.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AuditEvent)]
pub(super) struct EventView {
    id: i64,
    #[schema(format = DateTime)]
    at: String,
    /// The e-mail address of the user who did it, or `operator`, `system`, `anonymous`.
    actor: String,
    actor_id: Option<i64>,
    /// Whence; empty for the command line.
    address: String,
    /// What, such as `token.issue`.
    action: String,
    /// To whom, such as `user 7`.
    subject: String,
    organization_id: Option<i64>,
    /// `ok`, or why it was not done, such as `wrong_password`.
    outcome: String,
    /// What else matters; never a secret.
    #[schema(value_type = Object)]
    detail: serde_json::Value,
}

impl EventView {
    pub(super) fn new(event: AuditEvent) -> Self {
        Self {
            id: event.id,
            at: instant(event.at),
            actor: event.actor,
            actor_id: event.actor_id,
            address: event.address,
            action: event.action,
            subject: event.subject,
            organization_id: event.organization_id,
            outcome: event.outcome,
            detail: serde_json::from_str(&event.detail).unwrap_or_default(),
        }
    }

    pub(super) fn csv_line(&self) -> String {
        let number = |number: Option<i64>| number.map(|n| n.to_string()).unwrap_or_default();
        csv::line(&[
            self.id.to_string(),
            self.at.clone(),
            self.actor.clone(),
            number(self.actor_id),
            self.address.clone(),
            self.action.clone(),
            self.subject.clone(),
            number(self.organization_id),
            self.outcome.clone(),
            self.detail.to_string(),
        ])
    }
}
