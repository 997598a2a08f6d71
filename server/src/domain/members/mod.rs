//! Who belongs to an organization, and as what. [`listing`] shows members with what they hold.

pub mod listing;

use serde_json::json;

use crate::app::App;
use crate::cx::{Actor, Cx};
use crate::domain::access::{self, Action, Role};
use crate::domain::audit::{self, Subject};
use crate::domain::users::{self, User};
use crate::error::{Error, Result};
use crate::store::token_endings::Ending;
use crate::store::{self, Tx};

pub use crate::store::organizations::Membership;

/// A page of an organization's members, and how many there are in all.
#[derive(Debug)]
pub struct MemberPage {
    pub total: i64,
    pub members: Vec<(Membership, User)>,
}

/// The members of an organization by user name; a page past the end is empty.
///
/// # Errors
/// [`Error::NotFound`] for an organization that the caller does not act in.
pub async fn list(
    app: &App,
    cx: &Cx,
    organization_id: i64,
    (limit, offset): (i64, i64),
) -> Result<MemberPage> {
    access::require_in(cx, Action::SeeMembers, organization_id)?;
    let mut tx = app.db.read().await?;
    let total = store::organizations::count_memberships(&mut tx, organization_id).await?;
    let mut members = Vec::new();
    for membership in
        store::organizations::list_memberships(&mut tx, organization_id, limit, offset).await?
    {
        let user = users::find_by_id(&mut tx, membership.user_id).await?;
        members.push((membership, user));
    }
    Ok(MemberPage { total, members })
}

/// The e-mail addresses of those who may change the caller's organization: whom to ask for what he may
/// not do himself.
///
/// # Errors
/// If the caller is a stranger.
pub async fn admins(app: &App, cx: &Cx) -> Result<Vec<String>> {
    let caller = access::require(cx, Action::SeeMembers)?;
    let mut tx = app.db.read().await?;
    Ok(store::organizations::list_admin_emails(&mut tx, caller.organization_id).await?)
}

/// A member of an organization.
///
/// # Errors
/// [`Error::NotFound`] if there is none that the caller may see.
pub async fn find(app: &App, cx: &Cx, organization_id: i64, user_id: i64) -> Result<Membership> {
    access::require_in(cx, Action::SeeMembers, organization_id)?;
    let mut tx = app.db.read().await?;
    store::organizations::find_membership(&mut tx, organization_id, user_id)
        .await?
        .filter(|membership| membership.removed_at.is_none())
        .ok_or_else(|| Error::not_found("No OrganizationMember matches the given query."))
}

/// Removes a member. His tokens in this organization are refused from the moment this returns; the
/// membership stays on record.
///
/// # Errors
/// [`Error::Conflict`] for oneself; [`Error::Forbidden`] below admin and for an owner;
/// [`Error::NotFound`].
pub async fn remove(app: &App, cx: &Cx, organization_id: i64, user_id: i64) -> Result<()> {
    access::require_in(cx, Action::ChangeMembers, organization_id)?;
    if matches!(&cx.actor, Actor::User(caller) if caller.user_id == user_id) {
        return Err(Error::Conflict("User cannot soft delete self".into()));
    }
    let mut tx = app.db.write().await?;
    match role_of(&mut tx, organization_id, user_id).await? {
        None => {
            // Whoever never was a member here may be nobody at all: that is not told.
            let was_here = store::organizations::find_membership(&mut tx, organization_id, user_id)
                .await?
                .is_some();
            let why = if was_here {
                "Member not found"
            } else {
                "No User matches the given query."
            };
            return Err(Error::not_found(why).after(tx).await);
        }
        Some(Role::Owner) => {
            return Err(Error::forbidden(
                "An owner cannot be removed. Change the role first.",
            ));
        }
        Some(Role::Admin | Role::Member) => leave(&mut tx, cx, organization_id, user_id).await?,
    }
    record_removal(&mut tx, cx, organization_id, user_id).await?;
    tx.commit().await?;
    Ok(())
}

/// A member's role in an organization; `None` for whoever is no member.
pub(super) async fn role_of(
    tx: &mut Tx,
    organization_id: i64,
    user_id: i64,
) -> Result<Option<Role>> {
    let membership = store::organizations::find_membership(tx, organization_id, user_id).await?;
    Ok(membership
        .filter(|found| found.removed_at.is_none())
        .and_then(|found| Role::parse(&found.role)))
}

