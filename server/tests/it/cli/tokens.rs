//! `keybearer token`.

use keybearer_verify::KeyToken;

use super::Place;
use crate::support::forge;

#[test]
fn prints_a_new_tokens_secret_alone() {
    let place = Place::with_owner();
    place.run(&["org", "set", "--legacy-api-tokens-enabled", "true"]);
    let create = |kind| {
        let printed = place.run(&[
            "token",
            "create",
            "--email",
            "owner@example.com",
            "--kind",
            kind,
        ]);
        let secret = printed.strip_suffix('\n').unwrap().to_owned();
        assert!(
            secret.bytes().all(|byte| byte.is_ascii_graphic()),
            "{printed}"
        );
        secret
    };
    let key = create("key");
    let id = KeyToken::parse(&key).unwrap().id().to_owned();
    let personal = create("personal");
    assert_eq!(forge::claims(&personal)["token_type"], "refresh");
    let legacy = create("legacy");
    assert_eq!(legacy.len(), 40);

    let listed = place.run(&["token", "list"]);
    let json = place.run(&["token", "list", "--json"]);
    for secret in [&key, &personal, &legacy] {
        assert!(!listed.contains(secret.as_str()) && !json.contains(secret.as_str()));
    }
    assert!(json.contains(&id));
    assert_eq!(
        place.json(&["token", "show", &id, "--json"])[0]["state"],
        "active"
    );
    place.run(&["token", "revoke", &id]);
    let shown = place.json(&["token", "show", &id, "--json"]);
    assert_eq!(
        (&shown[0]["state"], &shown[0]["kind"]),
        (&"revoked".into(), &"key".into())
    );
    let why = place.fail(&["token", "revoke", &id]);
    assert!(why.contains("revoked already"), "{why}");
}

#[test]
fn a_token_takes_name_and_lifetime() {
    let place = Place::with_owner();
    place.run(&[
        "token",
        "create",
        "--email",
        "owner@example.com",
        "--kind",
        "key",
        "--name",
        "robot",
        "--ttl-days",
        "2",
    ]);
    let listed = place.json(&["token", "list", "--json"]);
    let all = listed.as_array().unwrap();
    let token = all.iter().find(|token| token["name"] == "robot").unwrap();
    let lifetime = token["expires_at"].as_i64().unwrap() - token["created_at"].as_i64().unwrap();
    assert_eq!(lifetime, 2 * 86_400_000);
}
