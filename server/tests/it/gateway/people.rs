//! Who of here is who over there, in both directions.

use keybearer::domain::access::Role;
use keybearer::domain::users::changing;
use keybearer::domain::{members, users};
use keybearer_verify::TokenKind;
use serde_json::json;

use super::Gateway;
use super::studio::Studio;
use crate::support::{Client, OWNER};

/// A browser that is signed in to Label Studio as its user `id`, on one of its pages.
fn browser(gateway: &Gateway, id: i64) -> Client {
    gateway
        .app
        .anonymous()
        .with("cookie", &format!("sessionid=of-{id}"))
        .with("sec-fetch-site", "same-origin")
}

#[tokio::test]
async fn refuses_a_user_whom_only_this_side_knows() {
    let gateway = Gateway::new().await;
    let user = gateway
        .app
        .user("only-here@example.com", Role::Member)
        .await;
    let client = gateway.app.client(&user).await;
    let refused = client.get("/api/projects/").await.expect(403);
    assert!(
        refused.text().contains("only-here@example.com"),
        "{}",
        refused.text()
    );
    assert!(gateway.studio.seen().is_empty());
    // He is let in as soon as he is known over there.
    gateway
        .studio
        .change(|people| people[0].email = "Only-Here@example.com".into());
    assert_eq!(
        client.get("/api/projects/").await.expect(200).json()["user"],
        1
    );
}

#[tokio::test]
async fn refuses_a_user_who_is_deactivated_over_there() {
    let gateway = Gateway::new().await;
    let client = gateway.app.client(&gateway.app.owner).await;
    client.get("/api/projects/").await.expect(200);
    gateway.studio.change(|people| people[2].is_active = false);
    let refused = client.get("/api/projects/").await.expect(403);
    assert!(refused.text().contains("deactivated"), "{}", refused.text());
    gateway.studio.change(|people| people[2].is_active = true);
    client.get("/api/projects/").await.expect(200);
}

#[tokio::test]
async fn refuses_a_user_who_is_deactivated_here() {
    let gateway = Gateway::new().await;
    let app = &gateway.app;
    let member = app.member().await;
    let client = app.client(&member).await;
    client.get("/api/projects/").await.expect(200);
    browser(&gateway, 2).get("/api/token/").await.expect(200);
    changing::set_active(&app.app, &app.operator(), member.id, false)
        .await
        .unwrap();
    client.get("/api/projects/").await.expect(401);
    browser(&gateway, 2).get("/api/token/").await.expect(403);
    assert_eq!(gateway.studio.seen().len(), 1);
}

#[tokio::test]
async fn refuses_a_removed_member_and_does_not_add_him_again() {
    let gateway = Gateway::new().await;
    let app = &gateway.app;
    let member = app.member().await;
    members::remove(&app.app, &app.operator(), 1, member.id)
        .await
        .unwrap();
    browser(&gateway, 2).get("/api/token/").await.expect(403);
}

#[tokio::test]
async fn refuses_a_session_that_label_studio_does_not_know() {
    let gateway = Gateway::new().await;
    browser(&gateway, 99).get("/api/token/").await.expect(401);
    browser(&gateway, 99)
        .post("/api/token/", &json!({}))
        .await
        .expect(401);
    // Nor does a session of Keybearer's own stand in for one.
    let own = gateway.app.browser(&gateway.app.owner).await;
    own.get("/api/token/").await.expect(401);
}

#[tokio::test]
async fn refuses_another_sites_page_with_the_sessions_cookie() {
    let gateway = Gateway::new().await;
    let cookie = |client: Client| client.with("cookie", "sessionid=of-3");
    for (name, value) in [
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
        ("origin", "https://evil.example.com"),
        ("referer", "https://evil.example.com/page"),
    ] {
        let client = cookie(gateway.app.anonymous()).with(name, value);
        client.post("/api/token/", &json!({})).await.expect(403);
        client
            .post("/api/jwt/settings", &json!({"api_tokens_enabled": false}))
            .await
            .expect(403);
    }
}

