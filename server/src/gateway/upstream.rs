//! The Label Studio behind the gateway: the way to it, the key that it believes, and the few things
//! that Keybearer itself asks it.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, bail};
use axum::body::Body;
use axum::http::request::Builder;
use axum::http::{HeaderValue, Method, Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use keybearer_verify::{Claims, SignedKind, SigningKey};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::json;

use super::people::Memory;
use super::transport;
use crate::clock::Random;
use crate::config::Config;
use crate::config::secret_key::SecretKey;
use crate::config::upstream::UpstreamSettings;
use crate::error::Trouble;

const CONNECT_WITHIN: Duration = Duration::from_secs(5);
/// For what Keybearer itself asks; a client's request has the time that the settings give it.
const ANSWER_WITHIN: Duration = Duration::from_secs(10);
/// Enough for the list of 100,000 users.
const LARGEST_ANSWER: usize = 64 * 1024 * 1024;
/// How long what Keybearer signs for one request is good, in seconds; a request is checked as it
/// comes in, however long it takes after that.
const ACCESS_FOR_SECONDS: i64 = 60;
/// Label Studio refuses what was issued in its future, and its clock may be behind ours.
const BACKDATED_SECONDS: i64 = 60;

type Connector = HttpsConnector<HttpConnector>;

/// One Label Studio. Cloning it is cheap: all clones are the same.
#[derive(Clone)]
pub struct Upstream(Arc<Inner>);

struct Inner {
    settings: UpstreamSettings,
    url: String,
    /// What `X-Forwarded-Proto` says of Keybearer's own questions.
    scheme: &'static str,
    client: Client<Connector, Body>,
    key: Mutex<Key>,
    memory: Memory,
    random: Random,
}

/// The upstream's `SECRET_KEY`, as text to compare and ready to sign with.
#[derive(Clone)]
struct Key {
    text: SecretKey,
    signing: SigningKey,
}

/// A user, as Label Studio says of him.
#[derive(Clone, Debug, Deserialize)]
pub struct Person {
    pub id: i64,
    pub email: String,
    #[serde(default)]
    pub username: String,
    #[serde(default)]
    pub first_name: String,
    #[serde(default)]
    pub last_name: String,
    #[serde(default)]
    pub active_organization: Option<i64>,
}

/// As whom Keybearer asks.
#[derive(Clone, Copy)]
pub(super) enum As<'a> {
    /// The browser whose session's cookie this is.
    Session(&'a str),
    /// The user with that id.
    User(i64),
}

impl Upstream {
    /// The upstream that the settings name, if they name one. Its key is in their file, or else the
    /// one that was imported.
    ///
    /// # Errors
    /// If there is no key, it cannot be read, or it cannot be told which of several it is.
    pub fn open(
        config: &Config,
        random: &Random,
        imported: &[(String, SecretKey)],
    ) -> anyhow::Result<Option<Self>> {
        let settings = config.upstream.clone();
        let Some(url) = settings.url.clone() else {
            return Ok(None);
        };
        let key = match settings.secret_key()? {
            Some(key) => Key::new(&key),
            None => Key::new(the_imported(imported)?),
        };
        url.parse::<axum::http::Uri>()
            .context("upstream is not an address; it looks like http://127.0.0.1:8081")?;
        Ok(Some(Self(Arc::new(Inner {
            scheme: if config.is_https() { "https" } else { "http" },
            key: Mutex::new(key),
            memory: Memory::default(),
            random: random.clone(),
            settings,
            client: client(),
            url,
        }))))
    }

    /// Its address, for people.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.0.url
    }

    /// Sends a client's request on.
    pub(super) async fn send(&self, request: Request<Body>) -> Result<Response<Body>, Trouble> {
        transport::send(&self.0.client, &self.0.url, request).await
    }

    pub(super) fn memory(&self) -> &Memory {
        &self.0.memory
    }

    /// How long it may be silent over a client's request.
    pub(super) fn silence(&self) -> Duration {
        Duration::from_secs(self.0.settings.timeout_seconds)
    }

    /// An access token that it takes for its user `id` at `now`, as the value of `Authorization`.
    pub(super) fn credential(&self, id: i64, now: i64) -> Result<HeaderValue, Trouble> {
        let access = self.sign(id, now).ok_or(Trouble::OtherKey)?;
        let value = HeaderValue::from_str(&format!("Bearer {access}"));
        let mut value = value.map_err(|_| Trouble::OtherKey)?;
        value.set_sensitive(true);
        Ok(value)
    }

    fn sign(&self, id: i64, now: i64) -> Option<String> {
        let seconds = now.div_euclid(1000);
        let claims = Claims {
            kind: SignedKind::Access,
            exp: seconds + ACCESS_FOR_SECONDS,
            iat: Some(seconds - BACKDATED_SECONDS),
            nbf: None,
            jti: self.0.random.hex::<16>(),
            user_id: id.to_string(),
            pat: None,
            sub: None,
        };
        let signed = claims.sign(&self.key().signing).ok()?;
        Some(signed.plain().reveal().to_owned())
    }

    /// Whether its key is ours. An access token where a personal access token belongs is refused
    /// with one sentence if the signature is good and with another if it is not; nobody can be
    /// signed in with it either way.
    ///
    /// # Errors
    /// [`Trouble`] if it gives no answer to that.
    pub(super) async fn believes_us(&self, now: i64) -> Result<bool, Trouble> {
        let token = self.sign(0, now).ok_or(Trouble::OtherKey)?;
        let body = json!({"refresh": token}).to_string();
        let request = self
            .request(Method::POST, "/api/token/refresh/")
            .header(header::CONTENT_TYPE, "application/json")
            .body(Body::from(body));
        let (status, body) = self.ask(request).await?;
        let answer: serde_json::Value = serde_json::from_slice(&body).unwrap_or_default();
        let detail = answer.get("detail").and_then(serde_json::Value::as_str);
        match (status, detail) {
            (StatusCode::UNAUTHORIZED, Some(detail)) if detail.contains("wrong type") => Ok(true),
            (StatusCode::UNAUTHORIZED, Some(detail)) if detail.contains("invalid") => Ok(false),
            _ => Err(self.garbled("the check of the key", status)),
        }
    }

    /// Reads the key's file again, if there is one; whether there is another key in it by now.
    pub(super) fn take_new_key(&self) -> bool {
        let Ok(Some(text)) = self.0.settings.secret_key() else {
            return false;
        };
        let mut key = self.0.key.lock().unwrap_or_else(PoisonError::into_inner);
        let is_new = key.text != text;
        if is_new {
            *key = Key::new(&text);
        }
        is_new
    }

    /// Who that is over there; `None` if nobody who may come in.
    pub(super) async fn whoami(&self, who: As<'_>, now: i64) -> Result<Option<Person>, Trouble> {
        self.fetch("/api/current-user/whoami", who, now).await
    }

    /// Everybody whom that user sees; `None` if he may not come in.
    pub(super) async fn users(
        &self,
        who: As<'_>,
        now: i64,
    ) -> Result<Option<Vec<Person>>, Trouble> {
        self.fetch("/api/users/", who, now).await
    }

    /// The id of the user who made the organization `id`.
    pub(super) async fn creator(
        &self,
        id: i64,
        who: As<'_>,
        now: i64,
    ) -> Result<Option<i64>, Trouble> {
        #[derive(Deserialize)]
        struct Organization {
            created_by: Option<i64>,
        }
        let path = format!("/api/organizations/{id}");
        let found: Option<Organization> = self.fetch(&path, who, now).await?;
        Ok(found.and_then(|organization| organization.created_by))
    }

    /// Its version, for people.
    pub(super) async fn version(&self) -> Result<String, Trouble> {
        let (status, body) = self
            .ask(
                self.request(Method::GET, "/api/version")
                    .body(Body::empty()),
            )
            .await?;
        let answer: serde_json::Value = serde_json::from_slice(&body).unwrap_or_default();
        let version = answer.get("release").and_then(serde_json::Value::as_str);
        version
            .map(str::to_owned)
            .ok_or_else(|| self.garbled("the question for its version", status))
    }

    async fn fetch<T: DeserializeOwned>(
        &self,
        path: &str,
        who: As<'_>,
        now: i64,
    ) -> Result<Option<T>, Trouble> {
        let request = self.request(Method::GET, path);
        let request = match who {
            As::Session(cookie) => request.header(header::COOKIE, format!("sessionid={cookie}")),
            As::User(id) => request.header(header::AUTHORIZATION, self.credential(id, now)?),
        };
        let (status, body) = self.ask(request.body(Body::empty())).await?;
        match (status, who) {
            (StatusCode::OK, _) => serde_json::from_slice(&body)
                .map(Some)
                .map_err(|_| self.garbled(path, status)),
            (StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN, _) => Ok(None),
            // Label Studio's way to refuse a user who has no organization yet.
            (StatusCode::INTERNAL_SERVER_ERROR, As::User(_)) => Ok(None),
            _ => Err(self.garbled(path, status)),
        }
    }

    fn request(&self, method: Method, path: &str) -> Builder {
        Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.0.url))
            .header(header::ACCEPT, "application/json")
            .header(header::USER_AGENT, "Keybearer")
            .header("x-forwarded-proto", self.0.scheme)
    }

    async fn ask(
        &self,
        request: Result<Request<Body>, axum::http::Error>,
    ) -> Result<(StatusCode, hyper::body::Bytes), Trouble> {
        let request = request.map_err(|_| Trouble::Garbled)?;
        let asking = async {
            let answer = self.0.client.request(request).await.map_err(|error| {
                tracing::warn!(?error, "Label Studio cannot be reached");
                Trouble::Away
            })?;
            let status = answer.status();
            let body = Limited::new(answer.into_body(), LARGEST_ANSWER).collect();
            let body = body.await.map_err(|error| {
                tracing::warn!(error, "Label Studio breaks off its answer");
                Trouble::Away
            })?;
            Ok((status, body.to_bytes()))
        };
        tokio::time::timeout(ANSWER_WITHIN, asking)
            .await
            .unwrap_or(Err(Trouble::Slow))
    }

    fn garbled(&self, question: &str, status: StatusCode) -> Trouble {
        tracing::warn!(question, %status, "Label Studio's answer cannot be read");
        Trouble::Garbled
    }

    fn key(&self) -> Key {
        self.0
            .key
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

impl fmt::Debug for Upstream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Upstream")
    }
}

