//! What admins see and do: the organization's tokens and its policy. What a policy stops is in
//! `crate::policy`.

use serde_json::json;

use super::{key, problem};
use crate::support::TestApp;

const TOKENS: &str = "/api/v1/organizations/1/tokens";
const POLICY: &str = "/api/v1/organizations/1/policy";

#[tokio::test]
async fn refuses_members() {
    let t = TestApp::new().await;
    let member = t.member().await;
    let (_, client) = key(&t, &member, &[]).await;
    problem(client.get(TOKENS).await, 403);
    problem(client.patch(POLICY, &json!({})).await, 403);
    problem(
        client
            .patch(&format!("{POLICY}?dry_run=true"), &json!({}))
            .await,
        403,
    );
    problem(client.get("/api/v1/audit-events").await, 403);
    problem(client.delete("/api/v1/users/1/tokens").await, 403);
    // His own he may see, and the policy that rules over them.
    client
        .get(&format!("{TOKENS}?user_id={}", member.id))
        .await
        .expect(200);
    client.get(POLICY).await.expect(200);
}

#[tokio::test]
async fn refuses_policies_that_are_not_right() {
    let t = TestApp::new().await;
    let (_, client) = key(&t, &t.owner, &[]).await;
    for (body, field) in [
        (json!({"key_ttl_days": 0}), "key_ttl_days"),
        (json!({"personal_ttl_days": 73_001}), "personal_ttl_days"),
        (json!({"max_ttl_days": -1}), "max_ttl_days"),
        (json!({"idle_days": 0}), "idle_days"),
        (json!({"direct_use": "maybe"}), "direct_use"),
        (json!({"on_reuse": "forgive"}), "on_reuse"),
        (json!({"max_overlap_hours": 721}), "max_overlap_hours"),
        (json!({"scopes": ["x"]}), "scopes"),
        (json!({"ip_ranges": ["x"]}), "ip_ranges"),
        (json!({"key_enabled": "yes"}), "key_enabled"),
    ] {
        for path in [POLICY.to_owned(), format!("{POLICY}?dry_run=true")] {
            assert_eq!(
                problem(client.patch(&path, &body).await, 400)["field"],
                field,
                "{body}"
            );
        }
    }
    problem(
        client
            .patch(POLICY, &json!({"personal_enabled": false}))
            .await,
        400,
    );
    problem(client.patch(POLICY, &json!({"personal": true})).await, 400);
}

#[tokio::test]
async fn admins_list_filter_and_revoke_the_organizations_tokens_without_secrets() {
    let t = TestApp::new().await;
    let member = t.member().await;
    let (_, admin) = key(&t, &t.admin().await, &[]).await;
    let (theirs, used) = key(&t, &member, &[]).await;
    let listed = admin
        .get(&format!("{TOKENS}?user_id={}&kind=key", member.id))
        .await
        .expect(200)
        .json();
    assert_eq!(listed["items"][0]["id"], theirs.id);
    assert_eq!(listed["items"][0]["email"], "member@example.com");
    assert!(listed["items"][0].get("secret").is_none() && listed["items"][0].get("hash").is_none());
    let count = async |query: &str| {
        let answer = admin.get(&format!("{TOKENS}?{query}")).await.expect(200);
        answer.json()["items"].as_array().unwrap().len()
    };
    assert_eq!(count("search=MEMBER%40&kind=key").await, 1);
    assert_eq!(count("kind=key&state=active").await, 2);
    let (other, _) = key(&t, &member, &[]).await;
    admin
        .delete(&format!("/api/v1/tokens/{}", other.id))
        .await
        .expect(204);
    assert_eq!(count("state=revoked").await, 1);
    let all = admin
        .delete(&format!("/api/v1/users/{}/tokens", member.id))
        .await
        .expect(200)
        .json();
    assert_eq!(all, json!({"revoked": 2}));
    assert_eq!(
        problem(used.get("/api/v1/me").await, 401)["code"],
        "revoked"
    );
    problem(admin.delete("/api/v1/users/999/tokens").await, 404);
}

#[tokio::test]
async fn a_policy_is_changed_field_by_field_and_a_null_takes_a_limit_away() {
    let t = TestApp::new().await;
    let (_, client) = key(&t, &t.owner, &[]).await;
    let before = client.get(POLICY).await.expect(200).json();
    let saved = client
        .patch(POLICY, &json!({"max_ttl_days": 100, "direct_use": "warn"}))
        .await
        .expect(200)
        .json();
    assert_eq!(
        (&saved["max_ttl_days"], &saved["direct_use"]),
        (&json!(100), &json!("warn"))
    );
    assert_eq!(client.get(POLICY).await.json(), saved);
    let saved = client
        .patch(
            POLICY,
            &json!({"max_ttl_days": null, "direct_use": "allow"}),
        )
        .await
        .expect(200)
        .json();
    assert_eq!(saved, before);
}

#[tokio::test]
async fn refuses_a_change_that_stops_the_token_it_is_made_with() {
    let t = TestApp::new().await;
    let (_, client) = key(&t, &t.owner, &[]).await;
    let path = "/api/v1/organizations/1/policy";
    for (field, change) in [
        ("ip_ranges", json!({"ip_ranges": ["198.51.100.0/24"]})),
        ("max_ttl_days", json!({"max_ttl_days": 1})),
        ("scopes", json!({"scopes": ["read"]})),
    ] {
        let refused = problem(client.patch(path, &change).await, 400);
        assert_eq!(refused["field"], field, "{change}");
    }
    client.get("/api/v1/me").await.expect(200);
    client
        .patch(path, &json!({"scopes": ["read", "admin"]}))
        .await
        .expect(200);
    let browser = t.browser(&t.owner).await;
    browser
        .patch(path, &json!({"scopes": []}))
        .await
        .expect(200);
    let change = json!({"max_ttl_days": 1, "force": true});
    client.patch(path, &change).await.expect(200);
    problem(client.get("/api/v1/me").await, 401);
    browser
        .patch(path, &json!({"max_ttl_days": null}))
        .await
        .expect(200);
    client.get("/api/v1/me").await.expect(200);
}
