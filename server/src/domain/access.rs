//! Who may do what: one table.
//!
//! A function of the domain asks [`require`] first. It takes a role in the organization and, of
//! whoever came with a token, a scope of that token. Operators and Keybearer itself may do
//! everything, strangers nothing.

use keybearer_verify::Need;

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
    /// See one's own account and list one's own tokens.
    SeeOwn,
    /// Change one's own account.
    ChangeOwn,
    /// Make, rotate and revoke one's own tokens, and read the legacy one: each of them opens as
    /// much as its owner may.
    ChangeOwnTokens,
    /// See who else is in the organization.
    SeeMembers,
    /// Add, change and remove members; the invite link.
    ChangeMembers,
    /// See the organization.
    SeeOrganization,
    /// See and change the organization's settings.
    ChangeOrganization,
    /// See and revoke other members' tokens.
    ChangeTokensOfOthers,
    /// Read the audit log.
    SeeAudit,
    /// See how much the organization's tokens are used and refused.
    SeeUse,
}

/// The lowest role that may do it, and the scope that a token needs for it.
fn rule(action: Action) -> (Role, Need) {
    match action {
        Action::SeeOwn | Action::SeeMembers | Action::SeeOrganization => (Role::Member, Need::Read),
        Action::ChangeOwn => (Role::Member, Need::Write),
        Action::ChangeOwnTokens => (Role::Member, Need::Tokens),
        Action::ChangeMembers
        | Action::ChangeOrganization
        | Action::ChangeTokensOfOthers
        | Action::SeeAudit
        | Action::SeeUse => (Role::Admin, Need::Admin),
    }
}

/// The caller, if he may do `action` in the organization that he acts in.
///
/// # Errors
/// [`Error::Unauthenticated`] for a stranger, [`Error::Forbidden`] for a member whose role is too
/// low, [`Error::ScopeMissing`] for a token that was not given what it takes.
pub fn require(cx: &Cx, action: Action) -> Result<&Caller> {
    let Actor::User(caller) = &cx.actor else {
        return Err(Error::Unauthenticated(Refusal::NoCredentials));
    };
    let (lowest, need) = rule(action);
    if caller.role < lowest {
        return Err(Error::forbidden(format!(
            "You do not have permission to perform this action. It takes the role {} or owner; yours is {}.",
            lowest.as_str(),
            caller.role.as_str()
        )));
    }
    if caller.answers(need) {
        Ok(caller)
    } else {
        Err(Error::ScopeMissing(need))
    }
}

/// Whether the caller may do `action` in the organization that he acts in.
#[must_use]
pub fn may(caller: &Caller, action: Action) -> bool {
    let (lowest, need) = rule(action);
    caller.role >= lowest && caller.answers(need)
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
