//! `keybearer keys`.

use super::Place;

#[test]
fn refuses_a_key_that_is_not_there_and_one_that_signs() {
    let place = Place::with_owner();
    let why = place.fail(&["keys", "remove", "nonsense"]);
    assert!(why.contains("keys list"), "{why}");
    let keys = place.json(&["keys", "list", "--json"]);
    let why = place.fail(&["keys", "remove", keys[0]["id"].as_str().unwrap(), "--force"]);
    assert!(why.contains("keys rotate"), "{why}");
}

#[test]
fn lists_rotates_and_removes() {
    let place = Place::with_owner();
    place.run(&["token", "create", "--email", "owner@example.com"]);
    let said = place.run(&["keys", "rotate"]);
    let keys = place.json(&["keys", "list", "--json"]);
    assert_eq!(keys.as_array().unwrap().len(), 2);
    assert!(said.contains(keys[0]["id"].as_str().unwrap()), "{said}");
    assert_eq!(
        (&keys[0]["signs"], &keys[1]["signs"]),
        (&true.into(), &false.into())
    );
    assert_eq!(
        (&keys[0]["live_tokens"], &keys[1]["live_tokens"]),
        (&0.into(), &1.into())
    );
    let table = place.run(&["keys", "list"]);
    assert!(
        table.contains("checks") && table.contains("signs"),
        "{table}"
    );
    let old = keys[1]["id"].as_str().unwrap();
    let why = place.fail(&["keys", "remove", old]);
    assert!(why.contains("1 live token"), "{why}");
    place.run(&["keys", "remove", old, "--force"]);
    let audit = place.run(&["audit", "list"]);
    assert!(
        audit.contains("signing_key.rotate") && audit.contains("signing_key.remove"),
        "{audit}"
    );
}
