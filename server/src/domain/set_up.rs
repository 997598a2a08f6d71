//! The first owner: by flags, by the command line, or by the one-time set-up link.

use keybearer_verify::TokenHash;

use crate::app::App;
use crate::cx::Cx;
use crate::domain::access::Role;
use crate::domain::passwords::Password;
use crate::domain::users::User;
use crate::domain::users::adding::{self, UserSpec};
use crate::domain::{organizations, standing_policy};
use crate::error::{Error, Result};
use crate::store;

/// The title of the first organization; Label Studio's.
const FIRST_TITLE: &str = "Label Studio";

/// Whether there is no account yet.
///
/// # Errors
/// If the database fails.
pub async fn is_needed(app: &App) -> Result<bool> {
    let mut tx = app.db.read().await?;
    Ok(!store::users::any(&mut tx).await?)
}

/// Draws the secret of the set-up link. It lives in this process's memory until it ends or an
/// account is there; a second one replaces the first.
#[must_use]
pub fn draw_secret(app: &App) -> String {
    let secret = app.random.text::<32>();
    *app.set_up_secret
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner) = Some(TokenHash::digest(&secret));
    secret
}

/// Whether `secret` is the set-up link's.
#[must_use]
pub fn is_secret(app: &App, secret: &str) -> bool {
    let expected = *app
        .set_up_secret
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner);
    expected.is_some_and(|expected| expected == TokenHash::digest(secret))
}

/// Makes the first owner through the set-up link.
///
/// # Errors
/// [`Error::Forbidden`] if the link is not the current one or there is an account already.
pub async fn by_link(
    app: &App,
    cx: &Cx,
    secret: &str,
    (email, password): (&str, &Password),
) -> Result<User> {
    if !is_secret(app, secret) {
        return Err(Error::forbidden(
            "This set-up link is not valid. The server prints the current one when it starts.",
        ));
    }
    let spec = UserSpec {
        password: Some(password.clone()),
        ..UserSpec::new(email, Role::Owner)
    };
    let first = first_owner(app, cx, spec).await?;
    first.ok_or_else(|| {
        Error::forbidden(
            "Keybearer is set up already. Sign in, or ask its owner for an invite link.",
        )
    })
}

/// Makes the first owner and the first organization; `None` if there is an account already.
///
/// # Errors
/// [`Error::Invalid`] for an e-mail address, password or token text that is not right.
pub async fn first_owner(app: &App, cx: &Cx, spec: UserSpec) -> Result<Option<User>> {
    // A server that is started again has its owner, and hashing is slow on purpose.
    if !is_needed(app).await? {
        return Ok(None);
    }
    let password_hash = adding::prepare_password(app, spec.password.as_ref()).await?;
    let mut tx = app.db.write().await?;
    if store::users::any(&mut tx).await? {
        return Ok(None);
    }
    let mut organization = match store::organizations::find_first(&mut tx).await? {
        Some(organization) => organization,
        None => {
            let draft = organizations::draft(app, cx, FIRST_TITLE)?;
            organizations::insert(cx, &mut tx, standing_policy::with(app, &draft)?).await?
        }
    };
    let user = adding::insert(app, cx, &mut tx, (&organization, spec, password_hash)).await?;
    organization.created_by = Some(user.id);
    organizations::save(
        &mut tx,
        cx,
        &mut organization,
        serde_json::json!({"created_by": user.id}),
    )
    .await?;
    tx.commit().await?;
    *app.set_up_secret
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner) = None;
    Ok(Some(user))
}