impl Key {
    fn new(text: &SecretKey) -> Self {
        Self {
            text: text.clone(),
            signing: SigningKey::hs256(text.reveal().as_bytes()),
        }
    }
}

/// The one key that was imported. With several it is not guessed: a wrong one may have come first, and
/// Label Studio may have changed its own since.
fn the_imported(imported: &[(String, SecretKey)]) -> anyhow::Result<&SecretKey> {
    match imported {
        [(id, key)] => {
            tracing::info!(
                "Label Studio's SECRET_KEY is the imported signing key {id}, for no upstream_secret_key_file is named"
            );
            Ok(key)
        }
        [] => bail!(
            "gateway mode needs Label Studio's SECRET_KEY, for with it Keybearer speaks for its users; name the file \
             that holds it with --upstream-secret-key-file, such as Label Studio's .env, or bring it with \
             `keybearer import label-studio`"
        ),
        several => {
            let ids: Vec<&str> = several.iter().map(|(id, _)| id.as_str()).collect();
            bail!(
                "several keys of Label Studio were imported ({}), and which one is its SECRET_KEY now cannot be told; \
                 name the file that holds it with --upstream-secret-key-file, or take the others away with \
                 `keybearer keys remove`",
                ids.join(", ")
            )
        }
    }
}

/// The system's certificates, or where there are none, the ones that browsers trust.
fn client() -> Client<Connector, Body> {
    let mut http = HttpConnector::new();
    http.set_connect_timeout(Some(CONNECT_WITHIN));
    http.set_nodelay(true);
    http.enforce_http(false);
    let connector = HttpsConnectorBuilder::new()
        .with_native_roots()
        .unwrap_or_else(|_| HttpsConnectorBuilder::new().with_webpki_roots())
        .https_or_http()
        .enable_http1()
        .wrap_connector(http);
    Client::builder(TokioExecutor::new())
        .pool_idle_timeout(Duration::from_secs(30))
        .pool_timer(hyper_util::rt::TokioTimer::new())
        .build(connector)
}
