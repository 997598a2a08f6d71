//! The house rules (`STYLE.md`) as tests that read the sources. A rule that is neither a test nor a
//! lint is a wish.

use std::fs;
use std::path::Path;

use crate::support::sources::{expect_none, files, names, root, rust};

const LONGEST_FILE: usize = 400;

/// What no file of a room may name.
const ROOMS: [(&str, &[&str]); 6] = [
    (
        "server/src/store",
        &[
            "crate::domain",
            "crate::http",
            "crate::gateway",
            "crate::cli",
            "axum",
            "askama",
            "clap",
            "super::super",
        ],
    ),
    (
        "server/src/domain",
        &[
            "sqlx",
            "axum",
            "crate::http",
            "crate::gateway",
            "crate::cli",
            "askama",
            "clap",
        ],
    ),
    (
        "server/src/gateway",
        &[
            "crate::store",
            "store::",
            "crate::cli",
            "sqlx",
            "askama",
            "clap",
        ],
    ),
    (
        "server/src/http",
        &["crate::store", "store::", "crate::cli", "sqlx"],
    ),
    ("server/src/cli", &["crate::store", "store::", "sqlx"]),
    (
        "verify/src",
        &[
            "keybearer",
            "tokio",
            "sqlx",
            "axum",
            "std::fs",
            "std::net",
            "std::env",
            "std::time",
            "async",
        ],
    ),
];

#[test]
fn each_room_names_only_what_it_may() {
    let mut faults = Vec::new();
    for (room, forbidden) in ROOMS {
        for source in files(room, &[".rs"]) {
            faults.extend(source.naming(forbidden));
        }
    }
    expect_none(&faults);
}

#[test]
fn nested_imports_do_not_hide_a_room() {
    // `use crate::{store, …}` would slip through the rule above.
    let mut faults = Vec::new();
    for source in files("server/src", &[".rs"]) {
        for (start, _) in source.text.match_indices("use crate::{") {
            let group = source.text[start..].split(';').next().unwrap();
            let may = source.path.starts_with("server/src/domain") || !names(group, "store");
            if !may {
                faults.push(format!("{}: {group}", source.path));
            }
        }
    }
    expect_none(&faults);
}

#[test]
fn only_config_reads_the_environment() {
    let mut faults = Vec::new();
    for source in files("server/src", &[".rs"]) {
        let found = source.naming(&[
            "std::env",
            "env::var",
            "env::vars",
            "env::var_os",
            "env = \"",
        ]);
        let may = |place: &String| {
            source.path.starts_with("server/src/config/") || place.contains("std::env::args_os()")
        };
        faults.extend(found.into_iter().filter(|place| !may(place)));
    }
    expect_none(&faults);
}

#[test]
fn only_serve_starts_background_work() {
    let mut faults = Vec::new();
    for source in files("server/src", &[".rs"]) {
        // The end of a shared transaction goes on though whoever waited for it went away, and a tunnel
        // after the answer that opened it.
        let may = [
            "server/src/cli/serve/",
            "server/src/store/group/mod.rs",
            "server/src/gateway/transport.rs",
        ];
        if !may.iter().any(|place| source.path.starts_with(place)) {
            faults.extend(source.naming(&["spawn(", "spawn_local(", "JoinSet"]));
        }
    }
    expect_none(&faults);
}

#[test]
fn time_and_chance_come_from_one_file() {
    let mut faults = Vec::new();
    for source in files("server/src", &[".rs"]) {
        if source.path == "server/src/clock.rs" {
            continue;
        }
        faults.extend(source.naming(&[
            "SystemTime",
            "Timestamp::now",
            "SysRng",
            "rand::",
            "OsRng",
        ]));
    }
    expect_none(&faults);
}

#[test]
fn no_file_is_longer_than_it_may_be() {
    let mut faults = Vec::new();
    for source in rust()
        .iter()
        .chain(&files("server/migrations", &[".sql"]))
        .chain(&files("server/templates", &[".html"]))
    {
        let (lines, most) = (source.text.lines().count(), most_lines(&source.path));
        if lines > most {
            faults.push(format!(
                "{} has {lines} lines, more than {most}",
                source.path
            ));
        }
    }
    expect_none(&faults);
}

fn most_lines(path: &str) -> usize {
    match path {
        "server/src/main.rs" => 30,
        "server/src/lib.rs" => 60,
        _ => LONGEST_FILE,
    }
}

#[test]
fn every_file_begins_with_what_it_is() {
    let mut faults = Vec::new();
    for source in rust() {
        let begins = source.text.starts_with("//! ")
            || source
                .text
                .starts_with("#![doc = include_str!(\"../README.md\")]");
        if !begins {
            faults.push(format!("{} does not begin with //!", source.path));
        }
    }
    for source in files("server/migrations", &[".sql"]) {
        if !source.text.starts_with("-- ") {
            faults.push(format!("{} does not begin with a comment", source.path));
        }
    }
    expect_none(&faults);
}

#[test]
fn rows_are_never_shown_and_views_never_stored() {
    let mut faults = Vec::new();
    for source in files("server/src", &[".rs"]) {
        let in_store = source.path.starts_with("server/src/store");
        let forbidden: &[&str] = if in_store {
            &["Serialize", "serde"]
        } else {
            &["FromRow"]
        };
        faults.extend(source.naming(forbidden));
    }
    expect_none(&faults);
}

