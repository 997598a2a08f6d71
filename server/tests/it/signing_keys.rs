//! Signing keys: a new one, the old ones after it, and other processes that must notice.

use std::time::{Duration, Instant};

use aws_lc_rs::hmac;
use keybearer::app::App;
use keybearer::clock::Random;
use keybearer::cx::{Actor, Cx};
use keybearer::domain::introspection;
use keybearer::domain::signing_keys;
use keybearer::error::{Error, SentAs};
use keybearer_verify::TokenKind;
use serde_json::json;

use crate::remembered::{deaf_node, is_let_in, until};
use crate::support::forge::{self, signature, unsigned, usual_header};
use crate::support::{TestApp, forge::SIGNING_SECRET};

const WHOAMI: &str = "/api/current-user/whoami";

/// A second process whose settings name no signing key file.
async fn node_without_file(t: &TestApp) -> App {
    let mut config = (*t.app.config).clone();
    config.signing_key_file = None;
    let clock = t.app.clock.clone();
    App::open(config, clock, Random::seeded(9)).await.unwrap()
}

#[tokio::test]
async fn refuses_whoever_is_not_the_operator() {
    let t = TestApp::new().await;
    let cx = t.operator();
    let personal = t.personal(&t.owner).await;
    let caller = introspection::caller_by_token(&t.app, &cx, &personal, SentAs::Bearer).await;
    let cx = cx.with_caller(caller.unwrap());
    for stranger in [
        cx.clone(),
        Cx {
            actor: Actor::Anonymous,
            ..cx
        },
    ] {
        let rotated = signing_keys::rotate(&t.app, &stranger).await;
        assert!(matches!(rotated, Err(Error::Forbidden(_))), "{rotated:?}");
        let listed = signing_keys::list(&t.app, &stranger).await;
        assert!(matches!(listed, Err(Error::Forbidden(_))), "{listed:?}");
        let removed = signing_keys::remove(&t.app, &stranger, "x", true).await;
        assert!(matches!(removed, Err(Error::Forbidden(_))), "{removed:?}");
    }
}

#[tokio::test]
async fn refuses_to_rotate_what_the_next_start_would_bring_back() {
    let t = TestApp::with_signing_secret().await;
    let rotated = signing_keys::rotate(&t.app, &t.operator()).await;
    let Err(Error::Conflict(why)) = rotated else {
        panic!("{rotated:?}")
    };
    assert!(why.contains("signing key file"), "{why}");
}

#[tokio::test]
async fn refuses_to_remove_a_key_that_is_needed() {
    let t = TestApp::new().await;
    let (app, cx) = (&t.app, &t.operator());
    let personal = t.personal(&t.owner).await;
    let first = signing_keys::list(app, cx).await.unwrap()[0].id.clone();
    for id in [first.as_str(), "nonsense"] {
        signing_keys::remove(app, cx, id, true).await.unwrap_err();
    }
    t.advance(1);
    signing_keys::rotate(app, &t.operator()).await.unwrap();
    let kept = signing_keys::remove(app, cx, &first, false).await;
    assert!(matches!(kept, Err(Error::Conflict(_))), "{kept:?}");
    t.exchange(&personal).await.expect(200);

    let ended = signing_keys::remove(app, cx, &first, true).await.unwrap();
    assert_eq!(ended, 1);
    let refused = t.exchange(&personal).await.refusal(401);
    assert_eq!(refused["code"], "bad_signature");
}

#[tokio::test]
async fn what_a_removed_key_has_signed_is_refused_everywhere() {
    let t = TestApp::new().await;
    let (other, deaf) = (t.another_node().await, deaf_node(&t).await);
    let personal = t.personal(&t.owner).await;
    let first = signing_keys::list(&t.app, &t.operator()).await.unwrap()[0]
        .id
        .clone();
    t.advance(1);
    signing_keys::rotate(&t.app, &t.operator()).await.unwrap();
    // The new key has signed this one, but it ends with that which it came from.
    let access = t.access(&personal).await;
    for node in [&t.app, &other, &deaf] {
        assert!(is_let_in(node, &personal).await && is_let_in(node, &access).await);
    }
    signing_keys::remove(&t.app, &t.operator(), &first, true)
        .await
        .unwrap();
    let removed = Instant::now();
    for text in [&personal, &access] {
        assert!(!is_let_in(&t.app, text).await && !is_let_in(&deaf, text).await);
        until("refused", async || !is_let_in(&other, text).await).await;
    }
    assert!(removed.elapsed() < Duration::from_secs(1));
}

