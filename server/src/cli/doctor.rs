//! `keybearer doctor`: what a token is, as far as its text tells.

use clap::Args;
use serde_json::json;

use super::{Outcome, minute, say};
use crate::clock::Clock;
use crate::domain::diagnosis::{self, Diagnosis};

#[derive(Args)]
pub(super) struct Doctor {
    /// The token; `-` reads it from standard input, which keeps it out of the shell's history
    token: String,
    #[arg(long)]
    json: bool,
}

impl Doctor {
    pub(super) fn run(self) -> Outcome {
        let text = if self.token == "-" {
            std::io::read_to_string(std::io::stdin())?
        } else {
            self.token
        };
        let found = diagnosis::diagnose(text.trim(), Clock::System.now());
        if self.json {
            let kind = found.kind.map(keybearer_verify::TokenKind::as_str);
            let view = json!({
                "kind": kind,
                "id": found.id,
                "user_id": found.user_id,
                "expires_at": found.expires_at,
                "fault": found.fault,
                "advice": found.advice,
            });
            say(format_args!("{view:#}"))?;
        } else {
            print(&found)?;
        }
        match found.fault {
            Some(fault) => anyhow::bail!("this token cannot work: {fault}"),
            None => Ok(()),
        }
    }
}

fn print(found: &Diagnosis) -> Outcome {
    let kind = found.kind.map_or(
        "no token that Keybearer knows",
        keybearer_verify::TokenKind::title,
    );
    say(format_args!("kind     {kind}"))?;
    if let Some(id) = &found.id {
        say(format_args!("id       {id}"))?;
    }
    if let Some(user_id) = &found.user_id {
        say(format_args!("user     {user_id}"))?;
    }
    if let Some(expires_at) = found.expires_at {
        say(format_args!("expires  {}", minute(expires_at)))?;
    }
    if let Some(fault) = found.fault {
        say(format_args!("fault    {fault}"))?;
    }
    say(format_args!("advice   {}", found.advice))
}
