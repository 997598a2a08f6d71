//! The claims of nearly every token, read and written by hand, which takes a third of serde's time:
//! Label Studio's fields in its order, and strings of printable ASCII without escapes.
//!
//! All else, right or wrong, is serde's matter; what is read or written here it would read or write
//! just so.

use crate::signed::{Claims, SignedKind};

/// So many digits are within the range of a claim's time.
const MOST_DIGITS: usize = 14;

/// Reads a payload.
pub(crate) fn read(payload: &[u8]) -> Option<Claims> {
    let text = std::str::from_utf8(payload).ok()?;
    if !is_plain(text) {
        return None;
    }
    let (kind, rest) = string(text.strip_prefix(r#"{"token_type":"#)?)?;
    let kind = match kind {
        "access" => SignedKind::Access,
        "refresh" => SignedKind::Refresh,
        _ => return None,
    };
    let (exp, rest) = seconds(rest.strip_prefix(r#","exp":"#)?)?;
    let (iat, rest) = seconds(rest.strip_prefix(r#","iat":"#)?)?;
    let (jti, rest) = string(rest.strip_prefix(r#","jti":"#)?)?;
    let (user_id, rest) = string(rest.strip_prefix(r#","user_id":"#)?)?;
    let (pat, rest) = match rest.strip_prefix(r#","pat":"#) {
        Some(rest) => string(rest).map(|(pat, rest)| (Some(pat), rest))?,
        None => (None, rest),
    };
    (rest == "}").then(|| Claims {
        kind,
        exp,
        iat: Some(iat),
        nbf: None,
        jti: jti.to_owned(),
        user_id: user_id.to_owned(),
        pat: pat.map(str::to_owned),
        sub: None,
    })
}

/// Writes a payload.
pub(crate) fn write(claims: &Claims) -> Option<String> {
    let kind = match claims.kind {
        SignedKind::Access => "access",
        SignedKind::Refresh => "refresh",
        SignedKind::Other => return None,
    };
    let (before_pat, pat) = match &claims.pat {
        Some(pat) => (r#"","pat":""#, pat.as_str()),
        None => ("", ""),
    };
    let strings = [&claims.jti, &claims.user_id, pat];
    let are_plain = strings
        .iter()
        .all(|text| is_plain(text) && !text.contains('"'));
    if !are_plain || claims.nbf.is_some() || claims.sub.is_some() {
        return None;
    }
    let (exp, iat) = (claims.exp.to_string(), claims.iat?.to_string());
    let parts = [
        r#"{"token_type":""#,
        kind,
        r#"","exp":"#,
        &exp,
        r#","iat":"#,
        &iat,
        r#","jti":""#,
        &claims.jti,
        r#"","user_id":""#,
        &claims.user_id,
        before_pat,
        pat,
        r#""}"#,
    ];
    Some(parts.concat())
}

fn is_plain(text: &str) -> bool {
    // All bytes are looked at whatever is found: this the compiler turns into a few wide comparisons.
    let is_odd = |byte| matches!(byte, b'\\' | ..b' ' | 0x7f..);
    !text.bytes().fold(false, |odd, byte| odd | is_odd(byte))
}

fn string(text: &str) -> Option<(&str, &str)> {
    text.strip_prefix('"')?.split_once('"')
}

fn seconds(text: &str) -> Option<(i64, &str)> {
    let mut number = 0;
    let mut length = 0;
    for byte in text
        .bytes()
        .take_while(u8::is_ascii_digit)
        .take(MOST_DIGITS)
    {
        number = number * 10 + i64::from(byte - b'0');
        length += 1;
    }
    // Zeros at the beginning are no JSON, and an end that is too far or no whole number does not match
    // what must follow.
    let is_plain = length > 0 && !text.starts_with('0');
    is_plain.then(|| Some((number, text.get(length..)?)))?
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    prop_compose! {
        fn claims()(
            kind in prop_oneof![Just(SignedKind::Refresh), Just(SignedKind::Access)],
            exp in -9i64..99_999_999_999_999,
            iat in prop::option::of(-9i64..99_999_999_999_999),
            nbf in prop::option::weighted(0.1, 0i64..99_999_999_999_999),
            jti in "[0-9a-f]{32}|\\PC{0,9}",
            user_id in "[0-9]{1,9}|\\PC{0,9}",
            pat in prop::option::of("[0-9a-f]{32}|\\PC{0,9}"),
            sub in prop::option::weighted(0.1, "[a-z]{0,9}"),
        ) -> Claims {
            Claims { kind, exp, iat, nbf, jti, user_id, pat, sub }
        }
    }

    proptest! {
        #[test]
        fn what_is_written_by_hand_is_what_serde_writes(claims in claims()) {
            if let Some(text) = write(&claims) {
                prop_assert_eq!(text, serde_json::to_string(&claims).unwrap());
            }
        }
    }

    fn usual() -> [Claims; 2] {
        let personal = Claims {
            kind: SignedKind::Refresh,
            exp: 8_074_523_045,
            iat: Some(1_767_323_045),
            nbf: None,
            jti: "0123456789abcdef0123456789abcdef".into(),
            user_id: "1".into(),
            pat: None,
            sub: None,
        };
        let access = Claims {
            kind: SignedKind::Access,
            pat: Some(personal.jti.clone()),
            ..personal.clone()
        };
        [personal, access]
    }

    #[test]
    fn a_token_of_keybearer_or_label_studio_is_plain() {
        for claims in usual() {
            let text = write(&claims).unwrap();
            assert_eq!(read(text.as_bytes()), Some(claims));
        }
    }

    #[test]
    fn what_is_read_by_hand_serde_reads_so_too() {
        const ODD: [&str; 22] = [
            "", "0", "9", "99999", "-", "+", ".", "e", "\"", "\\", "\\n", "/", " ", "\t", "\n",
            "\0", ",", ":", "{", "}", "\u{7f}", "é",
        ];
        for text in usual().map(|claims| write(&claims).unwrap()) {
            for at in 0..=text.len() {
                let (start, rest) = text.split_at(at);
                for end in [Some(rest), rest.get(1..), rest.get(10..)]
                    .into_iter()
                    .flatten()
                {
                    for odd in ODD.map(|odd| [start, odd, end].concat()) {
                        let by_serde = || serde_json::from_str(&odd).ok();
                        let read = read(odd.as_bytes());
                        assert!(read.is_none() || read == by_serde(), "{odd}");
                    }
                }
            }
        }
    }
}
