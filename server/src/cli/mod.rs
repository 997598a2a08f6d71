//! The command line: one file a sub-command.
//!
//! It is a door like the others: it calls the domain as the operator, prints what comes back, and
//! turns an error into one sentence on standard error and the exit code 1.
#![expect(
    clippy::print_stderr,
    reason = "printing is what a command line is for"
)]

mod audit;
mod backup;
mod config;
mod doctor;
mod import;
mod keys;
mod notices;
mod openapi;
mod org;
mod serve;
mod token;
mod user;

use std::fmt::Display;
use std::io::{ErrorKind, Write};
use std::process::ExitCode;

use clap::{Args as _, CommandFactory, FromArgMatches, Parser, Subcommand};

use crate::app::App;
use crate::clock::{Clock, Random};
use crate::config::{Config, Place, Settings};
use crate::error::Error;

/// Self-hosted access tokens, compatible with Label Studio's.
#[derive(Parser)]
#[command(name = "keybearer", version, propagate_version = true)]
struct Arguments {
    #[command(flatten)]
    place: Place,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Start the server; the default
    Serve(Box<Settings>),
    /// Accounts of people and programs
    #[command(subcommand)]
    User(user::Command),
    /// Tokens
    #[command(subcommand)]
    Token(token::Command),
    /// The organization and its policy over tokens
    #[command(subcommand)]
    Org(org::Command),
    /// The keys that sign and check JWTs
    #[command(subcommand)]
    Keys(keys::Command),
    /// Move in from another system
    #[command(subcommand)]
    Import(import::Command),
    /// Write everything that there is into one file, while a server runs
    Backup(backup::Backup),
    /// Make an installation of what `keybearer backup` has written
    Restore(backup::Restore),
    /// Write everything as lines of JSON, secrets left out
    Export(backup::Export),
    /// Notices that tokens end
    #[command(subcommand)]
    Notices(notices::Command),
    /// The settings as they hold
    #[command(subcommand)]
    Config(config::Command),
    /// The record of what was done
    #[command(subcommand)]
    Audit(audit::Command),
    /// Say what kind of token this is and what is wrong with it, and ask a server if one is named
    Doctor(doctor::Doctor),
    /// Print the description of the interface below /api/v1 (OpenAPI 3.1)
    Openapi,
}

/// What a sub-command ends with: nothing, or one sentence of why not.
type Outcome = anyhow::Result<()>;

/// Runs the command line.
#[must_use]
pub fn main() -> ExitCode {
    let Arguments { place, command } = Arguments::parse();
    let command = match command {
        Some(command) => Ok(command),
        None => settings_of_environment().map(|settings| Command::Serve(Box::new(settings))),
    };
    let outcome = command.and_then(|command| run(&place, command));
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => match error.downcast::<clap::Error>() {
            // A variable that cannot be read ends as a flag does.
            Ok(unread) => unread.exit(),
            Err(error) => {
                eprintln!("keybearer: {error:#}");
                ExitCode::FAILURE
            }
        },
    }
}

fn run(place: &Place, command: Command) -> Outcome {
    match command {
        Command::Doctor(doctor) => block_on(doctor.run()),
        Command::Openapi => openapi::run(),
        Command::Audit(command) => block_on(command.run(place)),
        Command::Config(command) => command.run(place),
        Command::Serve(settings) => block_on(serve::run(place, *settings)),
        Command::User(command) => block_on(command.run(place)),
        Command::Token(command) => block_on(command.run(place)),
        Command::Org(command) => block_on(command.run(place)),
        Command::Keys(command) => block_on(command.run(place)),
        Command::Backup(backup) => block_on(backup.run(place)),
        Command::Restore(restore) => block_on(restore.run(place)),
        Command::Export(export) => block_on(export.run(place)),
        Command::Import(command) => block_on(command.run(place)),
        Command::Notices(command) => block_on(command.run(place)),
    }
}

fn block_on(work: impl Future<Output = Outcome>) -> Outcome {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?
        .block_on(work)
}

/// Opens the installation for an operator's command, beside a server that may be running on it.
async fn open(place: &Place) -> anyhow::Result<App> {
    let config = Config::load(place, settings_of_environment()?)?;
    App::open(config, Clock::System, Random::system()?).await
}

/// The settings that come from the environment alone, for sub-commands that have no such flags.
fn settings_of_environment() -> anyhow::Result<Settings> {
    let command = Settings::augment_args(clap::Command::new("keybearer"));
    Ok(Settings::from_arg_matches(
        &command.try_get_matches_from(["keybearer"])?,
    )?)
}

/// An error of the domain as a sentence for a terminal.
fn sentence(error: Error) -> anyhow::Error {
    match error {
        Error::Invalid {
            field: Some(field),
            why,
        } => anyhow::anyhow!("--{}: {why}", field.replace('_', "-")),
        Error::Invalid { field: None, why }
        | Error::Forbidden(why)
        | Error::NotFound(why)
        | Error::Conflict(why) => anyhow::anyhow!(why),
        Error::TypeDisabled(kind) => anyhow::anyhow!(
            "{}s are switched off in this organization; `keybearer org set` switches them on",
            kind.title()
        ),
        Error::Unauthenticated(_) | Error::ScopeMissing(_) => anyhow::anyhow!("not allowed"),
        Error::TooMany {
            retry_after_seconds,
        } => anyhow::anyhow!("too many tries; wait {retry_after_seconds} seconds"),
        Error::Unavailable(cause) => anyhow::anyhow!("{cause}"),
        Error::Upstream(trouble) => anyhow::anyhow!(trouble.sentence()),
        Error::Internal(cause) => cause,
    }
}

/// An instant (Unix milliseconds) for people: UTC, to the minute.
fn minute(ms: i64) -> String {
    jiff::Timestamp::from_millisecond(ms)
        .map(|at| at.strftime("%Y-%m-%d %H:%M UTC").to_string())
        .unwrap_or_default()
}

/// An instant (Unix milliseconds) for people: UTC, to the second.
fn second(ms: i64) -> String {
    jiff::Timestamp::from_millisecond(ms)
        .map(|at| at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string())
        .unwrap_or_default()
}

/// The clap definition, for the test that it is sound.
#[must_use]
pub fn definition() -> clap::Command {
    Arguments::command()
}

/// Prints a line. Whoever reads it may have heard enough (`| head`); any other fault is one, for a
/// secret that is printed once must not be lost in silence.
fn say(text: impl Display) -> Outcome {
    match writeln!(std::io::stdout(), "{text}") {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(()),
    }
}

/// A table without lines, for lists.
fn table(header: &[&str]) -> comfy_table::Table {
    let mut table = comfy_table::Table::new();
    table
        .load_style(comfy_table::presets::NOTHING)
        .set_header(header.iter().copied());
    table
}
