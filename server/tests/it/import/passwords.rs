//! Passwords that Django has hashed.

use keybearer::domain::django_passwords::{fits, is_known};
use keybearer::store;

use super::source::{Source, odd};
use crate::support::{EmptyApp, PASSWORD};

/// [`PASSWORD`] as Django 5.1 hashes it, with as little work as each algorithm takes.
const HASHES: [&str; 6] = [
    "pbkdf2_sha256$1000$saltsaltsalt$GacV8oEzUl3KM0Mwey9yrMcTPKpkL4jXrFpbKB8oOnI=",
    "pbkdf2_sha1$1000$saltsaltsalt$bXetuqXv3xEiqmlwhuj1G8h56R4=",
    "argon2$argon2id$v=19$m=512,t=1,p=2$c2FsdHNhbHRzYWx0$aEaUuScrGvqhx4QmIEOMyLeMFulwramNFhM8Bs0TDh0",
    "bcrypt_sha256$$2b$04$GsxMhI6grddtb7HQ4K1rYeiPMH9UJvjTX6spPPpijb46dOvX1DWNO",
    "bcrypt$$2b$04$pRPttaRTXzLct7Ksaj69TuMpcbiXqvrQ4LkoaQQ.ieQu1HohheV5K",
    "scrypt$256$saltsaltsalt$8$5$A9RmSoubSYnmeTCXpLKFuosP3bBO7Y2GMQ/Iipa7CKa3OMvt7FgyBM2J1dcOXtKv6NkhyKyQEcYOg4a+YFSAwg==",
];

#[test]
fn refuses_hashes_that_are_broken_and_passwords_that_do_not_fit() {
    for hash in HASHES {
        assert!(!fits("correct horse batterz", hash), "{hash}");
        assert!(!fits("", hash), "{hash}");
    }
    for broken in [
        "",
        "!",
        "$",
        "md5$saltsaltsalt$f5b882f7d8b17f9f6783280eb772a156",
        "pbkdf2_sha256$0$salt$GacV",
        "pbkdf2_sha256$1000$salt",
        "pbkdf2_sha256$1000$salt$not base64!",
        "pbkdf2_sha256$1000$salt$GacV$more",
        "scrypt$255$saltsaltsalt$8$5$A9Rm",
        "scrypt$0$saltsaltsalt$8$5$A9Rm",
        "argon2$argon2id",
        "bcrypt$$2b$04$short",
    ] {
        assert!(!is_known(broken), "{broken}");
        assert!(!fits(PASSWORD, broken), "{broken}");
    }
    assert!(!fits(PASSWORD, "pbkdf2_sha256$1000$saltsaltsalt$"));
}

#[test]
fn each_of_djangos_algorithms_is_known() {
    for hash in HASHES {
        assert!(is_known(hash), "{hash}");
        assert!(fits(PASSWORD, hash), "{hash}");
    }
}

#[tokio::test]
async fn an_imported_password_signs_in_and_is_hashed_anew() {
    let (t, source) = (EmptyApp::new().await, Source::new().await);
    let stored = |id| {
        let app = t.app.clone();
        async move {
            let mut tx = app.db.read().await.unwrap();
            let user = store::users::find(&mut tx, id).await.unwrap().unwrap();
            user.password_hash
        }
    };
    source.user(3, "odd@example.com").await;
    source.member(1, 3).await;
    source
        .run(&format!(
            "update htx_user set password = '{}' where id = 2; \
                         update htx_user set password = '!unusable' where id = 1; \
                         update htx_user set password = 'md5$salt$00' where id = 3",
            HASHES[0]
        ))
        .await;
    let report = source.import(&t.app).await.unwrap();
    assert!(
        odd(&report).contains("1× passwords of a form that Keybearer does not know"),
        "{}",
        odd(&report)
    );
    assert_eq!((stored(1).await, stored(3).await), (None, None));
    let sign_in = |password: &'static str| {
        let browser = t.anonymous().with("cookie", "csrftoken=c");
        async move {
            let fields = [
                ("csrfmiddlewaretoken", "c"),
                ("email", "member@example.com"),
                ("password", password),
            ];
            browser.form("/user/login", &fields).await.status
        }
    };
    assert_ne!(sign_in("correct horse batterz").await, 302);
    assert_eq!(stored(2).await.as_deref(), Some(HASHES[0]));
    assert_eq!(sign_in(PASSWORD).await, 302);
    let anew = stored(2).await.unwrap();
    assert!(anew.starts_with("$argon2id$"), "{anew}");
    assert_eq!(sign_in(PASSWORD).await, 302);
    assert_eq!(stored(2).await, Some(anew));
    assert_ne!(sign_in("correct horse batterz").await, 302);
}
