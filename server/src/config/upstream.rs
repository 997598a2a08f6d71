//! What gateway mode needs: the Label Studio behind it, and where the key is that it believes.

use std::path::PathBuf;

use anyhow::{Context, ensure};
use serde::Serialize;

use super::Settings;
use super::secret_key::SecretKey;

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

    /// The `SECRET_KEY` as the file says it now; `None` if no file is named.
    ///
    /// # Errors
    /// If the file cannot be read or has no key in it.
    pub fn secret_key(&self) -> anyhow::Result<Option<SecretKey>> {
        let key = self.secret_key_file.as_deref().map(SecretKey::in_file);
        key.transpose().context("upstream_secret_key_file")
    }
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
