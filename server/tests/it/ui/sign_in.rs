//! Signing in.

use axum::http::Method;

use super::browse::Form;
use crate::support::{PASSWORD, TestApp};

const PATH: &str = "/user/login";
const EMAIL: &str = "member@example.com";

async fn form(t: &TestApp) -> Form {
    Form::load(&t.anonymous(), PATH).await
}

fn fields(csrf: &str) -> [(&str, &str); 3] {
    [
        ("csrfmiddlewaretoken", csrf),
        ("email", EMAIL),
        ("password", PASSWORD),
    ]
}

/// Charges an account or an address with failed tries, without the cost of password checks.
fn charge(t: &TestApp, key: &str, times: u32) {
    for _ in 0..times {
        let (account, address) = (&t.app.sign_in_by_account, &t.app.sign_in_by_address);
        let throttle = if key.contains('@') { account } else { address };
        throttle.charge(key, t.app.clock.now()).unwrap();
    }
}

#[tokio::test]
async fn refuses_a_form_without_its_pages_proof() {
    let t = TestApp::new().await;
    t.member_with_password().await;
    let (csrf, other) = ("c".repeat(32), "d".repeat(32));
    let client = t.anonymous().with("cookie", &format!("csrftoken={csrf}"));
    t.anonymous().form(PATH, &fields(&csrf)).await.expect(403);
    let without = &fields(&csrf)[1..];
    client.form(PATH, without).await.expect(403);
    client.form(PATH, &fields("")).await.expect(403);
    client.form(PATH, &fields(&other)).await.expect(403);
    let empty = t.anonymous().with("cookie", "csrftoken=");
    empty.form(PATH, &fields("")).await.expect(403);
    client.form(PATH, &fields(&csrf)).await.expect(302);
    // All is right but where it comes from.
    for (name, value) in [
        ("origin", "https://evil.example"),
        ("origin", "null"),
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
    ] {
        let answer = form(&t).await.with(name, value).send(EMAIL, PASSWORD).await;
        let answer = answer.expect(403);
        assert_eq!(answer.cookie("sessionid"), None, "{name}: {value}");
    }
    form(&t).await.send(EMAIL, PASSWORD).await.expect(302);
}

#[tokio::test]
async fn refuses_unknown_accounts_and_wrong_passwords_alike() {
    let t = TestApp::new().await;
    t.member_with_password().await;
    let form = form(&t).await;
    let wrong = form.send(EMAIL, "wrong password").await.expect(200);
    assert!(
        wrong
            .text()
            .contains("The email and password you entered don&#39;t match.")
    );
    assert_eq!(wrong.cookie("sessionid"), None);
    let unknown = form.send("nobody@example.com", "wrong password").await;
    let told = |text: String| text.replace("nobody@", "member@");
    assert_eq!(told(unknown.expect(200).text()), wrong.text());
    // An account without a password, and a deactivated one with the right one.
    let without = form.send("owner@example.com", "wrong password").await;
    assert_eq!(
        without.expect(200).text().replace("owner@", "member@"),
        wrong.text()
    );
    t.database
        .meddle("update users set is_active = false")
        .await;
    let inactive = form.send(EMAIL, PASSWORD).await;
    assert_eq!(inactive.expect(200).text(), wrong.text());
}

#[tokio::test]
async fn refuses_an_account_whose_name_no_database_takes() {
    let t = TestApp::new().await;
    let form = form(&t).await;
    for email in [
        "a\0b@example.com",
        "\u{feff}",
        "\u{10ffff}@x",
        &"x".repeat(60_000),
    ] {
        let answer = form.send(email, "wrong password").await.expect(200);
        assert!(answer.text().contains("don&#39;t match"), "{email:?}");
    }
}

#[tokio::test]
async fn refuses_the_eleventh_try_of_an_account() {
    let t = TestApp::new().await;
    t.member_with_password().await;
    let form = form(&t).await;
    form.send(EMAIL, "wrong password").await.expect(200);
    charge(&t, EMAIL, 9);
    // Now the right password does not help either, in whichever spelling of the address.
    let refused = form
        .send(" Member@Example.com ", PASSWORD)
        .await
        .expect(429);
    assert_eq!(refused.header("retry-after"), "901");
    // A second account is not touched, and an unknown one is counted just so.
    form.send("nobody@example.com", "wrong").await.expect(200);
    charge(&t, "nobody@example.com", 9);
    form.send("nobody@example.com", "wrong").await.expect(429);
    t.advance(899);
    let refused = form.send(EMAIL, PASSWORD).await.expect(429);
    assert_eq!(refused.header("retry-after"), "2");
    t.advance(1);
    form.send(EMAIL, PASSWORD).await.expect(302);
}

#[tokio::test]
async fn refuses_the_fifty_first_try_of_an_address() {
    let t = TestApp::new().await;
    t.member_with_password().await;
    charge(&t, "203.0.113.7", 49);
    let here = form(&t).await;
    here.send("nobody@example.com", "wrong").await.expect(200);
    here.send(EMAIL, PASSWORD).await.expect(429);
    // Nor by saying that he is elsewhere: no proxy is trusted.
    let lying = form(&t).await.with("x-forwarded-for", "198.51.100.1");
    lying.send(EMAIL, PASSWORD).await.expect(429);
    let elsewhere = t.anonymous().at("198.51.100.1");
    let elsewhere = Form::load(&elsewhere, PATH).await;
    elsewhere.send(EMAIL, PASSWORD).await.expect(302);
    t.advance(900);
    here.send(EMAIL, PASSWORD).await.expect(302);
}

