//! The list of notices for an organization's admins.

use serde_json::{Value, json};

use super::{DAY, Told};
use crate::v1::{key, problem};

#[tokio::test]
async fn refuses_members_and_queries_that_are_not_right() {
    let told = Told::new().await;
    let member = told.t.member().await;
    let (_, client) = key(&told.t, &member, &[]).await;
    problem(client.get("/api/v1/notices").await, 403);
    let (_, owner) = key(&told.t, &told.t.owner, &[]).await;
    let refused = problem(owner.get("/api/v1/notices?state=lost").await, 400);
    assert_eq!(refused["field"], "state");
    assert_eq!(
        refused["detail"],
        "A notice is due, delivered, failed, dropped."
    );
    for query in ["limit=0", "limit=501", "cursor=nothing", "sate=due"] {
        problem(owner.get(&format!("/api/v1/notices?{query}")).await, 400);
    }
}

#[tokio::test]
async fn admins_see_what_was_told_of_their_own_organizations_tokens() {
    let told = Told::new().await;
    let (_, others) = told.t.other_organization().await;
    let token = told.token(8).await;
    let (_, owner) = key(&told.t, &told.t.owner, &[]).await;
    let (_, other) = key(&told.t, &others, &[]).await;
    told.t.advance(2 * DAY);
    told.run().await;
    let mut cursor = String::new();
    let mut items: Vec<Value> = Vec::new();
    for _ in 0..2 {
        let path = format!("/api/v1/notices?state=delivered&limit=1{cursor}");
        let page = owner.get(&path).await.expect(200).json();
        cursor = format!("&cursor={}", page["next_cursor"].as_str().unwrap_or(""));
        items.extend(page["items"].as_array().unwrap().clone());
    }
    let mut channels: Vec<_> = items.iter().map(|item| item["channel"].clone()).collect();
    channels.sort_by_key(Value::to_string);
    assert_eq!(channels, ["mail", "webhook"]);
    for item in &items {
        assert_eq!(item["token_id"], token.id);
        assert_eq!(item["name"], "for 8 days");
        assert_eq!(item["days_before"], 7);
        assert_eq!(item["attempts"], 1);
        assert!(item["ended_at"].is_string() && item["next_try_at"].is_null());
    }
    let theirs = other.get("/api/v1/notices").await.expect(200).json();
    assert_eq!(theirs["items"], json!([]));
}
