//! No secret lies readable in the database, is logged, is printed, or comes back in an error.

use std::fmt::Debug;
use std::io::Write;
use std::sync::{Arc, Mutex};

use keybearer::config::Secret;
use keybearer::domain::access::Role;
use keybearer::domain::passwords::Password;
use keybearer::domain::sessions;
use keybearer::domain::users::adding::UserSpec;
use keybearer_verify::{PlainToken, TokenKind};
use serde_json::json;

use crate::support::forge::SIGNING_SECRET;
use crate::support::{PASSWORD, TestApp};

/// A name and the text that nobody may find.
type Named = (&'static str, String);

/// Makes one of everything that has a secret.
async fn one_of_everything(t: &TestApp) -> Vec<Named> {
    let member = t.member_with_password().await;
    let owner = t.client(&t.owner).await;
    let personal = t.personal(&member).await;
    let access = t.access(&personal).await;
    let invite = owner.get("/api/invite").await.json();
    let last_part = |token: &str| token.rsplit('.').next().unwrap().to_owned();
    let legacy = t
        .token(&personal)
        .post("/api/current-user/reset-token", &json!({}))
        .await
        .json();
    let made = [
        ("the password", PASSWORD.to_owned()),
        (
            "the personal access token's signature",
            last_part(&personal),
        ),
        ("the access token's signature", last_part(&access)),
        ("the key token", t.text(&member, TokenKind::Key).await),
        (
            "the legacy token",
            legacy["token"].as_str().unwrap().to_owned(),
        ),
        ("the session", t.session(&member).await),
        ("the invite", invite["token"].as_str().unwrap().to_owned()),
        ("the signing secret", SIGNING_SECRET.to_owned()),
        ("the sealing key", sealing_key(t)),
    ];
    // A rotation and a sign-in write as well.
    let body = json!({"refresh": personal});
    t.token(&made[3].1)
        .post("/api/token/rotate", &body)
        .await
        .expect(200);
    let fields = [
        ("csrfmiddlewaretoken", "c"),
        ("email", "member@example.com"),
        ("password", PASSWORD),
    ];
    let browser = t.anonymous().with("cookie", "csrftoken=c");
    browser.form("/user/login", &fields).await.expect(302);
    made.to_vec()
}

fn sealing_key(t: &TestApp) -> String {
    let file = std::fs::read_to_string(&t.app.config.key_file).unwrap();
    file.trim().to_owned()
}

fn contains(bytes: &[u8], text: &str) -> bool {
    bytes
        .windows(text.len())
        .any(|window| window == text.as_bytes())
}

fn hex(text: &str) -> String {
    text.bytes().map(|byte| format!("{byte:02x}")).collect()
}

#[tokio::test]
async fn no_secret_lies_in_the_database() {
    let t = TestApp::with_signing_secret().await;
    let secrets = one_of_everything(&t).await;
    let dump = t.database.dump().await;
    assert!(
        contains(&dump, "member@example.com"),
        "the dump shows nothing"
    );
    for (name, secret) in secrets {
        assert!(!contains(&dump, &secret), "{name} lies in the database");
        // PostgreSQL prints bytes so.
        assert!(
            !contains(&dump, &hex(&secret)),
            "{name} lies in the database"
        );
    }
}

#[tokio::test]
async fn no_secret_is_logged() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(move || writer.clone())
        .finish();
    let guard = tracing::subscriber::set_default(subscriber);
    let t = TestApp::with_signing_secret().await;
    let secrets = one_of_everything(&t).await;
    let invite = format!("/user/signup?token={}", secrets[6].1);
    t.anonymous().get(&invite).await.expect(200);
    break_seals(&t).await;
    t.client(&t.owner)
        .await
        .get("/api/invite")
        .await
        .expect(500);
    drop(guard);
    let log = log.0.lock().unwrap();
    assert!(contains(&log, "internal error"), "the log shows nothing");
    for (name, secret) in secrets {
        assert!(!contains(&log, &secret), "{name} is in the log");
    }
}

