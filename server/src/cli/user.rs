//! `keybearer user`: accounts.

use clap::{Args, Subcommand};
use serde_json::json;

use super::{Outcome, minute, open, say, sentence};
use crate::config::{Place, Secret};
use crate::cx::Cx;
use crate::domain::access::Role;
use crate::domain::passwords::Password;
use crate::domain::users::adding::{self, UserSpec};
use crate::domain::users::{self, changing};
use crate::domain::{members, organizations, set_up};

#[derive(Subcommand)]
pub(super) enum Command {
    /// Make an account; the first one founds the organization and must be an owner
    Add {
        #[arg(long, value_name = "EMAIL")]
        email: String,
        /// owner, admin or member
        #[arg(long, default_value = "member", value_parser = role)]
        role: Role,
        /// Without one, nobody can sign in to the account yet
        #[arg(long, value_name = "PW")]
        password: Option<Secret>,
    },
    /// List all accounts
    List {
        #[arg(long)]
        json: bool,
    },
    /// Give a member another role
    SetRole {
        #[command(flatten)]
        whom: Whom,
        /// owner, admin or member
        #[arg(long, value_parser = role)]
        role: Role,
    },
    /// Refuse an account's tokens and sessions from now on
    Deactivate(Whom),
    /// Let a deactivated account in again; its tokens work again
    Activate(Whom),
    /// Set an account's password and end its sessions
    SetPassword {
        #[command(flatten)]
        whom: Whom,
        #[arg(long, value_name = "PW")]
        password: Secret,
    },
}

/// The account that is meant.
#[derive(Args)]
#[group(required = true, multiple = false)]
pub(super) struct Whom {
    /// Its e-mail address
    #[arg(value_name = "EMAIL", id = "address")]
    address: Option<String>,
    #[arg(long, value_name = "EMAIL", hide = true)]
    email: Option<String>,
}

impl Whom {
    fn email(&self) -> &str {
        self.address
            .as_deref()
            .or(self.email.as_deref())
            .unwrap_or_default()
    }
}

impl Command {
    pub(super) async fn run(self, place: &Place) -> Outcome {
        let app = open(place).await?;
        let cx = Cx::operator(app.clock.now());
        match self {
            Self::Add {
                email,
                role,
                password,
            } => {
                let password = password.map(|password| Password::new(password.reveal()));
                let spec = UserSpec {
                    password,
                    ..UserSpec::new(&email, role)
                };
                if set_up::is_needed(&app).await.map_err(sentence)? {
                    anyhow::ensure!(
                        role == Role::Owner,
                        "the first account must be an owner's: --role owner"
                    );
                    set_up::first_owner(&app, &cx, spec)
                        .await
                        .map_err(sentence)?;
                } else {
                    let organization = organizations::find_first(&app).await.map_err(sentence)?;
                    adding::add(&app, &cx, organization.id, spec)
                        .await
                        .map_err(sentence)?;
                }
                say(format_args!("Added {email} as {}.", role.as_str()))?;
            }
            Self::List { json } => list(&users::list_all(&app).await.map_err(sentence)?, json)?,
            Self::SetRole { whom, role } => {
                let user = users::find_by_email(&app, whom.email())
                    .await
                    .map_err(sentence)?;
                let organization = organizations::find_first(&app).await.map_err(sentence)?;
                members::set_role(&app, &cx, organization.id, (user.id, role))
                    .await
                    .map_err(sentence)?;
                say(format_args!("{} is {} now.", user.email, role.as_str()))?;
            }
            Self::Deactivate(whom) => set_active(&app, &cx, &whom, false).await?,
            Self::Activate(whom) => set_active(&app, &cx, &whom, true).await?,
            Self::SetPassword { whom, password } => {
                let user = users::find_by_email(&app, whom.email())
                    .await
                    .map_err(sentence)?;
                changing::set_password(&app, &cx, user.id, &Password::new(password.reveal()))
                    .await
                    .map_err(sentence)?;
                say(format_args!(
                    "Set the password of {} and ended its sessions.",
                    user.email
                ))?;
            }
        }
        Ok(())
    }
}

async fn set_active(app: &crate::app::App, cx: &Cx, whom: &Whom, is_active: bool) -> Outcome {
    let user = users::find_by_email(app, whom.email())
        .await
        .map_err(sentence)?;
    changing::set_active(app, cx, user.id, is_active)
        .await
        .map_err(sentence)?;
    say(format_args!(
        "{} {}.",
        if is_active {
            "Activated"
        } else {
            "Deactivated"
        },
        user.email
    ))?;
    Ok(())
}

fn list(users: &[users::User], as_json: bool) -> Outcome {
    if as_json {
        let items: serde_json::Value = users
            .iter()
            .map(|user| json!({"id": user.id, "email": user.email, "is_active": user.is_active, "created_at": user.created_at}))
            .collect();
        return say(format_args!("{items:#}"));
    }
    let mut table = super::table(&["ID", "E-MAIL", "STATE", "SINCE"]);
    for user in users {
        let state = if user.is_active {
            "active"
        } else {
            "deactivated"
        };
        table.add_row([
            user.id.to_string(),
            user.email.clone(),
            state.into(),
            minute(user.created_at),
        ]);
    }
    say(format_args!("{table}"))
}

fn role(word: &str) -> Result<Role, String> {
    Role::parse(word).ok_or_else(|| "the roles are owner, admin and member".into())
}
