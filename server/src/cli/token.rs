//! `keybearer token`: tokens, seen and made by the operator.

use clap::Subcommand;
use keybearer_verify::TokenKind;
use serde_json::{Value, json};

use super::{Outcome, minute, open, sentence};
use crate::config::Place;
use crate::cx::Cx;
use crate::domain::tokens::{self, Token, TokenSpec};
use crate::domain::{organizations, users};

#[derive(Subcommand)]
pub(super) enum Command {
    /// Make a token and print its secret, alone and once
    Create {
        #[arg(long, value_name = "EMAIL")]
        email: String,
        #[arg(long, default_value = "personal", value_parser = kind)]
        kind: TokenKind,
        #[arg(long, default_value = "")]
        name: String,
        /// Lifetime in days [default: what the organization's policy says]
        #[arg(long, value_name = "D")]
        ttl_days: Option<i64>,
    },
    /// List the organization's tokens
    List {
        #[arg(long)]
        json: bool,
    },
    /// Show one token
    Show {
        id: String,
        #[arg(long)]
        json: bool,
    },
    /// Revoke a token for good
    Revoke { id: String },
}

impl Command {
    pub(super) async fn run(self, place: &Place) -> Outcome {
        let app = open(place).await?;
        let cx = Cx::operator(app.clock.now());
        match self {
            Self::Create {
                email,
                kind,
                name,
                ttl_days,
            } => {
                let user = users::find_by_email(&app, &email).await.map_err(sentence)?;
                let spec = TokenSpec {
                    kind,
                    user_id: user.id,
                    name,
                    ttl_days,
                };
                let (_, secret) = tokens::issue(&app, &cx, spec).await.map_err(sentence)?;
                println!("{}", secret.reveal());
            }
            Self::List { json } => {
                let organization = organizations::find_first(&app).await.map_err(sentence)?;
                let tokens = tokens::list_organization(&app, &cx, organization.id)
                    .await
                    .map_err(sentence)?;
                print(&tokens, cx.now, json);
            }
            Self::Show { id, json } => {
                let token = tokens::find(&app, &cx, &id).await.map_err(sentence)?;
                print(std::slice::from_ref(&token), cx.now, json);
            }
            Self::Revoke { id } => {
                tokens::revoke(&app, &cx, &id).await.map_err(sentence)?;
                println!("Revoked {id}.");
            }
        }
        Ok(())
    }
}

fn print(tokens: &[Token], now: i64, as_json: bool) {
    if as_json {
        let items: Value = tokens.iter().map(|token| view(token, now)).collect();
        println!("{items:#}");
        return;
    }
    let mut table = super::table(&["ID", "KIND", "USER", "NAME", "MADE", "EXPIRES", "STATE"]);
    for token in tokens {
        table.add_row([
            token.id.clone(),
            token.kind.clone(),
            token.user_id.to_string(),
            token.name.clone(),
            minute(token.created_at),
            token.expires_at.map_or_else(|| "never".into(), minute),
            state(token, now).to_owned(),
        ]);
    }
    println!("{table}");
}

fn view(token: &Token, now: i64) -> Value {
    json!({
        "id": token.id,
        "kind": token.kind,
        "user_id": token.user_id,
        "organization_id": token.organization_id,
        "name": token.name,
        "state": state(token, now),
        "created_at": token.created_at,
        "expires_at": token.expires_at,
        "revoked_at": token.revoked_at,
        "revoked_because": token.revoked_because,
    })
}

fn state(token: &Token, now: i64) -> &'static str {
    if token.revoked_at.is_some() {
        "revoked"
    } else if token.expires_at.is_some_and(|end| end <= now) {
        "expired"
    } else {
        "active"
    }
}

fn kind(word: &str) -> Result<TokenKind, String> {
    match TokenKind::parse(word) {
        Some(TokenKind::Access) | None => Err("the kinds are personal, key and legacy".into()),
        Some(kind) => Ok(kind),
    }
}
