//! Organizations. Their policy over tokens is in [`super::policy`].

use keybearer_verify::DirectUse;
use serde_json::json;

use crate::app::App;
use crate::config::Config;
use crate::cx::Cx;
use crate::domain::access::{self, Action};
use crate::domain::audit::{self, Subject};
use crate::domain::policy::OnReuse;
use crate::domain::tokens::LONGEST_TTL_DAYS;
use crate::domain::{invites, members, users};
use crate::error::{Error, Result};
use crate::store::users::User;
use crate::store::{self, Tx};

pub use crate::store::organizations::Organization;

const LONGEST_TITLE: usize = 1000;
/// How long a new key token lives until an organization decides otherwise, in days.
const DEFAULT_KEY_TTL_DAYS: i64 = 90;
/// The longest overlap of a rotation until an organization decides otherwise, in hours: a week.
const DEFAULT_MAX_OVERLAP_HOURS: i64 = 168;

/// An organization with Label Studio's default settings, not written yet.
pub(super) fn draft(app: &App, cx: &Cx, title: &str) -> Result<Organization> {
    let (invite_sealed, invite_hash) = invites::draw(app)?;
    Ok(Organization {
        title: title.to_owned(),
        invite_sealed,
        invite_hash,
        created_at: cx.now,
        updated_at: cx.now,
        ..usual(&app.config)
    })
}

/// The settings that an organization has until somebody decides otherwise.
pub(super) fn usual(config: &Config) -> Organization {
    Organization {
        id: 0,
        title: String::new(),
        created_by: None,
        invite_sealed: Vec::new(),
        invite_hash: Vec::new(),
        personal_enabled: true,
        legacy_enabled: config.enable_legacy_tokens,
        key_enabled: true,
        personal_ttl_days: LONGEST_TTL_DAYS,
        key_ttl_days: DEFAULT_KEY_TTL_DAYS,
        max_ttl_days: None,
        idle_days: None,
        direct_use: DirectUse::Allow.as_str().into(),
        scopes: String::new(),
        ip_ranges: String::new(),
        max_overlap_hours: DEFAULT_MAX_OVERLAP_HOURS,
        on_reuse: OnReuse::Alert.as_str().into(),
        created_at: 0,
        updated_at: 0,
    }
}

/// Writes a drafted organization in the caller's transaction and gives it its id.
pub(super) async fn insert(
    cx: &Cx,
    tx: &mut Tx,
    mut organization: Organization,
) -> Result<Organization> {
    organization.id = store::organizations::insert(tx, &organization).await?;
    audit::record(
        tx,
        cx,
        "organization.add",
        Subject::Organization(organization.id),
        json!({"title": organization.title}),
    )
    .await?;
    Ok(organization)
}

/// The organization that the caller acts in.
///
/// # Errors
/// If the caller is a stranger.
pub async fn find_own(app: &App, cx: &Cx) -> Result<Organization> {
    let caller = access::require(cx, Action::SeeOrganization)?;
    let mut tx = app.db.read().await?;
    find_by_id(&mut tx, caller.organization_id).await
}

/// The organization `id`, if the caller acts in it.
///
/// # Errors
/// [`Error::NotFound`] otherwise.
pub async fn find(app: &App, cx: &Cx, id: i64) -> Result<Organization> {
    access::require_in(cx, Action::SeeOrganization, id)?;
    let mut tx = app.db.read().await?;
    find_by_id(&mut tx, id).await
}

/// An organization's title and its creator's e-mail address, which its members may see.
///
/// # Errors
/// If the database fails.
pub async fn meta(app: &App, id: i64) -> Result<(String, String)> {
    let mut tx = app.db.read().await?;
    let organization = find_by_id(&mut tx, id).await?;
    let creator = match organization.created_by {
        Some(id) => store::users::find(&mut tx, id).await?,
        None => None,
    };
    Ok((
        organization.title,
        creator.map(|user| user.email).unwrap_or_default(),
    ))
}

