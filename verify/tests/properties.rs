//! What holds for every token there can be, and for every text that is none.

use keybearer_verify::{
    Claims, Denial, KEY_TOKEN_PATTERN, KEY_TOKEN_PREFIX, KeyToken, PlainToken, Presented,
    SignedKind, SigningKey, TokenHash, TokenKind, UnverifiedToken,
};
use proptest::prelude::*;

fn digits() -> impl Strategy<Value = ([u8; 16], [u8; 32])> {
    (prop::array::uniform(0u8..62), prop::array::uniform(0u8..62))
}

prop_compose! {
    fn claims()(
        kind in prop_oneof![Just(SignedKind::Refresh), Just(SignedKind::Access)],
        exp in -99_999_999_999_999i64..99_999_999_999_999,
        iat in prop::option::of(-99_999_999_999_999i64..99_999_999_999_999),
        nbf in prop::option::of(0i64..99_999_999_999_999),
        jti in any::<String>(),
        user_id in any::<String>(),
        pat in prop::option::of(any::<String>()),
        sub in prop::option::of(any::<String>()),
    ) -> Claims {
        Claims { kind, exp, iat, nbf, jti, user_id, pat, sub }
    }
}

/// Texts near to tokens, so that more than the first look is tried.
fn near_token() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "kb_[0-9A-Za-z]{50,58}",
        "kb_\\PC{0,60}",
        "[A-Za-z0-9_=-]{0,40}(\\.[A-Za-z0-9_=-]{0,40}){0,4}",
        "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9\\.[A-Za-z0-9_-]{0,60}\\.[A-Za-z0-9_-]{0,43}",
        "e30\\.e30(\\.[A-Za-z0-9_-]{0,4})?",
    ]
}

fn key() -> SigningKey {
    SigningKey::hs256(b"a secret of the properties")
}

fn key_token((id, secret): &([u8; 16], [u8; 32])) -> KeyToken {
    KeyToken::from_digits(id, secret)
}

/// `text` with the character at `at` replaced; `None` if that changes nothing.
fn changed(text: &str, at: usize, to: u8) -> Option<String> {
    let mut bytes = text.as_bytes().to_vec();
    let at = at % bytes.len();
    let was = std::mem::replace(bytes.get_mut(at)?, to);
    (was != to).then(|| String::from_utf8(bytes).ok())?
}

