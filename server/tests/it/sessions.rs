//! Browsers' sessions as a credential of the interface for programs: what they open, when they
//! end, and that no stranger's page can use them.

use axum::http::Method;
use keybearer::domain::passwords::Password;
use keybearer::domain::sessions::SESSION_FOR_MS;
use keybearer::domain::users::changing;
use serde_json::json;

use crate::support::{PASSWORD, START_MS, TestApp};

const WHOAMI: &str = "/api/current-user/whoami";

#[tokio::test]
async fn refuses_cookies_that_are_no_session() {
    let t = TestApp::new().await;
    let secret = t.session(&t.owner).await;
    for cookie in [
        "sessionid=",
        "sessionid=x",
        &format!("sessionid={}", &secret[1..]),
        &format!("sessionid={secret}x"),
        &format!("Sessionid={secret}"),
        &format!("other={secret}"),
        &secret,
    ] {
        let client = t.anonymous().with("cookie", cookie);
        client.get(WHOAMI).await.refusal(401);
    }
    // A session is no token.
    t.bearer(&secret).get(WHOAMI).await.refusal(401);
    t.token(&secret).get(WHOAMI).await.refusal(401);
}

#[tokio::test]
async fn refuses_a_change_that_a_strangers_page_sends() {
    let t = TestApp::new().await;
    let browser = t.browser(&t.owner).await;
    let body = json!({"first_name": "Mallory"});
    for (name, value) in [
        ("origin", "https://evil.example"),
        ("origin", "null"),
        ("origin", "http://keys.example.com.evil.example"),
        ("origin", "http://keys.example.com:81"),
        ("origin", "keys.example.com"),
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
        ("sec-fetch-site", ""),
        ("referer", "https://evil.example/http://keys.example.com/"),
    ] {
        let client = browser.clone().with(name, value);
        let answer = client.patch("/api/users/1", &body).await;
        assert_eq!(answer.status, 403, "{name}: {value}");
        client.post("/api/token", &json!({})).await.refusal(403);
        client.delete("/api/users/1").await.refusal(403);
        // Reading is safe: no page of strangers sees the answer.
        client.get("/api/users").await.expect(200);
    }
    assert_eq!(browser.get(WHOAMI).await.json()["first_name"], "");
    // Even with an Origin of ours, Sec-Fetch-Site decides.
    let client = browser
        .with("origin", "http://keys.example.com")
        .with("sec-fetch-site", "cross-site");
    client.patch("/api/users/1", &body).await.refusal(403);
}

#[tokio::test]
async fn takes_a_change_from_our_own_pages_and_from_programs() {
    let t = TestApp::new().await;
    let browser = t.browser(&t.owner).await;
    browser.post("/api/token", &json!({})).await.expect(201);
    for (name, value) in [
        ("origin", "http://keys.example.com"),
        ("origin", "http://KEYS.example.com"),
        ("referer", "http://keys.example.com/user/account?x=1"),
        ("sec-fetch-site", "same-origin"),
        ("sec-fetch-site", "none"),
    ] {
        let client = browser.clone().with(name, value);
        let answer = client.post("/api/token", &json!({})).await;
        assert_eq!(answer.status, 201, "{name}: {value}");
    }
    // The host that was asked is ours too.
    let client = browser
        .with("host", "10.0.0.1:8080")
        .with("origin", "http://10.0.0.1:8080");
    client.post("/api/token", &json!({})).await.expect(201);
    // A token is nothing that a browser sends by itself.
    let client = t
        .client(&t.owner)
        .await
        .with("origin", "https://evil.example");
    client.post("/api/token", &json!({})).await.expect(201);
}

#[tokio::test]
async fn no_page_of_others_is_let_in_by_cors() {
    let t = TestApp::new().await;
    let client = t
        .anonymous()
        .with("origin", "https://evil.example")
        .with("access-control-request-method", "POST");
    for method in [Method::GET, Method::OPTIONS] {
        let answer = client.send(method, "/api/version", None, Vec::new()).await;
        assert!(
            answer
                .headers
                .keys()
                .all(|name| !name.as_str().starts_with("access-control"))
        );
    }
}

#[tokio::test]
async fn a_session_ends_after_fourteen_days() {
    let t = TestApp::new().await;
    let browser = t.browser(&t.owner).await;
    assert_eq!(SESSION_FOR_MS, 14 * 86_400_000);
    t.set_time(START_MS + SESSION_FOR_MS - 1);
    browser.get(WHOAMI).await.expect(200);
    t.set_time(START_MS + SESSION_FOR_MS);
    browser.get(WHOAMI).await.refusal(401);
}

#[tokio::test]
async fn signing_out_ends_the_session_on_the_server() {
    let t = TestApp::new().await;
    for method in [Method::GET, Method::POST] {
        let browser = t.browser(&t.owner).await;
        let other = t.browser(&t.owner).await;
        let answer = browser.send(method, "/logout", None, Vec::new()).await;
        assert!(answer.is_redirect_to("/"), "{}", answer.text());
        assert_eq!(answer.cookie("sessionid"), Some(""));
        assert!(
            answer
                .set_cookie("sessionid")
                .unwrap()
                .contains("Max-Age=0")
        );
        browser.get(WHOAMI).await.refusal(401);
        other.get(WHOAMI).await.expect(200);
        // Twice is no error.
        assert!(browser.get("/logout/").await.is_redirect_to("/"));
    }
}

#[tokio::test]
async fn a_strangers_page_cannot_sign_anybody_out() {
    let t = TestApp::new().await;
    let browser = t.browser(&t.owner).await;
    let client = browser
        .clone()
        .with("origin", "https://evil.example")
        .with("sec-fetch-site", "cross-site");
    client
        .send(Method::POST, "/logout", None, Vec::new())
        .await
        .expect(403);
    browser.get(WHOAMI).await.expect(200);
}

#[tokio::test]
async fn a_new_password_ends_all_sessions() {
    let t = TestApp::new().await;
    let member = t.member().await;
    let (one, other) = (t.browser(&member).await, t.browser(&member).await);
    let owners = t.browser(&t.owner).await;
    let password = Password::new(PASSWORD);
    let set = changing::set_password(&t.app, &t.operator(), member.id, &password).await;
    set.unwrap();
    one.get(WHOAMI).await.refusal(401);
    other.get(WHOAMI).await.refusal(401);
    owners.get(WHOAMI).await.expect(200);
}

#[tokio::test]
async fn a_session_stands_in_for_a_bad_bearer_but_for_nothing_else() {
    let t = TestApp::new().await;
    let browser = t.browser(&t.owner).await;
    let with = |value: &str| browser.clone().with("authorization", value);
    with("Bearer nonsense").get(WHOAMI).await.expect(200);
    with("Basic dTpw").get(WHOAMI).await.expect(200);
    with("Token nonsense").get(WHOAMI).await.refusal(401);
    let body = json!({"refresh": t.personal(&t.owner).await});
    with("Bearer nonsense")
        .post("/api/token/rotate", &body)
        .await
        .refusal(401);
    browser.post("/api/token/rotate", &body).await.expect(200);
}

#[tokio::test]
async fn the_api_sets_no_cookie() {
    let t = TestApp::new().await;
    let browser = t.browser(&t.owner).await;
    for client in [t.anonymous(), browser] {
        for path in [
            "/api/users",
            "/api/token",
            "/api/version",
            "/health",
            "/api/nothing",
        ] {
            let answer = client.get(path).await;
            assert!(answer.header_lines("set-cookie").is_empty(), "{path}");
        }
    }
}
