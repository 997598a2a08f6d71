//! Version and health, which need no credential.

use crate::support::{EmptyApp, TestApp};

#[tokio::test]
async fn refuses_other_methods() {
    let t = TestApp::new().await;
    t.anonymous().delete("/api/version").await.expect(405);
    t.anonymous().delete("/health").await.expect(405);
}

#[tokio::test]
async fn refuses_other_methods_below_api_in_json() {
    let t = TestApp::new().await;
    let answer = t.anonymous().delete("/api/version").await;
    answer.refusal(405);
}

#[tokio::test]
async fn refuses_health_while_the_database_cannot_be_reached() {
    let t = TestApp::new().await;
    t.app.db.close().await;
    let answer = t.anonymous().get("/health").await;
    insta::assert_compact_json_snapshot!(answer.refusal(503), @r#"{"detail": "Keybearer cannot answer now: the database cannot be reached. Try again in a moment."}"#);
}

#[tokio::test]
async fn says_which_label_studio_it_is_compatible_with() {
    let t = TestApp::new().await;
    let answer = t.anonymous().get("/api/version/").await.expect(200);
    assert_eq!(answer.json()["release"], "1.23.2");
    let page = t.anonymous().get("/version/").await.expect(200);
    assert!(page.text().contains("1.23.2"));
}

#[tokio::test]
async fn is_up_even_before_it_is_set_up() {
    for path in ["/health", "/health/"] {
        let answer = EmptyApp::new().await.anonymous().get(path).await;
        assert_eq!(answer.expect(200).text(), r#"{"status": "UP"}"#);
        let answer = TestApp::new().await.anonymous().get(path).await;
        assert_eq!(answer.expect(200).text(), r#"{"status": "UP"}"#);
    }
}
