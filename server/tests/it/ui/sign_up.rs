//! Signing up by the invite link.

use serde_json::json;

use super::browse::Form;
use crate::support::{Client, PASSWORD, TestApp};

/// The invite link's path, as an admin is told.
async fn link(admin: &Client) -> String {
    let invite = admin.get("/api/invite").await.expect(200).json();
    invite["invite_url"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn refuses_without_a_valid_link() {
    let t = TestApp::new().await;
    let good = link(&t.client(&t.owner).await).await;
    for path in [
        "/user/signup",
        "/user/signup?token=",
        "/user/signup?token=x",
        &good[..good.len() - 1],
        &format!("{good}x"),
    ] {
        let page = t.anonymous().get(path).await.expect(403);
        assert!(
            page.text()
                .contains("This invite link is not valid any more.")
        );
    }
}

#[tokio::test]
async fn refuses_the_old_link_after_a_reset() {
    let t = TestApp::new().await;
    let owner = t.client(&t.owner).await;
    let old = link(&owner).await;
    // One who has the form open already is refused, too.
    let form = Form::load(&t.anonymous(), &old).await;
    owner
        .post("/api/invite/reset-token", &json!({}))
        .await
        .expect(201);
    t.anonymous().get(&old).await.expect(403);
    form.send("new@example.com", PASSWORD).await.expect(403);
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
    t.anonymous().get(&link(&owner).await).await.expect(200);
}

#[tokio::test]
async fn refuses_what_is_not_right_beside_its_field() {
    let t = TestApp::new().await;
    let owner = t.client(&t.owner).await;
    let form = Form::load(&t.anonymous(), &link(&owner).await).await;
    for (email, password, why) in [
        ("new@example.com", "short", "8–128 characters"),
        ("new@example.com", &"x".repeat(129), "8–128 characters"),
        ("nobody", PASSWORD, "Enter a valid email address."),
        ("owner@example.com", PASSWORD, "already exists"),
    ] {
        let again = form.send(email, password).await.expect(200);
        let html = again.text();
        assert!(html.contains(why), "{why}: {html}");
        assert!(html.contains(email), "what was typed is there");
        assert!(!html.contains(password), "but not the password");
        assert_eq!(again.cookie("sessionid"), None);
    }
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
async fn refuses_a_form_from_a_strangers_page() {
    let t = TestApp::new().await;
    let owner = t.client(&t.owner).await;
    let form = Form::load(&t.anonymous(), &link(&owner).await).await;
    let form = form.with("sec-fetch-site", "cross-site");
    form.send("new@example.com", PASSWORD).await.expect(403);
}

#[tokio::test]
async fn makes_a_member_and_signs_him_in() {
    let t = TestApp::new().await;
    let owner = t.client(&t.owner).await;
    let link = link(&owner).await;
    assert!(
        t.anonymous()
            .get(&link)
            .await
            .text()
            .contains("Label Studio")
    );
    let form = Form::load(&t.anonymous(), &link).await;
    let made = form.send("New@example.com", PASSWORD).await;
    assert!(made.is_redirect_to("/"));
    let cookie = format!("sessionid={}", made.cookie("sessionid").unwrap());
    let browser = t.anonymous().with("cookie", &cookie);
    let me = browser.get("/api/current-user/whoami").await.expect(200);
    assert_eq!(me.json()["email"], "new@example.com");
    assert_eq!(me.json()["active_organization"], 1);
    browser.get("/api/jwt/settings").await.refusal(403);
    // The link goes on working, for the next one.
    let form = Form::load(&t.anonymous(), &link).await;
    form.send("next@example.com", PASSWORD).await.expect(302);
    let sign_in = Form::load(&t.anonymous(), "/user/login").await;
    sign_in.send("new@example.com", PASSWORD).await.expect(302);
}
