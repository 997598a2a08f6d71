//! The list of all tokens of an organization.

use keybearer_verify::TokenKind;

use crate::support::TestApp;

const PATH: &str = "/organization/tokens";
const REVOKE: &str = "/organization/tokens/revoke";

#[tokio::test]
async fn refuses_members_and_tokens_of_others() {
    let t = TestApp::new().await;
    let member = t.member().await;
    let token = t.issue(&member, TokenKind::Key).await.0;
    let browser = t.browser(&member).await;
    let page = browser.get(PATH).await.expect(403).text();
    assert!(page.contains("Whom to ask") && page.contains("owner@example.com"));
    browser
        .submit(REVOKE, &[("id", "unknown")])
        .await
        .expect(404);
    let (_, stranger) = t.other_organization().await;
    let elsewhere = t.browser(&stranger).await;
    for confirmed in ["", "yes"] {
        let fields = [("id", token.id.as_str()), ("confirmed", confirmed)];
        elsewhere.submit(REVOKE, &fields).await.expect(404);
    }
    assert!(
        !elsewhere
            .get(PATH)
            .await
            .expect(200)
            .text()
            .contains(&token.id)
    );
    t.anonymous().get(PATH).await.expect(302);
}

#[tokio::test]
async fn refuses_a_filter_that_cannot_be_read() {
    let t = TestApp::new().await;
    let browser = t.browser(&t.owner).await;
    for (query, says) in [
        ("kind=pink", "The kinds are"),
        ("state=pink", "The states are"),
    ] {
        let page = browser.get(&format!("{PATH}?{query}")).await.expect(400);
        assert!(page.text().contains(says), "{query}");
    }
    let page = browser
        .get(&format!("{PATH}?unused_days=soon"))
        .await
        .expect(200)
        .text();
    assert!(page.contains("id=\"unused_days-fault\"") && page.contains("value=\"soon\""));
    let many: Vec<_> = (0..101).map(|_| ("id", "x")).collect();
    browser.submit(REVOKE, &many).await.expect(400);
    assert!(browser.submit(REVOKE, &[]).await.is_redirect_to(PATH));
}

#[tokio::test]
async fn finds_tokens_by_each_filter() {
    let t = TestApp::new().await;
    let member = t.member().await;
    let personal = t.issue(&member, TokenKind::Personal).await.0.id;
    t.advance(100 * 86_400);
    let (key, secret) = t.issue(&t.owner, TokenKind::Key).await;
    let browser = t.browser(&t.owner).await;
    let ids = |html: String| -> Vec<String> {
        let parts = html.split("name=\"id\" value=\"").skip(1);
        parts
            .map(|rest| rest.split('"').next().unwrap().to_owned())
            .collect()
    };
    for (query, expected) in [
        ("kind=key", vec![&key.id]),
        ("kind=personal", vec![&personal]),
        ("owner=Member@example.com&kind=personal", vec![&personal]),
        ("owner=nobody@example.com", vec![]),
        ("q=member@&kind=personal", vec![&personal]),
        ("unused_days=90&kind=personal", vec![&personal]),
        ("unused_days=90&kind=key", vec![]),
        ("state=revoked", vec![]),
    ] {
        let found = ids(browser
            .get(&format!("{PATH}?{query}"))
            .await
            .expect(200)
            .text());
        assert_eq!(found.iter().collect::<Vec<_>>(), expected, "{query}");
    }
    t.bearer(&secret)
        .get("/api/current-user/whoami")
        .await
        .expect(200);
}

#[tokio::test]
async fn revokes_many_after_naming_them() {
    let t = TestApp::new().await;
    let member = t.member().await;
    let (one, first) = t.issue(&member, TokenKind::Key).await;
    let (two, second) = t.issue(&t.owner, TokenKind::Key).await;
    let browser = t.browser(&t.owner).await;
    let ids = [("id", one.id.as_str()), ("id", two.id.as_str())];
    let page = browser.submit(REVOKE, &ids).await.expect(200).text();
    assert!(page.contains("Revoke 2 tokens?") && page.contains("member@example.com"));
    for token in [&first, &second] {
        t.bearer(token)
            .get("/api/current-user/whoami")
            .await
            .expect(200);
    }
    let confirmed = [&ids[..], &[("confirmed", "yes")]].concat();
    let done = browser.submit(REVOKE, &confirmed).await;
    assert!(done.is_redirect_to("/organization/tokens?done=revoked-several"));
    for token in [&first, &second] {
        t.bearer(token)
            .get("/api/current-user/whoami")
            .await
            .expect(401);
    }
    // Once more revokes nothing and is no error.
    browser.submit(REVOKE, &confirmed).await.expect(302);
    let page = browser.submit(REVOKE, &ids).await.expect(200).text();
    assert!(page.contains("Nothing to revoke"));
}

#[tokio::test]
async fn one_that_is_not_there_leaves_the_others_alone() {
    let t = TestApp::new().await;
    let (token, secret) = t.issue(&t.owner, TokenKind::Key).await;
    let browser = t.browser(&t.owner).await;
    let fields = [
        ("id", token.id.as_str()),
        ("id", "unknown"),
        ("confirmed", "yes"),
    ];
    browser.submit(REVOKE, &fields).await.expect(404);
    t.bearer(&secret)
        .get("/api/current-user/whoami")
        .await
        .expect(200);
}
