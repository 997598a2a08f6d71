//! `keybearer org`: the organization and its policy over tokens.

use clap::{Args, Subcommand};
use serde_json::json;

use super::{Outcome, minute, open, say, sentence};
use crate::app::App;
use crate::config::Place;
use crate::cx::Cx;
use crate::domain::organizations::{self, Organization};
use crate::domain::policy::{self, PolicyChange};

#[derive(Subcommand)]
pub(super) enum Command {
    /// Show the organization and its policy
    Show {
        #[arg(long)]
        json: bool,
    },
    /// Change them; what is not given stays as it is
    Set(Box<Set>),
}

#[derive(Args)]
pub(super) struct Set {
    /// The organization's title
    #[arg(long)]
    title: Option<String>,
    #[command(flatten)]
    policy: PolicyFlags,
    /// Also if neither personal access tokens nor legacy tokens are left
    #[arg(long)]
    force: bool,
    /// Say which tokens would stop, and change nothing
    #[arg(long)]
    dry_run: bool,
    #[arg(long)]
    json: bool,
}

/// The policy as flags. `none` takes a limit away.
#[derive(Args)]
struct PolicyFlags {
    /// Personal access tokens on or off
    #[arg(long, value_name = "BOOL")]
    api_tokens_enabled: Option<bool>,
    /// Legacy tokens on or off
    #[arg(long, value_name = "BOOL")]
    legacy_api_tokens_enabled: Option<bool>,
    /// Key tokens on or off
    #[arg(long, value_name = "BOOL")]
    key_tokens_enabled: Option<bool>,
    /// Lifetime of new personal access tokens, in days
    #[arg(long, value_name = "D")]
    api_token_ttl_days: Option<i64>,
    /// Lifetime of new key tokens, in days
    #[arg(long, value_name = "D")]
    key_token_ttl_days: Option<i64>,
    /// Longest lifetime that is let in, in days, or none
    #[arg(long, value_name = "D", value_parser = days_or_none)]
    max_ttl_days: Option<Limit>,
    /// How long a token may lie unused, in days, or none
    #[arg(long, value_name = "D", value_parser = days_or_none)]
    idle_days: Option<Limit>,
    /// Personal access tokens sent without an exchange: allow, warn or refuse
    #[arg(long, value_name = "WORD")]
    direct_use: Option<String>,
    /// The most that any token may do; once for each scope, or once as none
    #[arg(long = "scope", value_name = "SCOPE")]
    scopes: Option<Vec<String>>,
    /// Where tokens are let in from; once for each range, or once as none
    #[arg(long = "ip-range", value_name = "RANGE")]
    ip_ranges: Option<Vec<String>>,
    /// Longest overlap of a rotation, in hours
    #[arg(long, value_name = "H")]
    max_overlap_hours: Option<i64>,
    /// What follows when a rotated token is used after its overlap: `alert` or `revoke_family`
    #[arg(long, value_name = "WORD")]
    on_reuse: Option<String>,
}

/// A number of days, or no limit.
#[derive(Clone, Copy, Debug)]
struct Limit(Option<i64>);

impl Set {
    fn change(&self) -> PolicyChange {
        let flags = &self.policy;
        let list = |given: &Option<Vec<String>>| {
            given
                .clone()
                .map(|given| if given == ["none"] { Vec::new() } else { given })
        };
        PolicyChange {
            personal_enabled: flags.api_tokens_enabled,
            legacy_enabled: flags.legacy_api_tokens_enabled,
            key_enabled: flags.key_tokens_enabled,
            personal_ttl_days: flags.api_token_ttl_days,
            key_ttl_days: flags.key_token_ttl_days,
            max_ttl_days: flags.max_ttl_days.map(|limit| limit.0),
            idle_days: flags.idle_days.map(|limit| limit.0),
            direct_use: flags.direct_use.clone(),
            scopes: list(&flags.scopes),
            ip_ranges: list(&flags.ip_ranges),
            max_overlap_hours: flags.max_overlap_hours,
            on_reuse: flags.on_reuse.clone(),
            force: self.force,
        }
    }
}