/// The organizations that the caller is a member of.
///
/// # Errors
/// If the caller is a stranger.
pub async fn list(app: &App, cx: &Cx) -> Result<Vec<Organization>> {
    let caller = access::require(cx, Action::SeeOrganization)?;
    let mut tx = app.db.read().await?;
    Ok(store::organizations::list_by_user(&mut tx, caller.user_id).await?)
}

/// The first organization, which an operator means when he names none.
///
/// # Errors
/// [`Error::NotFound`] before the first owner is set up.
pub async fn find_first(app: &App) -> Result<Organization> {
    let mut tx = app.db.read().await?;
    store::organizations::find_first(&mut tx)
        .await?
        .ok_or_else(|| Error::not_found("There is no organization yet. `keybearer user add --role owner` makes the first one."))
}

/// Makes the caller work in another of his organizations, with the role that he has there. Tokens keep
/// to the organization that they were made in.
///
/// # Errors
/// [`Error::NotFound`] for one that he is no member of.
pub async fn switch(app: &App, cx: &Cx, id: i64) -> Result<()> {
    let caller = access::require(cx, Action::ChangeOwn)?;
    let mut tx = app.db.write().await?;
    if members::role_of(&mut tx, id, caller.user_id)
        .await?
        .is_none()
    {
        return Err(missing());
    }
    let mut user = users::find_by_id(&mut tx, caller.user_id).await?;
    user.active_organization_id = Some(id);
    user.last_activity_at = cx.now;
    store::users::update(&mut tx, &user).await?;
    let detail = json!({"organization": id});
    let subject = Subject::User(caller.user_id);
    audit::record(&mut tx, cx, "user.organization", subject, detail).await?;
    tx.commit().await?;
    Ok(())
}

/// Gives the organization another title.
///
/// # Errors
/// [`Error::Invalid`] for an empty or too long one; [`Error::Forbidden`] below admin.
pub async fn update_title(app: &App, cx: &Cx, id: i64, title: &str) -> Result<Organization> {
    access::require_in(cx, Action::ChangeOrganization, id)?;
    let title = title.trim();
    if title.is_empty() {
        return Err(Error::invalid("title", "This field may not be blank."));
    }
    if title.chars().count() > LONGEST_TITLE {
        return Err(Error::invalid(
            "title",
            format!("Ensure this field has no more than {LONGEST_TITLE} characters."),
        ));
    }
    let mut tx = app.db.write().await?;
    let mut organization = find_by_id(&mut tx, id).await?;
    organization.title = title.to_owned();
    save(&mut tx, cx, &mut organization, json!({"title": title})).await?;
    tx.commit().await?;
    Ok(organization)
}

/// The organization that new tokens of `user` belong to: where he acts if he makes them himself, else
/// where he works.
pub(super) async fn of_user(tx: &mut Tx, cx: &Cx, user: &User) -> Result<Organization> {
    let acting = cx.caller().filter(|caller| caller.user_id == user.id);
    match acting
        .map(|caller| caller.organization_id)
        .or(user.active_organization_id)
    {
        Some(id) => find_by_id(tx, id).await,
        None => Err(Error::forbidden(format!(
            "{} is in no organization; tokens belong to one.",
            user.email
        ))),
    }
}

pub(super) async fn find_by_id(tx: &mut Tx, id: i64) -> Result<Organization> {
    let found = store::organizations::find(tx, id).await?;
    found.ok_or_else(missing)
}

pub(super) fn missing() -> Error {
    Error::not_found("No Organization matches the given query.")
}

pub(super) async fn save(
    tx: &mut Tx,
    cx: &Cx,
    organization: &mut Organization,
    detail: serde_json::Value,
) -> Result<()> {
    organization.updated_at = cx.now;
    store::organizations::update(tx, organization).await?;
    audit::record(
        tx,
        cx,
        "organization.update",
        Subject::Organization(organization.id),
        detail,
    )
    .await
}
