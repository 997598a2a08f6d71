//! `keybearer notices`: what was told of tokens that end, and what stands in the way.

use clap::Subcommand;
use serde_json::{Value, json};

use super::{Outcome, minute, open, say, sentence};
use crate::app::App;
use crate::config::Place;
use crate::cx::Cx;
use crate::domain::notices::{self, LARGEST_LIST, NoticeFilter, NoticeWithToken};
use crate::outbound::Outbound;

#[derive(Subcommand)]
pub(super) enum Command {
    /// List the notices, newest first: waiting, delivered, failed and dropped ones, with the reason
    List {
        /// Only those that are due, delivered, failed or dropped
        #[arg(long, value_name = "STATE")]
        state: Option<String>,
        #[arg(long)]
        json: bool,
    },
}

impl Command {
    pub(super) async fn run(self, place: &Place) -> Outcome {
        let app = open(place).await?;
        let Self::List { state, json } = self;
        let cx = Cx::operator(app.clock.now());
        let filter = NoticeFilter {
            state,
            limit: LARGEST_LIST,
            ..NoticeFilter::default()
        };
        let notices = notices::list(&app, &cx, filter).await;
        let notices = notices.map_err(sentence)?;
        let outbound = Outbound::open(&app.config.notices)?;
        if json {
            let items: Value = notices
                .iter()
                .map(|notice| view(notice, &outbound))
                .collect();
            say(format_args!("{items:#}"))
        } else {
            print(&app, &notices, &outbound)
        }
    }
}

fn print(app: &App, notices: &[NoticeWithToken], outbound: &Outbound) -> Outcome {
    let mut table = super::table(&[
        "TOKEN",
        "NAME",
        "OWNER",
        "DAYS BEFORE",
        "TO",
        "STATE",
        "TRIES",
        "WHEN",
        "REASON",
    ]);
    for found in notices {
        let notice = &found.notice;
        let when = match (notice.ended_at, notice.next_try_at) {
            (Some(at), _) => minute(at),
            (None, Some(at)) => format!("next try {}", minute(at)),
            (None, None) => "at once".into(),
        };
        table.add_row([
            notice.token_id.clone(),
            found.name.clone(),
            found.email.clone(),
            notice.threshold_days.to_string(),
            place(found, outbound),
            notice.state.clone(),
            notice.attempts.to_string(),
            when,
            notice.reason.clone().unwrap_or_default(),
        ]);
    }
    say(format_args!("{table}"))?;
    say(format_args!(
        "New notices go {}.",
        app.config.notices.destination()
    ))
}

/// Where a notice goes, without what may be secret in a webhook's URL.
fn place(found: &NoticeWithToken, outbound: &Outbound) -> String {
    if found.notice.channel == "mail" {
        return "mail".into();
    }
    let mut webhooks = outbound.webhooks.iter();
    let webhook = webhooks.find(|webhook| webhook.endpoint == found.notice.endpoint);
    webhook.map_or_else(
        || "a webhook that these settings do not name".into(),
        |webhook| webhook.place.clone(),
    )
}

fn view(found: &NoticeWithToken, outbound: &Outbound) -> Value {
    let notice = &found.notice;
    json!({
        "token_id": notice.token_id,
        "name": found.name,
        "kind": found.kind,
        "email": found.email,
        "organization_id": found.organization_id,
        "expires_at": found.expires_at,
        "days_before": notice.threshold_days,
        "channel": notice.channel,
        "to": place(found, outbound),
        "state": notice.state,
        "attempts": notice.attempts,
        "next_try_at": notice.next_try_at,
        "created_at": notice.created_at,
        "ended_at": notice.ended_at,
        "reason": notice.reason,
    })
}
