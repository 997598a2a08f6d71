//! What every page has: headers, the base path, both spellings.

use super::browse::Form;
use crate::support::{Answer, PASSWORD, TestApp};

const PAGES: [&str; 18] = [
    "/",
    "/user/account",
    "/user/account/personal-info",
    "/user/account/password",
    "/user/account/sessions",
    "/user/account/personal-access-token",
    "/user/account/key-token",
    "/user/account/legacy-token",
    "/organization/use",
    "/organization/audit",
    "/user/tokens/unknown",
    "/user/login",
    "/user/signup?token=x",
    "/set-up?token=x",
    "/docs/refusals",
    "/api/v1/docs",
    "/nothing",
    "/version",
];

#[tokio::test]
async fn every_page_lets_in_nothing_but_our_own_files() {
    let t = TestApp::new().await;
    let browser = t.browser(&t.owner).await;
    for client in [t.anonymous(), browser] {
        for path in PAGES {
            let page = client.get(path).await;
            assert_eq!(page.header("x-content-type-options"), "nosniff", "{path}");
            assert_eq!(page.header("referrer-policy"), "same-origin", "{path}");
            assert_eq!(page.header("cache-control"), "no-store", "{path}");
            if page.status == 302 || path == "/version" {
                continue;
            }
            assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
            insta::allow_duplicates! {
                insta::assert_snapshot!(page.header("content-security-policy"), @"default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'");
            }
            let html = page.text();
            for forbidden in ["<script>", "<style", "style=\"", "onclick", "javascript:"] {
                assert!(!html.contains(forbidden), "{path} has {forbidden}");
            }
        }
    }
}

#[tokio::test]
async fn the_docs_are_for_everybody_and_show_who_is_signed_in() {
    let t = TestApp::new().await;
    let browser = t.browser(&t.owner).await;
    let has_ended = t.anonymous().with("cookie", "sessionid=long-ago");
    for path in ["/docs/refusals", "/api/v1/docs"] {
        for client in [&t.anonymous(), &has_ended] {
            let page = client.get(path).await.expect(200).text();
            assert!(!page.contains("user-menu"), "{path}");
        }
        let page = browser.get(path).await.expect(200).text();
        assert!(page.contains("id=\"user-menu\""), "{path}");
    }
}

#[tokio::test]
async fn the_pages_files_may_be_kept_and_others_are_not_there() {
    let t = TestApp::new().await;
    let page = t.anonymous().get("/user/login").await.text();
    for (ending, media_type) in [
        (".css", "text/css"),
        (".js", "text/javascript"),
        (".svg", "image/svg+xml"),
    ] {
        let addresses = page
            .split(['"'])
            .filter(|text| text.starts_with("/static/"));
        let address = addresses.into_iter().find(|text| text.ends_with(ending));
        let file = t.anonymous().get(address.unwrap()).await.expect(200);
        assert_eq!(file.header("content-type"), media_type);
        assert!(file.header("cache-control").contains("immutable"));
    }
    for name in ["app.css", "..%2fapp.css", "x"] {
        t.anonymous()
            .get(&format!("/static/{name}"))
            .await
            .expect(404);
    }
}

#[tokio::test]
async fn over_https_cookies_are_secure_and_browsers_stay() {
    let t =
        TestApp::with(|settings| settings.public_url = Some("https://keys.example.com/".into()))
            .await;
    t.member_with_password().await;
    let page = t.anonymous().get("/user/login").await;
    assert_eq!(page.header("strict-transport-security"), "max-age=31536000");
    let csrf = page.set_cookie("csrftoken").unwrap();
    assert!(
        csrf.ends_with("; Path=/; SameSite=Lax; HttpOnly; Max-Age=31449600; Secure"),
        "{csrf}"
    );
    let form = Form::load(&t.anonymous(), "/user/login").await;
    let signed_in = form.send("member@example.com", PASSWORD).await.expect(302);
    assert!(
        signed_in
            .set_cookie("sessionid")
            .unwrap()
            .ends_with("; Secure")
    );
    let signed_out = t.anonymous().get("/logout").await;
    assert!(
        signed_out
            .set_cookie("sessionid")
            .unwrap()
            .ends_with("; Secure")
    );
}

