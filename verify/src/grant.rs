//! What a token was given, and who rules over it: everything [`crate::judge`] needs to know.

use crate::token::TokenKind;

/// A stored token with its owner's and its organization's state, read at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// The token's public id. For an access token: of the personal access token that it came from.
    pub id: String,
    /// The stored token's kind; never [`TokenKind::Access`], which is not stored.
    pub kind: TokenKind,
    /// Whose token it is.
    pub user_id: i64,
    /// The organization whose policy rules over it.
    pub organization_id: i64,
    /// When it was made, in Unix milliseconds.
    pub created_at: i64,
    /// When it ends, in Unix milliseconds; `None` for never.
    pub expires_at: Option<i64>,
    /// When it was revoked, in Unix milliseconds.
    pub revoked_at: Option<i64>,
    /// The owner's state.
    pub owner: Owner,
    /// The organization's policy.
    pub policy: Policy,
}

/// The state of a token's owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Owner {
    /// The account is neither deactivated nor deleted.
    pub is_active: bool,
    /// The user is a member of the token's organization and was not removed from it.
    pub is_member: bool,
}

/// Which kinds of token an organization lets in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Personal access tokens and the access tokens that come from them.
    pub personal_enabled: bool,
    /// Legacy tokens.
    pub legacy_enabled: bool,
    /// Key tokens.
    pub key_enabled: bool,
}

impl Policy {
    /// Whether tokens of that kind may be used, made, rotated and exchanged.
    #[must_use]
    pub fn allows(&self, kind: TokenKind) -> bool {
        match kind {
            TokenKind::Personal | TokenKind::Access => self.personal_enabled,
            TokenKind::Legacy => self.legacy_enabled,
            TokenKind::Key => self.key_enabled,
        }
    }
}
