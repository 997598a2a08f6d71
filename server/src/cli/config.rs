//! `keybearer config`: the settings as they hold, and whether they can hold at all.

use anyhow::Context;
use clap::Subcommand;

use super::{Outcome, say, sentence};
use crate::config::{Config, Place, Settings};
use crate::domain::standing_policy;
use crate::outbound::Outbound;
use crate::telemetry;

#[derive(Subcommand)]
pub(super) enum Command {
    /// Print every setting with its value, secrets left out, in the settings file's own form
    Show {
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        settings: Box<Settings>,
    },
    /// Exit with 0 if the server could start with these settings
    Check {
        #[command(flatten)]
        settings: Box<Settings>,
    },
}

impl Command {
    pub(super) fn run(self, place: &Place) -> Outcome {
        match self {
            Self::Show { json, settings } => {
                let config = Config::load(place, *settings)?;
                let destination = config.notices.destination();
                if json {
                    let mut settings = serde_json::to_value(&config)?;
                    if let Some(settings) = settings.as_object_mut() {
                        settings.insert("expiry_notices_go".into(), destination.into());
                    }
                    say(format_args!("{settings:#}"))?;
                } else {
                    say(format_args!("# Expiry notices go {destination}."))?;
                    say(format_args!("{}", toml::to_string(&config)?))?;
                }
            }
            Self::Check { settings } => {
                let config = Config::load(place, *settings)?;
                telemetry::start(&config.log, config.log_format)?;
                config.first_owner()?;
                config.signing_secret()?;
                if config.upstream.url.is_some() {
                    config.upstream.secret_key()?;
                }
                Outbound::open(&config.notices)?;
                standing_policy::check(&config)
                    .map_err(sentence)
                    .context("the policy in the settings")?;
                say(format_args!(
                    "The settings are right. Keybearer would listen on {}.",
                    config.listen
                ))?;
            }
        }
        Ok(())
    }
}