/// Makes a user a member, or a removed one a member again.
pub(super) async fn join(
    tx: &mut Tx,
    cx: &Cx,
    organization_id: i64,
    (user_id, role): (i64, Role),
) -> Result<()> {
    match store::organizations::find_membership(tx, organization_id, user_id).await? {
        Some(mut membership) => {
            if membership.removed_at.is_some() {
                // Who comes back makes new tokens: nobody may find an old one working again.
                let by = cx.actor_name();
                let ending = Ending {
                    at: cx.now,
                    because: "member_removed",
                    by: &by,
                };
                let member = (organization_id, user_id);
                store::token_endings::update_revoked_by_member(tx, member, ending).await?;
            }
            membership.removed_at = None;
            membership.role = role.as_str().into();
            store::organizations::update_membership(tx, &membership).await?;
        }
        None => {
            let membership = Membership {
                id: 0,
                organization_id,
                user_id,
                role: role.as_str().into(),
                created_at: cx.now,
                removed_at: None,
            };
            store::organizations::insert_membership(tx, &membership).await?;
        }
    }
    Ok(())
}

/// Ends a membership, in the caller's transaction; whoever calls it records what it belongs to.
pub(super) async fn leave(tx: &mut Tx, cx: &Cx, organization_id: i64, user_id: i64) -> Result<()> {
    let found = store::organizations::find_membership(tx, organization_id, user_id).await?;
    let Some(mut membership) = found else {
        return Ok(());
    };
    membership.removed_at = Some(cx.now);
    store::organizations::update_membership(tx, &membership).await?;
    let mut user = users::find_by_id(tx, user_id).await?;
    if user.active_organization_id == Some(organization_id) {
        let others = store::organizations::list_by_user(tx, user_id).await?;
        user.active_organization_id = others.first().map(|organization| organization.id);
        store::users::update(tx, &user).await?;
        if others.is_empty() {
            // Should he come back, he signs in anew.
            store::sessions::delete_by_user(tx, user_id).await?;
        }
    }
    Ok(())
}

/// Records that a member was removed.
pub(super) async fn record_removal(
    tx: &mut Tx,
    cx: &Cx,
    organization_id: i64,
    user_id: i64,
) -> Result<()> {
    let detail = json!({"organization": organization_id});
    audit::record(tx, cx, "member.remove", Subject::User(user_id), detail).await
}

/// Gives a member another role.
///
/// # Errors
/// [`Error::NotFound`] for whoever is no member; [`Error::Forbidden`] below admin, for a role above
/// the caller's own, and for the last owner.
pub async fn set_role(
    app: &App,
    cx: &Cx,
    organization_id: i64,
    (user_id, role): (i64, Role),
) -> Result<()> {
    access::require_in(cx, Action::ChangeMembers, organization_id)?;
    require_may_grant(cx, role)?;
    let mut tx = app.db.write().await?;
    let old = role_of(&mut tx, organization_id, user_id).await?;
    let old = old.ok_or_else(|| Error::not_found("Member not found"))?;
    require_may_grant(cx, old)?;
    if role != Role::Owner {
        refuse_last_owner(&mut tx, organization_id, user_id).await?;
    }
    join(&mut tx, cx, organization_id, (user_id, role)).await?;
    let detail = json!({"organization": organization_id, "role": role.as_str()});
    audit::record(&mut tx, cx, "member.role", Subject::User(user_id), detail).await?;
    tx.commit().await?;
    Ok(())
}

/// Passes unless the user is the only active owner of the organization.
pub(super) async fn refuse_last_owner(
    tx: &mut Tx,
    organization_id: i64,
    user_id: i64,
) -> Result<()> {
    let owners = store::organizations::list_active_owners(tx, organization_id).await?;
    if owners == [user_id] {
        return Err(Error::forbidden(
            "This is the organization's only owner. Make somebody else an owner first.",
        ));
    }
    Ok(())
}

/// Passes unless the user's role is above the caller's own.
pub(super) async fn refuse_above_own(
    tx: &mut Tx,
    cx: &Cx,
    organization_id: i64,
    user_id: i64,
) -> Result<()> {
    let role = role_of(tx, organization_id, user_id).await?;
    match role.zip(cx.caller()) {
        Some((role, caller)) if caller.role < role => Err(Error::forbidden(format!(
            "Only an {word} can do this to an {word}.",
            word = role.as_str()
        ))),
        _ => Ok(()),
    }
}

/// An admin grants no role above his own.
pub(super) fn require_may_grant(cx: &Cx, role: Role) -> Result<()> {
    match &cx.actor {
        Actor::User(caller) if caller.role < role => Err(Error::forbidden(format!(
            "Only an {} can make an {}.",
            role.as_str(),
            role.as_str()
        ))),
        _ => Ok(()),
    }
}
