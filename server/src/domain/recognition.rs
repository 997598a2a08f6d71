//! Whom Keybearer takes a user of the Label Studio behind the gateway for.

use crate::app::App;
use crate::cx::{Caller, Cx};
use crate::domain::access::Role;
use crate::domain::users::adding::{self, UserSpec};
use crate::domain::{organizations, sessions, set_up};
use crate::error::{Error, Result};
use crate::store::{self, Tx};

/// Somebody who is signed in to Label Studio and has no account here.
#[derive(Clone, Debug)]
pub struct Newcomer {
    pub email: String,
    pub username: String,
    pub first_name: String,
    pub last_name: String,
    /// Whether Label Studio's organization is his.
    pub is_owner: bool,
}

/// The account with that e-mail address, acting in its organization; `None` if there is none.
///
/// # Errors
/// [`Error::Forbidden`] if it is deactivated or in no organization.
pub async fn recognize(app: &App, email: &str) -> Result<Option<Caller>> {
    let mut tx = app.db.read().await?;
    find(&mut tx, email).await
}

async fn find(tx: &mut Tx, email: &str) -> Result<Option<Caller>> {
    let email = email.trim().to_lowercase();
    let Some(user) = store::users::find_by_email(tx, &email).await? else {
        return Ok(None);
    };
    if !user.is_active {
        return Err(Error::forbidden(
            "Your account is deactivated in Keybearer, which keeps this Label Studio's tokens. Ask an owner or admin.",
        ));
    }
    let caller = sessions::caller_of(tx, user).await?;
    caller.map(Some).ok_or_else(|| {
        Error::forbidden(
            "You were removed in Keybearer, which keeps this Label Studio's tokens. Ask an owner or admin.",
        )
    })
}

/// Makes an account for a newcomer: the first owner's, if there is none and Label Studio's
/// organization is his, or a member's.
///
/// # Errors
/// [`Error::Forbidden`] while there is no owner, and he is not the one to be.
pub async fn welcome(app: &App, cx: &Cx, newcomer: Newcomer) -> Result<Caller> {
    let email = newcomer.email.clone();
    let system = Cx {
        actor: crate::cx::Actor::System,
        ..cx.clone()
    };
    let spec = |role| UserSpec {
        username: Some(newcomer.username.clone()),
        first_name: newcomer.first_name.clone(),
        last_name: newcomer.last_name.clone(),
        ..UserSpec::new(&newcomer.email, role)
    };
    if set_up::is_needed(app).await? {
        if !newcomer.is_owner {
            return Err(Error::forbidden(
                "Keybearer, which keeps this Label Studio's tokens, has no owner yet. The owner of Label Studio's \
                 organization comes first, or the operator runs `keybearer import label-studio`.",
            ));
        }
        set_up::first_owner(app, &system, spec(Role::Owner)).await?;
    } else {
        let organization = organizations::find_first(app).await?;
        let added = adding::add(app, &system, organization.id, spec(Role::Member)).await;
        // Two requests of one page come at once: the other has made it.
        if let Err(error) = added
            && !matches!(
                &error,
                Error::Invalid {
                    field: Some("email"),
                    ..
                }
            )
        {
            return Err(error);
        }
    }
    // As a writer: what the other one has made may not be there for readers yet.
    let mut tx = app.db.write().await?;
    let caller = find(&mut tx, &email).await?;
    tx.commit().await?;
    caller.ok_or_else(|| {
        Error::forbidden("Keybearer can make no account for your e-mail address. Ask its operator.")
    })
}
