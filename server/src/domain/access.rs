//! Who may do what: one table.
//!
//! A function of the domain asks [`require`] first; what it gets back is the caller's proof of
//! having asked. Operators and Keybearer itself may do everything, strangers nothing.

use crate::cx::{Actor, Caller, Cx};
use crate::error::{Error, Refusal, Result};

/// What a member is in an organization.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    Member,
    Admin,
    Owner,
}

impl Role {
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Member => "member",
            Self::Admin => "admin",
            Self::Owner => "owner",
        }
    }

    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Member, Self::Admin, Self::Owner]
            .into_iter()
            .find(|role| role.as_str() == word)
    }
}

/// What somebody may want to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// See one's own account, tokens and organization.
    SeeOwn,
    /// Make, rotate and revoke one's own tokens; change one's own account.
    ChangeOwn,
    /// See who else is in the organization.
    SeeMembers,
    /// Add, change and remove members; the invite link.
    ChangeMembers,
    /// See the organization's settings.
    SeeOrganization,
    /// Change the organization's settings.
    ChangeOrganization,
    /// See and revoke other members' tokens.
    ChangeTokensOfOthers,
}

/// The lowest role that may do it.
fn lowest(action: Action) -> Role {
    match action {
        Action::SeeOwn | Action::ChangeOwn | Action::SeeMembers | Action::SeeOrganization => {
            Role::Member
        }
        Action::ChangeMembers | Action::ChangeOrganization | Action::ChangeTokensOfOthers => {
            Role::Admin
        }
    }
}

/// The caller, if he may do `action` in the organization that he acts in.
///
/// # Errors
/// [`Error::Unauthenticated`] for a stranger, [`Error::Forbidden`] for a member whose role is too low.
pub fn require(cx: &Cx, action: Action) -> Result<&Caller> {
    let Actor::User(caller) = &cx.actor else {
        return Err(Error::Unauthenticated(Refusal::NoCredentials));
    };
    if may(caller, action) {
        return Ok(caller);
    }
    Err(Error::forbidden(format!(
        "You do not have permission to perform this action. It takes the role {} or owner; yours is {}.",
        lowest(action).as_str(),
        caller.role.as_str()
    )))
}

/// Whether the caller may do `action` in the organization that he acts in.
#[must_use]
pub fn may(caller: &Caller, action: Action) -> bool {
    caller.role >= lowest(action)
}

/// Passes for whoever may do `action` in the organization `organization_id`: its members of that
/// role, the operator, Keybearer itself.
///
/// # Errors
/// As [`require`]; [`Error::NotFound`] for somebody else's organization, which he may not know of.
pub fn require_in(cx: &Cx, action: Action, organization_id: i64) -> Result<()> {
    if matches!(cx.actor, Actor::Operator | Actor::System) {
        return Ok(());
    }
    if require(cx, action)?.organization_id != organization_id {
        return Err(Error::not_found("No Organization matches the given query."));
    }
    Ok(())
}
