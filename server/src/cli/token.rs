//! `keybearer token`: tokens, seen and made by the operator.

use clap::{Args, Subcommand};
use keybearer_verify::TokenKind;
use serde_json::{Value, json};

use super::{Outcome, minute, open, say, sentence};
use crate::app::App;
use crate::config::Place;
use crate::cx::Cx;
use crate::domain::tokens::listing::{self, Listed, TokenFilter};
use crate::domain::tokens::rotation::{self, RotationSpec};
use crate::domain::tokens::{self, TokenSpec};
use crate::domain::{organizations, policy, users};

#[derive(Subcommand)]
pub(super) enum Command {
    /// Make a token and print its secret, alone and once
    Create(Create),
    /// List the organization's tokens
    List(List),
    /// Show one token
    Show {
        id: String,
        #[arg(long)]
        json: bool,
    },
    /// Put a successor in a token's place and print its secret, alone and once
    Rotate {
        id: String,
        /// How long both work, in hours [default: 24, or less if the organization allows less]
        #[arg(long, value_name = "H")]
        overlap_hours: Option<i64>,
    },
    /// Revoke a token for good
    Revoke { id: String },
    /// Revoke all tokens of a user
    RevokeAll {
        #[arg(long, value_name = "EMAIL")]
        email: String,
    },
}

#[derive(Args)]
pub(super) struct Create {
    #[arg(long, value_name = "EMAIL")]
    email: String,
    /// personal, key or legacy; a new legacy token ends the user's present one
    #[arg(long, default_value = "personal", value_parser = kind)]
    kind: TokenKind,
    #[arg(long, default_value = "")]
    name: String,
    #[arg(long, default_value = "")]
    note: String,
    /// Lifetime in days [default: what the organization's policy says]
    #[arg(long, value_name = "D")]
    ttl_days: Option<i64>,
    /// What it may do: read, write, admin, tokens or a rule such as "GET /api/projects/*"; once for each [default: all]
    #[arg(long = "scope", value_name = "SCOPE")]
    scopes: Vec<String>,
    /// Where it is let in from; once for each range [default: everywhere]
    #[arg(long = "ip-range", value_name = "RANGE")]
    ip_ranges: Vec<String>,
    /// How many requests a minute it may make
    #[arg(long, value_name = "N")]
    rate_per_minute: Option<i64>,
}

#[derive(Args)]
pub(super) struct List {
    /// Only this user's
    #[arg(long, value_name = "EMAIL")]
    email: Option<String>,
    /// Only personal, key or legacy ones
    #[arg(long)]
    kind: Option<String>,
    /// Only active, expired or revoked ones
    #[arg(long)]
    state: Option<String>,
    /// Only those not used for this many days
    #[arg(long, value_name = "D")]
    unused_days: Option<i64>,
    #[arg(long)]
    json: bool,
}

impl Command {
    pub(super) async fn run(self, place: &Place) -> Outcome {
        let app = open(place).await?;
        let cx = Cx::operator(app.clock.now());
        match self {
            Self::Create(create) => create.run(&app, &cx).await,
            Self::List(list) => list.run(&app, &cx).await,
            Self::Show { id, json } => {
                let found = listing::find(&app, &cx, &id).await.map_err(sentence)?;
                print(&[found], cx.now, json)
            }
            Self::Rotate { id, overlap_hours } => {
                let spec = RotationSpec {
                    overlap_hours,
                    idempotency_key: None,
                };
                let rotated = rotation::rotate(&app, &cx, &id, spec)
                    .await
                    .map_err(sentence)?;
                say(format_args!("{}", rotated.plain.reveal()))?;
                eprintln!("The old token works until {}.", minute(rotated.retires_at));
                Ok(())
            }
            Self::Revoke { id } => {
                tokens::revoke(&app, &cx, &id).await.map_err(sentence)?;
                say(format_args!("Revoked {id}."))
            }
            Self::RevokeAll { email } => {
                let user = users::find_by_email(&app, &email).await.map_err(sentence)?;
                let count = tokens::revoke_all_of(&app, &cx, user.id)
                    .await
                    .map_err(sentence)?;
                say(format_args!("Revoked {count} tokens of {}.", user.email))
            }
        }
    }
}

