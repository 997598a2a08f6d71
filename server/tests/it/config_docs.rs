//! `docs/config.md` says what the program knows: it is written from the clap definition. With
//! `UPDATE_DOCS=1` this writes it anew, otherwise it compares.

use std::fmt::Write;
use std::path::Path;

use clap::{Arg, Command};
use keybearer::config::Settings;

const HEAD: &str = "# Settings

Keybearer starts without any. Each setting is a flag of `keybearer serve`, an environment variable, and a
key of the settings file `keybearer.toml`. A flag wins over the variable, the variable over the file.
`keybearer config show` prints what holds, `keybearer config check` whether it can hold; a key that is not
known is an error.

This page is written by `server/tests/it/config_docs.rs` from the program's own definition; run
`UPDATE_DOCS=1 cargo test config_docs` after a change of `server/src/config/mod.rs`.
";

/// The settings: those that every sub-command takes, and the server's own.
fn settings() -> Vec<Arg> {
    let definition = keybearer::cli::definition();
    let serve = definition.find_subcommand("serve").unwrap();
    let is_setting = |arg: &&Arg| arg.get_env().is_some();
    let of = |command: &Command| {
        command
            .get_arguments()
            .filter(is_setting)
            .cloned()
            .collect::<Vec<_>>()
    };
    [of(&definition), of(serve)].concat()
}

fn long(arg: &Arg) -> &str {
    arg.get_long().unwrap()
}

fn env(arg: &Arg) -> String {
    arg.get_env().unwrap().to_string_lossy().into_owned()
}

fn key(arg: &Arg) -> String {
    long(arg).replace('-', "_")
}

/// Its key in the table `[policy]`, if it is there.
fn in_policy(arg: &Arg) -> Option<String> {
    key(arg).strip_prefix("policy_").map(str::to_owned)
}

fn page() -> String {
    let mut page = HEAD.to_owned();
    for arg in settings() {
        let help = arg.get_help().unwrap().to_string();
        let (meaning, default) = match help.split_once(" [default: ") {
            Some((meaning, default)) => {
                (meaning.to_owned(), default.trim_end_matches(']').to_owned())
            }
            None if in_policy(&arg).is_some() => (help, "the organization's own".to_owned()),
            None => (help, "none".to_owned()),
        };
        let value = arg
            .get_value_names()
            .map(|names| names[0].to_string())
            .unwrap_or_default();
        write!(page, "\n## `{}`\n\n{meaning}.\n\n", key(&arg)).unwrap();
        writeln!(page, "- flag: `--{} {value}`", long(&arg)).unwrap();
        writeln!(page, "- variable: `{}`", env(&arg)).unwrap();
        if key(&arg) == "config" {
            writeln!(page, "- key: none, for it names the file").unwrap();
        } else if let Some(key) = in_policy(&arg) {
            writeln!(page, "- key: `{key}` in the table `[policy]`").unwrap();
        } else {
            writeln!(page, "- key: `{}`", key(&arg)).unwrap();
        }
        let values = arg.get_possible_values();
        if value != "BOOL" && !values.is_empty() {
            let values: Vec<String> = values
                .iter()
                .map(|value| format!("`{}`", value.get_name()))
                .collect();
            writeln!(page, "- values: {}", values.join(", ")).unwrap();
        }
        writeln!(page, "- default: {default}").unwrap();
    }
    page
}

#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "the switch is the test's own, no setting of the product"
)]
fn the_page_says_what_the_program_knows() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/config.md");
    let page = page();
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, &page).unwrap();
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        written == page,
        "docs/config.md is out of date; write it anew: UPDATE_DOCS=1 cargo test config_docs"
    );
}

#[test]
fn variables_are_named_after_their_flags() {
    for arg in settings() {
        let expected = format!("KEYBEARER_{}", key(&arg).to_uppercase());
        assert_eq!(env(&arg), expected);
    }
}

#[test]
fn every_setting_is_a_key_of_the_file_and_every_key_a_setting() {
    for arg in settings().iter().filter(|arg| key(arg) != "config") {
        // A value of no setting's type: the complaint must be of the value, not of the key.
        let file = match in_policy(arg) {
            Some(key) => format!("[policy]\n{key} = 1979-05-27"),
            None => format!("{} = {{}}", key(arg)),
        };
        let complaint = toml::from_str::<Settings>(&file).unwrap_err();
        assert!(
            !complaint.to_string().contains("unknown field"),
            "{complaint}"
        );
    }
    let complaint = toml::from_str::<Settings>("nonsense = 1")
        .unwrap_err()
        .to_string();
    let (_, known) = complaint.split_once("expected one of ").unwrap();
    let known = known.split('`').skip(1).step_by(2).count();
    // All but `config` itself; those of the policy are one table.
    let of_policy = settings()
        .iter()
        .filter(|arg| key(arg).starts_with("policy_"))
        .count();
    assert_eq!(known, settings().len() - 1 - of_policy + 1, "{complaint}");
}

#[test]
fn secrets_are_not_shown_by_help() {
    for arg in settings() {
        let is_secret = [
            "password",
            "token",
            "database",
            "smtp-url",
            "webhook-url",
            "webhook-secret",
        ]
        .iter()
        .any(|word| long(&arg).ends_with(word));
        assert_eq!(arg.is_hide_env_values_set(), is_secret, "--{}", long(&arg));
    }
}