proptest! {
    #[test]
    fn a_key_token_reads_as_it_was_printed(digits in digits()) {
        let token = key_token(&digits);
        let text = token.plain().reveal();
        prop_assert_eq!(text.len(), 57);
        prop_assert!(text.starts_with(KEY_TOKEN_PREFIX));
        prop_assert!(text[3..].bytes().all(|byte| byte.is_ascii_alphanumeric()));
        let read = KeyToken::parse(text).unwrap();
        prop_assert_eq!(&read, &token);
        prop_assert_eq!(read.id(), &text[3..19]);
        prop_assert!(matches!(Presented::parse(text), Ok(Presented::Key(_))));
    }

    #[test]
    fn two_random_tokens_have_two_texts(one in digits(), other in digits()) {
        let (first, second) = (key_token(&one), key_token(&other));
        prop_assert_eq!(first == second, one == other);
    }

    #[test]
    fn a_changed_character_of_a_key_token_is_caught(digits in digits(), at in 0usize..57, to in 0x21u8..0x7f) {
        let token = key_token(&digits);
        if let Some(text) = changed(token.plain().reveal(), at, to) {
            prop_assert!(KeyToken::parse(&text).is_err(), "{}", text);
        }
    }

    #[test]
    fn swapped_neighbours_of_a_key_token_are_caught(digits in digits(), at in 3usize..56) {
        let token = key_token(&digits);
        let mut bytes = token.plain().reveal().as_bytes().to_vec();
        prop_assume!(bytes[at] != bytes[at + 1]);
        bytes.swap(at, at + 1);
        let text = String::from_utf8(bytes).unwrap();
        prop_assert!(KeyToken::parse(&text).is_err(), "{}", text);
    }

    #[test]
    fn a_cut_key_token_is_caught(digits in digits(), length in 0usize..57, more in "[0-9A-Za-z]{1,9}") {
        let token = key_token(&digits);
        let text = token.plain().reveal();
        prop_assert!(KeyToken::parse(&text[..length]).is_err());
        let longer = format!("{text}{more}");
        prop_assert!(KeyToken::parse(&longer).is_err());
    }

    #[test]
    fn no_text_makes_anything_panic(text in near_token()) {
        if let Ok(Presented::Signed(signed)) = Presented::parse(&text) {
            prop_assert!(signed.verify([&key()]).is_err());
            prop_assert_eq!(signed.hash(), signed.hash());
        }
        let _ = UnverifiedToken::parse(&text);
        let _ = KeyToken::parse(&text);
    }

    #[test]
    fn no_bytes_make_anything_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = Presented::parse(&String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn signed_claims_read_as_they_were_signed(claims in claims()) {
        let token = claims.sign(&key()).unwrap();
        let read = UnverifiedToken::parse(token.plain().reveal()).unwrap();
        prop_assert_eq!(read.verify([&key()]), Ok(&claims));
        prop_assert_eq!(read.hash(), token.hash());
        prop_assert_eq!(token.unsigned(), claims.unsigned_text());
        // A second key does not stand in the way of the first.
        let other = SigningKey::hs256(b"another");
        prop_assert_eq!(read.verify([&other, &key()]), Ok(&claims));
        prop_assert_eq!(read.verify([&other]), Err(Denial::BadSignature));
        prop_assert_eq!(read.verify([]), Err(Denial::BadSignature));
        let listed = UnverifiedToken::parse(token.unsigned()).unwrap();
        prop_assert_eq!(listed.verify([&key()]), Err(Denial::BadSignature));
        prop_assert_eq!(listed.hash(), token.hash());
    }

    #[test]
    fn a_changed_character_of_a_signed_token_is_caught(claims in claims(), at in any::<usize>(), to in 0x21u8..0x7f) {
        let token = claims.sign(&key()).unwrap();
        if let Some(text) = changed(token.plain().reveal(), at, to) {
            let verified = UnverifiedToken::parse(&text).is_some_and(|token| token.verify([&key()]).is_ok());
            prop_assert!(!verified, "{}", text);
        }
    }

    #[test]
    fn nothing_prints_a_secret(text in "[a-z]{12,40}") {
        let plain = PlainToken::new(text.clone());
        prop_assert_eq!(format!("{plain:?}"), "PlainToken");
        let presented = Presented::parse(&text).unwrap();
        let hash = TokenHash::digest(&text);
        let key = SigningKey::hs256(text.as_bytes());
        let printed = format!("{presented:?} {hash:?} {key:?}");
        prop_assert!(!printed.contains(&text), "{}", printed);
    }

    #[test]
    fn a_kind_reads_as_it_was_printed(word in "[a-z]{1,9}") {
        let found = TokenKind::parse(&word);
        prop_assert!(found.is_none_or(|kind| kind.as_str() == word));
    }
}

#[test]
fn claims_are_written_in_label_studios_order() {
    use base64::Engine;
    use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
    let claims = Claims {
        kind: SignedKind::Refresh,
        exp: 8_074_523_045,
        iat: Some(1_767_323_045),
        nbf: None,
        jti: "0123456789abcdef0123456789abcdef".into(),
        user_id: "1".into(),
        pat: None,
        sub: None,
    };
    let text = claims.unsigned_text();
    let parts: Vec<String> = text
        .split('.')
        .map(|part| String::from_utf8(BASE64.decode(part).unwrap()).unwrap())
        .collect();
    let payload = r#"{"token_type":"refresh","exp":8074523045,"iat":1767323045,"jti":"0123456789abcdef0123456789abcdef","user_id":"1"}"#;
    assert_eq!(parts, [r#"{"alg":"HS256","typ":"JWT"}"#, payload]);
    let access = Claims {
        kind: SignedKind::Access,
        pat: Some("id".into()),
        ..claims
    };
    let payload = BASE64.decode(access.unsigned_text().split('.').nth(1).unwrap());
    let payload = String::from_utf8(payload.unwrap()).unwrap();
    assert!(payload.starts_with(r#"{"token_type":"access","exp":"#));
    assert!(payload.ends_with(r#","user_id":"1","pat":"id"}"#));
}

#[test]
fn the_pattern_for_scanners_is_the_form() {
    // Written out here, for this crate has no engine for regular expressions.
    assert_eq!(KEY_TOKEN_PATTERN, r"\bkb_[0-9A-Za-z]{54}\b");
    let token = key_token(&([61; 16], [61; 32]));
    assert_eq!(token.plain().reveal().len(), 3 + 54);
    assert_eq!(&token.plain().reveal()[..19], "kb_zzzzzzzzzzzzzzzz");
}

#[test]
fn kinds_and_codes_are_each_others_inverse() {
    for kind in [
        TokenKind::Personal,
        TokenKind::Access,
        TokenKind::Key,
        TokenKind::Legacy,
    ] {
        assert_eq!(TokenKind::parse(kind.as_str()), Some(kind));
    }
    let mut codes: Vec<&str> = Denial::ALL.iter().map(|denial| denial.code()).collect();
    codes.sort_unstable();
    codes.dedup();
    assert_eq!(codes.len(), Denial::ALL.len());
}
