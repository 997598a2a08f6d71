//! What a refused caller is told, in Label Studio's words first and in Keybearer's after them.
//!
//! Clients know Label Studio's sentence and status for each place, so `detail` begins with it.
//! Whoever has proven to hold the secret hears the cause and the cure as well; a stranger does not.

use keybearer_verify::{Denial, TokenKind};

use crate::error::{HeaderFault, Refusal, SentAs};
use crate::http::credentials::Auth;
use crate::http::refusals;

/// A refusal, ready to be written.
pub(super) struct Said {
    pub(super) detail: String,
    pub(super) code: Option<&'static str>,
    pub(super) challenges: Vec<String>,
}

const NOT_PROVIDED: &str = "Authentication credentials were not provided.";

/// Puts a refusal into words for a view that authenticates as `auth`.
pub(super) fn say(auth: Auth, refusal: &Refusal) -> Said {
    let (detail, code) = match refusal {
        Refusal::NoCredentials => (NOT_PROVIDED.to_owned(), None),
        Refusal::BadHeader(sent_as, fault) => {
            (bad_header(auth, *sent_as, *fault), Some("malformed"))
        }
        Refusal::TwoCredentials(sent_as) => {
            let why = "The request shows two different credentials; send one of them.";
            (
                format!(
                    "{} {why}",
                    sentence(auth, *sent_as, None, Denial::UnknownToken)
                ),
                Some("malformed"),
            )
        }
        Refusal::Token {
            kind,
            denial,
            sent_as,
        } => {
            let known = sentence(auth, *sent_as, *kind, *denial);
            (with_cause(known, *kind, *denial), Some(denial.code()))
        }
    };
    let challenges = challenges(auth, &detail, code);
    Said {
        detail,
        code,
        challenges,
    }
}

/// The first line is Label Studio's; the second names the other scheme and why it failed
/// (RFC 6750 section 3).
fn challenges(auth: Auth, detail: &str, code: Option<&str>) -> Vec<String> {
    let (first, second) = match auth {
        Auth::Required | Auth::Optional => ("Token", "Bearer realm=\"api\""),
        Auth::BearerFirst | Auth::None => ("Bearer realm=\"api\"", "Token realm=\"api\""),
    };
    let why = match code {
        Some(code) => {
            let described: String = detail
                .chars()
                .filter(|c| c.is_ascii() && !matches!(c, '"' | '\\'))
                .collect();
            format!(
                ", error=\"invalid_token\", error_code=\"{code}\", error_description=\"{described}\""
            )
        }
        None => String::new(),
    };
    vec![first.to_owned(), format!("{second}{why}")]
}

fn bad_header(auth: Auth, sent_as: SentAs, fault: HeaderFault) -> String {
    match (sent_as, fault) {
        (SentAs::Bearer, _) if auth == Auth::BearerFirst => {
            "Authorization header must contain two space-delimited values".to_owned()
        }
        (SentAs::Bearer, HeaderFault::Empty) => {
            format!("{NOT_PROVIDED} There is nothing after `Bearer`.")
        }
        (SentAs::Bearer, HeaderFault::Blanks) => {
            format!("{NOT_PROVIDED} There is more than a token after `Bearer`.")
        }
        (_, HeaderFault::Empty) => "Invalid token header. No credentials provided.".to_owned(),
        (_, HeaderFault::Blanks) => {
            "Invalid token header. Token string should not contain spaces.".to_owned()
        }
    }
}

/// Label Studio's sentence for a token that was refused at that place.
fn sentence(auth: Auth, sent_as: SentAs, kind: Option<TokenKind>, denial: Denial) -> &'static str {
    match sent_as {
        SentAs::Bearer if auth != Auth::BearerFirst => NOT_PROVIDED,
        SentAs::Bearer if denial == Denial::UserInactive => "User is inactive",
        SentAs::Bearer => "Given token not valid for any token type",
        SentAs::Token | SentAs::ApiKey => match denial {
            Denial::TypeDisabled if kind == Some(TokenKind::Legacy) => {
                "Authentication token no longer valid: legacy token authentication has been disabled for this organization"
            }
            Denial::UserInactive => "User inactive or deleted.",
            _ => "Invalid token.",
        },
        SentAs::Body => match denial {
            Denial::Expired => "Token is expired",
            Denial::Revoked => "Token is blacklisted",
            Denial::WrongTokenType if kind == Some(TokenKind::Access) => "Token has wrong type",
            Denial::UserInactive => "No active account found for the given token.",
            _ => "Token is invalid",
        },
    }
}

/// Adds what a holder of the secret may know, and what Label Studio's sentence leaves untrue.
fn with_cause(known: &str, kind: Option<TokenKind>, denial: Denial) -> String {
    let cause = if denial.is_for_the_holder() {
        refusals::cause(kind, denial)
    } else if known == NOT_PROVIDED {
        // What came is no token of ours; "not provided" alone would be untrue.
        "What came as Bearer is not a valid token.".to_owned()
    } else {
        return known.to_owned();
    };
    if denial == Denial::TypeDisabled && known.starts_with("Authentication token no longer valid") {
        return known.to_owned();
    }
    let stop = if known.ends_with('.') { "" } else { "." };
    format!("{known}{stop} {cause}")
}
