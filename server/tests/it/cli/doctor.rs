//! `keybearer doctor`.

use super::Place;
use crate::support::forge;

#[test]
fn doctor_tells_each_kind() {
    let place = Place::with_owner();
    place.run(&["org", "set", "--legacy-api-tokens-enabled", "true"]);
    let create = |kind| {
        place
            .run(&[
                "token",
                "create",
                "--email",
                "owner@example.com",
                "--kind",
                kind,
            ])
            .trim()
            .to_owned()
    };
    let (personal, key, legacy) = (create("personal"), create("key"), create("legacy"));
    let mistyped = format!(
        "{}{}",
        &key[..key.len() - 1],
        if key.ends_with('0') { '1' } else { '0' }
    );
    let listed = forge::unsigned_part(&personal);
    let long = "x".repeat(4097);
    for (text, kind, fault) in [
        (personal.as_str(), Some("personal"), None),
        (&listed, Some("personal"), Some("the signature, is missing")),
        (&key, Some("key"), None),
        (&mistyped, Some("key"), Some("checksum is wrong")),
        ("kb_short", Some("key"), Some("not 57 letters")),
        (&legacy, Some("legacy"), None),
        ("hello", Some("legacy"), Some("no known form")),
        (&long, None, Some("longer than 4096 bytes")),
        ("two words", None, Some("blanks")),
    ] {
        let output = place.output(&["doctor", "--json", text]);
        let found: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(output.status.success(), fault.is_none(), "{text}");
        assert_eq!(found["kind"].as_str(), kind, "{text}");
        match fault {
            Some(fault) => assert!(
                found["fault"].as_str().unwrap().contains(fault),
                "{text}: {found}"
            ),
            None => assert!(found["fault"].is_null(), "{text}: {found}"),
        }
        let for_people = String::from_utf8(place.output(&["doctor", text]).stdout).unwrap();
        assert!(for_people.contains("advice"), "{text}");
    }
    assert_eq!(place.json(&["doctor", "--json", &personal])["user_id"], "1");
}
