//! What only Label Studio has: an honest 404 in JSON.

use axum::http::Method;
use serde_json::json;

use crate::support::TestApp;

#[tokio::test]
async fn refuses_a_stranger_to_learn_what_there_is() {
    let t = TestApp::new().await;
    for path in ["/api/projects", "/api/tasks/1/", "/api/ml?x=1"] {
        t.anonymous().get(path).await.refusal(401);
        t.token("nonsense").get(path).await.refusal(401);
    }
}

#[tokio::test]
async fn refuses_paths_that_nobody_knows() {
    let t = TestApp::new().await;
    let answer = t.anonymous().get("/api/nothing").await;
    insta::assert_compact_json_snapshot!(answer.refusal(404), @r#"{"detail": "Not found. There is nothing at /api/nothing; docs/api.md lists what there is."}"#);
    for path in [
        "/api",
        "/api/",
        "/api//",
        "/api/users/1/2/3",
        "/api/current-user",
        "/api/token/%2e%2e/x",
        "/api/users/one",
    ] {
        let client = t.client(&t.owner).await;
        client.get(path).await.refusal(404);
        client
            .json(Method::PATCH, path, &json!({}))
            .await
            .refusal(404);
    }
}

#[tokio::test]
async fn says_that_gateway_mode_would_pass_it_on() {
    let t = TestApp::new().await;
    let client = t.client(&t.owner).await;
    let answer = client.get("/api/projects/").await;
    insta::assert_compact_json_snapshot!(answer.refusal(404), @r#"
    {
      "detail": "Not found. Keybearer has no projects of its own. In gateway mode, in front of a Label Studio, it passes /api/projects on; this server is not in gateway mode."
    }
    "#);
    let answer = client.post("/api/projects", &json!({"title": "x"})).await;
    answer.refusal(404);
}
