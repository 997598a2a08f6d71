//! Why a token is refused, in words: the one list that every door and the docs page tell from.
//!
//! [`ALL`] has a paragraph for each code; [`cause`] and its neighbours say the same of one token to
//! whoever has proven to hold it. A door adds what its own clients expect around that.

use axum::http::StatusCode;
use keybearer_verify::{Denial, Need, TokenKind};

use crate::app::App;
use crate::error::Trouble;

/// The docs page's path.
pub(super) const DOCS_PATH: &str = "/docs/refusals";

/// What one code stands for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Paragraph {
    pub(super) denial: Denial,
    /// A few words, the same for every token.
    pub(super) title: &'static str,
    pub(super) meaning: &'static str,
    pub(super) cure: &'static str,
}

/// Every code, in the order of [`Denial::ALL`].
pub(super) const ALL: [Paragraph; 14] = [
    Paragraph {
        denial: Denial::Malformed,
        title: "Not a token",
        meaning: "What was sent has the form of no token, or the request shows two different ones.",
        cure: "Copy the whole token and send it once, as Authorization: Bearer TOKEN. The command keybearer doctor says what a text is.",
    },
    Paragraph {
        denial: Denial::BadChecksum,
        title: "Mistyped key token",
        meaning: "This looks like a key token, but its checksum does not fit: a character is missing or wrong.",
        cure: "Copy the token again, all of it, from where it is kept.",
    },
    Paragraph {
        denial: Denial::BadSignature,
        title: "Signed by somebody else",
        meaning: "The token is a JWT that another server signed, or that was changed after signing.",
        cure: "Check that the token belongs to this server and not, for example, to a test installation.",
    },
    Paragraph {
        denial: Denial::UnknownToken,
        title: "Unknown token",
        meaning: "The token has the right form, but this server neither issued nor imported it.",
        cure: "Check that the token belongs to this server; if it does not, make one here.",
    },
    Paragraph {
        denial: Denial::WrongTokenType,
        title: "Wrong kind of token",
        meaning: "A real token in the wrong place: an access token where a personal access token is needed, or the reverse where the organization wants it exchanged.",
        cure: "Exchange a personal access token at POST /api/token/refresh and send the access token that comes back; send a key token or a legacy token as it is.",
    },
    Paragraph {
        denial: Denial::Expired,
        title: "Expired",
        meaning: "The token's time is over.",
        cure: "For an access token, exchange the personal access token again; for every other kind, make a new token, and rotate that one in time.",
    },
    Paragraph {
        denial: Denial::Revoked,
        title: "Revoked",
        meaning: "Its owner or an admin revoked the token, or a successor took its place and the overlap is over.",
        cure: "Use the successor or make a new token. A revoked token never works again.",
    },
    Paragraph {
        denial: Denial::TypeDisabled,
        title: "Kind switched off",
        meaning: "The organization has switched this kind of token off.",
        cure: "Make a token of another kind, or ask an owner or admin to switch this one on in its settings.",
    },
    Paragraph {
        denial: Denial::UserInactive,
        title: "Account deactivated",
        meaning: "The account behind the token is deactivated or deleted.",
        cure: "Ask an admin to activate the account; its tokens work again then.",
    },
    Paragraph {
        denial: Denial::NotAMember,
        title: "No longer a member",
        meaning: "The token's owner was removed from the organization that the token belongs to.",
        cure: "Ask an admin of that organization to add the account again.",
    },
    Paragraph {
        denial: Denial::LifetimeOverPolicy,
        title: "Beyond the policy's lifetime",
        meaning: "The token lives longer, or lies unused for longer, than the organization's policy allows.",
        cure: "Make a token with a shorter life. The old one works again if the policy is changed back.",
    },
    Paragraph {
        denial: Denial::IpNotAllowed,
        title: "Address not allowed",
        meaning: "The request comes from an address outside the ranges that the token, or the organization, is limited to.",
        cure: "Send it from an allowed address, or ask for a token with other ranges. Behind a proxy, set --trusted-proxies to see the true address.",
    },
    Paragraph {
        denial: Denial::ScopeMissing,
        title: "Scope missing",
        meaning: "The token is good, but was not given the scope that this request takes, or the organization lets no token have it.",
        cure: "Make a token that has the scope which the answer names; a token cannot give itself more than it has. If the organization's settings bound it, an owner or admin changes them.",
    },
    Paragraph {
        denial: Denial::RateLimited,
        title: "Too many requests",
        meaning: "The token has used up its requests of this minute, or too many unknown tokens came from this address.",
        cure: "Wait for the seconds that Retry-After says, then try again.",
    },
];

