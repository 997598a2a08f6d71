//! Whatever bytes are sent: below `/api/` never a defect, never a page.

use axum::body::Body;
use axum::http::{Method, Request};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use crate::authorization::ROWS;
use crate::support::{Answer, Client, TestApp};

const CASES: u32 = 48;

/// One installation, asked many times from a test that is not async itself, as proptest wants it.
struct Bench {
    runtime: Runtime,
    t: TestApp,
    owner: Client,
}

impl Bench {
    fn new() -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let (t, owner) = runtime.block_on(async {
            let t = TestApp::with_legacy().await;
            // A session: no settings that a body may change by chance shut it out.
            let owner = t.browser(&t.owner).await;
            (t, owner)
        });
        Self { runtime, t, owner }
    }

    fn run<S: Strategy>(&self, strategy: &S, ask: impl AsyncFn(S::Value)) {
        let config = Config {
            cases: CASES,
            failure_persistence: None,
            ..Config::default()
        };
        let outcome = TestRunner::new(config).run(strategy, |value| {
            self.runtime.block_on(ask(value));
            Ok(())
        });
        assert!(outcome.is_ok(), "{outcome:?}");
    }
}

/// Passes if this can be an answer below `/api/`.
fn expect_sane(answer: &Answer, what: &dyn std::fmt::Debug) {
    let text = answer.text();
    assert!(answer.status < 500, "{what:?}: {} {text}", answer.status);
    if !answer.body.is_empty() {
        assert_eq!(
            answer.header("content-type"),
            "application/json",
            "{what:?}: {text}"
        );
        assert!(
            serde_json::from_slice::<Value>(&answer.body).is_ok(),
            "{what:?}: {text}"
        );
    } else {
        assert_eq!(answer.status, 204, "{what:?}");
    }
}

fn content_type() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => Just("application/json".to_owned()),
        2 => Just("application/x-www-form-urlencoded".to_owned()),
        2 => Just("multipart/form-data; boundary=b".to_owned()),
        1 => Just("multipart/form-data".to_owned()),
        1 => "[ -~]{0,40}",
    ]
}

/// JSON that comes near to what the views read.
fn near_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "\\PC{0,20}".prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        Just(json!("a.b.c")),
        Just(json!("x@example.com")),
    ];
    let name = prop::sample::select(vec![
        "refresh",
        "name",
        "email",
        "username",
        "title",
        "first_name",
        "phone",
        "allow_newsletters",
        "custom_hotkeys",
        "api_tokens_enabled",
        "legacy_api_tokens_enabled",
        "api_token_ttl_days",
        "force",
        "a:b",
        "key",
        "active",
        "",
    ]);
    leaf.prop_recursive(4, 24, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((name.clone(), inner), 0..6).prop_map(|pairs| {
                pairs
                    .into_iter()
                    .map(|(name, value)| (name.to_owned(), value))
                    .collect::<serde_json::Map<_, _>>()
                    .into()
            }),
        ]
    })
}

fn body() -> impl Strategy<Value = Vec<u8>> {
    let multipart = "\\PC{0,40}".prop_map(|text| {
        format!(
            "--b\r\nContent-Disposition: form-data; name=\"refresh\"\r\n\r\n{text}\r\n--b--\r\n"
        )
        .into_bytes()
    });
    prop_oneof![
        prop::collection::vec(any::<u8>(), 0..200),
        near_json().prop_map(|json| json.to_string().into_bytes()),
        // Nearly JSON: one character is cut off.
        near_json().prop_map(|json| {
            let mut text = json.to_string().into_bytes();
            text.pop();
            text
        }),
        multipart,
    ]
}

/// Methods and paths that read a body.
fn endpoints() -> Vec<(Method, String)> {
    let read = |method: &str| matches!(method, "POST" | "PATCH" | "PUT");
    ROWS.iter()
        .filter(|row| read(row.0))
        .map(|row| {
            (
                Method::from_bytes(row.0.as_bytes()).unwrap(),
                row.1.replace("{id}", "1"),
            )
        })
        .collect()
}

