//! The command line: the built binary in a folder of its own.

use std::path::Path;
use std::process::{Command, Output, Stdio};

use keybearer_verify::KeyToken;
use serde_json::Value;
use tempfile::TempDir;

use crate::support::{PASSWORD, forge};

/// A folder in which commands run, with no settings from outside.
struct Place {
    folder: TempDir,
}

impl Place {
    fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
        }
    }

    /// A folder with an owner's account.
    fn with_owner() -> Self {
        let place = Self::new();
        place.run(&[
            "user",
            "add",
            "--email",
            "owner@example.com",
            "--role",
            "owner",
        ]);
        place
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_keybearer"));
        command
            .args(arguments)
            .current_dir(self.folder.path())
            .env_clear()
            .stdin(Stdio::null());
        command
    }

    fn output(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// Standard output of a command that must succeed and have nothing to complain of.
    #[track_caller]
    fn run(&self, arguments: &[&str]) -> String {
        let output = self.output(arguments);
        let errors = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.success(), "{arguments:?}: {errors}");
        assert_eq!(errors, "", "{arguments:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    #[track_caller]
    fn json(&self, arguments: &[&str]) -> Value {
        serde_json::from_str(&self.run(arguments)).unwrap()
    }

    /// The one sentence of a command that must fail with the exit code 1.
    #[track_caller]
    fn fail(&self, arguments: &[&str]) -> String {
        let output = self.output(arguments);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}");
        assert_eq!(output.stdout, b"", "{arguments:?}");
        let errors = String::from_utf8(output.stderr).unwrap();
        assert!(errors.starts_with("keybearer: "), "{errors}");
        errors
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.folder.path().join(name), text).unwrap();
    }
}

#[test]
fn the_definition_is_sound() {
    keybearer::cli::definition().debug_assert();
}

#[test]
fn refuses_a_first_account_that_is_no_owners() {
    let place = Place::new();
    let why = place.fail(&["user", "add", "--email", "a@example.com"]);
    assert!(
        why.contains("the first account must be an owner's"),
        "{why}"
    );
    let why = place.fail(&["token", "create", "--email", "a@example.com"]);
    assert!(
        why.contains("There is no account of a@example.com"),
        "{why}"
    );
    let why = place.fail(&["org", "show"]);
    assert!(why.contains("There is no organization yet."), "{why}");
}

#[test]
fn refuses_what_is_not_right_in_one_sentence() {
    let place = Place::with_owner();
    for (arguments, why) in [
        (
            &["user", "add", "--email", "nobody"][..],
            "email: Enter a valid email address.",
        ),
        (
            &["user", "add", "--email", "owner@example.com"],
            "already exists",
        ),
        (
            &[
                "user",
                "add",
                "--email",
                "b@example.com",
                "--password",
                "short",
            ],
            "8–128 characters",
        ),
        (
            &["user", "deactivate", "b@example.com"],
            "There is no account of b@example.com",
        ),
        (
            &[
                "token",
                "create",
                "--email",
                "owner@example.com",
                "--ttl-days",
                "0",
            ],
            "between 1 and 73000 days",
        ),
        (
            &[
                "token",
                "create",
                "--email",
                "owner@example.com",
                "--kind",
                "legacy",
            ],
            "Legacy tokens are switched off",
        ),
        (&["token", "revoke", "unknown"], "No Token matches"),
        (
            &["org", "set", "--api-tokens-enabled", "false"],
            "lock every Label Studio",
        ),
    ] {
        let said = place.fail(arguments);
        assert!(
            said.to_lowercase().contains(&why.to_lowercase()),
            "{arguments:?}: {said}"
        );
        assert_eq!(said.lines().count(), 1, "{said}");
    }
}

