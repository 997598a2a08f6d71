//! Making accounts.

use keybearer_verify::PlainToken;
use serde_json::json;

use super::{User, checked_text};
use crate::app::App;
use crate::cx::{Actor, Cx};
use crate::domain::access::{self, Action, Role};
use crate::domain::audit::{self, Subject};
use crate::domain::organizations::Organization;
use crate::domain::passwords::{self, Password};
use crate::domain::tokens::legacy;
use crate::domain::{members, organizations};
use crate::error::{Error, Result};
use crate::store::{self, StoreError, Tx};

const LONGEST_EMAIL: usize = 254;

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

/// Makes an account and makes it a member of `organization_id`.
///
/// # Errors
/// [`Error::Invalid`] for what is not right or taken, and for a password of an account that comes back;
/// [`Error::Forbidden`] below admin, and for an admin who would make an owner.
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

/// A member who was removed from this organization comes back to it with his account, without the
/// tokens that he had. To the operator, every account that is no member counts as such.
async fn returning(
    tx: &mut Tx,
    cx: &Cx,
    organization: &Organization,
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
    if spec.password.is_some() {
        return Err(Error::invalid(
            "password",
            "There is an account with this e-mail address already, and it keeps its password. Leave the password out; \
             the operator can set another one by `keybearer user set-password`.",
        ));
    }
    members::join(tx, cx, organization.id, (user.id, spec.role)).await?;
    user.active_organization_id.get_or_insert(organization.id);
    store::users::update(tx, &user).await?;
    let detail = json!({"role": spec.role.as_str(), "organization": organization.id});
    audit::record(tx, cx, "member.return", Subject::User(user.id), detail).await?;
    Ok(Some(user))
}

/// The stored form of the password of an account that is about to be made.
pub(in crate::domain) async fn prepare_password(
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
pub(in crate::domain) async fn insert(
    app: &App,
    cx: &Cx,
    tx: &mut Tx,
    (organization, spec, password_hash): (&Organization, UserSpec, Option<String>),
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
