//! The settings file.

use std::path::Path;

use anyhow::{Context, anyhow};

use super::{DEFAULT_FILE, Settings};

pub(super) fn read(path: Option<&Path>) -> anyhow::Result<Settings> {
    let path = match path {
        Some(path) => path,
        None if Path::new(DEFAULT_FILE).exists() => Path::new(DEFAULT_FILE),
        None => return Ok(Settings::default()),
    };
    let text = std::fs::read_to_string(path)
        .with_context(|| format!("the settings file {}", path.display()))?;
    toml::from_str(&text).map_err(|error| {
        anyhow!(
            "the settings file {}, {}",
            path.display(),
            told(&error, &text)
        )
    })
}

/// What is wrong where. The library's own sentence quotes line and value, and they may be secrets.
fn told(error: &toml::de::Error, text: &str) -> String {
    let start = error.span().map_or(0, |span| span.start);
    let before = text.get(..start).unwrap_or_default();
    let line = before.matches('\n').count() + 1;
    let content = text.lines().nth(line - 1).unwrap_or_default();
    let name = content.split('=').next().unwrap_or_default().trim();
    let is_name = name.chars().all(|c| c.is_ascii_lowercase() || c == '_');
    let message = error.message();
    let quotes_value = message.starts_with("invalid type") || message.starts_with("invalid value");
    let wanted = message.find("expected ").filter(|_| quotes_value);
    let message = wanted.and_then(|at| message.get(at..)).unwrap_or(message);
    if is_name && !name.is_empty() {
        format!("line {line}, {name}: {message}")
    } else {
        format!("line {line}: {message}")
    }
}
