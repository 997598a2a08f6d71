//! Tokens that look right and are not. Most are signed with the server's own key: a good signature
//! alone is not enough.

use aws_lc_rs::hmac;
use keybearer_verify::{KeyToken, TokenKind};
use serde_json::{Value, json};

use crate::support::forge::{self, SIGNING_SECRET, sign, signature, unsigned, usual_header};
use crate::support::{START_MS, TestApp};

const WHOAMI: &str = "/api/current-user/whoami";
const NOW: i64 = START_MS / 1000;

/// Passes if the server refuses `token` in every header and in the body of an exchange.
async fn expect_refused(t: &TestApp, token: &str, what: &str) {
    for client in [t.bearer(token), t.token(token), t.api_key(token)] {
        let status = client.get(WHOAMI).await.status;
        assert_eq!(status, 401, "{what}: {token}");
    }
    let status = t.exchange(token).await.status;
    assert_eq!(status, 401, "{what} to be exchanged: {token}");
}

/// The claims of a personal access token and of an access token that both work.
async fn good_claims(t: &TestApp) -> [Value; 2] {
    let personal = t.personal(&t.owner).await;
    let access = t.access(&personal).await;
    [forge::claims(&personal), forge::claims(&access)]
}

/// `claims` with one set, or with it taken away (null).
fn with(claims: &Value, name: &str, value: Value) -> Value {
    let mut claims = claims.clone();
    claims[name] = value;
    claims
}

fn without(claims: &Value, name: &str) -> Value {
    let mut claims = claims.clone();
    claims.as_object_mut().unwrap().shift_remove(name);
    claims
}

#[tokio::test]
async fn the_forge_makes_tokens_that_work() {
    // Otherwise none of the refusals below says anything.
    let t = TestApp::with_signing_secret().await;
    let [personal, access] = good_claims(&t).await;
    let personal = sign(&unsigned(&usual_header(), &personal));
    t.exchange(&personal).await.expect(200);
    let access = sign(&unsigned(&usual_header(), &access));
    t.bearer(&access).get(WHOAMI).await.expect(200);
}

#[tokio::test]
async fn algorithms_other_than_hs256_are_refused() {
    let t = TestApp::with_signing_secret().await;
    for claims in good_claims(&t).await {
        for alg in [
            "none", "None", "NONE", "nOnE", "", "hs256", "HS384", "HS512", "RS256", "ES256",
            "EdDSA", "PS256",
        ] {
            let unsigned = unsigned(&json!({"alg": alg, "typ": "JWT"}), &claims);
            expect_refused(&t, &sign(&unsigned), alg).await;
            expect_refused(&t, &format!("{unsigned}."), alg).await;
            expect_refused(&t, &unsigned, alg).await;
        }
        for (alg, algorithm) in [("HS384", hmac::HMAC_SHA384), ("HS512", hmac::HMAC_SHA512)] {
            for header in [json!({"alg": alg, "typ": "JWT"}), usual_header()] {
                let unsigned = unsigned(&header, &claims);
                let signature = signature(&unsigned, SIGNING_SECRET, algorithm);
                expect_refused(&t, &format!("{unsigned}.{signature}"), alg).await;
            }
        }
    }
}

#[tokio::test]
async fn headers_that_are_not_right_are_refused() {
    let t = TestApp::with_signing_secret().await;
    for claims in good_claims(&t).await {
        for header in [
            json!({}),
            json!({"typ": "JWT"}),
            json!({"alg": null}),
            json!({"alg": ["HS256"]}),
            json!({"alg": 256}),
            json!({"alg": "HS256", "crit": []}),
            json!({"alg": "HS256", "crit": ["exp"], "exp": 1}),
            json!({"alg": "HS256", "crit": "b64", "b64": false}),
            json!([]),
            json!("HS256"),
        ] {
            expect_refused(&t, &sign(&unsigned(&header, &claims)), &header.to_string()).await;
        }
        let twice = r#"{"alg":"none","alg":"HS256"}"#;
        let token = sign(&forge::unsigned_text(twice, &claims.to_string()));
        expect_refused(&t, &token, twice).await;
        let token = sign(&forge::unsigned_text(
            "{\"alg\":\"HS256\"",
            &claims.to_string(),
        ));
        expect_refused(&t, &token, "a header that is not JSON").await;
    }
}

