//! `keybearer import`: moving in from another system.

use std::path::PathBuf;

use anyhow::{Context, ensure};
use clap::{Args, Subcommand};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Value, json};

use super::{Outcome, open, say, sentence};
use crate::config::secret_key::SecretKey;
use crate::config::{Place, Secret};
use crate::cx::Cx;
use crate::domain::import::{self, Count, Report, Request};

const DATABASE: &str = "label_studio.sqlite3";

#[derive(Subcommand)]
pub(super) enum Command {
    /// Users, organizations, tokens and passwords of a Label Studio; all of them go on working
    LabelStudio(LabelStudio),
}

#[derive(Args)]
pub(super) struct LabelStudio {
    #[command(flatten)]
    whence: Whence,
    /// File with Label Studio's `SECRET_KEY`, if it is not in the data folder's .env
    #[arg(long, value_name = "FILE")]
    secret_key_file: Option<PathBuf>,
    /// Only say what would come and what is odd
    #[arg(long)]
    dry_run: bool,
    /// Leave out users whose number or e-mail address is another user's here, instead of refusing
    #[arg(long)]
    leave_out_conflicts: bool,
    #[arg(long)]
    json: bool,
}

#[derive(Args)]
#[group(required = true, multiple = false)]
struct Whence {
    /// Label Studio's data folder, with `label_studio.sqlite3` and .env in it
    #[arg(long, value_name = "DIR")]
    from: Option<PathBuf>,
    /// Label Studio's database: `postgres://…` or `sqlite://PATH`
    #[arg(long, value_name = "URL")]
    from_database: Option<Secret>,
}

impl Command {
    pub(super) async fn run(self, place: &Place) -> Outcome {
        let Self::LabelStudio(command) = self;
        let request = command.request()?;
        let app = open(place).await?;
        let cx = Cx::operator(app.clock.now());
        // It draws nothing unless standard error is a terminal.
        let bar = ProgressBar::new_spinner();
        let progress = |what: &'static str, done: u64, total: u64| {
            if total > 0 && bar.length() != Some(total) {
                bar.set_style(ProgressStyle::default_bar());
                bar.set_length(total);
            }
            bar.set_message(what);
            bar.set_position(done);
        };
        let report = import::label_studio(&app, &cx, request, &progress).await;
        bar.finish_and_clear();
        let report = report.map_err(sentence)?;
        if command.json {
            return say(format_args!("{:#}", view(&report)));
        }
        print(&report)
    }
}

impl LabelStudio {
    fn request(&self) -> anyhow::Result<Request> {
        let mut secret_key = None;
        let database = match (&self.whence.from, &self.whence.from_database) {
            (Some(folder), _) => {
                let file = folder.join(DATABASE);
                ensure!(
                    file.is_file(),
                    "--from: there is no {DATABASE} in {}; name Label Studio's data folder (its --data-dir, by default ~/.local/share/label-studio), or its PostgreSQL with --from-database",
                    folder.display()
                );
                if self.secret_key_file.is_none() {
                    secret_key = SecretKey::in_folder(folder)?;
                }
                Secret::from(format!("sqlite://{}", file.display()).as_str())
            }
            (None, Some(url)) => url.clone(),
            (None, None) => anyhow::bail!("--from or --from-database is needed"),
        };
        if let Some(file) = &self.secret_key_file {
            secret_key = Some(SecretKey::in_file(file).context("--secret-key-file")?);
        }
        Ok(Request {
            database,
            secret_key,
            is_dry_run: self.dry_run,
            leaves_conflicts_out: self.leave_out_conflicts,
        })
    }
}

fn print(report: &Report) -> Outcome {
    let mut table = super::table(&["", "NEW", "HERE ALREADY"]);
    for (name, count) in counts(report) {
        table.add_row([
            name.replace('_', " "),
            count.new.to_string(),
            count.known.to_string(),
        ]);
    }
    say(format_args!("{table}"))?;
    say(format_args!(
        "Of the new personal access tokens {} work; the others have ended or were revoked.",
        report.live_personal_tokens
    ))?;
    if report.revoked_since > 0 {
        say(format_args!(
            "Tokens here that have ended in Label Studio since the last import: {}.",
            report.revoked_since
        ))?;
    }
    for (reason, oddity) in report.odd.iter() {
        say(format_args!("Odd: {} {reason}:", oddity.count))?;
        for example in &oddity.examples {
            say(format_args!("  {example}"))?;
        }
        if oddity.count > u64::try_from(oddity.examples.len()).unwrap_or(0) {
            say("  …")?;
        }
    }
    for missing in &report.missing {
        say(format_args!(
            "This Label Studio has no {missing}: what would come from it stays empty."
        ))?;
    }
    say(if report.is_dry_run {
        "Nothing was written: this was a dry run."
    } else {
        "Imported."
    })
}

fn counts(report: &Report) -> [(&'static str, Count); 5] {
    [
        ("users", report.users),
        ("organizations", report.organizations),
        ("memberships", report.memberships),
        ("personal_access_tokens", report.personal_tokens),
        ("legacy_tokens", report.legacy_tokens),
    ]
}

fn view(report: &Report) -> Value {
    let mut all = serde_json::Map::new();
    for (name, count) in counts(report) {
        let count = json!({"new": count.new, "here_already": count.known});
        all.insert(name.to_owned(), count);
    }
    let rest = json!({
        "dry_run": report.is_dry_run,
        "live_personal_access_tokens": report.live_personal_tokens,
        "revoked_since": report.revoked_since,
        "missing": report.missing,
        "odd": report.odd.iter().map(|(reason, oddity)| json!({
            "what": reason,
            "count": oddity.count,
            "examples": oddity.examples,
        })).collect::<Value>(),
    });
    if let Value::Object(rest) = rest {
        all.extend(rest);
    }
    Value::Object(all)
}
