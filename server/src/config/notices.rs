//! What expiry notices need: a mail server, a sender, webhooks and the secret that signs them.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail, ensure};
use serde::{Deserialize, Deserializer, Serialize};

use super::{Secret, Settings};

/// The fewest characters of a signing secret; Standard Webhooks wants 24 bytes.
const SHORTEST_SECRET: usize = 24;

/// Where expiry notices go. With neither a mail server nor a webhook they go nowhere.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Notices {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub smtp_url: Option<Secret>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mail_from: Option<String>,
    pub webhook_url: Vec<Secret>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub webhook_secret: Option<Secret>,
}

impl Notices {
    /// Where they go, in words, for whoever wonders why no mail comes.
    #[must_use]
    pub fn destination(&self) -> &'static str {
        match (&self.smtp_url, self.webhook_url.is_empty()) {
            (Some(_), false) => "to mail and webhooks",
            (Some(_), true) => "to mail",
            (None, false) => "to webhooks; no mail is tried, for there is no smtp_url",
            (None, true) => "nowhere, for there is neither smtp_url nor webhook_url",
        }
    }

    /// Takes the settings out of `given` and below it `file`.
    pub(super) fn load(given: &mut Settings, file: &mut Settings) -> anyhow::Result<Self> {
        let smtp_url = one_secret(
            "smtp_url",
            [
                (given.smtp_url.take(), given.smtp_url_file.take()),
                (file.smtp_url.take(), file.smtp_url_file.take()),
            ],
        )?;
        let webhook_secret = one_secret(
            "webhook_secret",
            [
                (
                    given.webhook_secret.take(),
                    given.webhook_secret_file.take(),
                ),
                (file.webhook_secret.take(), file.webhook_secret_file.take()),
            ],
        )?;
        let webhook_url = given.webhook_url.take().or(file.webhook_url.take());
        let mut webhook_url = webhook_url.unwrap_or_default();
        webhook_url.retain(|url| !url.reveal().trim().is_empty());
        let all = Self {
            smtp_url,
            mail_from: given.mail_from.take().or(file.mail_from.take()),
            webhook_url,
            webhook_secret,
        };
        all.check()?;
        Ok(all)
    }

    fn check(&self) -> anyhow::Result<()> {
        if let Some(url) = &self.smtp_url {
            check_address("smtp_url", url.reveal(), &["smtp", "smtps"])?;
            ensure!(
                self.mail_from.is_some(),
                "smtp_url needs mail_from, the sender of the mails"
            );
        }
        for (at, url) in self.webhook_url.iter().enumerate() {
            check_address("webhook_url", url.reveal(), &["http", "https"])?;
            ensure!(
                self.webhook_url
                    .iter()
                    .take(at)
                    .all(|one| one.reveal() != url.reveal()),
                "webhook_url names the same address twice"
            );
        }
        match &self.webhook_secret {
            None if !self.webhook_url.is_empty() => bail!(
                "webhook_url needs webhook_secret, so that the receiver can tell Keybearer's posts from others"
            ),
            Some(secret) => ensure!(
                secret.reveal().len() >= SHORTEST_SECRET,
                "webhook_secret has fewer than {SHORTEST_SECRET} characters"
            ),
            None => {}
        }
        Ok(())
    }
}

/// The first of these that is there: each a value or a file that holds it, never both.
fn one_secret(
    name: &str,
    sources: [(Option<Secret>, Option<PathBuf>); 2],
) -> anyhow::Result<Option<Secret>> {
    for source in sources {
        return match source {
            (None, None) => continue,
            (Some(_), Some(_)) => bail!("{name} and {name}_file are both set; keep one of them"),
            (Some(secret), None) => Ok(Some(secret)),
            (None, Some(file)) => read(name, &file).map(Some),
        };
    }
    Ok(None)
}

fn read(name: &str, file: &Path) -> anyhow::Result<Secret> {
    let text = std::fs::read_to_string(file)
        .with_context(|| format!("the {name}_file {}", file.display()))?;
    Ok(text.trim().into())
}

/// Never says the address itself: there may be a password in it.
fn check_address(name: &str, url: &str, schemes: &[&str]) -> anyhow::Result<()> {
    let (scheme, rest) = url.split_once("://").unwrap_or_default();
    ensure!(
        schemes.contains(&scheme),
        "{name} does not begin with {}://",
        schemes.join(":// or ")
    );
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority
        .rsplit_once('@')
        .map_or(authority, |(_, host)| host);
    ensure!(
        !host.is_empty() && !host.starts_with(':') && !url.contains(char::is_whitespace),
        "{name} names no host"
    );
    Ok(())
}

/// A list, or one value alone.
pub(super) fn one_or_more<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Vec<Secret>>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum OneOrMore {
        One(Secret),
        More(Vec<Secret>),
    }
    Ok(Some(match OneOrMore::deserialize(deserializer)? {
        OneOrMore::One(one) => vec![one],
        OneOrMore::More(more) => more,
    }))
}
