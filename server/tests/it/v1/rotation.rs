//! `POST /api/v1/tokens/{id}/rotation`. Its interleavings are in `crate::rotation`.

use keybearer_verify::TokenKind;
use serde_json::json;

use super::{key, problem};
use crate::support::TestApp;

#[tokio::test]
async fn refuses_what_cannot_be_rotated() {
    let t = TestApp::with_legacy().await;
    let (token, client) = key(&t, &t.owner, &[]).await;
    let path = format!("/api/v1/tokens/{}/rotation", token.id);
    for hours in [-1, 169, 1_000_000_000_000_i64] {
        let body = problem(
            client.post(&path, &json!({"overlap_hours": hours})).await,
            400,
        );
        assert_eq!(body["field"], "overlap_hours");
    }
    let body = problem(
        client
            .clone()
            .with("idempotency-key", "")
            .post(&path, &json!({}))
            .await,
        400,
    );
    assert_eq!(body["field"], "idempotency_key");
    let long = client.clone().with("idempotency-key", &"x".repeat(256));
    problem(long.post(&path, &json!({})).await, 400);
    problem(
        client
            .post("/api/v1/tokens/nothing/rotation", &json!({}))
            .await,
        404,
    );
    let (legacy, _) = t.issue(&t.owner, TokenKind::Legacy).await;
    problem(
        client
            .post(
                &format!("/api/v1/tokens/{}/rotation", legacy.id),
                &json!({}),
            )
            .await,
        400,
    );
    // Only its owner may see the new secret.
    let (members, _) = key(&t, &t.member().await, &[]).await;
    problem(
        client
            .post(
                &format!("/api/v1/tokens/{}/rotation", members.id),
                &json!({}),
            )
            .await,
        403,
    );
    client.get("/api/v1/me").await.expect(200);
}

#[tokio::test]
async fn both_work_until_the_overlap_ends_and_a_retry_gets_the_same_answer() {
    let t = TestApp::new().await;
    let (_, by) = key(&t, &t.owner, &[]).await;
    let (old, client) = key(&t, &t.owner, &["read", "tokens"]).await;
    let path = format!("/api/v1/tokens/{}/rotation", old.id);
    let first = client
        .clone()
        .with("idempotency-key", "k1")
        .post(&path, &json!({"overlap_hours": 2}))
        .await
        .expect(201);
    let body = first.json();
    assert_eq!(body["retires_at"], "2026-01-02T05:04:05.678Z");
    assert_eq!(body["token"]["scopes"], json!(["read", "tokens"]));
    assert_eq!(
        first.header("location"),
        format!("/api/v1/tokens/{}", body["token"]["id"].as_str().unwrap())
    );
    // The old token itself, or the same key from another of the owner's tokens, is the same request.
    assert_eq!(
        client
            .post(&path, &json!({"overlap_hours": 2}))
            .await
            .expect(201)
            .json(),
        body
    );
    let again = by.clone().with("idempotency-key", "k1");
    assert_eq!(
        again
            .post(&path, &json!({"overlap_hours": 2}))
            .await
            .expect(201)
            .json(),
        body
    );
    // Without either it is another request, and there is a successor already.
    problem(by.post(&path, &json!({})).await, 409);
    problem(
        by.clone()
            .with("idempotency-key", "k2")
            .post(&path, &json!({}))
            .await,
        409,
    );

    let new = t.bearer(body["secret"].as_str().unwrap());
    t.advance(2 * 3600 - 1);
    client.get("/api/v1/me").await.expect(200);
    new.get("/api/v1/me").await.expect(200);
    t.advance(1);
    assert_eq!(
        problem(client.get("/api/v1/me").await, 401)["code"],
        "revoked"
    );
    new.get("/api/v1/me").await.expect(200);
    // In the first minute that may be an honest repetition.
    let alarms = async || {
        let events = by.get("/api/v1/audit-events?action=token.reuse").await;
        events.expect(200).json()["items"].clone()
    };
    assert_eq!(alarms().await, json!([]));
    t.advance(60);
    problem(client.get("/api/v1/me").await, 401);
    assert_eq!(alarms().await[0]["subject"], format!("token {}", old.id));
}

#[tokio::test]
async fn without_an_overlap_the_old_one_is_dead_at_once() {
    let t = TestApp::new().await;
    let (old, client) = key(&t, &t.owner, &[]).await;
    let path = format!("/api/v1/tokens/{}/rotation", old.id);
    let body = client
        .post(&path, &json!({"overlap_hours": 0}))
        .await
        .expect(201)
        .json();
    problem(client.get("/api/v1/me").await, 401);
    t.bearer(body["secret"].as_str().unwrap())
        .get("/api/v1/me")
        .await
        .expect(200);
}
