//! The upstream is down, slow, another, or talks nonsense: a clear answer each time, and everything
//! works again by itself afterwards.

use std::time::Duration;

use keybearer::app::App;
use keybearer::gateway::probe::{self, Finding};
use keybearer::gateway::upstream::Upstream;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::Gateway;
use super::studio::{SECRET_KEY, Studio};
use crate::support::{OWNER, TestApp};

/// An upstream that reads a request's first bytes and then says `text`, and no more if `text` ends
/// before its own length.
async fn saying(text: &'static [u8], stays: bool) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            tokio::spawn(async move {
                let mut buffer = [0; 4096];
                let _ = stream.read(&mut buffer).await;
                let _ = stream.write_all(text).await;
                if stays {
                    std::future::pending::<()>().await;
                }
            });
        }
    });
    url
}

async fn before(url: String) -> (TestApp, tempfile::NamedTempFile) {
    let key_file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(&key_file, SECRET_KEY).unwrap();
    let app = TestApp::with(|settings| {
        settings.upstream = Some(url);
        settings.upstream_secret_key_file = Some(key_file.path().to_owned());
        settings.upstream_timeout_seconds = Some(1);
    })
    .await;
    (app, key_file)
}

/// What the probe finds, which asks until there is an answer.
async fn found(app: &App, upstream: &Upstream) -> Finding {
    let probing = probe::run(app, upstream);
    let found = tokio::time::timeout(Duration::from_secs(20), probing).await;
    found.expect("the probe finds nothing")
}

#[tokio::test]
async fn an_upstream_that_is_down_is_502() {
    let port = TcpListener::bind("127.0.0.1:0")
        .await
        .unwrap()
        .local_addr()
        .unwrap();
    let (app, _key) = before(format!("http://{port}")).await;
    let refused = app.anonymous().get("/api/projects/").await.expect(502);
    assert_eq!(refused.json()["status_code"], 502);
    assert!(
        refused.text().contains("cannot be reached"),
        "{}",
        refused.text()
    );
    let page = app.anonymous().get("/projects/").await.expect(502);
    assert!(page.header("content-type").starts_with("text/html"));
    // What Keybearer answers itself it goes on answering; a session it cannot ask about.
    let client = app.client(&app.owner).await;
    client.get("/api/v1/me").await.expect(200);
    client.get("/api/projects/").await.expect(502).json();
    app.anonymous()
        .with("cookie", "sessionid=x")
        .get("/api/token/")
        .await
        .expect(502)
        .json();
}

#[tokio::test]
async fn an_upstream_that_is_silent_is_504() {
    let (app, _key) = before(saying(b"", true).await).await;
    let refused = app.anonymous().get("/api/projects/").await.expect(504);
    assert_eq!(refused.json()["status_code"], 504);
    assert!(refused.text().contains("upstream_timeout_seconds"));
}

#[tokio::test]
async fn an_upstream_that_talks_nonsense_is_502() {
    for text in [
        b"\x16\x03\x01garbage".as_slice(),
        b"HTTP/1.1 200\r\nContent-Length: x\r\n\r\n",
        b"",
    ] {
        let (app, _key) = before(saying(text, false).await).await;
        app.anonymous()
            .get("/api/projects/")
            .await
            .expect(502)
            .json();
    }
    // A web server that is no Label Studio.
    let text = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";
    let (app, _key) = before(saying(text, false).await).await;
    app.anonymous().get("/api/projects/").await.expect(200);
    let client = app.client(&app.owner).await;
    let refused = client.get("/api/projects/").await.expect(502);
    assert!(
        refused.text().contains("cannot be read"),
        "{}",
        refused.text()
    );
}

#[tokio::test]
async fn an_answer_that_breaks_off_breaks_off_for_the_client_too() {
    let cut = b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\nonly this";
    for stays in [false, true] {
        let (app, _key) = before(saying(cut, stays).await).await;
        let url = app.serve().await;
        let got = super::plumbing::raw(
            &url,
            "GET /data HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n",
        )
        .await;
        assert!(got.contains("content-length: 500"), "{got}");
        assert!(got.ends_with("only this"), "{got}");
    }
}

#[tokio::test]
async fn a_wrong_key_is_said_at_the_start_and_to_each_client() {
    let gateway = Gateway::new().await;
    let app = &gateway.app.app;
    let upstream = app.upstream.clone().unwrap();
    let ready = Finding::Ready {
        version: "1.23.2".into(),
    };
    assert_eq!(found(app, &upstream).await, ready);

    gateway.studio.set_key("another");
    assert_eq!(found(app, &upstream).await, Finding::OtherKey);
    let client = gateway.app.client(&gateway.app.owner).await;
    let refused = client.get("/api/projects/").await.expect(502);
    assert!(refused.text().contains("SECRET_KEY"), "{}", refused.text());
    // A browser's session has nothing to do with it.
    let browser = gateway.app.anonymous().with("cookie", "sessionid=of-1");
    browser.get("/api/projects/").await.expect(200);
}

#[tokio::test]
async fn a_key_that_changes_while_running_is_taken_from_its_file() {
    let gateway = Gateway::new().await;
    let client = gateway.app.client(&gateway.app.owner).await;
    client.get("/api/projects/").await.expect(200);
    gateway.studio.set_key("the new key");
    client.get("/api/projects/").await.expect(502);
    std::fs::write(&gateway.key_file, "OTHER=1\nSECRET_KEY=the new key\n").unwrap();
    // The first one finds out, and is told to come again.
    client.get("/api/projects/").await;
    client.get("/api/projects/").await.expect(200);
    client.post("/api/projects/", &json!({})).await.expect(200);
}

#[tokio::test]
async fn an_upstream_that_starts_later_is_waited_for() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let (app, _key) = before(format!("http://{address}")).await;
    let upstream = app.app.upstream.clone().unwrap();
    let node = app.app.clone();
    let probing = tokio::spawn(async move { found(&node, &upstream).await });
    app.anonymous().get("/api/projects/").await.expect(502);
    let studio = Studio::start_at(address, &[OWNER]).await;
    assert!(matches!(probing.await.unwrap(), Finding::Ready { .. }));
    let client = app.client(&app.owner).await;
    client.get("/api/projects/").await.expect(200);
    assert_eq!(studio.last().user, Some(1));
}

#[test]
fn settings_that_cannot_hold_are_refused() {
    use keybearer::config::{Config, Place, Settings};
    let load = |url: &str, seconds| {
        let settings = Settings {
            upstream: Some(url.into()),
            upstream_timeout_seconds: seconds,
            ..Settings::default()
        };
        Config::load(&Place::default(), settings)
    };
    for url in [
        "127.0.0.1:8081",
        "ftp://h",
        "http://",
        "http://user:pw@h",
        "http://h?x",
        "http:///x",
    ] {
        let error = load(url, None).unwrap_err().to_string();
        assert!(error.contains("http://127.0.0.1:8081"), "{error}");
        assert!(!error.contains("pw"), "{error}");
    }
    load("http://h", Some(0)).unwrap_err();
    let config = load("http://h:1/ls/", None).unwrap();
    assert_eq!(config.base_path(), "/keybearer");
}
