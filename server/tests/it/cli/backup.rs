//! `keybearer backup`, `restore` and `export`.

use std::os::unix::fs::PermissionsExt;

use super::Place;

#[test]
fn refuses_files_that_are_there_and_files_that_are_not() {
    let place = Place::with_owner();
    place.write("there", "something");
    let why = place.fail(&["backup", "there"]);
    assert!(why.contains("is there already"), "{why}");
    let why = place.fail(&["export", "--to", "there"]);
    assert!(why.contains("is there already"), "{why}");
    let why = place.fail(&["backup", "no/such/folder/file"]);
    assert!(why.contains("cannot be written"), "{why}");
    // What a backup that was cut short leaves.
    place.write("cut.part", "something");
    let why = place.fail(&["backup", "cut"]);
    assert!(why.contains("cut.part is there"), "{why}");
    assert!(why.contains("delete it"), "{why}");
    let why = place.fail(&["restore", "missing"]);
    assert!(why.contains("the backup missing"), "{why}");
    let why = place.fail(&["restore", "there"]);
    assert!(why.contains("no backup of Keybearer"), "{why}");
    let text = std::fs::read_to_string(place.folder.path().join("there")).unwrap();
    assert_eq!(text, "something");
}

#[test]
fn backs_up_and_restores_elsewhere() {
    let place = Place::with_owner();
    place.run(&["token", "create", "--email", "owner@example.com"]);
    place.run(&["backup", "one.backup"]);
    let mode = |name: &str| {
        let file = place.folder.path().join(name);
        file.metadata().unwrap().permissions().mode() & 0o777
    };
    assert_eq!(mode("one.backup"), 0o600);
    assert!(!place.folder.path().join("one.backup.part").exists());
    let said = place.run(&["restore", "one.backup", "--data-dir", "other"]);
    assert!(said.contains("the audit log is whole"), "{said}");
    assert_eq!(mode("other/sealing.key"), 0o600);
    let list = |data: &str| place.run(&["token", "list", "--json", "--data-dir", data]);
    assert_eq!(list("keybearer-data"), list("other"));
    let why = place.fail(&["restore", "one.backup", "--data-dir", "other"]);
    assert!(why.contains("--overwrite"), "{why}");
    place.run(&[
        "restore",
        "one.backup",
        "--data-dir",
        "other",
        "--overwrite",
    ]);
    place.run(&["export", "--to", "all.jsonl"]);
    assert_eq!(mode("all.jsonl"), 0o600);
    let file = std::fs::read_to_string(place.folder.path().join("all.jsonl")).unwrap();
    assert_eq!(file, place.run(&["export"]));
}
