//! The invite link: whoever has it may sign up as a member of the organization.

use serde_json::json;

use crate::app::App;
use crate::cx::Cx;
use crate::domain::access::{self, Action, Role};
use crate::domain::organizations::{self, Organization};
use crate::domain::passwords::Password;
use crate::domain::sealing::Purpose;
use crate::domain::users::User;
use crate::domain::users::adding::{self, UserSpec};
use crate::error::{Error, Result};
use crate::store;

/// A new invite secret: sealed, and its keyed hash.
pub(super) fn draw(app: &App) -> Result<(Vec<u8>, Vec<u8>)> {
    let text = app.random.text::<40>();
    let sealed = app
        .sealing
        .seal(&app.random, Purpose::Invite, &text)
        .map_err(Error::Internal)?;
    Ok((sealed, app.sealing.hash(&text).as_bytes().to_vec()))
}

/// The invite secret of the organization that the caller acts in.
///
/// # Errors
/// [`Error::Forbidden`] below admin: the link makes members.
pub async fn read(app: &App, cx: &Cx) -> Result<String> {
    let caller = access::require(cx, Action::ChangeMembers)?;
    let mut tx = app.db.read().await?;
    let organization = organizations::find_by_id(&mut tx, caller.organization_id).await?;
    app.sealing
        .unseal(Purpose::Invite, &organization.invite_sealed)
        .map_err(Error::Internal)
}

/// Replaces the invite secret; the old link is dead from the moment this returns.
///
/// # Errors
/// [`Error::Forbidden`] below admin.
pub async fn reset(app: &App, cx: &Cx) -> Result<String> {
    let caller = access::require(cx, Action::ChangeMembers)?;
    let mut tx = app.db.write().await?;
    let mut organization = organizations::find_by_id(&mut tx, caller.organization_id).await?;
    (organization.invite_sealed, organization.invite_hash) = draw(app)?;
    organizations::save(&mut tx, cx, &mut organization, json!({"invite": "reset"})).await?;
    tx.commit().await?;
    app.sealing
        .unseal(Purpose::Invite, &organization.invite_sealed)
        .map_err(Error::Internal)
}

/// The organization that an invite secret leads to.
///
/// # Errors
/// [`Error::Forbidden`] if it leads to none.
pub async fn find_organization(app: &App, invite: &str) -> Result<Organization> {
    let mut tx = app.db.read().await?;
    let hash = app.sealing.hash(invite);
    store::organizations::find_by_invite_hash(&mut tx, hash.as_bytes())
        .await?
        .ok_or_else(|| {
            Error::forbidden(
                "This invite link is not valid any more. Ask an admin for the current one.",
            )
        })
}

/// Makes an account for whoever has the invite secret.
///
/// # Errors
/// [`Error::Forbidden`] without a valid secret; [`Error::Invalid`] for an e-mail address that is
/// wrong or taken, or a password that is too short.
pub async fn sign_up(
    app: &App,
    cx: &Cx,
    invite: &str,
    (email, password): (&str, &Password),
) -> Result<User> {
    find_organization(app, invite).await?;
    let password_hash = adding::prepare_password(app, Some(password)).await?;
    let mut tx = app.db.write().await?;
    let hash = app.sealing.hash(invite);
    let organization = store::organizations::find_by_invite_hash(&mut tx, hash.as_bytes())
        .await?
        .ok_or_else(|| {
            Error::forbidden(
                "This invite link was reset a moment ago. Ask an admin for the current one.",
            )
        })?;
    let spec = UserSpec::new(email, Role::Member);
    let user = adding::insert(app, cx, &mut tx, (&organization, spec, password_hash)).await?;
    tx.commit().await?;
    Ok(user)
}
