//! Posts to webhooks, signed as Standard Webhooks 1.0 says.
//!
//! What is signed is `id.timestamp.body`; the receiver computes the same HMAC-SHA-256 and compares.
//! No redirect is followed: the body would go to an address that nobody has named.

use std::time::Duration;

use anyhow::Context;
use aws_lc_rs::digest::{self, SHA256};
use aws_lc_rs::hmac;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use http_body_util::Full;
use hyper::body::Bytes;
use hyper::{Request, StatusCode, Uri};

use super::client::{self, HttpClient};
use super::{Cause, Undelivered};
use crate::config::Secret;
use crate::config::notices::Notices;

/// How long a receiver may take to answer, from the connection on.
const ANSWER_WITHIN: Duration = Duration::from_secs(10);
const MARKED_SECRET: &str = "whsec_";

/// What is posted.
#[derive(Clone, Debug)]
pub struct Post {
    /// The same for the same event, however often it is posted: the receiver drops the second.
    pub id: String,
    pub body: String,
    /// When it is posted, in Unix seconds; the receiver refuses old ones.
    pub timestamp: i64,
}

/// One receiver.
#[derive(Clone, Debug)]
pub struct Webhook {
    /// What the database knows it by: the start of its URL's digest.
    pub endpoint: String,
    /// Scheme and host, for people; the rest of the URL may hold a secret.
    pub place: String,
    uri: Uri,
    authorization: Option<String>,
    key: hmac::Key,
    client: HttpClient,
}

pub(super) fn open(settings: &Notices) -> anyhow::Result<Vec<Webhook>> {
    let Some(secret) = &settings.webhook_secret else {
        return Ok(Vec::new());
    };
    if settings.webhook_url.is_empty() {
        return Ok(Vec::new());
    }
    let key = hmac::Key::new(hmac::HMAC_SHA256, &key_of(secret)?);
    let client = client::open();
    let open_one = |url: &Secret| one(url, &key, &client);
    settings.webhook_url.iter().map(open_one).collect()
}

fn one(url: &Secret, key: &hmac::Key, client: &HttpClient) -> anyhow::Result<Webhook> {
    let url = url.reveal().trim();
    // The error would repeat the address, and there may be a secret in it.
    let uri: Uri = url.parse().ok().context("a webhook_url cannot be read")?;
    let authority = uri.authority().context("a webhook_url names no host")?;
    let (user, host) = authority
        .as_str()
        .rsplit_once('@')
        .map_or((None, authority.as_str()), |(user, host)| {
            (Some(user), host)
        });
    let digest = digest::digest(&SHA256, url.as_bytes());
    let hex = digest.as_ref().iter().take(8);
    Ok(Webhook {
        endpoint: hex.map(|byte| format!("{byte:02x}")).collect(),
        place: format!("{}://{host}", uri.scheme_str().unwrap_or("http")),
        authorization: user.map(|user| format!("Basic {}", BASE64_STANDARD.encode(user))),
        key: key.clone(),
        client: client.clone(),
        uri,
    })
}

fn key_of(secret: &Secret) -> anyhow::Result<Vec<u8>> {
    match secret.reveal().strip_prefix(MARKED_SECRET) {
        Some(encoded) => BASE64_STANDARD
            .decode(encoded)
            .ok()
            .context("webhook_secret begins with whsec_, and what follows is not base64"),
        None => Ok(secret.reveal().as_bytes().to_vec()),
    }
}

impl Webhook {
    /// Posts, and returns once the receiver has answered with a status of 2xx.
    ///
    /// # Errors
    /// [`Undelivered`]; after a time-out the receiver may have taken it all the same.
    pub async fn post(&self, post: &Post) -> Result<(), Undelivered> {
        let request = self
            .request(post)
            .map_err(|error| Undelivered::new(Cause::RefusedForLong, error))?;
        let answer = tokio::time::timeout(ANSWER_WITHIN, self.client.request(request)).await;
        let status = match answer {
            Ok(Ok(answer)) => answer.status(),
            Ok(Err(error)) => {
                let cause = std::error::Error::source(&error).map(ToString::to_string);
                let why = format!("{error}: {}", cause.unwrap_or_default());
                return Err(Undelivered::new(Cause::Unreachable, why));
            }
            Err(_) => {
                let why = format!("no answer within {} s", ANSWER_WITHIN.as_secs());
                return Err(Undelivered::new(Cause::Unreachable, why));
            }
        };
        match status {
            status if status.is_success() => Ok(()),
            StatusCode::GONE => Err(Undelivered::new(
                Cause::Gone,
                "the receiver answered 410 Gone",
            )),
            status if status.is_redirection() => Err(Undelivered::new(
                Cause::Refused,
                format!("the receiver answered {status}; redirects are not followed"),
            )),
            status => Err(Undelivered::new(
                Cause::Refused,
                format!("the receiver answered {status}"),
            )),
        }
    }

    fn request(&self, post: &Post) -> Result<Request<Full<Bytes>>, hyper::http::Error> {
        let signed = format!("{}.{}.{}", post.id, post.timestamp, post.body);
        let signature = BASE64_STANDARD.encode(hmac::sign(&self.key, signed.as_bytes()));
        let mut request = Request::post(self.uri.clone())
            .header("content-type", "application/json")
            .header(
                "user-agent",
                concat!("Keybearer/", env!("CARGO_PKG_VERSION")),
            )
            .header("webhook-id", &post.id)
            .header("webhook-timestamp", post.timestamp)
            .header("webhook-signature", format!("v1,{signature}"));
        if let Some(authorization) = &self.authorization {
            request = request.header("authorization", authorization);
        }
        request.body(Full::from(post.body.clone()))
    }
}
