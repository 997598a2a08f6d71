//! Account & Settings without its tokens: name, password, sessions.

use crate::support::{PASSWORD, TestApp};

const PAGES: [&str; 8] = [
    "/user/account",
    "/user/account/personal-info",
    "/user/account/password",
    "/user/account/sessions",
    "/user/account/personal-access-token",
    "/user/account/key-token",
    "/user/account/legacy-token",
    "/user/account/legacy-token/reset",
];

#[tokio::test]
async fn a_stranger_signs_in_first_and_comes_back() {
    let t = TestApp::new().await;
    for path in PAGES {
        let next = path.replace('/', "%2F");
        let expected = format!("/user/login/?next={next}");
        let answer = t.anonymous().get(path).await;
        assert!(answer.is_redirect_to(&expected), "{path}: {answer:?}");
    }
    let with_query = t
        .anonymous()
        .get("/user/account/key-token?state=ended")
        .await;
    assert!(
        with_query
            .is_redirect_to("/user/login/?next=%2Fuser%2Faccount%2Fkey-token%3Fstate%3Dended")
    );
    let form = t.anonymous().form("/user/account/password", &[]).await;
    assert!(form.is_redirect_to("/user/login/?next=%2Fuser%2Faccount%2Fpassword"));
}

#[tokio::test]
async fn refuses_forms_that_our_pages_did_not_send() {
    let t = TestApp::new().await;
    let browser = t.browser(&t.owner).await;
    for path in [
        "/user/account/personal-info",
        "/user/account/password",
        "/user/account/sessions",
        "/user/account/personal-access-token",
        "/user/account/key-token",
        "/user/account/legacy-token/reset",
        "/user/theme",
    ] {
        browser
            .form(path, &[("first_name", "Eve")])
            .await
            .expect(403);
        let elsewhere = browser.clone().with("origin", "https://evil.example");
        elsewhere.submit(path, &[]).await.expect(403);
    }
    let me = browser.get("/api/current-user/whoami").await.json();
    assert_eq!(me["first_name"], "");
}

#[tokio::test]
async fn keeps_what_was_typed_beside_what_is_wrong() {
    let t = TestApp::new().await;
    let browser = t.browser(&t.owner).await;
    let long = "x".repeat(257);
    let fields = [("first_name", "Ada"), ("last_name", long.as_str())];
    let page = browser.submit("/user/account/personal-info", &fields).await;
    let html = page.expect(200).text();
    assert!(html.contains("value=\"Ada\""));
    assert!(html.contains("aria-describedby=\"last_name-fault\""));
    assert!(html.contains("id=\"last_name-fault\""));
}

#[tokio::test]
async fn changes_the_name_and_shows_it_in_the_corner() {
    let t = TestApp::new().await;
    let browser = t.browser(&t.owner).await;
    let fields = [
        ("first_name", "Ada"),
        ("last_name", "<b>L</b>"),
        ("phone", "1"),
    ];
    let saved = browser.submit("/user/account/personal-info", &fields).await;
    assert!(saved.is_redirect_to("/user/account/personal-info?done=saved"));
    let html = browser
        .get("/user/account/personal-info?done=saved")
        .await
        .text();
    assert!(html.contains("role=\"status\""));
    assert!(html.contains("<span class=\"who-name\">Ada &#60;b&#62;L&#60;/b&#62;</span>"));
}

#[tokio::test]
async fn refuses_a_password_that_is_not_right() {
    let t = TestApp::new().await;
    let member = t.member_with_password().await;
    let browser = t.browser(&member).await;
    for (present, new, repeated, at_fault) in [
        (
            "wrong password",
            "a new password",
            "a new password",
            "present_password",
        ),
        (PASSWORD, "short", "short", "password"),
        (
            PASSWORD,
            "a new password",
            "another one",
            "repeated_password",
        ),
        ("", "a new password", "a new password", "present_password"),
    ] {
        let fields = [
            ("present_password", present),
            ("password", new),
            ("repeated_password", repeated),
        ];
        let page = browser.submit("/user/account/password", &fields).await;
        let html = page.expect(200).text();
        assert!(
            html.contains(&format!("id=\"{at_fault}-fault\"")),
            "{at_fault}: {html}"
        );
        for secret in [present, new].iter().filter(|text| !text.is_empty()) {
            assert!(!html.contains(&format!("value=\"{secret}\"")));
        }
    }
}