/// The words for `code`: its title in the list.
pub(super) fn title(code: &str) -> &'static str {
    let paragraph = ALL.iter().find(|paragraph| paragraph.denial.code() == code);
    paragraph.map_or("Refused", |paragraph| paragraph.title)
}

/// What to do about `code`, in general.
pub(crate) fn cure(code: &str) -> Option<&'static str> {
    let paragraph = ALL.iter().find(|paragraph| paragraph.denial.code() == code);
    paragraph.map(|paragraph| paragraph.cure)
}

/// Where `code` is explained: the docs page that this server itself has.
pub(super) fn docs_url(app: &App, code: &str) -> String {
    format!("{}{DOCS_PATH}#{code}", app.config.public_url)
}

/// Why this token was refused and what to do, for whoever has proven to hold it.
pub(super) fn cause(kind: Option<TokenKind>, denial: Denial) -> String {
    let title = kind.map_or("token", TokenKind::title);
    match denial {
        Denial::Expired if kind == Some(TokenKind::Access) => {
            "This access token has expired: exchange your personal access token again (POST /api/token/refresh).".to_owned()
        }
        Denial::Expired => format!("This {title} has expired: make a new one."),
        Denial::Revoked if kind == Some(TokenKind::Access) => {
            "The personal access token behind this access token was revoked: make a new one.".to_owned()
        }
        Denial::Revoked => format!("This {title} was revoked: make a new one."),
        Denial::WrongTokenType if kind == Some(TokenKind::Access) => {
            "This is an access token; a personal access token is needed here.".to_owned()
        }
        Denial::WrongTokenType if kind == Some(TokenKind::Personal) => {
            "This is a personal access token, and this organization wants it exchanged: POST it to /api/token/refresh \
             and send the access token that comes back."
                .to_owned()
        }
        Denial::WrongTokenType => format!("This is a {title}; it is used as it is and needs no exchange."),
        // The switch is that of the token which the access token came from.
        Denial::TypeDisabled if kind == Some(TokenKind::Access) => {
            cause(Some(TokenKind::Personal), denial)
        }
        Denial::TypeDisabled => format!(
            "{}s are switched off in this organization: an owner or admin can switch them on in its settings.",
            capitalized(title)
        ),
        Denial::UserInactive => "The account behind this token is deactivated: ask an admin.".to_owned(),
        Denial::NotAMember => {
            "The owner of this token is no member of its organization any more: ask an admin.".to_owned()
        }
        Denial::LifetimeOverPolicy => format!(
            "This {title} lives or lies unused for longer than the organization's policy allows: make one with a shorter \
             life, or ask an admin."
        ),
        Denial::IpNotAllowed => format!("This {title} is not let in from the address that you come from: ask an admin."),
        _ => "This token may not do that.".to_owned(),
    }
}

/// For a caller who may come in and wants a token of a kind that is switched off.
pub(super) fn type_disabled(kind: TokenKind) -> String {
    format!(
        "{}s are switched off in this organization. An owner or admin can switch them on in its settings.",
        capitalized(kind.title())
    )
}

pub(super) fn scope_missing(need: Need) -> String {
    format!(
        "This takes the scope `{}`, which this token was not given or the organization lets no token have. Make one that \
         has it, or ask an admin.",
        need.as_str()
    )
}

pub(super) fn rate_limited(retry_after_seconds: i64) -> String {
    format!("Too many requests or failed tries. Wait {retry_after_seconds} seconds.")
}

/// RFC 9110 sections 15.6.3 and 15.6.5: a gateway's own two answers.
pub(super) fn upstream_status(trouble: Trouble) -> StatusCode {
    match trouble {
        Trouble::Slow => StatusCode::GATEWAY_TIMEOUT,
        Trouble::Away | Trouble::Garbled | Trouble::OtherKey => StatusCode::BAD_GATEWAY,
    }
}

/// `text` with a capital at its start.
fn capitalized(text: &str) -> String {
    let mut characters = text.chars();
    characters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(characters).collect()
    })
}

#[cfg(test)]
mod tests {
    use super::{ALL, Denial};

    #[test]
    fn every_code_has_its_paragraph_in_order() {
        let codes: Vec<&str> = ALL
            .iter()
            .map(|paragraph| paragraph.denial.code())
            .collect();
        assert_eq!(codes, Denial::ALL.map(Denial::code));
    }
}
