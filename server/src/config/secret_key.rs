//! Label Studio's `SECRET_KEY`, with which it signs its tokens, read from a file as Label Studio itself
//! reads it.

use std::fmt;
use std::fs;
use std::path::Path;

use anyhow::{Context, anyhow};

const NAME: &str = "SECRET_KEY=";

/// The key. It prints as `SecretKey`; the text comes out through [`Self::reveal`].
#[derive(Clone, PartialEq, Eq)]
pub struct SecretKey(String);

impl SecretKey {
    /// The key of a Label Studio that keeps its data in `folder`; `None` if it is not kept there.
    ///
    /// # Errors
    /// If the file is there and cannot be read.
    pub fn in_folder(folder: &Path) -> anyhow::Result<Option<Self>> {
        let file = folder.join(".env");
        if !file.exists() {
            return Ok(None);
        }
        Ok(of_env(&read(&file)?).and_then(Self::new))
    }

    /// The key in a file that holds it alone, or as Label Studio's `.env` does.
    ///
    /// # Errors
    /// If the file cannot be read or holds none.
    pub fn in_file(file: &Path) -> anyhow::Result<Self> {
        let text = read(file)?;
        let key = of_env(&text).or_else(|| alone(&text));
        key.and_then(Self::new).ok_or_else(|| {
            anyhow!(
                "the file {} holds no key: the key alone on one line is expected, or a line that begins with {NAME}",
                file.display()
            )
        })
    }

    /// `None` for an empty text.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        (!text.is_empty()).then(|| Self(text.to_owned()))
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

/// As django-environ reads it: the last line counts, there are no comments behind a value, quotes
/// around it are cut, blanks are kept.
fn of_env(text: &str) -> Option<&str> {
    let value = text
        .lines()
        .filter_map(|line| {
            line.strip_prefix("export ")
                .unwrap_or(line)
                .strip_prefix(NAME)
        })
        .next_back()?;
    let within = |quote: char| value.strip_prefix(quote)?.strip_suffix(quote);
    Some(within('\'').or_else(|| within('"')).unwrap_or(value))
}

/// The one line that the text has.
fn alone(text: &str) -> Option<&str> {
    let mut lines = text.lines();
    lines.next().filter(|_| lines.next().is_none())
}

fn read(file: &Path) -> anyhow::Result<String> {
    fs::read_to_string(file).with_context(|| format!("the file {} cannot be read", file.display()))
}

#[cfg(test)]
mod tests {
    use super::{alone, of_env};

    #[test]
    fn the_key_is_read_as_label_studio_reads_it() {
        let cases = [
            ("a#b (c)=d\n", Some("a#b (c)=d")),
            (
                "DEBUG=1\nSECRET_KEY=old\r\nSECRET_KEY=new=#1\r\n",
                Some("new=#1"),
            ),
            ("export SECRET_KEY='quoted'\n", Some("quoted")),
            ("SECRET_KEY=\"it's\"\n", Some("it's")),
            ("SECRET_KEY= with blanks \n", Some(" with blanks ")),
            ("SECRET_KEY=\n", Some("")),
            ("DEBUG=1\nHOST=h\n", None),
            ("", None),
        ];
        for (text, key) in cases {
            assert_eq!(of_env(text).or_else(|| alone(text)), key, "{text:?}");
        }
    }
}