#[test]
fn refuses_arguments_that_it_does_not_know() {
    let place = Place::new();
    for arguments in [
        &["nonsense"][..],
        &["serve", "--nonsense"],
        &["user", "add"],
        &["token", "create", "--email", "a@b", "--kind", "access"],
        &["user", "add", "--email", "a@b", "--role", "king"],
    ] {
        let output = place.output(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
    }
    assert!(!place.folder.path().join("keybearer-data").exists());
}

#[test]
fn adds_lists_and_deactivates_users() {
    let place = Place::with_owner();
    let said = place.run(&[
        "user",
        "add",
        "--email",
        "Ann@Example.com",
        "--password",
        PASSWORD,
    ]);
    assert!(!said.contains(PASSWORD));
    let all = place.json(&["user", "list", "--json"]);
    assert_eq!(all[0]["email"], "owner@example.com");
    assert_eq!(
        (&all[1]["email"], &all[1]["is_active"]),
        (&"ann@example.com".into(), &true.into())
    );
    place.run(&["user", "deactivate", "ann@example.com"]);
    assert_eq!(
        place.json(&["user", "list", "--json"])[1]["is_active"],
        false
    );
    assert!(place.run(&["user", "list"]).contains("deactivated"));
    place.run(&["user", "activate", "--email", "ann@example.com"]);
    assert_eq!(
        place.json(&["user", "list", "--json"])[1]["is_active"],
        true
    );
    place.run(&[
        "user",
        "set-password",
        "ann@example.com",
        "--password",
        "another password",
    ]);
}

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

#[test]
fn shows_and_sets_the_organization() {
    let place = Place::with_owner();
    place.run(&[
        "org",
        "set",
        "--title",
        "Ours",
        "--api-token-ttl-days",
        "30",
        "--key-tokens-enabled",
        "false",
    ]);
    let shown = place.run(&["org", "show", "--json"]);
    insta::assert_snapshot!(shown, @r#"
    {
      "id": 1,
      "title": "Ours",
      "api_tokens_enabled": true,
      "legacy_api_tokens_enabled": false,
      "key_tokens_enabled": false,
      "api_token_ttl_days": 30
    }
    "#);
    insta::assert_snapshot!(place.run(&["org", "show"]), @"
    Ours (id 1)
      personal access tokens  on, 30 days
      legacy tokens           off
      key tokens              off
    ");
}

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
fn a_database_that_does_not_open_is_told_without_its_password() {
    let place = Place::new();
    let nowhere = "postgres://keys:hunter2@127.0.0.1:1/keys";
    let why = place.fail(&["user", "list", "--database", nowhere]);
    assert!(
        why.contains("database") && !why.contains("hunter2"),
        "{why}"
    );
    let odd = "postgres://keys:hunter2@127.0.0.1:port/keys";
    assert!(
        !place
            .fail(&["user", "list", "--database", odd])
            .contains("hunter2")
    );
    let odd = "nonsense://keys:hunter2@127.0.0.1/keys";
    assert!(
        !place
            .fail(&["user", "list", "--database", odd])
            .contains("hunter2")
    );
    place.write(
        "file",
        "not a database, but long enough to be looked at as one by its header",
    );
    let why = place.fail(&["user", "list", "--database", "sqlite://file"]);
    assert_eq!(why.lines().count(), 1, "{why}");
}

#[test]
fn keys_are_readable_by_their_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let place = Place::with_owner();
    let data = place.folder.path().join("keybearer-data");
    let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&data.join("sealing.key")), 0o600);
}

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
        let found = place.json(&["doctor", "--json", text]);
        assert_eq!(found["kind"].as_str(), kind, "{text}");
        match fault {
            Some(fault) => assert!(
                found["fault"].as_str().unwrap().contains(fault),
                "{text}: {found}"
            ),
            None => assert!(found["fault"].is_null(), "{text}: {found}"),
        }
        assert!(place.run(&["doctor", text]).contains("advice"), "{text}");
    }
    assert_eq!(place.json(&["doctor", "--json", &personal])["user_id"], "1");
}
