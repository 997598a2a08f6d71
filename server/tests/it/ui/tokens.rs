//! The pages of one's tokens: showing, renaming, rotating and revoking them.

use keybearer_verify::TokenKind;

use super::browse::{make, secret};
use crate::support::TestApp;

#[tokio::test]
async fn others_tokens_are_not_there() {
    let t = TestApp::new().await;
    let member = t.member().await;
    let id = t.issue(&t.owner, TokenKind::Key).await.0.id;
    let browser = t.browser(&member).await;
    let owner = t.browser(&t.owner).await;
    for path in [
        format!("/user/tokens/{id}"),
        format!("/user/tokens/{id}/rotate"),
        format!("/user/tokens/{id}/revoke"),
    ] {
        browser.get(&path).await.expect(404);
        browser
            .submit(&path, &[("overlap_hours", "1")])
            .await
            .expect(404);
        owner.get(&path).await.expect(200);
    }
    // An owner sees a member's and revokes it, but neither renames nor rotates it.
    let (token, secret) = t.issue(&member, TokenKind::Key).await;
    let members = token.id;
    let html = owner
        .get(&format!("/user/tokens/{members}"))
        .await
        .expect(200)
        .text();
    assert!(!html.contains("Name and note") && !html.contains("/rotate\""));
    owner
        .submit(&format!("/user/tokens/{members}"), &[("name", "x")])
        .await
        .expect(403);
    owner
        .submit(
            &format!("/user/tokens/{members}/rotate"),
            &[("overlap_hours", "1")],
        )
        .await
        .expect(403);
    let revoked = owner
        .submit(&format!("/user/tokens/{members}/revoke"), &[])
        .await;
    assert!(revoked.is_redirect_to("/organization/tokens?done=revoked"));
    t.bearer(&secret)
        .get("/api/current-user/whoami")
        .await
        .expect(401);
}

#[tokio::test]
async fn renames_a_token() {
    let t = TestApp::new().await;
    let browser = t.browser(&t.owner).await;
    let id = t.issue(&t.owner, TokenKind::Key).await.0.id;
    let path = format!("/user/tokens/{id}");
    let long = "x".repeat(256);
    let html = browser
        .submit(&path, &[("name", &long), ("note", "kept")])
        .await
        .expect(200)
        .text();
    assert!(html.contains("id=\"name-fault\"") && html.contains("value=\"kept\""));
    let saved = browser
        .submit(&path, &[("name", "Night"), ("note", "of Ada")])
        .await;
    assert!(saved.is_redirect_to(&format!("/user/tokens/{id}?done=renamed")));
    assert!(browser.get(&path).await.text().contains("<h1>Night</h1>"));
}

#[tokio::test]
async fn rotates_a_token_once_however_often_the_form_is_sent() {
    let t = TestApp::new().await;
    let browser = t.browser(&t.owner).await;
    let (token, old) = t.issue(&t.owner, TokenKind::Key).await;
    let id = token.id;
    let path = format!("/user/tokens/{id}/rotate");
    let html = browser.get(&path).await.expect(200).text();
    let key = html
        .split("name=\"key\" value=\"")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap()
        .to_owned();
    for hours in ["", "x", "-1", "100000"] {
        let html = browser
            .submit(&path, &[("overlap_hours", hours), ("key", &key)])
            .await
            .expect(200)
            .text();
        assert!(html.contains("id=\"overlap_hours-fault\""), "{hours}");
    }
    let fields = [("overlap_hours", "24"), ("key", key.as_str())];
    let first = browser.submit(&path, &fields).await.expect(200).text();
    let again = browser.submit(&path, &fields).await.expect(200).text();
    assert_eq!(secret(&first), secret(&again));
    assert!(first.contains("still works and stops in 1 day"), "{first}");
    for token in [&old, &secret(&first)] {
        t.bearer(token)
            .get("/api/current-user/whoami")
            .await
            .expect(200);
    }
    t.advance(25 * 3600);
    t.bearer(&old)
        .get("/api/current-user/whoami")
        .await
        .expect(401);
    t.bearer(&secret(&first))
        .get("/api/current-user/whoami")
        .await
        .expect(200);
}

