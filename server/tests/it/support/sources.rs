//! The repository's own files, for the tests that read them.

use std::fs;
use std::path::{Path, PathBuf};

/// A source file: its path from the repository's root, and its text.
pub(crate) struct Source {
    pub(crate) path: String,
    pub(crate) text: String,
}

impl Source {
    /// Its lines of code with their numbers: comments are left out.
    pub(crate) fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        let lines = self.text.lines().enumerate();
        lines
            .map(|(index, line)| (index + 1, line))
            .filter(|(_, line)| !line.trim_start().starts_with("//"))
    }

    /// Where its code names one of `words`; a word counts if no longer name ends in it.
    pub(crate) fn naming(&self, words: &[&str]) -> Vec<String> {
        let mut places = Vec::new();
        for (number, line) in self.code() {
            for word in words.iter().filter(|word| names(line, word)) {
                places.push(format!(
                    "{}:{number} names {word}: {}",
                    self.path,
                    line.trim()
                ));
            }
        }
        places
    }
}

pub(crate) fn names(line: &str, word: &str) -> bool {
    let is_name = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(word).any(|(at, _)| {
        let ends_alike = line[..at].ends_with(is_name);
        let goes_on = word.ends_with(is_name) && line[at + word.len()..].starts_with(is_name);
        !ends_alike && !goes_on
    })
}

pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("..")
        .canonicalize()
        .unwrap()
}

/// The files below `folder` with one of these endings.
pub(crate) fn files(folder: &str, endings: &[&str]) -> Vec<Source> {
    let mut sources = Vec::new();
    collect(&root().join(folder), endings, &mut sources);
    assert!(!sources.is_empty(), "there is nothing in {folder}");
    sources.sort_by(|one, other| one.path.cmp(&other.path));
    sources
}

fn collect(folder: &Path, endings: &[&str], sources: &mut Vec<Source>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, endings, sources);
        } else if endings
            .iter()
            .any(|ending| path.to_string_lossy().ends_with(ending))
        {
            let name = path
                .strip_prefix(root())
                .unwrap()
                .to_string_lossy()
                .into_owned();
            sources.push(Source {
                path: name,
                text: fs::read_to_string(&path).unwrap(),
            });
        }
    }
}

/// All Rust sources of ours.
pub(crate) fn rust() -> Vec<Source> {
    ["server/src", "server/tests", "verify"]
        .iter()
        .flat_map(|folder| files(folder, &[".rs"]))
        .collect()
}

#[track_caller]
pub(crate) fn expect_none(faults: &[String]) {
    assert!(faults.is_empty(), "\n{}\n", faults.join("\n"));
}
