//! What a token is, as far as its text tells: for `keybearer doctor`, without a database.

use keybearer_verify::{Malformed, Presented, TokenKind, UnverifiedToken};

/// What a text says of itself. Nothing of it is proven.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Diagnosis {
    pub kind: Option<TokenKind>,
    /// The token's public id, where the text holds one.
    pub id: Option<String>,
    /// The user's id that a JWT names.
    pub user_id: Option<String>,
    /// When it ends, in Unix milliseconds, where the text says so.
    pub expires_at: Option<i64>,
    /// What is wrong with it, if anything.
    pub fault: Option<&'static str>,
    /// What to do with it.
    pub advice: &'static str,
}

/// Looks at `text` at the instant `now` (Unix milliseconds).
#[must_use]
pub fn diagnose(text: &str, now: i64) -> Diagnosis {
    match Presented::parse(text) {
        Ok(Presented::Signed(signed)) => of_signed(&signed, now),
        Ok(Presented::Legacy(plain)) => of_legacy(plain.reveal()),
        Ok(Presented::Key(key)) => Diagnosis {
            id: Some(key.id().to_owned()),
            fault: None,
            advice: "Its checksum is right. Send it as it is: `Authorization: Bearer kb_…`, or as `api_key` of the Label Studio SDK.",
            ..of_key("")
        },
        Err(Malformed::KeyChecksum) => {
            of_key("its checksum is wrong: a character was mistyped, or the end was cut off")
        }
        Err(Malformed::KeyForm) => {
            of_key("it begins like a key token, but is not 57 letters and digits long")
        }
        Err(_) => Diagnosis {
            fault: Some("it is empty, longer than 4096 bytes, or has blanks in it"),
            advice: "Copy the token alone, without `Bearer` or quotes around it.",
            ..Diagnosis::default()
        },
    }
}

fn of_key(fault: &'static str) -> Diagnosis {
    Diagnosis {
        kind: Some(TokenKind::Key),
        fault: Some(fault),
        advice: "Copy it again from where it is kept; if it is lost, make a new one.",
        ..Diagnosis::default()
    }
}

fn of_signed(signed: &UnverifiedToken, now: i64) -> Diagnosis {
    let Some(claims) = signed.unverified_claims() else {
        return Diagnosis {
            fault: Some("it is a JWT, but not with Label Studio's claims"),
            advice: "Another system made it; make a token here.",
            ..Diagnosis::default()
        };
    };
    let kind = claims.kind.token_kind();
    let expires_at = claims.exp.saturating_mul(1000);
    let fault = if !signed.has_signature() {
        Some("its last part, the signature, is missing: this is the form that lists show")
    } else if expires_at <= now {
        Some("its time is over")
    } else {
        None
    };
    Diagnosis {
        kind: Some(kind),
        id: Some(claims.pat.clone().unwrap_or_else(|| claims.jti.clone())),
        user_id: Some(claims.user_id.clone()),
        expires_at: Some(expires_at),
        fault,
        advice: match (fault.is_some(), kind) {
            (true, TokenKind::Access) => {
                "Exchange your personal access token again: POST /api/token/refresh."
            }
            (true, _) => "Make a new personal access token, and keep it whole.",
            (false, TokenKind::Access) => {
                "Send it as `Authorization: Bearer …`; it lives five minutes."
            }
            (false, _) => {
                "Give it to the Label Studio SDK as `api_key`, or send it as `Authorization: Bearer …`."
            }
        },
    }
}

fn of_legacy(text: &str) -> Diagnosis {
    let is_usual = text.len() == 40 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    Diagnosis {
        kind: Some(TokenKind::Legacy),
        fault: (!is_usual)
            .then_some("it has no known form; a legacy token usually is 40 hex digits"),
        advice: "Send it as `Authorization: Token …`. Legacy tokens must be switched on in the organization's settings.",
        ..Diagnosis::default()
    }
}
