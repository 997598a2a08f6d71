//! The documents say what is so: every path in them exists, and the map shows every room.

use std::fs;

use crate::support::sources::{Source, expect_none, files, names, root};

/// The documents: those in `docs/`, and those at the root.
fn documents() -> Vec<Source> {
    let mut documents = files("docs", &[".md"]);
    for entry in fs::read_dir(root()).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "md") {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            documents.push(Source {
                text: fs::read_to_string(&path).unwrap(),
                path: name,
            });
        }
    }
    documents
}

#[test]
fn every_path_in_the_documents_exists() {
    let tops = ["server/", "verify/", "e2e/", "docs/", "bench/", ".ci/"];
    let mut faults = Vec::new();
    for document in documents() {
        for code in document.text.split('`').skip(1).step_by(2) {
            let is_path = tops.iter().any(|top| code.starts_with(top))
                && !code.contains([' ', '*', '{', '…', '<', '\n']);
            if is_path && !root().join(code).exists() {
                faults.push(format!(
                    "{} names {code}, which is not there",
                    document.path
                ));
            }
        }
        for target in document
            .text
            .split("](")
            .skip(1)
            .filter_map(|rest| rest.split(')').next())
        {
            let file = target.split('#').next().unwrap();
            let is_local =
                !file.is_empty() && !file.contains("://") && !file.starts_with("mailto:");
            let folder = root().join(&document.path).parent().unwrap().to_owned();
            if is_local && !folder.join(file).exists() {
                faults.push(format!(
                    "{} links to {file}, which is not there",
                    document.path
                ));
            }
        }
    }
    expect_none(&faults);
}

#[test]
fn the_map_shows_every_room() {
    let map = fs::read_to_string(root().join("docs/architecture.md")).unwrap();
    let plan = fs::read_to_string(root().join("server/src/lib.rs")).unwrap();
    let rooms: Vec<&str> = plan
        .lines()
        .filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';'))
        .collect();
    assert!(rooms.len() > 5, "{rooms:?}");
    let missing: Vec<String> = rooms
        .into_iter()
        .filter(|room| !names(&map, room))
        .map(str::to_owned)
        .collect();
    expect_none(&missing);
}

#[test]
fn decisions_are_numbered_without_a_gap() {
    let decisions = files("docs/decisions", &[".md"]);
    for (index, decision) in decisions.iter().enumerate() {
        let start = format!("docs/decisions/{:04}-", index + 1);
        assert!(
            decision.path.starts_with(&start),
            "{} should be {start}…",
            decision.path
        );
    }
}