#[tokio::test]
async fn guesses_of_the_present_password_are_throttled() {
    let t = TestApp::new().await;
    let member = t.member_with_password().await;
    let browser = t.browser(&member).await;
    let fields = [
        ("present_password", "wrong password"),
        ("password", "a new password"),
        ("repeated_password", "a new password"),
    ];
    for _ in 0..10 {
        browser
            .submit("/user/account/password", &fields)
            .await
            .expect(200);
    }
    let throttled = browser.submit("/user/account/password", &fields).await;
    assert_ne!(throttled.expect(429).header("retry-after"), "");
}

#[tokio::test]
async fn a_new_password_ends_the_other_sessions_and_no_token() {
    let t = TestApp::new().await;
    let member = t.member_with_password().await;
    let (browser, other) = (t.browser(&member).await, t.browser(&member).await);
    let client = t.client(&member).await;
    let fields = [
        ("present_password", PASSWORD),
        ("password", "a new password"),
        ("repeated_password", "a new password"),
    ];
    let changed = browser.submit("/user/account/password", &fields).await;
    assert!(changed.is_redirect_to("/user/account/password?done=changed"));
    browser
        .get("/user/account/password?done=changed")
        .await
        .expect(200);
    other.get("/user/account/password").await.expect(302);
    client.get("/api/current-user/whoami").await.expect(200);
    let form = super::browse::Form::load(&t.anonymous(), "/user/login").await;
    form.send(&member.email, PASSWORD).await.expect(200);
    form.send(&member.email, "a new password").await.expect(302);
}

#[tokio::test]
async fn shows_sessions_and_signs_the_others_out() {
    let t = TestApp::new().await;
    let member = t.member().await;
    let agent = "Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101 Firefox/140.0";
    let here = t.browser(&member).await;
    let there = t.browser(&member).await;
    let third = t.browser(&member).await.with("user-agent", agent);
    let strangers = t.browser(&t.owner).await;
    let html = here.get("/user/account/sessions").await.expect(200).text();
    assert_eq!(html.matches("this one").count(), 1);
    let ids = |html: &str| -> Vec<String> {
        let parts = html.split("name=\"session\" value=\"").skip(1);
        parts
            .map(|rest| rest.split('"').next().unwrap().to_owned())
            .collect()
    };
    let others = ids(&html);
    assert_eq!(others.len(), 2);
    // Nobody ends somebody else's.
    strangers
        .submit("/user/account/sessions", &[("session", &others[0])])
        .await
        .expect(302);
    assert_eq!(
        ids(&here.get("/user/account/sessions").await.text()).len(),
        2
    );

    let one = here
        .submit("/user/account/sessions", &[("session", &others[0])])
        .await;
    assert!(one.is_redirect_to("/user/account/sessions?done=signed-out"));
    assert_eq!(
        ids(&here.get("/user/account/sessions").await.text()).len(),
        1
    );
    here.submit("/user/account/sessions", &[]).await.expect(302);
    assert_eq!(
        ids(&here.get("/user/account/sessions").await.text()).len(),
        0
    );
    for ended in [there, third] {
        ended.get("/api/current-user/whoami").await.expect(401);
    }
    strangers.get("/api/current-user/whoami").await.expect(200);
}

#[tokio::test]
async fn keeps_the_choice_of_light_or_dark() {
    let t = TestApp::new().await;
    let browser = t.browser(&t.owner).await;
    let browser = browser.with("referer", "http://keys.example.com/user/account/sessions");
    let chosen = browser.submit("/user/theme", &[("theme", "dark")]).await;
    assert!(chosen.is_redirect_to("/user/account/sessions"));
    assert!(
        chosen
            .set_cookie("theme")
            .unwrap()
            .starts_with("theme=dark; Path=/;")
    );
    let page = t
        .anonymous()
        .with("cookie", "theme=dark")
        .get("/user/login")
        .await;
    assert!(page.text().contains("data-theme=\"dark\""));
    let odd = t
        .anonymous()
        .with("cookie", "theme=\"><script>")
        .get("/user/login")
        .await;
    assert!(odd.text().contains("data-theme=\"system\""));
    let unknown = browser.submit("/user/theme", &[("theme", "pink")]).await;
    assert_eq!(unknown.set_cookie("theme"), None);
}
