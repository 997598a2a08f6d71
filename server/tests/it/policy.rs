//! What a policy stops: the dry run tells it before, saving does it, and taking it back undoes it.

use std::collections::BTreeSet;

use keybearer::domain::access::Role;
use keybearer::domain::users::changing;
use keybearer::domain::{members, uses};
use keybearer_verify::TokenKind;
use serde_json::{Value, json};

use crate::support::{Client, TestApp};

const POLICY: &str = "/api/v1/organizations/1/policy";
const DRY_RUN: &str = "/api/v1/organizations/1/policy?dry_run=true";

/// Tokens of two people, each used once, from one address, two days ago; and one used today.
struct Scene {
    t: TestApp,
    browser: Client,
    tokens: Vec<(String, TokenKind, String)>,
}

impl Scene {
    async fn new() -> Self {
        let t = TestApp::with_legacy().await;
        let member = t.member().await;
        let mut tokens = Vec::new();
        for user in [&t.owner, &member] {
            for kind in [TokenKind::Personal, TokenKind::Key, TokenKind::Legacy] {
                let (token, text) = t.issue(user, kind).await;
                tokens.push((token.id, kind, text));
            }
        }
        let scene = Self {
            browser: t.browser(&t.owner).await,
            t,
            tokens,
        };
        assert_eq!(scene.working().await.len(), 6);
        scene.t.advance(2 * 86_400);
        let fresh = scene.t.issue(&scene.t.owner, TokenKind::Key).await;
        scene.t.bearer(&fresh.1).get("/api/v1/me").await.expect(200);
        uses::flush(&scene.t.app).await.unwrap();
        let mut scene = scene;
        scene.tokens.push((fresh.0.id, TokenKind::Key, fresh.1));
        scene
    }

    /// The ids of the tokens that open the door; personal ones by their exchange.
    async fn working(&self) -> BTreeSet<String> {
        let mut working = BTreeSet::new();
        for (id, kind, text) in &self.tokens {
            let answer = match kind {
                TokenKind::Personal => self.t.exchange(text).await,
                _ => self.t.bearer(text).get("/api/v1/me").await,
            };
            if answer.status == 200 {
                working.insert(id.clone());
            }
        }
        working
    }

    async fn dry_run(&self, change: &Value) -> (BTreeSet<String>, Value) {
        let answer = self.browser.patch(DRY_RUN, change).await.expect(200).json();
        let stopped = answer["stopped"].as_array().unwrap();
        let ids = stopped
            .iter()
            .map(|token| token["id"].as_str().unwrap().to_owned());
        (ids.collect(), answer)
    }
}

#[tokio::test]
async fn the_dry_run_says_what_really_stops_and_undoing_brings_it_back() {
    // The change, and how many of the seven tokens it stops.
    let changes = [
        (json!({"key_enabled": false}), 3, "type_disabled"),
        (json!({"legacy_enabled": false}), 2, "type_disabled"),
        (json!({"personal_enabled": false}), 2, "type_disabled"),
        (json!({"max_ttl_days": 89}), 5, "lifetime_over_policy"),
        (json!({"max_ttl_days": 90}), 2, "lifetime_over_policy"),
        (json!({"idle_days": 1}), 6, "lifetime_over_policy"),
        (json!({"idle_days": 2}), 0, ""),
        (
            json!({"ip_ranges": ["198.51.100.0/24"]}),
            7,
            "ip_not_allowed",
        ),
        (json!({"ip_ranges": ["203.0.113.7"]}), 0, ""),
        (json!({"scopes": ["read"]}), 0, ""),
        (json!({"direct_use": "refuse"}), 0, ""),
        (json!({"personal_ttl_days": 1}), 0, ""),
        (json!({"key_ttl_days": 1}), 0, ""),
        (json!({"max_overlap_hours": 0}), 0, ""),
        (json!({"on_reuse": "revoke_family"}), 0, ""),
    ];
    for (change, count, code) in changes {
        let scene = Scene::new().await;
        let before = scene.browser.get(POLICY).await.expect(200).json();
        let all: BTreeSet<String> = scene.tokens.iter().map(|token| token.0.clone()).collect();
        let (told, answer) = scene.dry_run(&change).await;
        assert_eq!(told.len(), count, "{change}: {answer}");
        assert_eq!(answer["tokens"], count);
        for token in answer["stopped"].as_array().unwrap() {
            assert_eq!(token["code"], code, "{change}");
            assert!(token["email"].as_str().unwrap().contains("@example.com"));
        }
        // A dry run changes nothing.
        assert_eq!(scene.browser.get(POLICY).await.json(), before);

        scene.browser.patch(POLICY, &change).await.expect(200);
        let stopped: BTreeSet<String> = all.difference(&scene.working().await).cloned().collect();
        assert_eq!(stopped, told, "{change}");
        scene.browser.patch(POLICY, &before).await.expect(200);
        // Only the use of what worked meanwhile is new; nothing was destroyed.
        assert_eq!(scene.working().await, all, "{change}");
    }
}

