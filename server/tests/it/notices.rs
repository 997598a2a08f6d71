//! Expiry notices: each once, to everybody, whatever happens in between.

use std::time::Duration;

use aws_lc_rs::hmac;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use keybearer::app::App;
use keybearer::domain::notices::{self, LEASE_MS, NoticeWithToken, TRIED_FOR_MS};
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
        let listed = notices::list(&self.t.app, &self.t.operator(), None).await;
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
async fn a_process_that_dies_in_the_middle_loses_nothing() {
    let told = Told::new().await;
    let token = told.token(8).await;
    told.t.advance(2 * DAY);
    told.hook.answer(&[0]);
    let cut_off = tokio::time::timeout(Duration::from_millis(1500), told.run()).await;
    assert!(cut_off.is_err(), "the webhook does not answer");
    assert_eq!(
        told.states().await,
        ["mail 7 delivered 1", "webhook 7 due 1"]
    );
    // Its claim still holds, here and on another node, and an hour back it is none.
    told.run().await;
    run(&told.t.another_node().await).await;
    assert_eq!(told.hook.days(&token.id), [7]);
    told.t.advance(LEASE_MS / 1000 + 1);
    told.run().await;
    assert_eq!(
        told.states().await,
        ["mail 7 delivered 1", "webhook 7 delivered 2"]
    );
    // The receiver may have taken the first: it has the same id and the same body.
    let posts = told.hook.posts();
    assert_eq!(told.hook.days(&token.id), [7, 7]);
    assert_eq!(posts[0].text, posts[1].text);
    assert_eq!(told.mail.mails().len(), 1);
}

#[tokio::test]
async fn a_claim_from_an_hour_ahead_is_no_claim() {
    let told = Told::new().await;
    told.token(8).await;
    told.t.advance(2 * DAY);
    told.hook.answer(&[0]);
    tokio::time::timeout(Duration::from_millis(1500), told.run())
        .await
        .unwrap_err();
    told.t.advance(-HOUR);
    told.run().await;
    assert_eq!(
        told.states().await,
        ["mail 7 delivered 1", "webhook 7 delivered 2"]
    );
}

#[tokio::test]
async fn a_webhook_that_fails_is_tried_again_with_patience() {
    let told = Told::new().await;
    let token = told.token(8).await;
    told.t.advance(2 * DAY);
    told.hook.answer(&[500, 302, 404]);
    told.run().await;
    told.run().await;
    assert_eq!(told.hook.days(&token.id).len(), 1, "not before its time");
    for wait in [80, 160, 320] {
        told.t.advance(wait);
        told.run().await;
    }
    assert_eq!(told.hook.days(&token.id), [7, 7, 7, 7]);
    assert_eq!(
        told.states().await,
        ["mail 7 delivered 1", "webhook 7 delivered 4"]
    );
    let posts = told.hook.posts();
    assert!(posts.iter().all(|post| post.text == posts[0].text));
}

#[tokio::test]
async fn a_webhook_is_given_up_after_three_days_or_when_it_is_gone() {
    let told = Told::new().await;
    let (first, second) = (told.token(8).await, told.token(20).await);
    told.t.advance(2 * DAY);
    told.hook.answer(&[500; 40]);
    for _ in 0..100 {
        told.run().await;
        told.t.advance(HOUR);
    }
    let failed = told.list().await;
    let failed = failed.iter().find(|found| found.notice.state == "failed");
    let failed = failed.unwrap();
    assert_eq!(failed.notice.token_id, first.id);
    assert!(failed.notice.reason.as_ref().unwrap().contains("500"));
    let lived = failed.notice.ended_at.unwrap() - failed.notice.created_at;
    assert!((TRIED_FOR_MS..TRIED_FOR_MS + 9 * HOUR * 1000).contains(&lived));
    let tries = told.hook.days(&first.id).len();
    assert!((12..25).contains(&tries), "{tries} tries");

    told.t.advance(8 * DAY);
    let waiting = 40 - told.hook.posts().len();
    let mut answers = vec![410];
    answers.resize(waiting.max(1), 200);
    let told2 = Told::new().await;
    let gone = told2.token(8).await;
    told2.t.advance(2 * DAY);
    told2.hook.answer(&answers);
    for _ in 0..3 {
        told2.run().await;
        told2.t.advance(HOUR);
    }
    assert_eq!(told2.hook.days(&gone.id), [7]);
    assert_eq!(
        told2.states().await,
        ["mail 7 delivered 1", "webhook 7 failed 1"]
    );
    drop(second);
}

#[tokio::test]
async fn a_token_revoked_before_its_notice_was_delivered_is_not_told_of() {
    let told = Told::new().await;
    let token = told.token(8).await;
    told.t.advance(2 * DAY);
    told.hook.answer(&[500]);
    told.mail.answer(&["451 later"]);
    told.run().await;
    tokens::revoke(&told.t.app, &told.t.operator(), &token.id)
        .await
        .unwrap();
    told.t.advance(HOUR);
    told.run().await;
    assert_eq!(
        told.states().await,
        ["mail 7 dropped 2", "webhook 7 dropped 2"]
    );
    assert!(told.mail.mails().is_empty());
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

#[tokio::test]
async fn a_mail_that_comes_too_late_gives_way_to_the_next() {
    let told = Told::new().await;
    told.token(8).await;
    told.mail.answer(&["550 not here"]);
    for hours in [DAY + HOUR, 6 * DAY, HOUR] {
        told.t.advance(hours);
        told.run().await;
    }
    let states = told.states().await;
    assert_eq!(states[..2], ["mail 1 delivered 1", "mail 7 dropped 2"]);
    assert_eq!(told.mail.mails().len(), 1);
}
