//! Expiry notices: each once, to whom it concerns, and what they say. `failures` has what happens when
//! something does not work.

mod failures;
mod list;

use aws_lc_rs::hmac;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use keybearer::app::App;
use keybearer::domain::notices::{self, NoticeFilter, NoticeWithToken};
use keybearer::domain::tokens::rotation::{self, RotationSpec};
use keybearer::domain::tokens::{self, Token, TokenSpec};
use keybearer::domain::users::User;
use keybearer::outbound::Outbound;
use keybearer_verify::TokenKind;
use tokio::sync::watch;

use crate::support::TestApp;
use crate::support::receivers::{Hook, MailServer};

const HOUR: i64 = 3600;
const DAY: i64 = 24 * HOUR;
const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// An installation with a mail server and a webhook.
struct Told {
    t: TestApp,
    hook: Hook,
    mail: MailServer,
}

impl Told {
    async fn new() -> Self {
        let (hook, mail) = (Hook::start().await, MailServer::start().await);
        let t = TestApp::with(|settings| {
            settings.webhook_url = Some(vec![hook.url.as_str().into()]);
            settings.webhook_secret = Some(SECRET.into());
            settings.smtp_url = Some(mail.url.as_str().into());
            settings.mail_from = Some("Keybearer <keys@example.com>".into());
            settings.enable_legacy_tokens = Some(true);
        })
        .await;
        Self { t, hook, mail }
    }

    async fn token(&self, ttl_days: i64) -> Token {
        self.token_of(&self.t.owner, TokenKind::Key, ttl_days).await
    }

    async fn token_of(&self, user: &User, kind: TokenKind, ttl_days: i64) -> Token {
        let spec = TokenSpec {
            name: format!("for {ttl_days} days"),
            ttl_days: Some(ttl_days),
            ..TokenSpec::new(kind, user.id)
        };
        let made = tokens::issue(&self.t.app, &self.t.operator(), spec).await;
        made.unwrap().0
    }

    async fn run(&self) {
        run(&self.t.app).await;
    }

    async fn states(&self) -> Vec<String> {
        let notices = self.list().await;
        let say = |found: &NoticeWithToken| {
            format!(
                "{} {} {} {}",
                found.notice.channel,
                found.notice.threshold_days,
                found.notice.state,
                found.notice.attempts
            )
        };
        let mut states: Vec<_> = notices.iter().map(say).collect();
        states.sort();
        states
    }

    async fn list(&self) -> Vec<NoticeWithToken> {
        let filter = NoticeFilter {
            limit: 1000,
            ..NoticeFilter::default()
        };
        let listed = notices::list(&self.t.app, &self.t.operator(), filter).await;
        listed.unwrap()
    }
}

async fn run(app: &App) {
    let outbound = Outbound::open(&app.config.notices).unwrap();
    let (_stop, stopping) = watch::channel(false);
    notices::run(app, &outbound, &stopping).await.unwrap();
}

#[tokio::test]
async fn each_threshold_that_lies_in_a_tokens_life_is_told_once() {
    let told = Told::new().await;
    let table: [(i64, &[i64]); 8] = [
        (1, &[0]),
        (2, &[1, 0]),
        (5, &[1, 0]),
        (7, &[1, 0]),
        (8, &[7, 1, 0]),
        (30, &[7, 1, 0]),
        (31, &[30, 7, 1, 0]),
        (40, &[30, 7, 1, 0]),
    ];
    let mut tokens = Vec::new();
    for (ttl, days) in table {
        for kind in [TokenKind::Key, TokenKind::Personal] {
            let token = told.token_of(&told.t.owner, kind, ttl).await;
            tokens.push((ttl, token.id, days));
        }
    }
    let (legacy, _) = told.t.issue(&told.t.owner, TokenKind::Legacy).await;
    for _ in 0..84 {
        told.run().await;
        told.t.advance(12 * HOUR);
    }
    let mut all = 0;
    for (ttl, id, days) in tokens {
        assert_eq!(told.hook.days(&id), days, "a token of {ttl} days");
        all += days.len();
    }
    assert!(told.hook.days(&legacy.id).is_empty());
    assert_eq!(told.mail.mails().len(), all);
}

#[tokio::test]
async fn nobody_is_told_of_tokens_that_are_over_already_or_have_a_successor() {
    let told = Told::new().await;
    let t = &told.t;
    let cx = t.operator();
    let revoked = told.token(3).await;
    tokens::revoke(&t.app, &cx, &revoked.id).await.unwrap();
    let rotated = told.token(3).await;
    let spec = RotationSpec {
        overlap_hours: Some(96),
        idempotency_key: None,
    };
    let successor = rotation::rotate(&t.app, &cx, &rotated.id, spec)
        .await
        .unwrap();
    let (member, admin) = (t.member().await, t.admin().await);
    let deactivated = told.token_of(&member, TokenKind::Key, 3).await;
    let removed = told.token_of(&admin, TokenKind::Key, 3).await;
    t.database
        .meddle(&format!(
            "update users set is_active = false where id = {}; \
             update memberships set removed_at = 1 where user_id = {}",
            member.id, admin.id
        ))
        .await;
    t.advance(2 * DAY + HOUR);
    told.run().await;
    for gone in [revoked, rotated, deactivated, removed] {
        assert!(told.hook.days(&gone.id).is_empty());
    }
    assert_eq!(told.hook.days(&successor.token.id), [1]);
    assert_eq!(told.mail.mails().len(), 1);
}

