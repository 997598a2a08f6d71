//! Users: accounts of people and programs. [`adding`] makes them, [`changing`] changes and ends them.

pub mod adding;
pub mod changing;
pub mod own_password;

use std::sync::Arc;

use crate::app::App;
use crate::cx::{Actor, Cx};
use crate::domain::access::{self, Action};
use crate::domain::cache;
use crate::domain::members;
use crate::error::{Error, Result};
use crate::store::{self, Tx};

pub use crate::domain::cache::Account;
pub use crate::store::users::User;

/// The longest name, in characters.
pub const LONGEST_TEXT: usize = 256;

/// The caller's own account.
///
/// # Errors
/// If he has none.
pub async fn find_own(app: &App, cx: &Cx) -> Result<User> {
    let caller = access::require(cx, Action::SeeOwn)?;
    let mut tx = app.db.read().await?;
    find_by_id(&mut tx, caller.user_id).await
}

/// The caller's own account with what everybody sees of his organization: without a look into the
/// database as long as nothing of it has changed.
///
/// # Errors
/// As [`find_own`].
pub async fn account(app: &App, cx: &Cx) -> Result<Arc<Account>> {
    let caller = access::require(cx, Action::SeeOwn)?;
    cache::account(app, caller.user_id).await
}

/// An account that the caller may see: of a member of the organization that he acts in.
///
/// # Errors
/// [`Error::NotFound`] otherwise.
pub async fn find(app: &App, cx: &Cx, id: i64) -> Result<User> {
    let mut tx = app.db.read().await?;
    find_for(
        &mut tx,
        cx,
        id,
        Action::SeeMembers,
        Some(Action::SeeMembers),
    )
    .await
}

/// The members of the organization that the caller acts in, in the order of their ids.
///
/// # Errors
/// If the caller may not see them.
pub async fn list(app: &App, cx: &Cx) -> Result<Vec<User>> {
    let caller = access::require(cx, Action::SeeMembers)?;
    let mut tx = app.db.read().await?;
    Ok(store::users::list_by_organization(&mut tx, caller.organization_id).await?)
}

/// All accounts, for the operator.
///
/// # Errors
/// If the database fails.
pub async fn list_all(app: &App) -> Result<Vec<User>> {
    let mut tx = app.db.read().await?;
    Ok(store::users::list(&mut tx).await?)
}

/// The account with that e-mail address, for the operator.
///
/// # Errors
/// [`Error::NotFound`] with what to look at.
pub async fn find_by_email(app: &App, email: &str) -> Result<User> {
    let mut tx = app.db.read().await?;
    let user = store::users::find_by_email(&mut tx, &email.trim().to_lowercase()).await?;
    user.ok_or_else(|| {
        Error::not_found(format!(
            "There is no account of {email}; `keybearer user list` shows them all."
        ))
    })
}

/// Finds the account `id` if the caller may do `own` (being that user) or `others` (being a member
/// of the same organization) with it. Without `others` nobody but that user may.
pub(in crate::domain) async fn find_for(
    tx: &mut Tx,
    cx: &Cx,
    id: i64,
    own: Action,
    others: Option<Action>,
) -> Result<User> {
    let missing = || Error::not_found("No User matches the given query.");
    let Actor::User(caller) = &cx.actor else {
        if matches!(cx.actor, Actor::Operator | Actor::System) {
            return store::users::find(tx, id).await?.ok_or_else(missing);
        }
        access::require(cx, own)?;
        return Err(missing());
    };
    if caller.user_id == id {
        access::require(cx, own)?;
    } else if members::role_of(tx, caller.organization_id, id)
        .await?
        .is_none()
    {
        return Err(missing());
    } else {
        let others =
            others.ok_or_else(|| Error::forbidden("Only the owner of the account can do this."))?;
        access::require(cx, others)?;
    }
    store::users::find(tx, id).await?.ok_or_else(missing)
}

pub(in crate::domain) async fn find_by_id(tx: &mut Tx, id: i64) -> Result<User> {
    store::users::find(tx, id)
        .await?
        .ok_or_else(|| Error::not_found("No User matches the given query."))
}

fn checked_text(field: &'static str, text: String) -> Result<String> {
    if text.chars().count() > LONGEST_TEXT {
        return Err(Error::invalid(
            field,
            format!("Ensure this field has no more than {LONGEST_TEXT} characters."),
        ));
    }
    if text.contains(char::is_control) {
        return Err(Error::invalid(
            field,
            "This is one line of text without control characters.",
        ));
    }
    Ok(text)
}
