//! `keybearer doctor`: what a token is, as far as its text tells, and what a server thinks of it.

use clap::Args;
use keybearer_verify::{PlainToken, TokenKind};
use serde_json::{Value, json};

use super::{Outcome, minute, say};
use crate::clock::Clock;
use crate::domain::diagnosis::{self, Diagnosis};
use crate::http::refusals;
use crate::outbound::inquiry::{self, Finding};

#[derive(Args)]
pub(super) struct Doctor {
    /// The token; `-` reads it from standard input, which keeps it out of the shell's history
    token: String,
    /// Show it to the Keybearer at this address too
    #[arg(long, value_name = "URL")]
    url: Option<String>,
    #[arg(long)]
    json: bool,
}

impl Doctor {
    pub(super) async fn run(self) -> Outcome {
        let text = match self.token.as_str() {
            "-" => std::io::read_to_string(std::io::stdin())?,
            _ => self.token.clone(),
        };
        let found = diagnosis::diagnose(text.trim(), Clock::System.now());
        let asked = match &self.url {
            Some(url) => inquiry::ask(url, &PlainToken::new(text.trim().to_owned()))
                .await
                .map(Some),
            None => Ok(None),
        };
        // What the text tells is told also if the server cannot be asked.
        let (finding, unanswered) = match asked {
            Ok(finding) => (finding, None),
            Err(why) => (None, Some(why)),
        };
        if self.json {
            say(format_args!("{:#}", view(&found, finding.as_ref())))?;
        } else {
            print(&found, finding.as_ref())?;
        }
        if let Some(why) = unanswered {
            return Err(why);
        }
        match (&finding, found.fault) {
            (Some(finding), _) if finding.is_accepted => Ok(()),
            (Some(_), _) => anyhow::bail!("the server refuses this token"),
            (None, Some(fault)) => anyhow::bail!("this token cannot work: {fault}"),
            (None, None) => Ok(()),
        }
    }
}

fn view(found: &Diagnosis, finding: Option<&Finding>) -> Value {
    json!({
        "kind": found.kind.map(TokenKind::as_str),
        "id": found.id,
        "user_id": found.user_id,
        "expires_at": found.expires_at,
        "fault": found.fault,
        "advice": found.advice,
        "accepted": finding.map(|finding| finding.is_accepted),
        "answer": finding.map(|finding| &finding.body),
    })
}

fn print(found: &Diagnosis, finding: Option<&Finding>) -> Outcome {
    let kind = found
        .kind
        .map_or("no token that Keybearer knows", TokenKind::title);
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
    if let Some(finding) = finding {
        say(format_args!("server   {}", answer(finding)))?;
    }
    match finding {
        Some(finding) if !finding.is_accepted => say(format_args!("advice   {}", cure(finding))),
        _ => say(format_args!("advice   {}", found.advice)),
    }
}

/// What the server's refusal asks for; its own sentence mostly says the rest.
fn cure(finding: &Finding) -> &'static str {
    let code = finding.body.get("code").and_then(Value::as_str);
    code.and_then(refusals::cure)
        .unwrap_or("Do as the server says.")
}

/// The server's answer in a line.
fn answer(finding: &Finding) -> String {
    let text = |name: &str| {
        finding
            .body
            .get(name)
            .and_then(Value::as_str)
            .unwrap_or("?")
            .to_owned()
    };
    if !finding.is_accepted {
        return format!("refuses it ({}): {}", text("code"), text("detail"));
    }
    let scopes = finding
        .body
        .get("scopes")
        .and_then(Value::as_array)
        .into_iter()
        .flatten();
    let scopes: Vec<&str> = scopes.filter_map(Value::as_str).collect();
    let may = if scopes.is_empty() {
        "all that its owner may".to_owned()
    } else {
        scopes.join(", ")
    };
    format!(
        "accepts it: {}, {}; it may do {may}",
        text("email"),
        text("role")
    )
}