#[tokio::test]
async fn thresholds_missed_while_nothing_ran_collapse_into_the_latest() {
    let told = Told::new().await;
    let (short, long) = (told.token(60).await, told.token(66).await);
    told.t.advance(63 * DAY);
    told.run().await;
    assert_eq!(told.hook.days(&short.id), [0]);
    assert_eq!(told.hook.days(&long.id), [7]);
    told.t.advance(60 * DAY);
    told.run().await;
    assert_eq!(told.hook.days(&short.id), [0]);
    // Over for longer than anybody wants to hear of it.
    assert_eq!(told.hook.days(&long.id), [7]);
}

#[tokio::test]
async fn a_threshold_that_was_passed_over_is_not_made_up_for_when_the_clock_goes_back() {
    let told = Told::new().await;
    let token = told.token(60).await;
    told.t.advance(53 * DAY + 60);
    told.run().await;
    told.t.advance(-HOUR);
    told.run().await;
    assert_eq!(told.hook.days(&token.id), [7]);
}

#[tokio::test]
async fn a_clock_that_is_moved_back_or_forth_an_hour_repeats_and_skips_nothing() {
    let told = Told::new().await;
    let token = told.token(40).await;
    // Around each threshold: just before, just after, an hour back, an hour on, two hours on.
    let start = told.t.app.clock.now();
    for days in [10, 33, 39, 40] {
        for seconds in [-60, 60, 60 - HOUR, 60 + HOUR, 120, 60 - HOUR, 2 * HOUR] {
            told.t.set_time(start + (days * DAY + seconds) * 1000);
            told.run().await;
        }
    }
    assert_eq!(told.hook.days(&token.id), [30, 7, 1, 0]);
    assert_eq!(told.mail.mails().len(), 4);
}

#[tokio::test]
async fn two_nodes_at_the_same_time_tell_once() {
    let told = Told::new().await;
    let mut ids = Vec::new();
    for _ in 0..20 {
        ids.push(told.token(8).await.id);
    }
    let other = told.t.another_node().await;
    told.t.advance(2 * DAY);
    tokio::join!(told.run(), run(&other), run(&other), told.run());
    for id in ids {
        assert_eq!(told.hook.days(&id), [7]);
    }
    assert_eq!(told.mail.mails().len(), 20);
}

#[tokio::test]
async fn a_post_is_signed_and_says_what_there_is_to_say() {
    let told = Told::new().await;
    let token = told.token(8).await;
    told.t.advance(2 * DAY);
    told.run().await;
    let post = &told.hook.posts()[0];
    let (id, timestamp) = (post.header("webhook-id"), post.header("webhook-timestamp"));
    let key = BASE64_STANDARD.decode(&SECRET["whsec_".len()..]).unwrap();
    let key = hmac::Key::new(hmac::HMAC_SHA256, &key);
    let signed = format!("{id}.{timestamp}.{}", post.text);
    let signature = BASE64_STANDARD.encode(hmac::sign(&key, signed.as_bytes()));
    assert_eq!(post.header("webhook-signature"), format!("v1,{signature}"));
    assert_eq!(timestamp.parse(), Ok(told.t.app.clock.now() / 1000));
    let expected = serde_json::json!({
        "id": id,
        "type": "token.expiring",
        "created_at": "2026-01-04T03:04:05.678Z",
        "data": {
            "token_id": token.id,
            "name": "for 8 days",
            "kind": "key",
            "expires_at": "2026-01-10T03:04:05.678Z",
            "days_left": 6,
            "owner_email": "owner@example.com",
            "organization_id": 1,
        },
    });
    assert_eq!(post.json(), expected);
    told.t.advance(6 * DAY);
    told.run().await;
    let last = told.hook.posts().pop().unwrap().json();
    assert_eq!(
        (&last["type"], &last["data"]["days_left"]),
        (&"token.expired".into(), &0.into())
    );
}

#[tokio::test]
async fn a_mail_names_the_token_and_no_secret_and_keeps_its_id() {
    let told = Told::new().await;
    let spec = TokenSpec {
        name: "Büro".into(),
        ttl_days: Some(8),
        ..TokenSpec::new(TokenKind::Key, told.t.owner.id)
    };
    let made = tokens::issue(&told.t.app, &told.t.operator(), spec).await;
    let (token, plain) = made.unwrap();
    told.t.advance(DAY + HOUR);
    told.mail.answer(&["451 later", "no SMTP at all"]);
    for _ in 0..4 {
        told.run().await;
        told.t.advance(200);
    }
    let [mail] = &told.mail.mails()[..] else {
        panic!("{:?}", told.mail.mails());
    };
    let secret = plain.reveal().rsplit('_').next().unwrap();
    assert!(!mail.contains(secret));
    for line in [
        "To: owner@example.com",
        "From: Keybearer <keys@example.com>",
        &format!("Message-ID: <notice-{}-7d@example.com>", token.id),
        "Auto-Submitted: auto-generated",
        "http://keys.example.com",
        "2026-01-10 03:04 UTC",
    ] {
        assert!(mail.contains(line), "{line} in {mail}");
    }
}
