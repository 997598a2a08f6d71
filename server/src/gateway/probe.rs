//! Whether the upstream is there, and believes what Keybearer signs: said once, at the start.

use std::time::Duration;

use super::upstream::Upstream;
use crate::app::App;
use crate::error::Trouble;

/// Between two tries, while it is away: it may be starting at the same time.
const AGAIN_AFTER: Duration = Duration::from_secs(2);

/// What was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    /// It is there, in that version, and believes us.
    Ready { version: String },
    /// Its key is another one.
    OtherKey,
}

/// Asks until there is an answer, and puts it into the log.
pub async fn run(app: &App, upstream: &Upstream) -> Finding {
    let mut is_first = true;
    loop {
        match once(app, upstream).await {
            Ok(finding) => {
                report(upstream, &finding);
                return finding;
            }
            Err(trouble) if is_first => {
                let (url, why) = (upstream.url(), trouble.sentence());
                tracing::warn!("the upstream {url} is not ready yet: {why}");
                is_first = false;
            }
            Err(_) => {}
        }
        tokio::time::sleep(AGAIN_AFTER).await;
    }
}

async fn once(app: &App, upstream: &Upstream) -> Result<Finding, Trouble> {
    if upstream.believes_us(app.clock.now()).await? {
        let version = upstream.version().await?;
        Ok(Finding::Ready { version })
    } else {
        Ok(Finding::OtherKey)
    }
}

fn report(upstream: &Upstream, finding: &Finding) {
    let url = upstream.url();
    match finding {
        Finding::Ready { version } => {
            tracing::info!(
                "in front of Label Studio {version} at {url}, which accepts what Keybearer signs"
            );
        }
        Finding::OtherKey => tracing::error!(
            "the Label Studio at {url} refuses what Keybearer signs: the key in upstream_secret_key_file, or else the \
             imported one, is not its SECRET_KEY. Every request with a token gets 502 until it is. Label Studio prints \
             no key; it is in the environment variable SECRET_KEY of its process, or else in the last SECRET_KEY line \
             of the .env in its data folder."
        ),
    }
}