#[test]
fn store_functions_take_a_transaction_first() {
    let mut faults = Vec::new();
    for source in files("server/src/store", &[".rs"]) {
        if matches!(
            source.path.as_str(),
            "server/src/store/engine.rs"
                | "server/src/store/tx.rs"
                | "server/src/store/migrate.rs"
                | "server/src/store/snapshot.rs"
                // Marks and calls of other processes; no statement of a noun's.
                | "server/src/store/changes.rs"
                | "server/src/store/listener.rs"
        ) || source.path.starts_with("server/src/store/label_studio/")
        {
            continue;
        }
        for (start, _) in source.text.match_indices("pub async fn ") {
            let signature = source.text[start..].split('{').next().unwrap();
            let parameters = signature.split_once('(').unwrap().1.trim_start();
            if !parameters.starts_with("tx: &mut Tx") {
                faults.push(format!("{}: {signature}", source.path));
            }
        }
    }
    expect_none(&faults);
}

#[test]
fn statements_are_in_lower_case_and_name_their_columns() {
    let mut faults = Vec::new();
    for source in files("server/src/store", &[".rs"]) {
        let found = source.naming(&[
            "select *",
            "SELECT ",
            "INSERT ",
            "UPDATE ",
            "DELETE ",
            "now()",
            "datetime(",
        ]);
        // The engine's time is meant, not the process's.
        let ours = ["Instant::now()", "clock.now()"];
        let is_ours = |place: &String| ours.iter().any(|ours| place.contains(ours));
        faults.extend(found.into_iter().filter(|place| !is_ours(place)));
    }
    expect_none(&faults);
}

#[test]
fn no_name_says_nothing() {
    let vague = [
        "Manager", "Service", "Handler", "Helper", "Util", "Utils", "Common", "Impl", "Info",
        "Data",
    ];
    let modules = ["common", "util", "utils", "types", "helpers", "misc"];
    let mut faults = Vec::new();
    for source in rust() {
        for (number, line) in source.code() {
            let words: Vec<&str> = line
                .split(|c: char| !c.is_alphanumeric() && c != '_')
                .collect();
            for pair in words.windows(2) {
                let of_type = matches!(pair[0], "struct" | "enum" | "trait" | "type")
                    && vague.iter().any(|word| pair[1].ends_with(word));
                // The name is that of the trait which it implements.
                let is_others = line.starts_with(' ') && line.trim().ends_with(" = Bytes;");
                let of_module = pair[0] == "mod" && modules.contains(&pair[1]);
                if of_type && !is_others || of_module {
                    faults.push(format!("{}:{number}: {}", source.path, line.trim()));
                }
            }
        }
    }
    expect_none(&faults);
}

#[test]
fn nothing_is_left_lying_about() {
    let words = [
        "FIXME",
        "XXX",
        "HACK",
        "Copyright",
        "@author",
        "dbg!",
        "todo!",
        "unimplemented!",
    ];
    let mut faults = Vec::new();
    for source in rust()
        .iter()
        .filter(|source| !source.path.ends_with("it/tidy.rs"))
    {
        for (index, line) in source.text.lines().enumerate() {
            let banner = ["----", "====", "****", "####", "////", "~~~~"]
                .iter()
                .any(|rule| line.trim_start().starts_with("//") && line.contains(rule));
            let todo = line.contains("TODO") && !line.contains("TODO(#");
            if banner || todo || words.iter().any(|word| names(line, word)) {
                faults.push(format!("{}:{}: {}", source.path, index + 1, line.trim()));
            }
        }
    }
    expect_none(&faults);
}

#[test]
fn tests_neither_sleep_nor_hide() {
    let mut faults = Vec::new();
    for source in rust()
        .iter()
        .filter(|source| source.path.contains("/tests/") && !source.path.ends_with("it/tidy.rs"))
    {
        faults.extend(source.naming(&["#[ignore", "should_panic", "sleep(", "sleep_until("]));
        // The receivers of mails and webhooks are servers, and so is what stands behind the gateway;
        // nothing else goes over a network.
        let is_network = ["support/receivers.rs", "support/serving.rs"]
            .iter()
            .any(|end| source.path.ends_with(end))
            || source.path.contains("it/gateway/");
        if !is_network {
            faults.extend(source.naming(&["TcpListener"]));
        }
    }
    expect_none(&faults);
}

#[test]
fn each_noun_of_the_interface_has_tests_that_begin_with_refusals() {
    let mut faults = Vec::new();
    for source in files("server/src/http/label_studio", &[".rs"]) {
        if source.text.contains(": Endpoint = Endpoint {") {
            let name = source.path.rsplit('/').next().unwrap();
            let tests = root().join("server/tests/it/api").join(name);
            if !tests.exists() {
                faults.push(format!("{} has no server/tests/it/api/{name}", source.path));
            }
        }
    }
    for source in files("server/tests/it/api", &[".rs"])
        .iter()
        .filter(|source| !source.path.ends_with("/mod.rs"))
    {
        let first = source
            .text
            .split("#[tokio::test")
            .nth(1)
            .and_then(|test| test.split("fn ").nth(1));
        if !first.is_some_and(|name| name.starts_with("refuses_")) {
            faults.push(format!(
                "{} does not begin with a test named refuses_…",
                source.path
            ));
        }
    }
    expect_none(&faults);
}

#[test]
fn every_test_file_is_compiled() {
    let mut faults = Vec::new();
    for source in files("server/tests/it", &[".rs"]) {
        let path = Path::new(&source.path);
        let (folder, name) = (
            path.parent().unwrap(),
            path.file_stem().unwrap().to_string_lossy(),
        );
        let (parent, module) = match name.as_ref() {
            "main" => continue,
            "mod" => (
                folder.parent().unwrap(),
                folder.file_name().unwrap().to_string_lossy(),
            ),
            _ => (folder, name),
        };
        let list = ["main.rs", "mod.rs"]
            .iter()
            .find_map(|list| fs::read_to_string(root().join(parent).join(list)).ok());
        if !list.unwrap().contains(&format!("mod {module};")) {
            faults.push(format!("{} is in no module list", source.path));
        }
    }
    expect_none(&faults);
}
