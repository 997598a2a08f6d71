//! Bytes through the gateway, over real connections: nothing is buffered, added or lost.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::{Request, Response};
use futures_util::{StreamExt, stream};
use http_body_util::BodyExt;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::Gateway;
use super::studio::{SECRET_KEY, Studio};
use crate::support::TestApp;

const MIB: usize = 1 << 20;

/// Sends `request` as it is, and returns all that comes back.
pub(super) async fn raw(url: &str, request: &str) -> String {
    let mut stream = TcpStream::connect(url.trim_start_matches("http://"))
        .await
        .unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut got = Vec::new();
    let reading = stream.read_to_end(&mut got);
    let _ = tokio::time::timeout(Duration::from_secs(10), reading)
        .await
        .expect("no end comes");
    String::from_utf8_lossy(&got).into_owned()
}

/// A gateway on the network, in front of an upstream that answers as `answer` does.
async fn before<F, A>(answer: F) -> (TestApp, String)
where
    F: Fn(Request<Body>) -> A + Clone + Send + Sync + 'static,
    A: Future<Output = Response<Body>> + Send,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let upstream = format!("http://{}", listener.local_addr().unwrap());
    let router = Router::new().fallback(answer);
    tokio::spawn(axum::serve(listener, router).into_future());
    let key_file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(&key_file, SECRET_KEY).unwrap();
    let app = TestApp::with(|settings| {
        settings.upstream = Some(upstream);
        settings.upstream_secret_key_file = Some(key_file.path().to_owned());
        settings.upstream_timeout_seconds = Some(2);
    })
    .await;
    let url = app.serve().await;
    (app, url)
}

#[tokio::test]
async fn an_upload_streams() {
    // The upstream takes no more than the first bytes until the client has seen that they arrived:
    // a gateway that collects a body first would wait for ever.
    let (seen, mut arrived) = tokio::sync::mpsc::unbounded_channel();
    let (_app, url) = before(move |request: Request<Body>| {
        let seen = seen.clone();
        async move {
            let mut body = request.into_body();
            let mut length = 0;
            while let Some(frame) = body.frame().await {
                length += frame.unwrap().into_data().unwrap().len();
                seen.send(length).unwrap();
            }
            Response::new(Body::from(length.to_string()))
        }
    })
    .await;
    let mut stream = TcpStream::connect(url.trim_start_matches("http://"))
        .await
        .unwrap();
    let head = format!(
        "POST /import HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: {}\r\n\r\n",
        64 * MIB
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let chunk = vec![b'x'; MIB];
    let mut length = 0;
    for sent in 1..=64 {
        stream.write_all(&chunk).await.unwrap();
        while length < sent * MIB {
            length = tokio::time::timeout(Duration::from_secs(5), arrived.recv())
                .await
                .unwrap()
                .unwrap();
        }
    }
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.ends_with(&(64 * MIB).to_string()), "{answer}");
}

#[tokio::test]
async fn a_download_streams_and_waits_for_the_client() {
    let made = Arc::new(AtomicUsize::new(0));
    let count = made.clone();
    let (_app, url) = before(move |_| {
        let count = count.clone();
        async move {
            let chunks = stream::iter(0..1024).map(move |_| {
                count.fetch_add(1, Ordering::SeqCst);
                Ok::<_, std::convert::Infallible>(Bytes::from(vec![b'x'; MIB]))
            });
            Response::new(Body::from_stream(chunks))
        }
    })
    .await;
    let mut stream = TcpStream::connect(url.trim_start_matches("http://"))
        .await
        .unwrap();
    stream
        .write_all(b"GET /export HTTP/1.1\r\nHost: h\r\n\r\n")
        .await
        .unwrap();
    let mut some = vec![0; MIB];
    stream.read_exact(&mut some).await.unwrap();
    assert!(String::from_utf8_lossy(&some).contains("transfer-encoding: chunked"));
    // Of the 1 GiB only what the sockets hold is under way.
    assert!(made.load(Ordering::SeqCst) < 64, "{made:?}");
}

#[tokio::test]
async fn a_slow_upload_is_not_cut_off_while_it_moves() {
    let (_app, url) = before(|request: Request<Body>| async {
        let body = request.into_body().collect().await.unwrap().to_bytes();
        Response::new(Body::from(format!("{} bytes", body.len())))
    })
    .await;
    let mut stream = TcpStream::connect(url.trim_start_matches("http://"))
        .await
        .unwrap();
    stream
        .write_all(
            b"POST /import HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: 5\r\n\r\n",
        )
        .await
        .unwrap();
    // Longer in all than the time-out of two seconds, which counts silence.
    let mut ticks = tokio::time::interval(Duration::from_millis(600));
    for _ in 0..5 {
        ticks.tick().await;
        stream.write_all(b"x").await.unwrap();
    }
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.ends_with("5 bytes"), "{answer}");
}

