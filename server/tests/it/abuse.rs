//! Whoever guesses waits; whoever holds a good signature never does.

use keybearer_verify::TokenKind;

use crate::support::TestApp;

const WHOAMI: &str = "/api/current-user/whoami";
/// Unknown tokens that an address may show in a minute.
const GUESSES: usize = 600;

async fn guess(t: &TestApp, address: &str, times: usize) {
    for number in 0..times {
        let client = t.token(&format!("{number:040x}")).at(address);
        client.get(WHOAMI).await.refusal(401);
    }
}

#[tokio::test]
async fn an_address_that_guesses_waits_and_others_do_not() {
    let t = TestApp::new().await;
    let (_, key) = t.issue(&t.owner, TokenKind::Key).await;
    guess(&t, "198.51.100.1", GUESSES).await;
    let client = t.token("ffffffffffffffffffffffffffffffffffffffff");
    let refused = client.at("198.51.100.1").get(WHOAMI).await.expect(429);
    assert_eq!(refused.header("retry-after"), "61");
    assert_eq!(refused.json()["code"], "rate_limited");
    t.token(&key)
        .at("198.51.100.2")
        .get(WHOAMI)
        .await
        .expect(200);
    // Even a good key token waits there: looking it up is what is rationed.
    t.token(&key)
        .at("198.51.100.1")
        .get(WHOAMI)
        .await
        .expect(429);
    t.advance(61);
    t.token(&key)
        .at("198.51.100.1")
        .get(WHOAMI)
        .await
        .expect(200);
}

#[tokio::test]
async fn a_valid_exchange_is_never_throttled() {
    let t = TestApp::new().await;
    let personal = t.personal(&t.owner).await;
    guess(&t, "203.0.113.7", GUESSES).await;
    t.token("another").get(WHOAMI).await.expect(429);
    let access = t.access(&personal).await;
    t.bearer(&access).get(WHOAMI).await.expect(200);
}

#[tokio::test]
async fn a_mistyped_key_token_costs_no_try() {
    let t = TestApp::new().await;
    let (_, key) = t.issue(&t.owner, TokenKind::Key).await;
    let mistyped = key.replacen("kb_", "kb_0", 1);
    for _ in 0..GUESSES + 1 {
        let refused = t.token(&mistyped[..57]).get(WHOAMI).await.refusal(401);
        assert_eq!(refused["code"], "bad_checksum");
    }
    t.token(&key).get(WHOAMI).await.expect(200);
}