#[tokio::test]
async fn a_success_forgets_the_accounts_failures() {
    let t = TestApp::new().await;
    t.member_with_password().await;
    let form = form(&t).await;
    charge(&t, EMAIL, 9);
    form.send(EMAIL, PASSWORD).await.expect(302);
    charge(&t, EMAIL, 9);
    form.send(EMAIL, PASSWORD).await.expect(302);
}

#[tokio::test]
async fn a_trusted_proxy_says_where_the_client_is() {
    let t = TestApp::with(|settings| {
        settings.trusted_proxies = Some(vec!["203.0.113.0/24".parse().unwrap()]);
    })
    .await;
    t.member_with_password().await;
    charge(&t, "198.51.100.1", 50);
    let by_proxy = async |forwarded: &str| {
        let form = form(&t).await.with("x-forwarded-for", forwarded);
        form.send(EMAIL, PASSWORD).await.status
    };
    assert_eq!(by_proxy("198.51.100.1").await, 429);
    // What stands before it, the client may have written himself.
    assert_eq!(by_proxy("192.0.2.9, 198.51.100.1").await, 429);
    assert_eq!(by_proxy("198.51.100.1, 192.0.2.9").await, 302);
    assert_eq!(by_proxy("198.51.100.1, 203.0.113.9").await, 429);
}

#[tokio::test]
async fn signs_in() {
    let t = TestApp::new().await;
    t.member_with_password().await;
    let signed_in = form(&t).await.send(" MEMBER@example.com", PASSWORD).await;
    assert!(signed_in.is_redirect_to("/"));
    let cookie = signed_in.set_cookie("sessionid").unwrap();
    let attributes = cookie.split_once(';').unwrap().1;
    assert_eq!(
        attributes,
        " Path=/; SameSite=Lax; HttpOnly; Max-Age=1209600"
    );
    let secret = signed_in.cookie("sessionid").unwrap();
    assert_eq!(secret.len(), 43);
    let browser = t
        .anonymous()
        .with("cookie", &format!("a=b; sessionid={secret}"));
    let me = browser.get("/api/current-user/whoami").await;
    assert_eq!(me.expect(200).json()["email"], EMAIL);
    let home = "/user/account/personal-access-token";
    assert!(browser.get("/").await.is_redirect_to(home));
    let home = browser.get(home).await.expect(200).text();
    assert!(home.contains(EMAIL));
    // Who is signed in needs no form.
    assert!(
        browser
            .get("/user/login?next=/x")
            .await
            .is_redirect_to("/x")
    );
    t.anonymous().get("/").await.expect(302);
}

#[tokio::test]
async fn two_sign_ins_are_two_sessions() {
    let t = TestApp::new().await;
    t.member_with_password().await;
    let form = form(&t).await;
    let one = form.send(EMAIL, PASSWORD).await;
    let other = form.send(EMAIL, PASSWORD).await;
    assert_ne!(one.cookie("sessionid"), other.cookie("sessionid"));
}

#[tokio::test]
async fn next_stays_on_this_site() {
    let t = TestApp::new().await;
    t.member_with_password().await;
    let browser = t.browser(&t.owner).await;
    for (next, expected) in [
        ("/projects?a=b", "/projects?a=b"),
        ("", "/"),
        ("https://evil.example/", "/"),
        ("//evil.example/", "/"),
        ("/\\evil.example/", "/"),
        ("\\\\evil.example/", "/"),
        ("javascript:alert(1)", "/"),
        ("evil.example", "/"),
        (" //evil.example", "/"),
        ("/\r\nset-cookie: a=b", "/"),
        // Browsers take tabs out of an address before they read it.
        ("/\t/evil.example/", "/"),
        ("\t//evil.example/", "/"),
    ] {
        let encoded: String = form_urlencoded::byte_serialize(next.as_bytes()).collect();
        let path = format!("{PATH}?next={encoded}");
        let answer = browser.get(&path).await.expect(302);
        assert_eq!(answer.header("location"), expected, "{next:?}");
    }
    let form = Form::load(&t.anonymous(), "/user/login/?next=/a%26b%22%3E").await;
    let answer = form.send(EMAIL, PASSWORD).await;
    assert_eq!(answer.header("location"), "/a&b\">", "{}", form.action());
    let form = Form::load(&t.anonymous(), "/user/login/?next=//evil.example").await;
    assert!(form.send(EMAIL, PASSWORD).await.is_redirect_to("/"));
}

#[tokio::test]
async fn what_was_typed_is_shown_again_harmlessly() {
    let t = TestApp::new().await;
    let html = form(&t).await.send("\"><script>@x", "secret typed").await;
    let html = html.expect(200).text();
    assert!(!html.contains("<script>"), "{html}");
    assert!(!html.contains("secret typed"), "{html}");
}

#[tokio::test]
async fn a_browser_keeps_its_csrf_text_and_a_foreign_one_is_replaced() {
    let t = TestApp::new().await;
    let first = t.anonymous().get(PATH).await;
    let csrf = first.cookie("csrftoken").unwrap();
    let again = t
        .anonymous()
        .with("cookie", &format!("csrftoken={csrf}"))
        .get(PATH)
        .await;
    assert_eq!(again.cookie("csrftoken"), Some(csrf));
    let odd = t
        .anonymous()
        .with("cookie", "csrftoken=\"><script>")
        .get(PATH)
        .await;
    assert!(!odd.text().contains("<script>"));
    assert_ne!(odd.cookie("csrftoken"), Some(csrf));
}

#[tokio::test]
async fn refuses_other_methods_with_a_status() {
    let t = TestApp::new().await;
    let answer = t
        .anonymous()
        .send(Method::DELETE, PATH, None, Vec::new())
        .await;
    answer.expect(405);
}