#[tokio::test]
async fn a_session_makes_shows_and_revokes_the_users_own_tokens() {
    let gateway = Gateway::new().await;
    let page = browser(&gateway, 3);
    let made = page
        .post("/api/token/", &json!({}))
        .await
        .expect(201)
        .json();
    let token = made["token"].as_str().unwrap();
    let whoami = gateway
        .app
        .bearer(token)
        .get("/api/v1/me")
        .await
        .expect(200);
    assert_eq!(whoami.json()["email"], OWNER);
    let listed = page.get("/api/token/").await.expect(200).json();
    assert_eq!(listed.as_array().unwrap().len(), 1);
    let truncated = listed[0]["token"].as_str().unwrap();
    page.post("/api/token/blacklist/", &json!({"refresh": truncated}))
        .await
        .expect(204);
    gateway
        .app
        .bearer(token)
        .get("/api/projects/")
        .await
        .expect(401);
    // One page's requests are one question; a while later it is asked again.
    let asked = |gateway: &Gateway| {
        gateway
            .studio
            .asked()
            .iter()
            .filter(|path| path.ends_with("whoami"))
            .count()
    };
    assert_eq!(asked(&gateway), 1);
    gateway.app.advance(11);
    page.get("/api/token/").await.expect(200);
    assert_eq!(asked(&gateway), 2);
}

#[tokio::test]
async fn the_organizations_dialog_changes_keybearers_settings() {
    let gateway = Gateway::new().await;
    let text = gateway
        .app
        .text(&gateway.app.owner, TokenKind::Legacy)
        .await;
    let off = json!({"api_tokens_enabled": true, "legacy_api_tokens_enabled": false});
    browser(&gateway, 2)
        .post("/api/jwt/settings", &off)
        .await
        .expect(403);
    gateway
        .app
        .token(&text)
        .get("/api/projects/")
        .await
        .expect(200);
    browser(&gateway, 3)
        .post("/api/jwt/settings", &off)
        .await
        .expect(200);
    gateway
        .app
        .token(&text)
        .get("/api/projects/")
        .await
        .expect(401);
    // Label Studio's account page asks for everybody, to know which tokens to offer.
    let seen = browser(&gateway, 2)
        .get("/api/jwt/settings")
        .await
        .expect(200)
        .json();
    assert_eq!(seen["legacy_api_tokens_enabled"], false);
}

#[tokio::test]
async fn who_comes_for_the_first_time_becomes_a_member() {
    let gateway = Gateway::new().await;
    let page = browser(&gateway, 1);
    let all = [page.get("/api/token/"), page.get("/api/jwt/settings")];
    for answer in futures_util::future::join_all(all).await {
        answer.expect(200);
    }
    let user = users::find_by_email(&gateway.app.app, "admin@localhost")
        .await
        .unwrap();
    assert_eq!(
        (user.username.as_str(), user.first_name.as_str()),
        ("u", "F")
    );
    // The organization over there is his; here there is an owner already.
    let off = json!({"api_tokens_enabled": true, "legacy_api_tokens_enabled": false});
    page.post("/api/jwt/settings", &off).await.expect(403);
}

#[tokio::test]
async fn an_id_is_looked_up_once_and_again_after_a_while() {
    let gateway = Gateway::new().await;
    let client = gateway.app.client(&gateway.app.owner).await;
    for _ in 0..3 {
        client.get("/api/projects/").await.expect(200);
    }
    let lists = |gateway: &Gateway| {
        gateway
            .studio
            .asked()
            .iter()
            .filter(|path| *path == "/api/users/")
            .count()
    };
    assert_eq!(lists(&gateway), 1);
    // Somebody else has the address by now: he is the one whose tokens these are.
    gateway.studio.change(|people| {
        people[2].email = "before@example.com".into();
        people[1].email = OWNER.into();
    });
    gateway.app.advance(601);
    assert_eq!(
        client.get("/api/projects/").await.expect(200).json()["user"],
        2
    );
}

#[tokio::test]
async fn an_imported_user_is_found_without_the_list() {
    let studio = Studio::start(&[OWNER]).await;
    let gateway = Gateway::before(studio, |_| {}).await;
    let client = gateway.app.client(&gateway.app.owner).await;
    assert_eq!(
        client.get("/api/projects/").await.expect(200).json()["user"],
        1
    );
    assert_eq!(gateway.studio.asked(), ["/api/current-user/whoami"]);
}

#[tokio::test]
async fn shows_no_password_session_or_invite_of_its_own() {
    let gateway = Gateway::new().await;
    // Label Studio's third user is the owner here.
    let owner = browser(&gateway, 3);
    let account = owner.get("/keybearer/user/account/key-token").await;
    let members = owner.get("/keybearer/organization").await;
    for page in [account.expect(200).text(), members.expect(200).text()] {
        assert!(page.contains("/keybearer/organization"), "{page}");
        for link in [
            "/user/account/password",
            "/user/account/sessions",
            "/organization/invite",
        ] {
            assert!(!page.contains(link), "{link} in {page}");
            owner.get(&format!("/keybearer{link}")).await.expect(404);
        }
    }
}
