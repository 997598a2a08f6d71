//! What a token was given, and who rules over it: everything [`crate::judge()`] needs to know.

use ipnet::IpNet;

use crate::scope::ScopeSet;
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
    /// When a rotated token's overlap ends, in Unix milliseconds; from then on its use is an alarm.
    pub retires_at: Option<i64>,
    /// When it was last used, in Unix milliseconds, as far as is written down.
    pub last_used_at: Option<i64>,
    /// What it may do, and from where.
    pub limits: Limits,
    /// The owner's state.
    pub owner: Owner,
    /// The organization's policy.
    pub policy: Policy,
}

/// What may be done, and from where.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    /// Nothing but this; all if empty.
    pub scopes: ScopeSet,
    /// From these addresses alone; from everywhere if empty.
    pub ip_ranges: Vec<IpNet>,
}

/// The state of a token's owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Owner {
    /// The account is neither deactivated nor deleted.
    pub is_active: bool,
    /// The user is a member of the token's organization and was not removed from it.
    pub is_member: bool,
}

/// An organization's policy over tokens, as it is judged at each use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Personal access tokens and the access tokens that come from them.
    pub personal_enabled: bool,
    /// Legacy tokens.
    pub legacy_enabled: bool,
    /// Key tokens.
    pub key_enabled: bool,
    /// Personal access tokens that are sent without having been exchanged.
    pub direct_use: DirectUse,
    /// The longest life of a personal access token or key token, in days; `None` for no limit.
    pub max_ttl_days: Option<i64>,
    /// How long a token may lie unused, in days; `None` for no limit.
    pub idle_days: Option<i64>,
    /// The most that any token may do, and from where.
    pub limits: Limits,
}

/// What becomes of a personal access token that is sent where an access token is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DirectUse {
    /// It opens the door.
    Allow,
    /// It opens the door, and the answer says that it should not be sent.
    Warn,
    /// It is refused as [`crate::Denial::WrongTokenType`].
    Refuse,
}

impl DirectUse {
    /// The word for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Warn => "warn",
            Self::Refuse => "refuse",
        }
    }

    /// What the word stands for.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Allow, Self::Warn, Self::Refuse]
            .into_iter()
            .find(|direct_use| direct_use.as_str() == word)
    }
}

impl Policy {
    /// Label Studio's policy, and no limit beyond it.
    #[must_use]
    pub fn open() -> Self {
        Self {
            personal_enabled: true,
            legacy_enabled: false,
            key_enabled: true,
            direct_use: DirectUse::Allow,
            max_ttl_days: None,
            idle_days: None,
            limits: Limits::default(),
        }
    }

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
