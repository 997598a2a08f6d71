//! `keybearer config`.

use serde_json::Value;

use super::Place;

#[test]
fn shows_the_settings_without_their_secrets() {
    let place = Place::new();
    let database = "postgres://keys:hunter2@db.example.com/keys";
    let secrets = [
        "--password",
        "hunter2 secret",
        "--user-token",
        "hunter2 token",
        "--username",
        "a@example.com",
    ];
    for format in [&["--json"][..], &[]] {
        let arguments = [
            &["config", "show", "--database", database][..],
            &secrets,
            format,
        ]
        .concat();
        let shown = place.run(&arguments);
        assert!(!shown.contains("hunter2"), "{shown}");
        assert!(
            shown.contains("(secret)") && shown.contains("a@example.com"),
            "{shown}"
        );
    }
    let mut command = place.command(&["config", "show"]);
    command
        .env("KEYBEARER_PASSWORD", "hunter2")
        .env("KEYBEARER_USERNAME", "b@example.com")
        .env("KEYBEARER_DATABASE", database);
    let shown = String::from_utf8(command.output().unwrap().stdout).unwrap();
    assert!(
        shown.contains("b@example.com") && !shown.contains("hunter2"),
        "{shown}"
    );
}

#[test]
fn a_flag_wins_over_the_environment_and_that_over_the_file() {
    let place = Place::new();
    place.write(
        "keybearer.toml",
        "log = \"file\"\nlisten = \"127.0.0.1:1\"\nstrict_single_pat = true\n",
    );
    let mut command = place.command(&["config", "show", "--json", "--log", "flag"]);
    command
        .env("KEYBEARER_LOG", "environment")
        .env("KEYBEARER_LISTEN", "127.0.0.1:2");
    let output = command.output().unwrap();
    let shown: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        (&shown["log"], &shown["listen"], &shown["strict_single_pat"]),
        (&"flag".into(), &"127.0.0.1:2".into(), &true.into())
    );
}

#[test]
fn checks_the_settings() {
    let place = Place::new();
    assert!(place.run(&["config", "check"]).contains("127.0.0.1:8080"));
    place.write("keybearer.toml", "public_ulr = \"http://x\"\n");
    let why = place.fail(&["config", "check"]);
    assert!(
        why.contains("public_ulr") && why.contains("keybearer.toml"),
        "{why}"
    );
    // Nor does anything else run with a file that is not right.
    place.fail(&["user", "list"]);
    for (text, names) in [
        ("listen = \"nowhere\"\n", "listen"),
        ("log = [\n", "keybearer.toml"),
        ("public_url = \"keys.example.com\"\n", "keys.example.com"),
        ("username = \"a@example.com\"\n", "--password"),
        ("log = \"%%%%\"\n", "--log %%%%"),
    ] {
        place.write("keybearer.toml", text);
        let why = place.fail(&["config", "check"]);
        assert!(why.contains(names), "{why}");
    }
    place.write("keybearer.toml", "signing_key_file = \"short\"\n");
    place.write("short", "too short\n");
    assert!(
        place
            .fail(&["config", "check"])
            .contains("fewer than 32 characters")
    );
    assert!(
        place
            .fail(&["config", "check", "--config", "missing.toml"])
            .contains("missing.toml")
    );
    assert!(
        !place.folder.path().join("keybearer-data").exists(),
        "a check makes nothing"
    );
}

#[test]
fn a_variable_that_cannot_be_read_ends_as_a_flag_does() {
    let place = Place::new();
    for arguments in [&[][..], &["serve"], &["user", "list"], &["config", "show"]] {
        let mut command = place.command(arguments);
        command.env("KEYBEARER_LISTEN", "nowhere");
        let output = command.output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        let why = String::from_utf8(output.stderr).unwrap();
        assert!(why.contains("'nowhere'"), "{why}");
    }
    assert!(!place.folder.path().join("keybearer-data").exists());
}

#[test]
fn a_setting_may_come_from_another_place_than_its_neighbour() {
    let place = Place::new();
    place.write("keybearer.toml", "password = \"hunter2\"\n");
    let mut command = place.command(&["config", "show", "--username", "a@example.com"]);
    command.env("KEYBEARER_POLICY_KEY_ENABLED", "1");
    let shown = String::from_utf8(command.output().unwrap().stdout).unwrap();
    assert!(
        shown.contains("a@example.com") && shown.contains("(secret)"),
        "{shown}"
    );
}
