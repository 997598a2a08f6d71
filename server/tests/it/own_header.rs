//! The operator's own header for tokens.

use keybearer::config::{Config, Place, Settings};
use keybearer_verify::TokenKind;

use crate::support::TestApp;

async fn app() -> TestApp {
    TestApp::with(|settings| {
        settings.token_header = Some("X-Company-Token".into());
        settings.enable_legacy_tokens = Some(true);
    })
    .await
}

#[tokio::test]
async fn refuses_nonsense_and_two_different_credentials_in_the_own_header() {
    let t = app().await;
    let [one, other] = [t.personal(&t.owner).await, t.personal(&t.owner).await];
    let nonsense = t.anonymous().with("x-company-token", "nonsense");
    nonsense.get("/api/current-user/whoami").await.refusal(401);
    for (name, value) in [
        ("authorization", format!("Bearer {other}")),
        ("x-api-key", other.clone()),
        ("x-company-token", other.clone()),
    ] {
        let two = t
            .anonymous()
            .with("x-company-token", &one)
            .with(name, &value);
        two.get("/api/current-user/whoami").await.refusal(401);
    }
}

#[tokio::test]
async fn every_kind_is_accepted_in_the_own_header() {
    let t = app().await;
    for kind in [
        TokenKind::Personal,
        TokenKind::Access,
        TokenKind::Key,
        TokenKind::Legacy,
    ] {
        let text = t.text(&t.owner, kind).await;
        for name in ["x-company-token", "X-COMPANY-TOKEN", "x-api-key"] {
            let client = t.anonymous().with(name, &text);
            client.get("/api/current-user/whoami").await.expect(200);
        }
        let twice = t.bearer(&text).with("x-company-token", &text);
        twice.get("/api/current-user/whoami").await.expect(200);
    }
}

#[tokio::test]
async fn the_own_header_means_nothing_where_it_is_not_configured() {
    let t = TestApp::new().await;
    let text = t.personal(&t.owner).await;
    let client = t.anonymous().with("x-company-token", &text);
    client.get("/api/current-user/whoami").await.refusal(401);
}

#[test]
fn refuses_names_that_have_a_meaning_already() {
    for name in [
        "Authorization",
        "cookie",
        "Host",
        "Content-Type",
        "X-Forwarded-For",
        "x-api-key",
        "Accept",
        "Sec-Fetch-Site",
        "Keybearer-Warning",
        "Transfer-Encoding",
        "",
        " ",
        "X Y",
        "X:Y",
        "Ünder",
    ] {
        let settings = Settings {
            token_header: Some(name.into()),
            ..Settings::default()
        };
        assert!(
            Config::load(&Place::default(), settings).is_err(),
            "{name:?}"
        );
    }
}