#[tokio::test]
async fn signatures_that_are_not_right_are_refused() {
    let t = TestApp::with_signing_secret().await;
    for claims in good_claims(&t).await {
        let unsigned = unsigned(&usual_header(), &claims);
        let good = sign(&unsigned);
        for secret in [
            "",
            "secret",
            "another secret of enough length",
            &format!("{SIGNING_SECRET}\n"),
        ] {
            let signature = signature(&unsigned, secret, hmac::HMAC_SHA256);
            expect_refused(&t, &format!("{unsigned}.{signature}"), secret).await;
        }
        let cut = &good[..good.len() - 1];
        let (rest, last) = good.split_at(good.len() - 1);
        let other_end = format!("{rest}{}", if last == "A" { "B" } else { "A" });
        for token in [
            format!("{unsigned}."),
            unsigned.clone(),
            cut.to_owned(),
            other_end,
            format!("{good}="),
            format!("{good}A"),
            format!("{good}."),
            format!("{good}.{good}"),
            format!("{good}.e30"),
            format!(".{good}"),
            format!("{unsigned}.{}", good.replace('.', "")),
        ] {
            expect_refused(&t, &token, "the signature").await;
        }
    }
}

#[tokio::test]
async fn a_signature_of_other_claims_is_refused() {
    let t = TestApp::with_signing_secret().await;
    let [personal, access] = good_claims(&t).await;
    let signature_of = |claims: &Value| {
        let token = sign(&unsigned(&usual_header(), claims));
        token.rsplit('.').next().unwrap().to_owned()
    };
    for (claims, other) in [(&personal, &access), (&access, &personal)] {
        let token = format!(
            "{}.{}",
            unsigned(&usual_header(), claims),
            signature_of(other)
        );
        expect_refused(&t, &token, "another's signature").await;
    }
}

#[tokio::test]
async fn missing_and_odd_claims_are_refused() {
    let t = TestApp::with_signing_secret().await;
    for claims in good_claims(&t).await {
        for name in ["token_type", "exp", "jti", "user_id"] {
            let odd = without(&claims, name);
            expect_refused(&t, &sign(&unsigned(&usual_header(), &odd)), name).await;
        }
        for (name, values) in odd_values() {
            for value in values.as_array().unwrap() {
                // An access token's own id is stored nowhere; any text will do.
                if name == "jti" && value.is_string() && claims["token_type"] == "access" {
                    continue;
                }
                let odd = with(&claims, name, value.clone());
                let what = format!("{name} {value}");
                expect_refused(&t, &sign(&unsigned(&usual_header(), &odd)), &what).await;
            }
        }
    }
}