#[tokio::test]
async fn a_dry_run_tells_of_whom_and_when_last() {
    let scene = Scene::new().await;
    let (_, answer) = scene.dry_run(&json!({"key_enabled": false})).await;
    assert_eq!(
        (&answer["tokens"], &answer["people"]),
        (&json!(3), &json!(2))
    );
    let last: BTreeSet<&str> = answer["stopped"]
        .as_array()
        .unwrap()
        .iter()
        .map(|token| token["last_used_at"].as_str().unwrap())
        .collect();
    assert_eq!(
        last,
        BTreeSet::from(["2026-01-02T03:04:05.678Z", "2026-01-04T03:04:05.678Z"])
    );
    // Who would be locked out is the answer, not a reason for none.
    scene
        .dry_run(&json!({"personal_enabled": false, "legacy_enabled": false}))
        .await;
}

#[tokio::test]
async fn a_dry_run_leaves_out_what_opens_no_door_already() {
    let scene = Scene::new().await;
    let t = &scene.t;
    let (resting, gone) = (
        t.user("resting@example.com", Role::Member).await,
        t.user("gone@example.com", Role::Member).await,
    );
    for user in [&resting, &gone] {
        t.issue(user, TokenKind::Key).await;
    }
    let change = json!({"key_enabled": false});
    assert_eq!(scene.dry_run(&change).await.0.len(), 5);
    changing::set_active(&t.app, &t.operator(), resting.id, false)
        .await
        .unwrap();
    assert_eq!(scene.dry_run(&change).await.0.len(), 4);
    members::remove(&t.app, &t.operator(), 1, gone.id)
        .await
        .unwrap();
    assert_eq!(scene.dry_run(&change).await.0.len(), 3);
}

#[tokio::test]
async fn a_token_that_was_never_used_is_judged_from_where_it_could_come() {
    let t = TestApp::new().await;
    let browser = t.browser(&t.owner).await;
    let mut ids = Vec::new();
    for ranges in [
        json!([]),
        json!(["192.0.2.0/24"]),
        json!(["::ffff:192.0.2.9"]),
    ] {
        let body = json!({"kind": "key", "name": "never used", "ip_ranges": ranges});
        let made = browser.post("/api/v1/tokens", &body).await.expect(201);
        ids.push(made.json()["id"].clone());
    }
    let expected = [
        (json!({"key_enabled": false}), 3),
        (json!({"ip_ranges": ["0.0.0.0/0", "::/0"]}), 0),
        (json!({"ip_ranges": ["198.51.100.7", "192.0.2.8/29"]}), 0),
        (json!({"ip_ranges": ["192.0.2.9"]}), 0),
        (json!({"ip_ranges": ["192.0.2.7"]}), 1),
        (json!({"ip_ranges": ["198.51.100.7"]}), 2),
    ];
    for (change, count) in expected {
        let told = browser.patch(DRY_RUN, &change).await.expect(200).json();
        assert_eq!(told["tokens"], count, "{change}: {told}");
    }
}

#[tokio::test]
async fn a_use_of_this_moment_counts_in_a_dry_run() {
    let t = TestApp::new().await;
    let (_, text) = t.issue(&t.owner, TokenKind::Key).await;
    let browser = t.browser(&t.owner).await;
    t.bearer(&text).get("/api/v1/me").await.expect(200);
    let change = json!({"ip_ranges": ["198.51.100.7"]});
    let told = browser.patch(DRY_RUN, &change).await.expect(200).json();
    assert_eq!(told["tokens"], 1, "{told}");
    assert_eq!(
        told["stopped"][0]["last_used_at"],
        "2026-01-02T03:04:05.678Z"
    );
}

#[tokio::test]
async fn a_policys_scopes_and_direct_use_are_judged_at_each_use() {
    let scene = Scene::new().await;
    let t = &scene.t;
    let personal = t.bearer(&scene.tokens[0].2);
    personal
        .post("/api/v1/tokens", &json!({"kind": "key"}))
        .await
        .expect(201);
    scene
        .browser
        .patch(POLICY, &json!({"scopes": ["read"], "direct_use": "warn"}))
        .await
        .expect(200);
    let answer = personal.get("/api/v1/me").await.expect(200);
    assert!(
        answer
            .header("keybearer-warning")
            .starts_with("personal access token sent directly")
    );
    personal
        .post("/api/v1/tokens", &json!({"kind": "key"}))
        .await
        .expect(403);
    scene
        .browser
        .patch(POLICY, &json!({"scopes": [], "direct_use": "refuse"}))
        .await
        .expect(200);
    let refused = personal.get("/api/v1/me").await.expect(401);
    assert!(
        refused.text().contains("\"code\":\"wrong_token_type\""),
        "{}",
        refused.text()
    );
    t.exchange(&scene.tokens[0].2).await.expect(200);
}
