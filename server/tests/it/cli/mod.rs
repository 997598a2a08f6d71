//! The command line: the built binary in a folder of its own, with SQLite.

use std::process::{Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

mod accounts;
mod backup;
mod doctor;
mod keys;
mod settings;
mod tokens;

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
fn keys_are_readable_by_their_owner_alone() {
    use std::os::unix::fs::PermissionsExt;

    let place = Place::with_owner();
    let data = place.folder.path().join("keybearer-data");
    let mode = |path: &std::path::Path| path.metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&data.join("sealing.key")), 0o600);
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