/// Claims, and what each of them must not be.
fn odd_values() -> [(&'static str, Value); 7] {
    [
        (
            "token_type",
            json!(["sliding", "Refresh", "ACCESS", "", 1, null, ["refresh"]]),
        ),
        (
            "exp",
            json!([
                "8074523045",
                true,
                null,
                [],
                {},
                -1,
                0,
                1e20,
                1e300,
                i64::MAX,
                NOW - 10
            ]),
        ),
        (
            "iat",
            json!(["1767323045", true, {}, NOW + 11, 1e300, i64::MAX]),
        ),
        ("nbf", json!(["1767323045", true, [], NOW + 11, 1e300])),
        (
            "jti",
            json!([
                1,
                true,
                null,
                [],
                {},
                "",
                "00000000000000000000000000000000"
            ]),
        ),
        (
            "user_id",
            json!([
                "2",
                2,
                "",
                "one",
                true,
                null,
                1.5,
                [],
                "1 ",
                "01",
                "1\u{0}",
                "1.0",
                1e300
            ]),
        ),
        ("sub", json!([1, true, [], {}])),
    ]
}

#[tokio::test]
async fn payloads_that_are_no_claims_are_refused() {
    let t = TestApp::with_signing_secret().await;
    for claims in good_claims(&t).await {
        let text = claims.to_string();
        let huge = text.replace("\"exp\":", "\"exp\":1e400,\"was\":");
        let twice = text.replacen('{', "{\"exp\":1,", 1);
        for payload in [
            "",
            "{}",
            "[]",
            "null",
            "1",
            "\"text\"",
            "{",
            &text[1..],
            &huge,
            &twice,
        ] {
            let token = sign(&forge::unsigned_text(&usual_header().to_string(), payload));
            expect_refused(&t, &token, payload).await;
        }
    }
}

#[tokio::test]
async fn a_personal_access_token_is_known_by_its_exact_text() {
    let t = TestApp::with_signing_secret().await;
    let owner = t.bearer(&t.issue(&t.owner, TokenKind::Key).await.1);
    let [personal, _] = good_claims(&t).await;
    let exp = personal["exp"].as_i64().unwrap();
    for odd in [
        with(&personal, "exp", json!(exp + 1)),
        with(&personal, "exp", json!(exp - 1)),
        with(&personal, "iat", json!(NOW - 1)),
        with(&personal, "user_id", json!(1)),
        with(&personal, "extra", json!(1)),
        without(&personal, "iat"),
    ] {
        let token = sign(&unsigned(&usual_header(), &odd));
        expect_refused(&t, &token, &odd.to_string()).await;
        for shown in [forge::unsigned_part(&token), token] {
            let body = json!({"refresh": shown});
            let answer = owner.post("/api/token/blacklist", &body).await;
            assert_eq!(answer.status, 404, "{odd} to be revoked");
        }
    }
    let spaced = serde_json::to_string_pretty(&personal).unwrap();
    let token = sign(&forge::unsigned_text(&usual_header().to_string(), &spaced));
    expect_refused(&t, &token, "blanks in the payload").await;
    let header = json!({"typ": "JWT", "alg": "HS256"});
    expect_refused(&t, &sign(&unsigned(&header, &personal)), "another header").await;
}

#[tokio::test]
async fn a_key_token_is_known_by_its_exact_text() {
    const ALPHABET: &str = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let t = TestApp::new().await;
    let (token, secret) = t.issue(&t.owner, TokenKind::Key).await;
    let mut id = [0; 16];
    for (digit, character) in id.iter_mut().zip(token.id.chars()) {
        *digit = u8::try_from(ALPHABET.find(character).unwrap()).unwrap();
    }
    let other = KeyToken::from_digits(&id, &[7; 32]);
    assert_eq!(other.id(), token.id);
    let other = other.plain().reveal();
    expect_refused(&t, other, "another secret").await;
    t.bearer(&secret).get(WHOAMI).await.expect(200);
    // Nor when the right one is remembered.
    expect_refused(&t, other, "another secret").await;
}

#[tokio::test]
async fn an_access_token_needs_a_personal_one_of_its_user() {
    let t = TestApp::with_signing_secret().await;
    let member = t.member().await;
    let [_, access] = good_claims(&t).await;
    let members = t.issue(&member, TokenKind::Personal).await.0.id;
    let key = t.issue(&t.owner, TokenKind::Key).await.0.id;
    let legacy = t.issue(&t.owner, TokenKind::Legacy).await.0.id;
    for pat in [
        json!("unknown"),
        json!("\u{0}"),
        json!(""),
        json!(1),
        json!(null),
        json!(members),
        json!(key),
        json!(legacy),
    ] {
        let token = sign(&unsigned(
            &usual_header(),
            &with(&access, "pat", pat.clone()),
        ));
        expect_refused(&t, &token, &format!("pat {pat}")).await;
    }
    let token = sign(&unsigned(&usual_header(), &without(&access, "pat")));
    expect_refused(&t, &token, "no pat").await;
}

#[tokio::test]
async fn header_fields_that_name_keys_are_not_believed() {
    let t = TestApp::with_signing_secret().await;
    let [_, access] = good_claims(&t).await;
    let header = json!({"alg": "HS256", "typ": 1, "kid": "../../etc/passwd", "jku": "https://evil.example/", "jwk": {"k": "AA"}, "x5u": "x"});
    let token = sign(&unsigned(&header, &access));
    t.bearer(&token).get(WHOAMI).await.expect(200);
    // Not the key that the header brings along.
    let unsigned = unsigned(&header, &access);
    let own = signature(&unsigned, "\u{0}", hmac::HMAC_SHA256);
    expect_refused(&t, &format!("{unsigned}.{own}"), "jwk").await;
}

#[tokio::test]
async fn a_hard_deleted_users_tokens_are_refused() {
    let t = TestApp::with_signing_secret().await;
    let member = t.member().await;
    let mut texts = Vec::new();
    for kind in [
        TokenKind::Personal,
        TokenKind::Access,
        TokenKind::Key,
        TokenKind::Legacy,
    ] {
        texts.push(t.text(&member, kind).await);
    }
    let browser = t.browser(&member).await;
    let delete = format!("delete from users where id = {}", member.id);
    t.database.meddle(&delete).await;
    for text in texts {
        expect_refused(&t, &text, "a deleted user").await;
    }
    browser.get(WHOAMI).await.refusal(401);
}

#[tokio::test]
async fn texts_of_any_length_are_refused() {
    let t = TestApp::with_signing_secret().await;
    for length in [1, 40, 57, 4096, 4097, 60_000] {
        expect_refused(&t, &"x".repeat(length), "a long text").await;
    }
    let [personal, _] = good_claims(&t).await;
    let long = with(&personal, "extra", json!("x".repeat(4096)));
    expect_refused(&t, &sign(&unsigned(&usual_header(), &long)), "long claims").await;
}
