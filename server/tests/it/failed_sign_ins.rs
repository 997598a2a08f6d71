//! Failed sign-ins in the audit log: seen by the account's admins, told to nobody else, and never
//! more than a stranger's patience is worth.

use keybearer::cx::{Actor, Cx};
use keybearer::domain::audit::{self, AuditEvent, AuditFilter, Chain};
use keybearer::domain::passwords::Password;
use keybearer::domain::users::changing;
use keybearer::domain::{sessions, upkeep};
use keybearer::error::Error;

use crate::support::{PASSWORD, TestApp};
use crate::v1::key;

const MEMBER: &str = "member@example.com";
const WINDOW_SECONDS: i64 = 900;

async fn sign_in(t: &TestApp, email: &str, password: &str) -> Result<(), Error> {
    let cx = Cx {
        actor: Actor::Anonymous,
        address: Some([198, 51, 100, 9].into()),
        ..t.operator()
    };
    let secret = sessions::sign_in(&t.app, &cx, email, &Password::new(password)).await;
    secret.map(drop)
}

async fn refused(t: &TestApp, email: &str, password: &str) {
    let error = sign_in(t, email, password).await.unwrap_err();
    assert!(matches!(error, Error::Unauthenticated(_)), "{error:?}");
}

/// The events of sign-ins that failed, newest first.
async fn events(t: &TestApp) -> Vec<AuditEvent> {
    let filter = AuditFilter {
        action: Some("session.start".into()),
        limit: 1000,
        ..AuditFilter::default()
    };
    let mut events = audit::list(&t.app, &t.operator(), filter).await.unwrap();
    events.retain(|event| event.outcome != audit::DONE);
    events
}

fn failures(event: &AuditEvent) -> i64 {
    let detail: serde_json::Value = serde_json::from_str(&event.detail).unwrap();
    detail["failures"].as_i64().unwrap()
}

#[tokio::test]
async fn refuses_without_a_trace_of_accounts_that_are_not_there() {
    let t = TestApp::new().await;
    for number in 0..20 {
        refused(&t, &format!("nobody{number}@example.com"), "wrong").await;
    }
    upkeep::finish(&t.app).await.unwrap();
    assert!(events(&t).await.is_empty());
}

#[tokio::test]
async fn failures_are_one_event_with_their_number() {
    let t = TestApp::new().await;
    let member = t.member_with_password().await;
    for _ in 0..3 {
        refused(&t, " Member@example.com", "wrong").await;
    }
    // Nothing is written on the way of the request: its time would tell whose account it is.
    assert!(events(&t).await.is_empty());
    upkeep::flush(&t.app).await.unwrap();
    let found = events(&t).await;
    assert_eq!(found.len(), 1);
    let event = &found[0];
    assert_eq!(event.outcome, "wrong_password");
    assert_eq!(event.actor, "anonymous");
    assert_eq!(event.address, "198.51.100.9");
    assert_eq!(event.subject, format!("user {}", member.id));
    assert_eq!(event.at, t.app.clock.now());
    assert_eq!(failures(event), 3);
    let chain = audit::verify(&t.app).await.unwrap();
    assert!(matches!(chain, Chain::Whole { .. }), "{chain:?}");
}

#[tokio::test]
async fn an_account_has_one_event_in_a_window_however_often_it_is_tried() {
    let t = TestApp::new().await;
    t.member_with_password().await;
    for _ in 0..4 {
        refused(&t, MEMBER, "wrong").await;
        upkeep::flush(&t.app).await.unwrap();
    }
    assert_eq!(events(&t).await.len(), 1);
    t.advance(WINDOW_SECONDS - 1);
    upkeep::flush(&t.app).await.unwrap();
    assert_eq!(events(&t).await.len(), 1);
    t.advance(1);
    upkeep::flush(&t.app).await.unwrap();
    let counted: Vec<i64> = events(&t).await.iter().map(failures).collect();
    assert_eq!(counted, [3, 1]);
    // What is over is forgotten, and nothing is written twice.
    t.advance(10 * WINDOW_SECONDS);
    upkeep::finish(&t.app).await.unwrap();
    assert_eq!(events(&t).await.len(), 2);
}

#[tokio::test]
async fn the_end_of_the_process_loses_none() {
    let t = TestApp::new().await;
    t.member_with_password().await;
    refused(&t, MEMBER, "wrong").await;
    upkeep::flush(&t.app).await.unwrap();
    refused(&t, MEMBER, "wrong").await;
    upkeep::finish(&t.app).await.unwrap();
    let counted: Vec<i64> = events(&t).await.iter().map(failures).collect();
    assert_eq!(counted, [1, 1]);
}

#[tokio::test]
async fn a_deactivated_account_says_so_in_the_log_alone() {
    let t = TestApp::new().await;
    let member = t.member_with_password().await;
    let off = changing::set_active(&t.app, &t.operator(), member.id, false).await;
    off.unwrap();
    refused(&t, MEMBER, PASSWORD).await;
    upkeep::flush(&t.app).await.unwrap();
    let found = events(&t).await;
    assert_eq!(found[0].outcome, "user_inactive");
}

#[tokio::test]
async fn what_could_not_be_written_is_written_next_time() {
    let t = TestApp::new().await;
    t.member_with_password().await;
    refused(&t, MEMBER, "wrong").await;
    t.database
        .meddle("alter table audit_events rename to elsewhere")
        .await;
    assert!(upkeep::flush(&t.app).await.is_err());
    t.database
        .meddle("alter table elsewhere rename to audit_events")
        .await;
    refused(&t, MEMBER, "wrong").await;
    upkeep::flush(&t.app).await.unwrap();
    let counted: Vec<i64> = events(&t).await.iter().map(failures).collect();
    assert_eq!(counted, [2]);
}

#[tokio::test]
async fn the_accounts_own_admins_see_it_and_no_others() {
    let t = TestApp::new().await;
    let (_, others) = t.other_organization().await;
    t.member_with_password().await;
    refused(&t, MEMBER, "wrong").await;
    upkeep::flush(&t.app).await.unwrap();
    let path = "/api/v1/audit-events?outcome=wrong_password";
    let (_, theirs) = key(&t, &others, &[]).await;
    let seen = theirs.get(path).await.expect(200).json();
    assert_eq!(seen["items"].as_array().unwrap().len(), 0);
    let (_, own) = key(&t, &t.owner, &[]).await;
    let seen = own.get(path).await.expect(200).json();
    assert_eq!(seen["items"].as_array().unwrap().len(), 1);
    assert_eq!(seen["items"][0]["detail"]["failures"], 1);
    let seen = own.get("/api/v1/audit-events?outcome=ok").await.json();
    let mut items = seen["items"].as_array().unwrap().iter();
    assert!(items.all(|event| event["outcome"] == "ok"));
}
