//! Users: accounts of people and programs.

use keybearer_verify::PlainToken;
use serde_json::json;

use crate::app::App;
use crate::cx::{Actor, Cx};
use crate::domain::access::{self, Action, Role};
use crate::domain::audit::{self, Subject};
use crate::domain::passwords::{self, Password};
use crate::domain::tokens::legacy;
use crate::domain::{members, organizations};
use crate::error::{Error, Result};
use crate::store::tokens::Ending;
use crate::store::{self, StoreError, Tx};

pub use crate::store::users::User;

const LONGEST_EMAIL: usize = 254;
/// The longest name, in characters.
pub const LONGEST_TEXT: usize = 256;

/// What is asked for when an account is made.
#[derive(Clone, Debug)]
pub struct UserSpec {
    pub email: String,
    pub username: Option<String>,
    pub first_name: String,
    pub last_name: String,
    pub phone: String,
    pub password: Option<Password>,
    pub role: Role,
    pub allow_newsletters: Option<bool>,
    /// The text of the user's legacy token; random if nobody chose one.
    pub legacy_text: Option<PlainToken>,
}

impl UserSpec {
    /// An account with that e-mail address and role, and nothing else said of it.
    #[must_use]
    pub fn new(email: &str, role: Role) -> Self {
        Self {
            email: email.to_owned(),
            username: None,
            first_name: String::new(),
            last_name: String::new(),
            phone: String::new(),
            password: None,
            role,
            allow_newsletters: Some(false),
            legacy_text: None,
        }
    }
}

/// What changes of an account; `None` stays as it is.
#[derive(Clone, Debug, Default)]
pub struct UserChange {
    pub username: Option<String>,
    pub first_name: Option<String>,
    pub last_name: Option<String>,
    pub phone: Option<String>,
    pub allow_newsletters: Option<Option<bool>>,
}

/// Makes an account and makes it a member of `organization_id`.
///
/// # Errors
/// [`Error::Invalid`] for what is not right or taken; [`Error::Forbidden`] below admin, and for an
/// admin who would make an owner.
pub async fn add(app: &App, cx: &Cx, organization_id: i64, spec: UserSpec) -> Result<User> {
    access::require_in(cx, Action::ChangeMembers, organization_id)?;
    members::require_may_grant(cx, spec.role)?;
    let password_hash = prepare_password(app, spec.password.as_ref()).await?;
    let mut tx = app.db.write().await?;
    let organization = organizations::find_by_id(&mut tx, organization_id).await?;
    if let Some(user) = returning(&mut tx, cx, &organization, &spec).await? {
        tx.commit().await?;
        return Ok(user);
    }
    let user = insert(app, cx, &mut tx, (&organization, spec, password_hash)).await?;
    tx.commit().await?;
    Ok(user)
}

/// A member who was removed from this organization comes back to it with his account as it was: his
/// tokens here work again. To the operator, every account that is no member counts as such.
async fn returning(
    tx: &mut Tx,
    cx: &Cx,
    organization: &organizations::Organization,
    spec: &UserSpec,
) -> Result<Option<User>> {
    let email = spec.email.trim().to_lowercase();
    let Some(mut user) = store::users::find_by_email(tx, &email).await? else {
        return Ok(None);
    };
    let membership = store::organizations::find_membership(tx, organization.id, user.id).await?;
    let may_return = match membership {
        Some(membership) => membership.removed_at.is_some(),
        None => matches!(cx.actor, Actor::Operator),
    };
    if !may_return {
        return Ok(None);
    }
    members::join(tx, cx, organization.id, (user.id, spec.role)).await?;
    user.active_organization_id.get_or_insert(organization.id);
    store::users::update(tx, &user).await?;
    let detail = json!({"role": spec.role.as_str(), "organization": organization.id});
    audit::record(tx, cx, "member.return", Subject::User(user.id), detail).await?;
    Ok(Some(user))
}

/// The stored form of the password of an account that is about to be made.
pub(super) async fn prepare_password(
    app: &App,
    password: Option<&Password>,
) -> Result<Option<String>> {
    let Some(password) = password else {
        return Ok(None);
    };
    password.validate()?;
    passwords::hash(app, password).await.map(Some)
}

/// Writes a new account, its membership and its legacy token in the caller's transaction.
pub(super) async fn insert(
    app: &App,
    cx: &Cx,
    tx: &mut Tx,
    (organization, spec, password_hash): (&organizations::Organization, UserSpec, Option<String>),
) -> Result<User> {
    let email = checked_email(&spec.email)?;
    let default_name = email.split('@').next().unwrap_or_default().to_owned();
    let mut user = User {
        id: 0,
        username: checked_text("username", spec.username.unwrap_or(default_name))?,
        first_name: checked_text("first_name", spec.first_name)?,
        last_name: checked_text("last_name", spec.last_name)?,
        phone: checked_text("phone", spec.phone)?,
        email,
        password_hash,
        is_active: true,
        active_organization_id: Some(organization.id),
        custom_hotkeys: "{}".into(),
        allow_newsletters: spec.allow_newsletters,
        created_at: cx.now,
        last_activity_at: cx.now,
    };
    user.id = store::users::insert(tx, &user).await.map_err(email_taken)?;
    members::join(tx, cx, organization.id, (user.id, spec.role)).await?;
    legacy::insert(
        app,
        cx,
        tx,
        &user,
        (organization, spec.legacy_text.as_ref()),
    )
    .await?;
    let detail = json!({"role": spec.role.as_str(), "organization": organization.id});
    audit::record(tx, cx, "user.add", Subject::User(user.id), detail).await?;
    Ok(user)
}