#[tokio::test]
async fn answers_come_as_they_are() {
    let (_app, url) = before(|request: Request<Body>| async move {
        let header = |name: &str| {
            request
                .headers()
                .get(name)
                .map(|value| value.to_str().unwrap().to_owned())
        };
        let answer = Response::builder()
            .header("content-encoding", "gzip")
            .header("content-range", "bytes 0-9/100")
            .header("set-cookie", "a=1")
            .header("set-cookie", "b=2")
            .header("connection", "x-inner")
            .header("x-inner", "hop")
            .header("keep-alive", "timeout=5")
            .header("x-range", header("range").unwrap_or_default())
            .header("x-encoding", header("accept-encoding").unwrap_or_default())
            .header("x-hop", header("x-hop").unwrap_or_default())
            .header("x-te", header("te").unwrap_or_default())
            .header("x-for", header("x-forwarded-for").unwrap_or_default())
            .status(206);
        answer.body(Body::from("0123456789")).unwrap()
    })
    .await;
    let request = "GET /data/1.png?a=%20b HTTP/1.1\r\nHost: h\r\nRange: bytes=0-9\r\nAccept-Encoding: gzip, br\r\n\
                   Connection: close, X-Hop, X-Forwarded-For\r\nX-Hop: secret\r\nTE: trailers\r\n\r\n";
    let got = raw(&url, request).await;
    assert!(got.starts_with("HTTP/1.1 206 "), "{got}");
    for line in [
        "content-encoding: gzip",
        "content-range: bytes 0-9/100",
        "content-length: 10",
        "set-cookie: a=1",
        "set-cookie: b=2",
        "x-range: bytes=0-9",
        "x-encoding: gzip, br",
        "x-hop: \r",
        "x-te: \r",
        // A client cannot have this one dropped by calling it a hop's.
        "x-for: 127.0.0.1",
    ] {
        assert!(got.contains(line), "{line:?} in {got}");
    }
    for added in [
        "x-inner",
        "keep-alive",
        "cache-control",
        "x-content-type-options",
        "referrer-policy",
    ] {
        assert!(!got.contains(added), "{added:?} in {got}");
    }
    assert!(got.ends_with("0123456789"), "{got}");
}

#[tokio::test]
async fn head_has_the_length_and_no_body() {
    let (_app, url) = before(|request: Request<Body>| async move {
        assert_eq!(request.method(), "HEAD");
        Response::builder()
            .header("content-length", "12345")
            .body(Body::empty())
            .unwrap()
    })
    .await;
    let got = raw(
        &url,
        "HEAD /data/1.png HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n",
    )
    .await;
    assert!(got.contains("content-length: 12345"), "{got}");
    assert!(got.ends_with("\r\n\r\n"), "{got}");
}

#[tokio::test]
async fn a_chunked_body_and_an_empty_one_arrive_as_such() {
    let (_app, url) = before(|request: Request<Body>| async move {
        let (parts, body) = request.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        let framing = format!(
            "{:?} {:?}",
            parts.headers.get("transfer-encoding"),
            parts.headers.get("content-length")
        );
        Response::new(Body::from(format!(
            "{framing} {}",
            String::from_utf8_lossy(&body)
        )))
    })
    .await;
    let chunked = "POST /a HTTP/1.1\r\nHost: h\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n";
    let got = raw(&url, chunked).await;
    assert!(got.ends_with("Some(\"chunked\") None abc"), "{got}");
    let got = raw(
        &url,
        "GET /a HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n",
    )
    .await;
    assert!(got.ends_with("None None "), "{got}");
}

#[tokio::test]
async fn a_websocket_goes_through_both_ways() {
    let (app, url) = before(|mut request: Request<Body>| async move {
        let Some(protocol) = request.headers().get("upgrade").cloned() else {
            return Response::new(Body::from("no upgrade"));
        };
        let user = request.headers().contains_key("authorization").to_string();
        tokio::spawn(async move {
            let upgraded = hyper::upgrade::on(&mut request).await.unwrap();
            let mut stream = TokioIo::new(upgraded);
            let mut word = [0; 5];
            stream.read_exact(&mut word).await.unwrap();
            stream.write_all(b"pong:").await.unwrap();
            stream.write_all(&word).await.unwrap();
        });
        let answer = Response::builder()
            .status(101)
            .header("upgrade", protocol)
            .header("connection", "Upgrade");
        answer.header("x-user", user).body(Body::empty()).unwrap()
    })
    .await;
    let mut stream = TcpStream::connect(url.trim_start_matches("http://"))
        .await
        .unwrap();
    let head = "GET /ws HTTP/1.1\r\nHost: h\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n\
                Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut got = Vec::new();
    while !got.ends_with(b"\r\n\r\n") {
        got.push(stream.read_u8().await.unwrap());
    }
    let text = String::from_utf8(got).unwrap();
    assert!(text.starts_with("HTTP/1.1 101 "), "{text}");
    assert!(text.contains("upgrade: websocket"), "{text}");
    stream.write_all(b"hello").await.unwrap();
    let mut word = [0; 10];
    stream.read_exact(&mut word).await.unwrap();
    assert_eq!(&word, b"pong:hello");
    // A refused token opens no tunnel.
    let refused = head.replace(
        "Host: h",
        "Host: h\r\nAuthorization: Bearer nonsense\r\nConnection: close",
    );
    assert!(raw(&url, &refused).await.starts_with("HTTP/1.1 401 "));
    drop(app);
}

#[tokio::test]
async fn the_path_goes_on_as_it_was_sent() {
    let gateway = Gateway::new().await;
    let client = gateway.app.anonymous();
    for target in [
        "/a//b/",
        "/a%2Fb/?x=%20&y",
        "/",
        "/trailing/",
        "//lead",
        "/a/../b",
    ] {
        client.get(target).await.expect(200);
        assert_eq!(gateway.studio.last().target, target);
    }
}

#[tokio::test]
async fn below_a_path_both_sides_keep_it() {
    let studio = Studio::start(&["owner@example.com"]).await;
    let gateway = Gateway::before(studio, |settings| {
        settings.public_url = Some("https://host.example.com/label".into());
    })
    .await;
    let client = gateway.app.client(&gateway.app.owner).await;
    client.get("/label/page/").await.expect(200);
    assert_eq!(gateway.studio.last().target, "/label/page/");
    client.get("/label/api/v1/me").await.expect(200);
    let page = gateway
        .app
        .anonymous()
        .get("/label/docs/refusals")
        .await
        .expect(200);
    assert!(
        page.text().contains("/label/keybearer/static/"),
        "{}",
        page.text()
    );
}