/// A log in memory.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn nothing_secret_is_printed_for_debugging() {
    let t = TestApp::with(|settings| {
        settings.username = Some("root@example.com".into());
        settings.password = Some(PASSWORD.into());
        settings.user_token = Some("hidden token text".into());
    })
    .await;
    let session = sessions::start(&t.app, &t.operator(), &t.owner)
        .await
        .unwrap();
    let spec = UserSpec {
        password: Some(Password::new(PASSWORD)),
        legacy_text: Some(PlainToken::new("hidden token text".into())),
        ..UserSpec::new("a@example.com", Role::Member)
    };
    let secrets = [PASSWORD, "hidden", session.reveal(), &sealing_key(&t)];
    let expect_silent = |name: &str, value: &dyn Debug| {
        for printed in [format!("{value:?}"), format!("{value:#?}")] {
            for secret in secrets {
                assert!(
                    !printed.contains(secret),
                    "{name} prints a secret: {printed}"
                );
            }
        }
    };
    expect_silent("PlainToken", &PlainToken::new("hidden".into()));
    expect_silent("Password", &Password::new(PASSWORD));
    expect_silent("Secret", &Secret::from("hidden"));
    expect_silent("App", &t.app);
    expect_silent("Config", &*t.app.config);
    expect_silent("SessionSecret", &session);
    expect_silent("UserSpec", &spec);
    let json = serde_json::to_string(&*t.app.config).unwrap();
    expect_silent("Config as JSON", &json);
    assert_eq!(
        format!("{:?}", PlainToken::new("hidden".into())),
        "PlainToken"
    );
    assert_eq!(format!("{:?}", Password::new(PASSWORD)), "Password");
}

#[tokio::test]
async fn no_refusal_repeats_the_secret_that_was_sent() {
    let t = TestApp::with_signing_secret().await;
    let member = t.member().await;
    let personal = t.personal(&member).await;
    let access = t.access(&personal).await;
    let key = t.text(&member, TokenKind::Key).await;
    let legacy = t.text(&member, TokenKind::Legacy).await;
    t.database
        .meddle("update users set is_active = false where id = 2")
        .await;
    for text in [&personal, &access, &key, &legacy] {
        let broken = format!("{{\"refresh\": \"{text}\", ");
        let json = Some("application/json");
        let post = axum::http::Method::POST;
        let answers = [
            t.bearer(text).get("/api/users").await,
            t.token(text).get("/api/users").await,
            t.bearer(&format!("{text}x")).get("/api/users").await,
            t.bearer(&format!("{text} {text}")).get("/api/users").await,
            t.exchange(text).await,
            t.exchange(&format!("{text}x")).await,
            t.anonymous()
                .post("/api/token", &json!({"name": text}))
                .await,
            t.anonymous()
                .get(&format!("/api/nothing?token={text}"))
                .await,
            t.anonymous()
                .send(post, "/api/token/refresh", json, broken.into_bytes())
                .await,
        ];
        for answer in answers {
            assert!(answer.status >= 400);
            assert!(!answer.text().contains(text.as_str()), "{}", answer.text());
            for (_, value) in &answer.headers {
                assert!(
                    !value.to_str().unwrap().contains(text.as_str()),
                    "{value:?}"
                );
            }
        }
    }
}

/// Makes what is sealed unreadable.
async fn break_seals(t: &TestApp) {
    t.database
        .meddle("update organizations set invite_sealed = invite_hash")
        .await;
    t.database.meddle("update tokens set sealed = hash").await;
}

#[tokio::test]
async fn a_defect_is_told_by_its_id_alone() {
    let t = TestApp::with_legacy().await;
    let owner = t.client(&t.owner).await;
    break_seals(&t).await;
    let answers = [
        owner.get("/api/current-user/token").await,
        owner.get("/api/invite").await,
        owner.get("/api/organizations/1").await,
    ];
    for answer in answers {
        let told = answer.refusal(500);
        let detail = told["detail"].as_str().unwrap();
        let (said, id) = detail.trim_end_matches('.').rsplit_once(' ').unwrap();
        assert_eq!(
            said,
            "Internal error. The server's log has the cause under the id"
        );
        assert_eq!(id.len(), 36, "{detail}");
        assert_eq!(told.as_object().unwrap().len(), 1, "{told}");
    }
}

#[tokio::test]
async fn a_defect_is_told_by_its_id_alone_on_a_page_too() {
    let t = TestApp::new().await;
    let browser = t.browser(&t.owner).await;
    t.database.meddle("drop table memberships").await;
    let page = browser.get("/").await.expect(500).text();
    assert!(
        page.contains("The server&#39;s log has the cause under the id"),
        "{page}"
    );
    for inner in ["memberships", "table", "SQL", "sql", "relation", "error:"] {
        assert!(!page.contains(inner), "{page}");
    }
    let told = browser.get("/api/users").await.refusal(500);
    let detail = told["detail"].as_str().unwrap();
    assert!(detail.starts_with("Internal error."), "{detail}");
    assert!(!detail.contains("memberships"), "{detail}");
}
