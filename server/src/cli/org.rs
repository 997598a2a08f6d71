//! `keybearer org`: the organization and its policy over tokens.

use clap::{Args, Subcommand};
use serde_json::json;

use super::{Outcome, open, sentence};
use crate::config::Place;
use crate::cx::Cx;
use crate::domain::organizations::{self, Organization, SettingsChange};

#[derive(Subcommand)]
pub(super) enum Command {
    /// Show the organization's settings
    Show {
        #[arg(long)]
        json: bool,
    },
    /// Change them; what is not given stays as it is
    Set(Set),
}

#[derive(Args)]
pub(super) struct Set {
    /// The organization's title
    #[arg(long)]
    title: Option<String>,
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
    /// Also if neither personal access tokens nor legacy tokens are left
    #[arg(long)]
    force: bool,
}

impl Command {
    pub(super) async fn run(self, place: &Place) -> Outcome {
        let app = open(place).await?;
        let organization = organizations::find_first(&app).await.map_err(sentence)?;
        match self {
            Self::Show { json } => print(&organization, json),
            Self::Set(set) => {
                let cx = Cx::operator(app.clock.now());
                if let Some(title) = &set.title {
                    organizations::update_title(&app, &cx, organization.id, title)
                        .await
                        .map_err(sentence)?;
                }
                let change = SettingsChange {
                    personal_enabled: set.api_tokens_enabled,
                    legacy_enabled: set.legacy_api_tokens_enabled,
                    key_enabled: set.key_tokens_enabled,
                    personal_ttl_days: set.api_token_ttl_days,
                    force: set.force,
                };
                let changed =
                    organizations::update_settings(&app, &cx, organization.id, change).await;
                print(&changed.map_err(sentence)?, false);
            }
        }
        Ok(())
    }
}

fn print(organization: &Organization, as_json: bool) {
    if as_json {
        let view = json!({
            "id": organization.id,
            "title": organization.title,
            "api_tokens_enabled": organization.personal_enabled,
            "legacy_api_tokens_enabled": organization.legacy_enabled,
            "key_tokens_enabled": organization.key_enabled,
            "api_token_ttl_days": organization.personal_ttl_days,
        });
        println!("{view:#}");
        return;
    }
    let switch = |on: bool| if on { "on" } else { "off" };
    println!("{} (id {})", organization.title, organization.id);
    println!(
        "  personal access tokens  {}, {} days",
        switch(organization.personal_enabled),
        organization.personal_ttl_days
    );
    println!(
        "  legacy tokens           {}",
        switch(organization.legacy_enabled)
    );
    println!(
        "  key tokens              {}",
        switch(organization.key_enabled)
    );
}
