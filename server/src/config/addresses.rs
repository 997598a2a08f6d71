//! Addresses as the settings write them: URLs, paths, ranges.

use std::net::IpAddr;
use std::path::Path;

use anyhow::{Context, bail, ensure};
use ipnet::IpNet;

pub(super) fn path_of(url: &str) -> &str {
    let after_scheme = url.split_once("://").map_or("", |(_, rest)| rest);
    let slash = after_scheme.find('/');
    slash.and_then(|at| after_scheme.get(at..)).unwrap_or("")
}

/// Ranges, or single addresses.
pub(super) fn ranges(texts: Option<Vec<String>>) -> anyhow::Result<Vec<IpNet>> {
    let range = |text: &String| {
        let alone = || text.trim().parse::<IpAddr>().ok().map(IpNet::from);
        let range = text.trim().parse().ok().or_else(alone);
        range.with_context(|| format!("the trusted proxy {text} is no address and no range; they look like 10.0.0.7 and 10.0.0.0/8"))
    };
    texts.unwrap_or_default().iter().map(range).collect()
}

pub(super) fn sqlite_url(data_dir: &Path) -> String {
    format!("sqlite://{}", data_dir.join("keybearer.sqlite3").display())
}

pub(super) fn checked_url(url: &str) -> anyhow::Result<String> {
    let url = url.trim_end_matches('/');
    let Some((scheme, rest)) = url.split_once("://") else {
        bail!("the public URL {url} has no scheme; it looks like https://tokens.example.com");
    };
    ensure!(
        matches!(scheme, "http" | "https"),
        "the public URL {url} begins with neither http:// nor https://"
    );
    ensure!(
        !rest.is_empty() && !rest.contains(['?', '#', ' ']),
        "the public URL {url} is not an address and a path"
    );
    Ok(url.to_owned())
}
