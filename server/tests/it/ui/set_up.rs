//! The one-time set-up link.

use keybearer::domain::set_up;

use super::browse::Form;
use crate::support::{EmptyApp, PASSWORD, TestApp};

#[tokio::test]
async fn refuses_any_other_link() {
    let t = EmptyApp::new().await;
    // Nobody has drawn a link yet: not even an empty one is right.
    for path in ["/set-up", "/set-up?token=", "/set-up?token=x"] {
        t.anonymous().get(path).await.expect(403);
    }
    let old = set_up::draw_secret(&t.app);
    let new = set_up::draw_secret(&t.app);
    t.anonymous()
        .get(&format!("/set-up?token={old}"))
        .await
        .expect(403);
    t.anonymous()
        .get(&format!("/set-up/?token={new}"))
        .await
        .expect(200);
}

#[tokio::test]
async fn refuses_once_there_is_an_account() {
    let t = TestApp::new().await;
    t.anonymous().get("/set-up?token=").await.expect(403);
    // Even a link that was drawn by mistake.
    let secret = set_up::draw_secret(&t.app);
    let form = Form::load(&t.anonymous(), &format!("/set-up?token={secret}")).await;
    form.send("second@example.com", PASSWORD).await.expect(403);
    let owner = t.client(&t.owner).await;
    assert_eq!(
        owner
            .get("/api/users")
            .await
            .json()
            .as_array()
            .unwrap()
            .len(),
        1
    );
}

#[tokio::test]
async fn makes_the_owner_once() {
    let t = EmptyApp::new().await;
    let secret = set_up::draw_secret(&t.app);
    let path = format!("/set-up?token={secret}");
    let form = Form::load(&t.anonymous(), &path).await;
    let wrong = form.send("first@example.com", "short").await.expect(200);
    assert!(wrong.text().contains("8–128 characters"));
    // A page of strangers cannot send it.
    let foreign = Form::load(&t.anonymous(), &path)
        .await
        .with("origin", "https://evil.example");
    foreign
        .send("first@example.com", PASSWORD)
        .await
        .expect(403);
    let made = form.send("first@example.com", PASSWORD).await;
    assert!(made.is_redirect_to("/"));
    let cookie = format!("sessionid={}", made.cookie("sessionid").unwrap());
    let browser = t.anonymous().with("cookie", &cookie);
    browser.get("/api/jwt/settings").await.expect(200);
    t.anonymous().get(&path).await.expect(403);
    form.send("second@example.com", PASSWORD).await.expect(403);
    assert_eq!(
        browser
            .get("/api/users")
            .await
            .json()
            .as_array()
            .unwrap()
            .len(),
        1
    );
}

#[tokio::test]
async fn the_sign_in_page_says_what_to_do_first() {
    let t = EmptyApp::new().await;
    let page = t.anonymous().get("/user/login").await.expect(200);
    assert!(page.text().contains("There is no account yet."));
    let page = TestApp::new().await.anonymous().get("/user/login").await;
    assert!(!page.expect(200).text().contains("There is no account yet."));
}