#[tokio::test]
async fn what_the_old_key_has_signed_goes_on_working() {
    let t = TestApp::new().await;
    let old = t.personal(&t.owner).await;
    let old_access = t.access(&old).await;
    t.advance(1);
    let second = signing_keys::rotate(&t.app, &t.operator()).await.unwrap();
    let new = t.personal(&t.owner).await;
    for token in [&old, &new, &old_access] {
        t.bearer(token).get(WHOAMI).await.expect(200);
    }
    let keys = signing_keys::list(&t.app, &t.operator()).await.unwrap();
    assert_eq!(keys.len(), 2);
    assert_eq!(keys[0].id, second);
    assert!(keys[0].retired_at.is_none() && keys[1].retired_at.is_some());
    assert_eq!((keys[0].live_tokens, keys[1].live_tokens), (1, 1));

    let shown = json!({"refresh": forge::unsigned_part(&old)});
    t.bearer(&new)
        .post("/api/token/blacklist", &shown)
        .await
        .expect(204);
    let keys = signing_keys::list(&t.app, &t.operator()).await.unwrap();
    assert_eq!((keys[0].live_tokens, keys[1].live_tokens), (1, 0));
    // And is whole after it.
    let old_id = keys[1].id.clone();
    signing_keys::remove(&t.app, &t.operator(), &old_id, false)
        .await
        .unwrap();
    t.bearer(&new).get(WHOAMI).await.expect(200);
}

#[tokio::test]
async fn another_process_notices_at_the_first_token() {
    let t = TestApp::new().await;
    let other = t.another_node().await;
    t.advance(1);
    signing_keys::rotate(&other, &t.operator()).await.unwrap();
    let spec = keybearer::domain::tokens::TokenSpec::new(TokenKind::Personal, t.owner.id);
    let made = keybearer::domain::tokens::issue(&other, &t.operator(), spec).await;
    let (token, plain) = made.unwrap();
    t.exchange(plain.reveal()).await.expect(200);
    // And signs with it too.
    let (second, _) = t.issue(&t.owner, TokenKind::Personal).await;
    assert_eq!(token.signing_key_id, second.signing_key_id);
    assert!(second.signing_key_id.is_some());
}

#[tokio::test]
async fn a_key_proves_only_the_tokens_that_it_has_signed() {
    let t = TestApp::with_signing_secret().await;
    let other = node_without_file(&t).await;
    t.advance(1);
    signing_keys::rotate(&other, &t.operator()).await.unwrap();
    t.app.signing.look(&t.app.db, &t.app.sealing).await.unwrap();
    // Whoever has the old secret signs anew what lists show of a token of the new key.
    let (_, new) = t.issue(&t.owner, TokenKind::Personal).await;
    t.exchange(&new).await.expect(200);
    let forged = forge::sign(&forge::unsigned_part(&new));
    assert_ne!(forged, new);
    t.exchange(&forged).await.refusal(401);
    t.anonymous()
        .post("/api/token/blacklist", &json!({"refresh": forged}))
        .await
        .refusal(401);
    t.exchange(&new).await.expect(200);
}

#[tokio::test]
async fn a_retired_key_proves_access_tokens_no_longer_than_they_live() {
    let t = TestApp::with_signing_secret().await;
    let old = t.personal(&t.owner).await;
    let other = node_without_file(&t).await;
    signing_keys::rotate(&other, &t.operator()).await.unwrap();
    let access = |t: &TestApp, id: &str| {
        let now = t.operator().now / 1000;
        let claims = json!({"token_type": "access", "exp": now + 300, "iat": now, "jti": "0", "user_id": "1", "pat": id});
        let unsigned = unsigned(&usual_header(), &claims);
        let signature = signature(&unsigned, SIGNING_SECRET, hmac::HMAC_SHA256);
        format!("{unsigned}.{signature}")
    };
    let id = forge::claims(&old)["jti"].as_str().unwrap().to_owned();
    t.bearer(&access(&t, &id)).get(WHOAMI).await.expect(200);
    t.app.signing.look(&t.app.db, &t.app.sealing).await.unwrap();
    t.bearer(&access(&t, &id)).get(WHOAMI).await.expect(200);
    t.advance(361);
    let refused = t.bearer(&access(&t, &id)).get(WHOAMI).await.refusal(401);
    assert_eq!(refused["code"], "bad_signature");
    // Its personal access tokens go on.
    t.exchange(&old).await.expect(200);
}

#[tokio::test]
async fn a_secret_that_the_settings_give_signs_again() {
    let t = TestApp::with_signing_secret().await;
    let other = node_without_file(&t).await;
    t.advance(1);
    signing_keys::rotate(&other, &t.operator()).await.unwrap();
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(&file, SIGNING_SECRET).unwrap();
    let mut config = (*t.app.config).clone();
    config.signing_key_file = Some(file.path().to_owned());
    let again = App::open(config, t.app.clock.clone(), Random::seeded(4)).await;
    let keys = signing_keys::list(&again.unwrap(), &t.operator())
        .await
        .unwrap();
    assert_eq!(keys.len(), 2, "{keys:?}");
    assert!(keys[0].created_at < keys[1].created_at);
    assert!(keys[0].retired_at.is_none() && keys[1].retired_at.is_some());
}