#[tokio::test]
async fn over_http_nothing_claims_to_be_secure() {
    let t = TestApp::new().await;
    let page = t.anonymous().get("/user/login").await;
    assert_eq!(page.header("strict-transport-security"), "");
    assert!(!page.set_cookie("csrftoken").unwrap().contains("Secure"));
}

#[tokio::test]
async fn a_slash_at_the_end_makes_no_difference() {
    let t = TestApp::new().await;
    let browser = t.browser(&t.owner).await;
    let api = [
        "/api/token",
        "/api/users",
        "/api/users/1",
        "/api/invite",
        "/api/version",
        "/api/nothing",
        "/health",
    ];
    for path in PAGES.iter().chain(&api) {
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        for spelling in [
            format!("{path}/?{query}"),
            format!("{path}//?{query}"),
            format!("/{path}?{query}"),
        ] {
            let expected = browser.get(&format!("{path}?{query}")).await;
            let answer = browser.get(&spelling).await;
            assert_eq!(answer.status, expected.status, "{spelling}");
            assert_eq!(answer.header("location"), expected.header("location"));
            assert_eq!(without_id(&answer), without_id(&expected));
        }
    }
}

/// A body without the id that each refusal has of its own.
fn without_id(answer: &Answer) -> String {
    let text = answer.text();
    match text.split_once("\"status_code\"") {
        Some((_, rest)) => rest.to_owned(),
        None => text,
    }
}

#[tokio::test]
async fn below_a_path_every_page_and_url_is_known() {
    let t =
        TestApp::with(|settings| settings.public_url = Some("http://example.com/tokens/".into()))
            .await;
    t.member_with_password().await;
    let browser = t.browser(&t.owner).await;
    for path in [
        "/api/users",
        "/api/version/",
        "/health",
        "/user/login",
        "/",
        "",
    ] {
        let below = browser.get(&format!("/tokens{path}")).await;
        assert!(below.status < 400, "/tokens{path}: {}", below.status);
        // A proxy may have cut the path off.
        let cut = browser.get(if path.is_empty() { "/" } else { path }).await;
        assert_eq!(cut.status, below.status, "{path}");
        assert_eq!(cut.body, below.body, "{path}");
    }
    // What only begins like it is not below it.
    browser.get("/tokensapi/users").await.expect(404);
    browser.get("/tokens2/health").await.expect(404);

    assert!(
        t.anonymous()
            .get("/tokens/")
            .await
            .is_redirect_to("/tokens/user/login/")
    );
    let page = t.anonymous().get("/tokens/user/login/").await.expect(200);
    assert!(
        page.set_cookie("csrftoken")
            .unwrap()
            .contains("; Path=/tokens;")
    );
    for link in page.text().split(" href=\"").skip(1) {
        assert!(
            link.starts_with("/tokens/") || link.starts_with('#'),
            "{link}"
        );
    }
    let form = Form::load(&t.anonymous(), "/tokens/user/login?next=/x").await;
    assert!(form.action().starts_with("/tokens/user/login/"));
    let signed_in = form.send("member@example.com", PASSWORD).await;
    assert!(signed_in.is_redirect_to("/tokens/x"));
    assert!(
        signed_in
            .set_cookie("sessionid")
            .unwrap()
            .contains("; Path=/tokens;")
    );
    let invite = browser.get("/tokens/api/invite").await.json();
    let link = invite["invite_url"].as_str().unwrap();
    assert!(link.starts_with("/tokens/user/signup/?token="), "{link}");
    t.anonymous().get(link).await.expect(200);
    let signed_out = browser.get("/tokens/logout").await;
    assert!(signed_out.is_redirect_to("/tokens/"));
}

#[tokio::test]
async fn an_unknown_page_is_a_page_and_an_unknown_url_of_the_api_is_json() {
    let t = TestApp::new().await;
    let page = t.anonymous().get("/nothing").await.expect(404);
    assert!(page.text().contains("Page not found"));
    t.anonymous().get("/api/nothing").await.refusal(404);
    t.anonymous().get("/apinothing").await.expect(404).text();
}
