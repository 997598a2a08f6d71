//! What gateway mode needs: the Label Studio behind it, and the key that it believes.

use std::path::PathBuf;

use anyhow::{Context, bail, ensure};
use serde::Serialize;

use super::{Secret, Settings};

/// Where Keybearer's own pages are in gateway mode; Label Studio has no such address.
pub const OWN_FOLDER: &str = "/keybearer";

const DEFAULT_TIMEOUT_SECONDS: u64 = 300;

/// The upstream of the gateway, if there is one.
#[derive(Clone, Debug, Serialize)]
pub struct UpstreamSettings {
    /// Its address, without a slash at its end.
    #[serde(rename = "upstream", skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    #[serde(
        rename = "upstream_secret_key_file",
        skip_serializing_if = "Option::is_none"
    )]
    pub secret_key_file: Option<PathBuf>,
    /// How long it may be silent over a request: no byte in either direction.
    #[serde(rename = "upstream_timeout_seconds")]
    pub timeout_seconds: u64,
}

impl UpstreamSettings {
    /// Takes the settings out of `given` and below it `file`.
    pub(super) fn load(given: &mut Settings, file: &mut Settings) -> anyhow::Result<Self> {
        let url = given.upstream.take().or(file.upstream.take());
        let settings = Self {
            url: url.as_deref().map(checked_url).transpose()?,
            secret_key_file: given
                .upstream_secret_key_file
                .take()
                .or(file.upstream_secret_key_file.take()),
            timeout_seconds: given
                .upstream_timeout_seconds
                .take()
                .or(file.upstream_timeout_seconds.take())
                .unwrap_or(DEFAULT_TIMEOUT_SECONDS),
        };
        ensure!(
            (1..=86_400).contains(&settings.timeout_seconds),
            "upstream_timeout_seconds is not between 1 and 86400"
        );
        Ok(settings)
    }

    /// What Keybearer's own pages have in front of their addresses.
    pub(super) fn own_folder(&self) -> &'static str {
        if self.url.is_some() { OWN_FOLDER } else { "" }
    }

    /// The `SECRET_KEY` as the file says it now.
    ///
    /// # Errors
    /// If no file is named, or it cannot be read or has no key in it.
    pub fn secret_key(&self) -> anyhow::Result<Secret> {
        let Some(path) = &self.secret_key_file else {
            bail!(
                "gateway mode needs Label Studio's SECRET_KEY, for with it Keybearer speaks for its users; name the \
                 file that holds it with --upstream-secret-key-file, such as Label Studio's .env"
            );
        };
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("the upstream_secret_key_file {}", path.display()))?;
        let key = key_in(&text);
        ensure!(
            !key.is_empty(),
            "the upstream_secret_key_file {} has no SECRET_KEY in it",
            path.display()
        );
        Ok(key.into())
    }
}

/// The key in the text of Label Studio's `.env`, as django-environ reads it: the last line wins,
/// there are no comments, and quotes around the value are cut. A text without such a line is the key.
fn key_in(text: &str) -> &str {
    let lines = text.lines().map(|line| line.trim_end_matches('\r'));
    let mut values = lines
        .clone()
        .filter_map(|line| line.trim_start().strip_prefix("SECRET_KEY="));
    let Some(value) = values.next_back() else {
        return lines.into_iter().next().unwrap_or_default();
    };
    ['\'', '"']
        .into_iter()
        .find_map(|quote| value.strip_prefix(quote)?.strip_suffix(quote))
        .unwrap_or(value)
}

/// Never says the address itself: there may be a password in it.
fn checked_url(url: &str) -> anyhow::Result<String> {
    let url = url.trim_end_matches('/');
    let (scheme, rest) = url.split_once("://").unwrap_or_default();
    ensure!(
        matches!(scheme, "http" | "https"),
        "upstream does not begin with http:// or https://; it looks like http://127.0.0.1:8081"
    );
    ensure!(
        !rest.is_empty() && !rest.contains(['?', '#', ' ', '@']) && !rest.starts_with([':', '/']),
        "upstream is not an address; it looks like http://127.0.0.1:8081"
    );
    Ok(url.to_owned())
}

#[cfg(test)]
mod tests {
    use super::key_in;

    #[test]
    fn the_key_is_read_as_label_studio_reads_it() {
        let cases = [
            ("a#b (c)=d\n", "a#b (c)=d"),
            ("DEBUG=1\nSECRET_KEY=old\r\nSECRET_KEY=new=#1\r\n", "new=#1"),
            ("SECRET_KEY='quoted'\n", "quoted"),
            ("SECRET_KEY=\"it's\"\n", "it's"),
            ("SECRET_KEY=\n", ""),
            ("", ""),
        ];
        for (text, key) in cases {
            assert_eq!(key_in(text), key, "{text:?}");
        }
    }
}
