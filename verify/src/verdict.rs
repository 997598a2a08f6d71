//! Every answer [`crate::judge()`] and its caller can give, and every reason for "no".

/// The answer to a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The token opens the door.
    Allowed,
    /// It does not, and this is why.
    Denied(Denial),
}

/// Why a token was refused. The codes are stable; scripts may rely on them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Denial {
    /// Not of any token's form.
    Malformed,
    /// A key token that was mistyped or cut.
    BadChecksum,
    /// Signed by somebody else, or changed after signing.
    BadSignature,
    /// Of the right form, but not a token that this server issued or imported.
    UnknownToken,
    /// A real token in the wrong place: an access token where a personal one is needed, or the reverse.
    WrongTokenType,
    /// Its time is over.
    Expired,
    /// Revoked by hand, by rotation or by an admin.
    Revoked,
    /// The organization has switched this kind of token off.
    TypeDisabled,
    /// The account is deactivated or deleted.
    UserInactive,
    /// The owner is no member of the token's organization any more.
    NotAMember,
    /// The organization's policy allows no token that lives so long, or lies unused so long. It works
    /// again when the policy changes.
    LifetimeOverPolicy,
    /// The request comes from an address that the token or the organization does not allow.
    IpNotAllowed,
    /// The token was not given the scope that the request needs.
    ScopeMissing,
    /// Too many requests with this token, or too many failures from this address.
    RateLimited,
}

impl Denial {
    /// All of them, in the order of the docs.
    pub const ALL: [Self; 14] = [
        Self::Malformed,
        Self::BadChecksum,
        Self::BadSignature,
        Self::UnknownToken,
        Self::WrongTokenType,
        Self::Expired,
        Self::Revoked,
        Self::TypeDisabled,
        Self::UserInactive,
        Self::NotAMember,
        Self::LifetimeOverPolicy,
        Self::IpNotAllowed,
        Self::ScopeMissing,
        Self::RateLimited,
    ];

    /// The stable code.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::BadChecksum => "bad_checksum",
            Self::BadSignature => "bad_signature",
            Self::UnknownToken => "unknown_token",
            Self::WrongTokenType => "wrong_token_type",
            Self::Expired => "expired",
            Self::Revoked => "revoked",
            Self::TypeDisabled => "type_disabled",
            Self::UserInactive => "user_inactive",
            Self::NotAMember => "not_a_member",
            Self::LifetimeOverPolicy => "lifetime_over_policy",
            Self::IpNotAllowed => "ip_not_allowed",
            Self::ScopeMissing => "scope_missing",
            Self::RateLimited => "rate_limited",
        }
    }

    /// Whether the one who gets this answer has proven to hold the secret, so that the cause and
    /// the cure may be told in full.
    #[must_use]
    pub fn is_for_the_holder(self) -> bool {
        !matches!(
            self,
            Self::Malformed | Self::BadChecksum | Self::BadSignature | Self::UnknownToken
        )
    }
}
