//! Changing one's own password.

use keybearer_verify::TokenHash;
use serde_json::json;

use super::adding::prepare_password;
use super::find_by_id;
use crate::app::App;
use crate::cx::Cx;
use crate::domain::access::{self, Action};
use crate::domain::audit::{self, Subject};
use crate::domain::passwords::{self, Password};
use crate::domain::sessions::SessionSecret;
use crate::error::{Error, Result};
use crate::store;

/// Replaces the caller's password and ends his other sessions. He proves with the present one that it
/// is he who sits before the browser; a token is no proof of that.
///
/// # Errors
/// [`Error::Invalid`] for a wrong present password and for a new one that is too short or too long;
/// [`Error::TooMany`] after too many wrong ones; [`Error::Forbidden`] with a token.
pub async fn change(
    app: &App,
    cx: &Cx,
    (present, new): (&Password, &Password),
    session: &SessionSecret,
) -> Result<()> {
    let caller = access::require(cx, Action::ChangeOwn)?;
    if caller.token().is_some() {
        return Err(Error::forbidden(
            "A password is changed in a browser, by whoever is signed in.",
        ));
    }
    app.sign_in_by_account.charge(&caller.email, cx.now)?;
    let mut tx = app.db.read().await?;
    let user = find_by_id(&mut tx, caller.user_id).await?;
    drop(tx);
    if !passwords::check(app, present, user.password_hash.as_deref()).await? {
        return Err(Error::invalid(
            "present_password",
            "This is not your present password.",
        ));
    }
    app.sign_in_by_account.forget(&caller.email);
    let hash = prepare_password(app, Some(new)).await?;
    let mut tx = app.db.write().await?;
    let mut user = find_by_id(&mut tx, caller.user_id).await?;
    user.password_hash = hash;
    user.last_activity_at = cx.now;
    store::users::update(&mut tx, &user).await?;
    let kept = TokenHash::digest(session.reveal());
    store::sessions::delete_others(&mut tx, user.id, kept.as_bytes()).await?;
    audit::record(
        &mut tx,
        cx,
        "user.password",
        Subject::User(user.id),
        json!({}),
    )
    .await?;
    tx.commit().await?;
    Ok(())
}