/// The caller's own account.
///
/// # Errors
/// If he has none.
pub async fn find_own(app: &App, cx: &Cx) -> Result<User> {
    let caller = access::require(cx, Action::SeeOwn)?;
    let mut tx = app.db.read().await?;
    find_by_id(&mut tx, caller.user_id).await
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

/// Changes an account: one's own, or as an admin a member's.
///
/// # Errors
/// [`Error::Invalid`], [`Error::Forbidden`] or [`Error::NotFound`].
pub async fn update(app: &App, cx: &Cx, id: i64, change: UserChange) -> Result<User> {
    let mut tx = app.db.write().await?;
    let mut user = find_for(
        &mut tx,
        cx,
        id,
        Action::ChangeOwn,
        Some(Action::ChangeMembers),
    )
    .await?;
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
    let mut user = find_for(
        &mut tx,
        cx,
        id,
        Action::ChangeOwn,
        Some(Action::ChangeMembers),
    )
    .await?;
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
/// [`Error::Forbidden`] below admin, and for an organization's last owner.
pub async fn set_active(app: &App, cx: &Cx, id: i64, is_active: bool) -> Result<()> {
    let mut tx = app.db.write().await?;
    let mut user = find_for(
        &mut tx,
        cx,
        id,
        Action::ChangeMembers,
        Some(Action::ChangeMembers),
    )
    .await?;
    if !is_active {
        if let Some(organization_id) = user.active_organization_id {
            members::refuse_last_owner(&mut tx, organization_id, id).await?;
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

/// Deletes an account: its name, e-mail address, password and sessions are gone, its memberships
/// and tokens ended. The empty row stays, for the audit log and the tokens point to it.
///
/// # Errors
/// [`Error::Forbidden`] for the organization's owner and below admin; [`Error::NotFound`].
pub async fn delete(app: &App, cx: &Cx, id: i64) -> Result<()> {
    let caller = access::require(cx, Action::ChangeMembers)?;
    let mut tx = app.db.write().await?;
    let mut user = find_for(
        &mut tx,
        cx,
        id,
        Action::ChangeMembers,
        Some(Action::ChangeMembers),
    )
    .await?;
    if members::role_of(&mut tx, caller.organization_id, id).await? == Some(Role::Owner) {
        return Err(Error::forbidden("The organization owner cannot be deleted"));
    }
    for organization in store::organizations::list_by_user(&mut tx, id).await? {
        members::leave(&mut tx, cx, organization.id, id).await?;
    }
    store::sessions::delete_by_user(&mut tx, id).await?;
    let by = cx.actor_name();
    let ending = Ending {
        at: cx.now,
        because: "user_deleted",
        by: &by,
    };
    store::tokens::update_revoked_by_user(&mut tx, id, ending).await?;
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

/// Finds the account `id` if the caller may do `own` (being that user) or `others` (being a member
/// of the same organization) with it. Without `others` nobody but that user may.
pub(super) async fn find_for(
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
            others.ok_or_else(|| Error::forbidden("Only the user himself can do this."))?;
        access::require(cx, others)?;
    }
    store::users::find(tx, id).await?.ok_or_else(missing)
}

pub(super) async fn find_by_id(tx: &mut Tx, id: i64) -> Result<User> {
    store::users::find(tx, id)
        .await?
        .ok_or_else(|| Error::not_found("No User matches the given query."))
}

async fn save(tx: &mut Tx, cx: &Cx, user: &mut User, action: &str) -> Result<()> {
    if matches!(&cx.actor, Actor::User(caller) if caller.user_id == user.id) {
        user.last_activity_at = cx.now;
    }
    store::users::update(tx, user).await?;
    audit::record(tx, cx, action, Subject::User(user.id), json!({})).await
}

fn email_taken(error: StoreError) -> Error {
    if error.is_taken("users_email") {
        return Error::invalid("email", "user with this email address already exists.");
    }
    error.into()
}

/// E-mail addresses are kept in lower case: two that differ in case alone reach one person.
fn checked_email(email: &str) -> Result<String> {
    let email = email.trim().to_lowercase();
    if email.chars().count() > LONGEST_EMAIL {
        return Err(Error::invalid(
            "email",
            format!("Ensure this field has no more than {LONGEST_EMAIL} characters."),
        ));
    }
    let plausible = email.split_once('@').is_some_and(|(local, domain)| {
        !local.is_empty()
            && !domain.is_empty()
            && !domain.contains('@')
            && !domain.starts_with('.')
            && !domain.ends_with('.')
    });
    if plausible && !email.contains(|c: char| c.is_whitespace() || c.is_control()) {
        return Ok(email);
    }
    Err(Error::invalid("email", "Enter a valid email address."))
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
