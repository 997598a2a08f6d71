//! Asks a Keybearer server what it thinks of a token: for `keybearer doctor --url`.

use std::time::Duration;

use anyhow::{Context, ensure};
use http_body_util::{BodyExt, Full, Limited};
use hyper::{Request, StatusCode, Uri};
use keybearer_verify::PlainToken;
use serde_json::Value;

use super::client;

const ANSWER_WITHIN: Duration = Duration::from_secs(10);
const LARGEST_ANSWER: usize = 64 * 1024;

/// What the server said.
#[derive(Debug)]
pub struct Finding {
    pub is_accepted: bool,
    /// The caller that the token proves, or a problem with `code` and `detail`.
    pub body: Value,
}

/// Shows `token` to the server at `url` and returns its answer.
///
/// # Errors
/// If no Keybearer answers there.
pub async fn ask(url: &str, token: &PlainToken) -> anyhow::Result<Finding> {
    let address = format!("{}/api/v1/me", url.trim_end_matches('/'));
    let uri: Uri = address
        .parse()
        .with_context(|| format!("{url} is no address"))?;
    ensure!(
        uri.scheme().is_some(),
        "{url} begins with neither http:// nor https://"
    );
    let request = Request::get(uri)
        .header("authorization", format!("Bearer {}", token.reveal()))
        .body(Full::default())
        .context("the token cannot stand in a header")?;
    let answer = tokio::time::timeout(ANSWER_WITHIN, client::open().request(request));
    let answer = answer
        .await
        .with_context(|| format!("{url} does not answer"))?;
    let answer = answer.with_context(|| format!("{url} cannot be reached"))?;
    let status = answer.status();
    let body = Limited::new(answer.into_body(), LARGEST_ANSWER)
        .collect()
        .await;
    let body = body
        .map_err(|_| anyhow::anyhow!("{url} breaks off its answer"))?
        .to_bytes();
    let body = serde_json::from_slice(&body).ok().filter(Value::is_object);
    let body = body.with_context(|| format!("what answers at {url} ({status}) is no Keybearer"))?;
    Ok(Finding {
        is_accepted: status == StatusCode::OK,
        body,
    })
}
