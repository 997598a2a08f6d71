//! Browsers' sessions: a random text in a cookie, its digest in the database, dead at sign-out.

pub mod own;

use std::fmt;

use keybearer_verify::TokenHash;

use crate::app::App;
use crate::cx::{Caller, Cx, Notices, Proof};
use crate::domain::access::Role;
use crate::domain::audit::{self, Subject};
use crate::domain::members;
use crate::domain::passwords::{self, Password};
use crate::error::{Error, Refusal, Result};
use crate::store::sessions::Session;
use crate::store::users::User;
use crate::store::{self, Tx};

/// How long a browser stays signed in, in milliseconds: 14 days.
pub const SESSION_FOR_MS: i64 = 14 * 86_400_000;
const LONGEST_CLIENT: usize = 256;

/// What a browser's cookie holds. It prints as `SessionSecret`.
pub struct SessionSecret(String);

impl SessionSecret {
    /// What a browser has shown, proven or not.
    #[must_use]
    pub fn shown(text: &str) -> Self {
        Self(text.to_owned())
    }

    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for SessionSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SessionSecret")
    }
}

/// Signs a user in with his e-mail address and password.
///
/// # Errors
/// [`Error::Unauthenticated`], the same for an unknown address, a wrong password and a deactivated
/// account; [`Error::TooMany`] after too many failures of this account or address.
pub async fn sign_in(
    app: &App,
    cx: &Cx,
    email: &str,
    password: &Password,
) -> Result<SessionSecret> {
    let email = email.trim().to_lowercase();
    app.sign_in_by_address.charge(&cx.address_text(), cx.now)?;
    app.sign_in_by_account.charge(&email, cx.now)?;
    let mut tx = app.db.read().await?;
    let user = store::users::find_by_email(&mut tx, &email).await?;
    drop(tx);
    let stored = user.as_ref().and_then(|user| user.password_hash.as_deref());
    let fits = passwords::check(app, password, stored).await?;
    let refused = Error::Unauthenticated(Refusal::NoCredentials);
    let Some(user) = user else {
        return Err(refused);
    };
    if !fits || !user.is_active {
        let outcome = if fits {
            audit::USER_INACTIVE
        } else {
            audit::WRONG_PASSWORD
        };
        app.failed_sign_ins.note(cx, &user, outcome);
        return Err(refused);
    }
    app.sign_in_by_address.refund(&cx.address_text());
    app.sign_in_by_account.forget(&email);
    hash_anew(app, &user, password).await?;
    start(app, cx, &user).await
}

/// Replaces the hash of a password that has just been proven, if it came from another system.
async fn hash_anew(app: &App, user: &User, password: &Password) -> Result<()> {
    let Some(old) = user.password_hash.as_deref() else {
        return Ok(());
    };
    if passwords::is_outdated(old) {
        let hash = passwords::hash(app, password).await?;
        let mut tx = app.db.write().await?;
        store::users::update_password_hash(&mut tx, user.id, (old, &hash)).await?;
        tx.commit().await?;
    }
    Ok(())
}

/// Starts a session for a user who has just proven who he is.
///
/// # Errors
/// If the database fails.
pub async fn start(app: &App, cx: &Cx, user: &User) -> Result<SessionSecret> {
    let secret = SessionSecret(app.random.text::<43>());
    let session = Session {
        hash: TokenHash::digest(secret.reveal()).as_bytes().to_vec(),
        user_id: user.id,
        created_at: cx.now,
        expires_at: cx.now + SESSION_FOR_MS,
        address: cx.address_text(),
        client: cx.client.chars().take(LONGEST_CLIENT).collect(),
    };
    let mut tx = app.db.write().await?;
    store::sessions::delete_expired(&mut tx, cx.now).await?;
    store::sessions::insert(&mut tx, &session).await?;
    let cx = &as_user(&mut tx, cx, user.clone()).await?;
    audit::record(
        &mut tx,
        cx,
        "session.start",
        Subject::User(user.id),
        serde_json::json!({}),
    )
    .await?;
    tx.commit().await?;
    Ok(secret)
}

/// The caller that a session's cookie proves.
///
/// # Errors
/// [`Error::Unauthenticated`] if the session has ended, or its user is deactivated or in no
/// organization.
pub async fn caller(app: &App, cx: &Cx, secret: &str) -> Result<Caller> {
    let ended = || Error::Unauthenticated(Refusal::NoCredentials);
    let mut tx = app.db.read().await?;
    let session = store::sessions::find(&mut tx, TokenHash::digest(secret).as_bytes()).await?;
    let session = session
        .filter(|session| cx.now < session.expires_at)
        .ok_or_else(ended)?;
    let user = store::users::find(&mut tx, session.user_id)
        .await?
        .filter(|user| user.is_active)
        .ok_or_else(ended)?;
    caller_of(&mut tx, user).await?.ok_or_else(ended)
}

/// The caller that a user is who has proven it with his session; none if he is in no organization.
pub(in crate::domain) async fn caller_of(tx: &mut Tx, user: User) -> Result<Option<Caller>> {
    let Some(organization_id) = user.active_organization_id else {
        return Ok(None);
    };
    let role: Option<Role> = members::role_of(tx, organization_id, user.id).await?;
    Ok(role.map(|role| Caller {
        user_id: user.id,
        email: user.email.into(),
        organization_id,
        role,
        proof: Proof::Session,
        notices: Notices::default(),
    }))
}

/// The same request as that of the user who starts or ends a session.
async fn as_user(tx: &mut Tx, cx: &Cx, user: User) -> Result<Cx> {
    let caller = caller_of(tx, user).await?;
    let cx = cx.clone();
    Ok(match caller {
        Some(caller) => cx.with_caller(caller),
        None => cx,
    })
}

/// Ends a session. An ended one cannot be told from one that never was.
///
/// # Errors
/// If the database fails.
pub async fn sign_out(app: &App, cx: &Cx, secret: &str) -> Result<()> {
    let hash = TokenHash::digest(secret);
    let mut tx = app.db.write().await?;
    if let Some(session) = store::sessions::find(&mut tx, hash.as_bytes()).await? {
        store::sessions::delete(&mut tx, hash.as_bytes()).await?;
        let user = store::users::find(&mut tx, session.user_id).await?;
        let cx = &match user {
            Some(user) => as_user(&mut tx, cx, user).await?,
            None => cx.clone(),
        };
        audit::record(
            &mut tx,
            cx,
            "session.end",
            Subject::User(session.user_id),
            serde_json::json!({}),
        )
        .await?;
    }
    tx.commit().await?;
    Ok(())
}