impl Command {
    pub(super) async fn run(self, place: &Place) -> Outcome {
        let app = open(place).await?;
        let organization = organizations::find_first(&app).await.map_err(sentence)?;
        let cx = Cx::operator(app.clock.now());
        match self {
            Self::Show { json } => print(&organization, json)?,
            Self::Set(set) if set.dry_run => dry_run(&app, &cx, organization.id, &set).await?,
            Self::Set(set) => {
                if let Some(title) = &set.title {
                    organizations::update_title(&app, &cx, organization.id, title)
                        .await
                        .map_err(sentence)?;
                }
                let changed = policy::update(&app, &cx, organization.id, &set.change()).await;
                print(&changed.map_err(sentence)?, set.json)?;
            }
        }
        Ok(())
    }
}

async fn dry_run(app: &App, cx: &Cx, id: i64, set: &Set) -> Outcome {
    let run = policy::dry_run(app, cx, id, &set.change())
        .await
        .map_err(sentence)?;
    let stopped = run.stopped;
    if set.json {
        let items: serde_json::Value = stopped
            .iter()
            .map(|token| {
                json!({
                    "id": token.id,
                    "kind": token.kind,
                    "name": token.name,
                    "email": token.email,
                    "last_used_at": token.last_used_at,
                    "code": token.denial.code(),
                })
            })
            .collect();
        say(format_args!("{items:#}"))?;
        return Ok(());
    }
    let mut people: Vec<&str> = stopped.iter().map(|token| token.email.as_str()).collect();
    people.sort_unstable();
    people.dedup();
    say(format_args!(
        "{} tokens of {} people would stop. Nothing was changed.",
        stopped.len(),
        people.len()
    ))?;
    if stopped.is_empty() {
        return Ok(());
    }
    let mut table = super::table(&["ID", "KIND", "NAME", "OWNER", "LAST USED", "WHY"]);
    for token in &stopped {
        let last_used = token
            .last_used_at
            .map_or_else(|| "never".to_owned(), minute);
        let why = token.denial.code().to_owned();
        let cells = [
            token.id.clone(),
            token.kind.clone(),
            token.name.clone(),
            token.email.clone(),
            last_used,
            why,
        ];
        table.add_row(cells);
    }
    say(format_args!("{table}"))?;
    Ok(())
}

fn print(organization: &Organization, as_json: bool) -> Outcome {
    if as_json {
        let view = json!({
            "id": organization.id,
            "title": organization.title,
            "api_tokens_enabled": organization.personal_enabled,
            "legacy_api_tokens_enabled": organization.legacy_enabled,
            "key_tokens_enabled": organization.key_enabled,
            "api_token_ttl_days": organization.personal_ttl_days,
            "policy": policy::view(organization),
        });
        say(format_args!("{view:#}"))?;
        return Ok(());
    }
    say(format_args!(
        "{} (id {})",
        organization.title, organization.id
    ))?;
    for (name, value) in lines(organization) {
        say(format_args!("  {name:<38}{value}"))?;
    }
    Ok(())
}

/// The policy for people.
fn lines(organization: &Organization) -> [(&'static str, String); 10] {
    let switch = |on: bool| if on { "on" } else { "off" };
    let life = |on: bool, days: i64| format!("{}, {days} days", switch(on));
    let limit =
        |days: Option<i64>| days.map_or_else(|| "none".into(), |days| format!("{days} days"));
    let list = |lines: &str| {
        if lines.is_empty() {
            "all".into()
        } else {
            lines.replace('\n', ", ")
        }
    };
    [
        (
            "personal access tokens",
            life(
                organization.personal_enabled,
                organization.personal_ttl_days,
            ),
        ),
        (
            "key tokens",
            life(organization.key_enabled, organization.key_ttl_days),
        ),
        ("legacy tokens", switch(organization.legacy_enabled).into()),
        ("longest lifetime", limit(organization.max_ttl_days)),
        ("may lie unused", limit(organization.idle_days)),
        (
            "direct use of personal access tokens",
            organization.direct_use.clone(),
        ),
        ("scopes", list(&organization.scopes)),
        ("address ranges", list(&organization.ip_ranges)),
        (
            "longest overlap of a rotation",
            format!("{} hours", organization.max_overlap_hours),
        ),
        (
            "use after the overlap",
            organization.on_reuse.replace('_', " "),
        ),
    ]
}

fn days_or_none(text: &str) -> Result<Limit, String> {
    match text {
        "none" => Ok(Limit(None)),
        _ => text
            .parse()
            .map(|days| Limit(Some(days)))
            .map_err(|_| "this is a number of days, or none".into()),
    }
}
