//! Nothing of one organization is there for another.

use serde_json::json;

use super::{key, problem};
use crate::support::TestApp;

#[tokio::test]
async fn another_organizations_owner_finds_nothing() {
    let t = TestApp::new().await;
    let member = t.member().await;
    let (token, used) = key(&t, &member, &[]).await;
    let (others, owner) = t.other_organization().await;
    let (_, client) = key(&t, &owner, &[]).await;
    let path = format!("/api/v1/tokens/{}", token.id);
    let missing = problem(client.get("/api/v1/tokens/nothing").await, 404);
    assert_eq!(problem(client.get(&path).await, 404), missing);
    problem(client.patch(&path, &json!({"name": "x"})).await, 404);
    problem(client.delete(&path).await, 404);
    problem(
        client.post(&format!("{path}/rotation"), &json!({})).await,
        404,
    );
    problem(client.get(&format!("{path}/uses")).await, 404);
    problem(client.get("/api/v1/organizations/1/tokens").await, 404);
    problem(client.get("/api/v1/organizations/1/policy").await, 404);
    problem(
        client
            .patch(
                "/api/v1/organizations/1/policy",
                &json!({"key_enabled": false}),
            )
            .await,
        404,
    );
    problem(
        client
            .patch("/api/v1/organizations/1/policy?dry_run=true", &json!({}))
            .await,
        404,
    );
    problem(
        client
            .delete(&format!("/api/v1/users/{}/tokens", member.id))
            .await,
        404,
    );
    used.get("/api/v1/me").await.expect(200);
    let mine = client
        .get(&format!("/api/v1/organizations/{}/tokens", others.id))
        .await
        .expect(200)
        .json();
    assert_eq!(mine["items"].as_array().unwrap().len(), 2);
    client
        .post("/api/v1/tokens", &json!({"kind": "key"}))
        .await
        .expect(201);
    let events = client.get("/api/v1/audit-events").await.expect(200);
    assert!(!events.text().contains("member@example.com") && !events.text().contains(&token.id));
    assert!(
        events.json()["items"]
            .as_array()
            .unwrap()
            .iter()
            .all(|event| event["organization_id"] == others.id)
    );
}