#[tokio::test]
async fn revokes_a_token_after_naming_it_and_its_last_use() {
    let t = TestApp::new().await;
    let browser = t.browser(&t.owner).await;
    let html = make(&browser, "key-token", &[("name", "Night <job>")])
        .await
        .text();
    let secret = secret(&html);
    let id = html
        .split("/user/tokens/")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap()
        .to_owned();
    t.bearer(&secret)
        .with("user-agent", "python-httpx/0.28")
        .get("/api/version")
        .await;
    t.bearer(&secret)
        .with("user-agent", "python-httpx/0.28")
        .get("/api/current-user/whoami")
        .await
        .expect(200);
    keybearer::domain::uses::flush(&t.app).await.unwrap();
    t.advance(240);
    let path = format!("/user/tokens/{id}/revoke");
    let html = browser.get(&path).await.expect(200).text();
    assert!(html.contains("Revoke “Night &#60;job&#62;”?"));
    assert!(
        html.contains("It was last used 4 minutes ago from"),
        "{html}"
    );
    assert!(html.contains("by python-httpx/0.28."));
    // Looking revokes nothing.
    t.bearer(&secret)
        .get("/api/current-user/whoami")
        .await
        .expect(200);
    let revoked = browser.submit(&path, &[]).await;
    assert!(revoked.is_redirect_to("/user/account/key-token?done=revoked"));
    t.bearer(&secret)
        .get("/api/current-user/whoami")
        .await
        .expect(401);
    // Once more is no error, and the page says what is so.
    assert_eq!(browser.submit(&path, &[]).await.status, 302);
    assert!(
        browser
            .get(&path)
            .await
            .expect(200)
            .text()
            .contains("already refused")
    );
    let list = browser
        .get("/user/account/key-token?done=revoked")
        .await
        .text();
    assert!(list.contains("The token is revoked.") && list.contains("Expired and revoked"));
    assert!(list.contains("by its owner"));
}

#[tokio::test]
async fn the_legacy_token_stays_visible_and_is_reset() {
    let t = TestApp::with_legacy().await;
    let browser = t.browser(&t.owner).await;
    let html = browser
        .get("/user/account/legacy-token")
        .await
        .expect(200)
        .text();
    let old = secret(&html);
    assert_eq!(html.matches(&old).count(), 3);
    t.token(&old)
        .get("/api/current-user/whoami")
        .await
        .expect(200);
    browser
        .get("/user/account/legacy-token/reset")
        .await
        .expect(200);
    let reset = browser
        .submit("/user/account/legacy-token/reset", &[])
        .await;
    assert!(reset.is_redirect_to("/user/account/legacy-token?done=reset"));
    let new = secret(
        &browser
            .get("/user/account/legacy-token?done=reset")
            .await
            .text(),
    );
    assert_ne!(old, new);
    t.token(&old)
        .get("/api/current-user/whoami")
        .await
        .expect(401);
    t.token(&new)
        .get("/api/current-user/whoami")
        .await
        .expect(200);
}

#[tokio::test]
async fn many_tokens_come_in_pages() {
    let t = TestApp::new().await;
    let browser = t.browser(&t.owner).await;
    for _ in 0..51 {
        t.issue(&t.owner, TokenKind::Key).await;
    }
    let first = browser
        .get("/user/account/key-token")
        .await
        .expect(200)
        .text();
    assert_eq!(first.matches("/revoke\"").count(), 50);
    let older = first
        .split("?after=")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap();
    let second = browser
        .get(&format!("/user/account/key-token?after={older}"))
        .await
        .text();
    assert_eq!(second.matches("/revoke\"").count(), 1);
    assert!(!second.contains("?after="));
}
