//! `keybearer keys`: the keys that sign and check JWTs.

use clap::Subcommand;
use serde_json::{Value, json};

use super::{Outcome, minute, open, say, sentence};
use crate::config::Place;
use crate::cx::Cx;
use crate::domain::signing_keys::{self, KeyState};

#[derive(Subcommand)]
pub(super) enum Command {
    /// List the signing keys and how many live tokens need each
    List {
        #[arg(long)]
        json: bool,
    },
    /// Make a new key, which signs from now on; what the old one has signed goes on working
    Rotate,
    /// Take a key away that only checks; what it has signed is refused from then on
    Remove {
        #[arg(value_name = "ID")]
        id: String,
        /// Even if live tokens need it: they stop working
        #[arg(long)]
        force: bool,
    },
}

impl Command {
    pub(super) async fn run(self, place: &Place) -> Outcome {
        let app = open(place).await?;
        let cx = Cx::operator(app.clock.now());
        match self {
            Self::List { json } => print(
                &signing_keys::list(&app, &cx).await.map_err(sentence)?,
                json,
            ),
            Self::Rotate => {
                let id = signing_keys::rotate(&app, &cx).await.map_err(sentence)?;
                say(format_args!(
                    "The key {id} signs from now on; a running server changes to it within 5 seconds."
                ))
            }
            Self::Remove { id, force } => {
                let ended = signing_keys::remove(&app, &cx, &id, force).await;
                let ended = ended.map_err(sentence)?;
                say(format_args!(
                    "Removed the key {id}; {ended} live tokens needed it."
                ))
            }
        }
    }
}

fn print(keys: &[KeyState], as_json: bool) -> Outcome {
    if as_json {
        let items: Value = keys.iter().map(view).collect();
        return say(format_args!("{items:#}"));
    }
    let mut table = super::table(&["ID", "DOES", "ORIGIN", "LIVE TOKENS", "SINCE"]);
    for key in keys {
        table.add_row([
            key.id.clone(),
            does(key).into(),
            key.origin.replace('_', " "),
            key.live_tokens.to_string(),
            minute(key.created_at),
        ]);
    }
    say(format_args!("{table}"))
}

fn does(key: &KeyState) -> &'static str {
    if key.retired_at.is_none() {
        "signs"
    } else {
        "checks"
    }
}

fn view(key: &KeyState) -> Value {
    json!({
        "id": key.id,
        "signs": key.retired_at.is_none(),
        "origin": key.origin,
        "live_tokens": key.live_tokens,
        "created_at": key.created_at,
        "retired_at": key.retired_at,
    })
}
