//! `keybearer audit`: the record of what was done.

use clap::Subcommand;
use serde_json::{Value, json};

use super::{Outcome, open, say, second, sentence};
use crate::config::Place;
use crate::cx::Cx;
use crate::domain::audit::{self, AuditEvent, AuditFilter, Chain};

#[derive(Subcommand)]
pub(super) enum Command {
    /// List the newest events
    List {
        /// Only what this e-mail address, operator or system did
        #[arg(long)]
        actor: Option<String>,
        /// Only this kind of change, such as token.issue
        #[arg(long)]
        action: Option<String>,
        /// Only what was done to this, such as "user 2"
        #[arg(long)]
        subject: Option<String>,
        /// Only what ended like this: ok, or the reason why not
        #[arg(long)]
        outcome: Option<String>,
        /// How many at the most
        #[arg(long, default_value_t = 100)]
        limit: i64,
        #[arg(long)]
        json: bool,
    },
    /// Check that no event was changed or is missing; exit with 1 if one was
    Verify,
}

impl Command {
    pub(super) async fn run(self, place: &Place) -> Outcome {
        let app = open(place).await?;
        match self {
            Self::List {
                actor,
                action,
                subject,
                outcome,
                limit,
                json,
            } => {
                let filter = AuditFilter {
                    actor,
                    action,
                    subject,
                    outcome,
                    limit,
                    ..AuditFilter::default()
                };
                let cx = Cx::operator(app.clock.now());
                print(
                    &audit::list(&app, &cx, filter).await.map_err(sentence)?,
                    json,
                )
            }
            Self::Verify => match audit::verify(&app).await.map_err(sentence)? {
                // Whoever is set up has events.
                Chain::Whole { events: 0 } => anyhow::bail!(
                    "there are no events at all: this is an empty database; name the right one with --data-dir or --database"
                ),
                Chain::Whole { events } => {
                    say(format_args!("The audit log is whole: {events} events."))
                }
                Chain::Broken { at } => {
                    anyhow::bail!("event {at} was changed, or the one before it is missing")
                }
                Chain::CutOff { written, there } => {
                    anyhow::bail!("{written} events were written, but the log ends after {there}")
                }
            },
        }
    }
}

fn print(events: &[AuditEvent], as_json: bool) -> Outcome {
    if as_json {
        let items: Value = events.iter().map(view).collect();
        return say(format_args!("{items:#}"));
    }
    let mut table = super::table(&["ID", "WHEN", "WHO", "WHENCE", "WHAT", "ON WHOM", "OUTCOME"]);
    for event in events {
        table.add_row([
            event.id.to_string(),
            second(event.at),
            event.actor.clone(),
            event.address.clone(),
            event.action.clone(),
            event.subject.clone(),
            event.outcome.clone(),
        ]);
    }
    say(format_args!("{table}"))
}

fn view(event: &AuditEvent) -> Value {
    json!({
        "id": event.id,
        "at": event.at,
        "actor": event.actor,
        "actor_id": event.actor_id,
        "address": event.address,
        "action": event.action,
        "subject": event.subject,
        "organization_id": event.organization_id,
        "outcome": event.outcome,
        "detail": serde_json::from_str::<Value>(&event.detail).unwrap_or_default(),
    })
}