impl Create {
    async fn run(self, app: &App, cx: &Cx) -> Outcome {
        let user = users::find_by_email(app, &self.email)
            .await
            .map_err(sentence)?;
        let spec = TokenSpec {
            kind: self.kind,
            user_id: user.id,
            name: self.name,
            note: self.note,
            ttl_days: self.ttl_days,
            limits: policy::read_limits(Some(&self.scopes), Some(&self.ip_ranges))
                .map_err(sentence)?,
            rate_per_minute: self.rate_per_minute,
        };
        let (_, secret) = tokens::issue(app, cx, spec).await.map_err(sentence)?;
        say(format_args!("{}", secret.reveal()))
    }
}

impl List {
    async fn run(self, app: &App, cx: &Cx) -> Outcome {
        let user_id = match &self.email {
            Some(email) => Some(users::find_by_email(app, email).await.map_err(sentence)?.id),
            None => None,
        };
        let unused_since = self
            .unused_days
            .map(|days| cx.now - days.saturating_mul(86_400_000));
        let filter = TokenFilter {
            user_id,
            kind: self.kind,
            state: self.state,
            unused_since,
            ..TokenFilter::default()
        };
        print(&all(app, cx, filter).await?, cx.now, self.json)
    }
}

/// All that the filter means, page after page.
async fn all(app: &App, cx: &Cx, mut filter: TokenFilter) -> anyhow::Result<Vec<Listed>> {
    let organization = organizations::find_first(app).await.map_err(sentence)?;
    filter.limit = listing::LARGEST_PAGE;
    let mut tokens = Vec::new();
    loop {
        let page = listing::page(app, cx, organization.id, filter.clone())
            .await
            .map_err(sentence)?;
        let Some(last) = page.last() else {
            return Ok(tokens);
        };
        filter.after = Some((last.token.created_at, last.token.id.clone()));
        tokens.extend(page);
    }
}

fn print(tokens: &[Listed], now: i64, as_json: bool) -> Outcome {
    if as_json {
        let items: Value = tokens.iter().map(|listed| view(listed, now)).collect();
        return say(format_args!("{items:#}"));
    }
    let mut table = super::table(&[
        "ID",
        "KIND",
        "OWNER",
        "NAME",
        "MADE",
        "EXPIRES",
        "LAST USED",
        "STATE",
    ]);
    for Listed { token, email, .. } in tokens {
        table.add_row([
            token.id.clone(),
            token.kind.clone(),
            email.clone(),
            token.name.clone(),
            minute(token.created_at),
            token.expires_at.map_or_else(|| "never".into(), minute),
            token.last_used_at.map_or_else(|| "never".into(), minute),
            listing::state(token, now).to_owned(),
        ]);
    }
    say(format_args!("{table}"))
}

fn view(Listed { token, email, .. }: &Listed, now: i64) -> Value {
    json!({
        "id": token.id,
        "kind": token.kind,
        "user_id": token.user_id,
        "email": email,
        "organization_id": token.organization_id,
        "name": token.name,
        "note": token.note,
        "scopes": token.scopes.lines().collect::<Vec<_>>(),
        "ip_ranges": token.ip_ranges.lines().collect::<Vec<_>>(),
        "rate_per_minute": token.rate_per_minute,
        "state": listing::state(token, now),
        "created_at": token.created_at,
        "expires_at": token.expires_at,
        "revoked_at": token.revoked_at,
        "revoked_because": token.revoked_because,
        "revoked_by": token.revoked_by,
        "successor_id": token.successor_id,
        "retires_at": token.retires_at,
        "last_used_at": token.last_used_at,
        "last_used_address": token.last_used_address,
        "last_used_client": token.last_used_client,
    })
}

fn kind(word: &str) -> Result<TokenKind, String> {
    match TokenKind::parse(word) {
        Some(TokenKind::Access) | None => Err("the kinds are personal, key and legacy".into()),
        Some(kind) => Ok(kind),
    }
}