#[test]
fn any_body_gets_a_sane_answer() {
    let bench = Bench::new();
    for (method, path) in endpoints() {
        bench.run(&(content_type(), body()), async |(content_type, body)| {
            let sent = (
                method.clone(),
                content_type.clone(),
                String::from_utf8_lossy(&body).into_owned(),
            );
            let answer = bench
                .owner
                .send(method.clone(), &path, Some(&content_type), body)
                .await;
            expect_sane(&answer, &(&path, sent));
        });
    }
}

/// What a header may hold: no control characters but the tab (RFC 9110 section 5.5).
fn header() -> impl Strategy<Value = Vec<u8>> {
    let byte = any::<u8>().prop_filter("a control character", |byte| {
        *byte >= b' ' && *byte != 0x7f || *byte == b'\t'
    });
    let start = prop::sample::select(vec![
        "",
        "Bearer ",
        "Token ",
        "bearer",
        "Basic ",
        "Bearer kb_",
        "Token eyJ",
        "sessionid=",
    ]);
    (start, prop::collection::vec(byte, 0..80))
        .prop_map(|(start, rest)| [start.as_bytes(), &rest].concat())
}

#[test]
fn any_header_gets_a_sane_answer() {
    let bench = Bench::new();
    for name in [
        "authorization",
        "x-api-key",
        "cookie",
        "accept",
        "content-type",
        "host",
        "origin",
        "referer",
        "x-forwarded-for",
        "user-agent",
        "sec-fetch-site",
        "content-length",
    ] {
        bench.run(&header(), async |value| {
            let client = bench.t.anonymous().with_bytes(name, &value);
            let answer = client.get("/api/users").await;
            expect_sane(&answer, &(name, &value));
            let owner = bench.owner.clone().with_bytes(name, &value);
            let path = "/api/organizations/1/memberships?page_size=1";
            expect_sane(&owner.get(path).await, &(name, &value));
            expect_sane(&owner.post("/api/token", &json!({})).await, &(name, &value));
        });
    }
}

#[test]
fn any_path_and_query_gets_a_sane_answer() {
    let bench = Bench::new();
    let path = "(api/)?[a-z0-9/%._~!$&'()*+,;=:@-]{0,30}";
    let query = "(page|page_size|include|fields|omit|contributed_to_projects)?=?[a-z0-9/%._~!$&'()*+,;=:@?-]{0,30}";
    let roots = prop::sample::select(vec![
        "/api/",
        "/api/users/",
        "/api/organizations/1/memberships/",
        "/api/current-user/whoami",
        "/api/organizations/",
    ]);
    bench.run(&(roots, path, query), async |(root, path, query)| {
        for uri in [format!("{root}{path}?{query}"), format!("{root}?{query}")] {
            let Ok(request) = Request::builder().uri(&uri).body(Body::empty()) else {
                continue;
            };
            expect_sane(&bench.t.anonymous().ask(request).await, &uri);
            expect_sane(&bench.owner.get(&uri).await, &uri);
        }
    });
}

#[test]
fn any_form_gets_a_page_and_no_defect() {
    let bench = Bench::new();
    let text = || any::<String>();
    bench.run(
        &(text(), text(), text(), header()),
        async |(name, value, token, cookie)| {
            let token: String = form_urlencoded::byte_serialize(token.as_bytes()).collect();
            let fields = [
                ("csrfmiddlewaretoken", "c"),
                ("email", &value),
                (&name, &value),
            ];
            for path in ["/user/signup", "/set-up", "/logout"] {
                let path = format!("{path}?token={token}&next={token}");
                let client = bench
                    .t
                    .anonymous()
                    .with("cookie", "csrftoken=c")
                    .with_bytes("cookie", &cookie);
                for answer in [client.form(&path, &fields).await, client.get(&path).await] {
                    assert!(answer.status < 500, "{path}: {}", answer.text());
                }
            }
        },
    );
}
