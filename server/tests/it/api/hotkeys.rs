//! The caller's hotkeys.

use serde_json::{Value, json};

use crate::support::TestApp;

const PATH: &str = "/api/current-user/hotkeys";

#[tokio::test]
async fn refuses_a_stranger() {
    let t = TestApp::new().await;
    t.anonymous().get(PATH).await.refusal(401);
    t.anonymous().patch(PATH, &json!({})).await.refusal(401);
}

#[tokio::test]
async fn refuses_what_are_no_hotkeys() {
    let t = TestApp::new().await;
    let client = t.client(&t.owner).await;
    let good = json!({"custom_hotkeys": {"a:b": {"key": "ctrl+k", "active": true}}});
    client.patch(PATH, &good).await.expect(200);
    let mut whys = Vec::new();
    for body in wrong() {
        let answer = client.patch(PATH, &body).await.expect(400).json();
        assert_eq!(answer["error"], "Invalid hotkeys configuration", "{body}");
        whys.extend(
            answer["details"]
                .as_object()
                .unwrap()
                .values()
                .map(|why| why[0].clone()),
        );
    }
    insta::assert_json_snapshot!(whys, @r#"
    [
      "Invalid data. Expected a dictionary, but got list.",
      "No data provided",
      "This field is required.",
      "This field may not be null.",
      "Expected a dictionary of items but got type \"list\".",
      "Expected a dictionary of items but got type \"str\".",
      "Cannot define more than 200 custom hotkeys",
      "Action key '' must be a non-empty string",
      "Action key 'no section' must be in 'section:action' format",
      "Action key ' : ' must have non-empty section and action parts",
      "Action key 'a:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb' is too long (max 100 characters)",
      "Hotkey data for 'a:b' must be a dictionary",
      "Missing 'key' in hotkey data for 'a:b'",
      "Key combination for 'a:b' must be a non-empty string",
      "Key combination for 'a:b' must be a non-empty string",
      "Key combination for 'a:b' is too long (max 50 characters)",
      "Key combination 'Alt+F4' is not allowed for security reasons",
      "Active flag for 'a:b' must be a boolean",
      "Key combination 'é' for 'a:b' contains invalid characters",
      "Invalid modifier or key 'xxxxxxxxxxxxxxxxxxxxx' in key combination 'xxxxxxxxxxxxxxxxxxxxx+k'"
    ]
    "#);
    assert_eq!(client.get(PATH).await.json(), good);
}

/// Bodies that hold no hotkeys, each for a reason of its own.
fn wrong() -> Vec<Value> {
    let many: Value = (0..201)
        .map(|n| (format!("a:{n}"), json!({"key": "k"})))
        .collect::<serde_json::Map<_, _>>()
        .into();
    let hotkeys = |hotkeys: Value| json!({"custom_hotkeys": hotkeys});
    vec![
        json!([]),
        json!(null),
        json!({}),
        hotkeys(json!(null)),
        hotkeys(json!([])),
        hotkeys(json!("text")),
        hotkeys(many),
        hotkeys(json!({"": {"key": "k"}})),
        hotkeys(json!({"no section": {"key": "k"}})),
        hotkeys(json!({" : ": {"key": "k"}})),
        hotkeys(json!({format!("a:{}", "b".repeat(99)): {"key": "k"}})),
        hotkeys(json!({"a:b": "k"})),
        hotkeys(json!({"a:b": {}})),
        hotkeys(json!({"a:b": {"key": ""}})),
        hotkeys(json!({"a:b": {"key": 1}})),
        hotkeys(json!({"a:b": {"key": "k".repeat(51)}})),
        hotkeys(json!({"a:b": {"key": "Alt+F4"}})),
        hotkeys(json!({"a:b": {"key": "k", "active": "yes"}})),
        hotkeys(json!({"a:b": {"key": "\u{e9}"}})),
        hotkeys(json!({"a:b": {"key": format!("{}+k", "x".repeat(21))}})),
    ]
}

#[tokio::test]
async fn keeps_them_for_each_user() {
    let t = TestApp::new().await;
    let owner = t.client(&t.owner).await;
    let member = t.client(&t.member().await).await;
    let none = json!({"custom_hotkeys": {}});
    assert_eq!(owner.get("/api/current-user/hotkeys/").await.json(), none);
    let some =
        json!({"custom_hotkeys": {"z:z": {"key": "ctrl+k", "more": [1.5]}, "a:b": {"key": "k"}}});
    let answer = owner.patch(PATH, &some).await.expect(200);
    assert_eq!(answer.text(), some.to_string(), "the order stays, too");
    assert_eq!(owner.get(PATH).await.text(), some.to_string());
    assert_eq!(member.get(PATH).await.json(), none);
    let me = owner.get("/api/current-user/whoami").await.json();
    assert_eq!(me["custom_hotkeys"], some["custom_hotkeys"]);
}
