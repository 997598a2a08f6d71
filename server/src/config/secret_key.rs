//! Label Studio's `SECRET_KEY`, which signed its personal access tokens, as Label Studio itself reads
//! it from the file `.env` in its data folder.

use std::fmt;
use std::fs;
use std::path::Path;

use anyhow::Context;

use crate::error::{Error, Result};

const NAME: &str = "SECRET_KEY=";

/// The key. It prints as `SecretKey`; the text comes out through [`Self::reveal`].
#[derive(Clone, PartialEq, Eq)]
pub struct SecretKey(String);

impl SecretKey {
    /// The key of a Label Studio that keeps its data in `folder`; `None` if it is not kept there.
    ///
    /// # Errors
    /// If the file is there and cannot be read.
    pub fn in_folder(folder: &Path) -> Result<Option<Self>> {
        let file = folder.join(".env");
        if !file.exists() {
            return Ok(None);
        }
        Ok(of_env(&read(&file)?))
    }

    /// The key in a file that holds it alone, or as Label Studio's `.env` does.
    ///
    /// # Errors
    /// [`Error::Invalid`] if the file cannot be read or holds none.
    pub fn in_file(file: &Path) -> Result<Self> {
        let text = read(file)?;
        let alone = || {
            let line = text.strip_suffix('\n').unwrap_or(&text);
            let line = line.strip_suffix('\r').unwrap_or(line);
            (!line.is_empty() && !line.contains('\n')).then(|| Self(line.to_owned()))
        };
        of_env(&text).or_else(alone).ok_or_else(|| {
            Error::invalid(
                "secret_key_file",
                format!(
                    "{} holds no key: the key alone on one line is expected, or a line that begins with {NAME}",
                    file.display()
                ),
            )
        })
    }

    /// Whether Label Studio loses this key at its next start: its reader takes a value that begins
    /// with `$` for the name of another variable.
    #[must_use]
    pub fn is_lost_at_restart(&self) -> bool {
        self.0.starts_with('$')
    }

    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretKey")
    }
}

/// As Label Studio reads it: the last line counts, there are no comments behind a value, quotes
/// around it are cut, blanks are kept.
fn of_env(text: &str) -> Option<SecretKey> {
    let value = text
        .lines()
        .filter_map(|line| {
            line.strip_prefix("export ")
                .unwrap_or(line)
                .strip_prefix(NAME)
        })
        .next_back()?;
    let within = |quote: char| value.strip_prefix(quote)?.strip_suffix(quote);
    let value = within('\'').or_else(|| within('"')).unwrap_or(value);
    (!value.is_empty()).then(|| SecretKey(value.to_owned()))
}

fn read(file: &Path) -> Result<String> {
    fs::read_to_string(file)
        .with_context(|| format!("the file {} cannot be read", file.display()))
        .map_err(Error::Internal)
}
