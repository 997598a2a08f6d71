//! Changing accounts, and ending them.

use serde_json::json;

use super::{User, checked_text, find_by_id};
use crate::app::App;
use crate::cx::{Actor, Cx};
use crate::domain::access::{self, Action, Role};
use crate::domain::audit::{self, Subject};
use crate::domain::members;
use crate::domain::passwords::Password;
use crate::domain::users::adding::prepare_password;
use crate::error::{Error, Result};
use crate::store::token_endings::Ending;
use crate::store::{self, Tx};

/// What changes of an account; `None` stays as it is.
#[derive(Clone, Debug, Default)]
pub struct UserChange {
    pub username: Option<String>,
    pub first_name: Option<String>,
    pub last_name: Option<String>,
    pub phone: Option<String>,
    pub allow_newsletters: Option<Option<bool>>,
}

/// Changes an account: one's own, or as an admin a member's.
///
/// # Errors
/// [`Error::Invalid`], [`Error::Forbidden`] or [`Error::NotFound`].
pub async fn update(app: &App, cx: &Cx, id: i64, change: UserChange) -> Result<User> {
    let mut tx = app.db.write().await?;
    let mut user = find_for(&mut tx, cx, id, Action::ChangeOwn).await?;
    let fields = [
        ("username", change.username, &mut user.username),
        ("first_name", change.first_name, &mut user.first_name),
        ("last_name", change.last_name, &mut user.last_name),
        ("phone", change.phone, &mut user.phone),
    ];
    for (name, new, field) in fields {
        if let Some(new) = new {
            *field = checked_text(name, new)?;
        }
    }
    if let Some(allow_newsletters) = change.allow_newsletters {
        user.allow_newsletters = allow_newsletters;
    }
    save(&mut tx, cx, &mut user, "user.update").await?;
    tx.commit().await?;
    Ok(user)
}

/// Replaces the caller's hotkeys by this JSON object.
///
/// # Errors
/// If the database fails.
pub async fn update_hotkeys(app: &App, cx: &Cx, hotkeys: &serde_json::Value) -> Result<()> {
    let caller = access::require(cx, Action::ChangeOwn)?;
    let mut tx = app.db.write().await?;
    let mut user = find_by_id(&mut tx, caller.user_id).await?;
    user.custom_hotkeys = hotkeys.to_string();
    save(&mut tx, cx, &mut user, "user.hotkeys").await?;
    tx.commit().await?;
    Ok(())
}

/// Sets a password, for the operator, and ends the account's sessions.
///
/// # Errors
/// [`Error::Invalid`] if it is too short or too long.
pub async fn set_password(app: &App, cx: &Cx, id: i64, password: &Password) -> Result<()> {
    let hash = prepare_password(app, Some(password)).await?;
    let mut tx = app.db.write().await?;
    let mut user = find_for(&mut tx, cx, id, Action::ChangeOwn).await?;
    user.password_hash = hash;
    store::sessions::delete_by_user(&mut tx, id).await?;
    save(&mut tx, cx, &mut user, "user.password").await?;
    tx.commit().await?;
    Ok(())
}

/// Deactivates or reactivates an account. A deactivated one's tokens and sessions are refused from
/// the moment this returns; its tokens work again when it is active again.
///
/// # Errors
/// [`Error::Forbidden`] below admin, for somebody above the caller, for an account that belongs to other
/// organizations too, and for an organization's last owner; [`Error::Conflict`] for oneself.
pub async fn set_active(app: &App, cx: &Cx, id: i64, is_active: bool) -> Result<()> {
    let mut tx = app.db.write().await?;
    let mut user = find_for(&mut tx, cx, id, Action::ChangeMembers).await?;
    let organizations = store::organizations::list_by_user(&mut tx, id).await?;
    if let Some(caller) = cx.caller() {
        if caller.user_id == id {
            return Err(Error::Conflict(
                "You cannot deactivate your own account. Ask another admin.".into(),
            ));
        }
        members::refuse_above_own(&mut tx, cx, caller.organization_id, id).await?;
        if organizations.len() > 1 {
            return Err(Error::forbidden(
                "The account belongs to other organizations too, and is theirs as much. Remove it from this one instead.",
            ));
        }
    }
    if !is_active {
        for organization in &organizations {
            members::refuse_last_owner(&mut tx, organization.id, id).await?;
        }
        store::sessions::delete_by_user(&mut tx, id).await?;
    }
    user.is_active = is_active;
    let action = if is_active {
        "user.activate"
    } else {
        "user.deactivate"
    };
    save(&mut tx, cx, &mut user, action).await?;
    tx.commit().await?;
    Ok(())
}

/// Deletes an account, or ends its membership here if it belongs to other organizations too.
///
/// Of a deleted account its name, e-mail address, password and sessions are gone, its tokens
/// ended. The empty row stays, for the audit log and the tokens point to it.
///
/// # Errors
/// [`Error::Forbidden`] for the organization's owner and below admin; [`Error::NotFound`].
pub async fn delete(app: &App, cx: &Cx, id: i64) -> Result<()> {
    let caller = access::require(cx, Action::ChangeMembers)?;
    let mut tx = app.db.write().await?;
    let mut user = find_for(&mut tx, cx, id, Action::ChangeMembers).await?;
    if members::role_of(&mut tx, caller.organization_id, id).await? == Some(Role::Owner) {
        return Err(Error::forbidden("The organization owner cannot be deleted"));
    }
    members::leave(&mut tx, cx, caller.organization_id, id).await?;
    if !store::organizations::list_by_user(&mut tx, id)
        .await?
        .is_empty()
    {
        // The account is other organizations' too; theirs is not ours to end.
        members::record_removal(&mut tx, cx, caller.organization_id, id).await?;
        tx.commit().await?;
        return Ok(());
    }
    store::sessions::delete_by_user(&mut tx, id).await?;
    let by = cx.actor_name();
    let ending = Ending {
        at: cx.now,
        because: "user_deleted",
        by: &by,
    };
    store::token_endings::update_revoked_by_user(&mut tx, id, ending).await?;
    user.email = format!("deleted-{id}@deleted.invalid");
    for field in [
        &mut user.username,
        &mut user.first_name,
        &mut user.last_name,
        &mut user.phone,
    ] {
        field.clear();
    }
    user.password_hash = None;
    user.is_active = false;
    user.active_organization_id = None;
    save(&mut tx, cx, &mut user, "user.delete").await?;
    tx.commit().await?;
    Ok(())
}

/// The account `id`, if the caller may do `own` with his and change others'.
async fn find_for(tx: &mut Tx, cx: &Cx, id: i64, own: Action) -> Result<User> {
    super::find_for(tx, cx, id, own, Some(Action::ChangeMembers)).await
}

async fn save(tx: &mut Tx, cx: &Cx, user: &mut User, action: &str) -> Result<()> {
    if matches!(&cx.actor, Actor::User(caller) if caller.user_id == user.id) {
        user.last_activity_at = cx.now;
    }
    store::users::update(tx, user).await?;
    audit::record(tx, cx, action, Subject::User(user.id), json!({})).await
}
