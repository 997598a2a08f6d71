//! Expiry notices when something fails: the process, the mail server, the webhook.

use std::time::Duration;

use keybearer::domain::notices::{LEASE_MS, TRIED_FOR_MS};
use keybearer::domain::tokens;

use super::{DAY, HOUR, Told, run};

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
async fn a_webhook_is_given_up_after_three_days() {
    let told = Told::new().await;
    let token = told.token(8).await;
    told.t.advance(2 * DAY);
    told.hook.answer(&[500; 40]);
    for _ in 0..100 {
        told.run().await;
        told.t.advance(HOUR);
    }
    let failed = told.list().await;
    let failed = failed.iter().find(|found| found.notice.state == "failed");
    let failed = failed.unwrap();
    assert_eq!(failed.notice.token_id, token.id);
    assert!(failed.notice.reason.as_ref().unwrap().contains("500"));
    let lived = failed.notice.ended_at.unwrap() - failed.notice.created_at;
    assert!((TRIED_FOR_MS..TRIED_FOR_MS + 9 * HOUR * 1000).contains(&lived));
    let tries = told.hook.days(&token.id).len();
    assert!((12..25).contains(&tries), "{tries} tries");
}

#[tokio::test]
async fn a_webhook_that_is_gone_is_not_tried_again() {
    let told = Told::new().await;
    let token = told.token(8).await;
    told.t.advance(2 * DAY);
    told.hook.answer(&[410]);
    for _ in 0..3 {
        told.run().await;
        told.t.advance(HOUR);
    }
    assert_eq!(told.hook.days(&token.id), [7]);
    assert_eq!(
        told.states().await,
        ["mail 7 delivered 1", "webhook 7 failed 1"]
    );
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
