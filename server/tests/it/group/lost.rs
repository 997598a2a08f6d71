//! On SQLite, what becomes of those who share a commit that cannot be made. (On PostgreSQL nobody does.)

use std::time::Duration;

use keybearer::store;
use keybearer::store::changes::Change;
use keybearer_verify::TokenKind;
use tokio::sync::oneshot;

use super::{commit, insert, is_revoked, is_there, key, key_beside, of_token, revoke, some_ways};
use crate::support::TestApp;

#[tokio::test]
async fn of_a_group_that_is_lost_nobody_is_told_that_it_is_done() {
    let t = TestApp::on_sqlite().await;
    let (one, other) = (key(&t).await, key(&t).await);
    // As SQLite does by itself when the disk is full.
    t.database
        .meddle(
            "create trigger lost before insert on tokens when new.id = 'lost' \
             begin select raise(rollback, 'lost'); end",
        )
        .await;
    let (mut undecided, _) = of_token(&t.app, &one.id).await;
    let (mut decided, _) = of_token(&t.app, &other.id).await;
    revoke(&mut decided, &other.id);
    let decided = commit(decided);
    some_ways(&t.app).await;
    let mut lost = t.app.db.write_just(Change::Nothing).await.unwrap();
    store::tokens::find(&mut lost, &one.id).await.unwrap();
    insert(&mut lost, &one, "lost");
    let lost = commit(lost);
    // The end that fails goes with the beginning of the next, who has a new group.
    let (mut next, _) = of_token(&t.app, &other.id).await;
    for told in [decided, lost] {
        told.await.unwrap().unwrap_err();
    }
    // Whoever has read before has read what is no more sure.
    revoke(&mut undecided, &one.id);
    let undecided = commit(undecided);
    some_ways(&t.app).await;
    revoke(&mut next, &other.id);
    commit(next).await.unwrap().unwrap();
    undecided.await.unwrap().unwrap_err();
    assert!(!is_revoked(&t.app, &one.id).await && is_revoked(&t.app, &other.id).await);
}

#[tokio::test]
async fn a_group_that_cannot_begin_leaves_the_database_to_others() {
    let t = TestApp::on_sqlite().await;
    let (meddle, one) = (async |sql| t.database.meddle(sql).await, key(&t).await);
    meddle("create table kept as select * from audit_head; delete from audit_head").await;
    let mut tx = t.app.db.write().await.unwrap();
    store::tokens::find(&mut tx, &one.id).await.unwrap_err();
    meddle("insert into audit_head select * from kept").await;
    key(&t).await;
}

/// The writer works on the event loop of whoever comes first, and that may end.
#[tokio::test]
async fn an_event_loop_that_ends_takes_the_writer_from_nobody() {
    let t = TestApp::on_sqlite().await;
    let one = key(&t).await;
    let (app, id) = (t.app.clone(), one.id.clone());
    let (begun, is_begun) = oneshot::channel();
    let (stick, is_stuck) = oneshot::channel();
    let (end, is_over) = std::sync::mpsc::channel();
    let thread = std::thread::spawn(move || {
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        runtime.enable_all().build().unwrap().block_on(async {
            begun.send(of_token(&app, &id).await.0).ok().unwrap();
            is_stuck.await.unwrap();
            is_over.recv().unwrap();
        });
    });
    let mut first = is_begun.await.unwrap();
    revoke(&mut first, &one.id);
    let mut told = Vec::new();
    for id in ["second", "third"] {
        let other = key_beside(&t.app, &one, id).await;
        told.push(commit(other));
    }
    some_ways(&t.app).await;
    // What comes now it does not read any more.
    stick.send(()).unwrap();
    some_ways(&t.app).await;
    told.push(commit(first));
    some_ways(&t.app).await;
    end.send(()).unwrap();
    thread.join().unwrap();
    for told in told {
        let told = tokio::time::timeout(Duration::from_secs(5), told).await;
        told.unwrap().unwrap().unwrap_err();
    }
    assert!(!is_revoked(&t.app, &one.id).await);
    t.issue(&t.owner, TokenKind::Key).await;
}

/// The commit is tried once more without the end that fails, and fails itself.
#[tokio::test]
async fn of_a_commit_that_fails_everybody_is_told() {
    let t = TestApp::on_sqlite().await;
    let one = key(&t).await;
    t.database
        .meddle(
            "create table pending (token text references tokens (id) deferrable initially deferred); \
             create trigger dangling after insert on tokens when new.id = 'dangling' \
             begin insert into pending values ('nowhere'); end",
        )
        .await;
    let dangling = key_beside(&t.app, &one, "dangling").await;
    let twice = key_beside(&t.app, &one, &one.id).await;
    for told in [commit(dangling), commit(twice)] {
        told.await.unwrap().unwrap_err();
    }
    assert!(!is_there(&t.app, "dangling").await);
    key(&t).await;
}

/// Where a file cannot be read, nobody knows what is left of the group.
#[tokio::test]
async fn who_cannot_even_read_takes_the_group_with_him() {
    let t = TestApp::on_sqlite().await;
    let one = key(&t).await;
    t.database.meddle("drop table sessions").await;
    let (mut undecided, _) = of_token(&t.app, &one.id).await;
    let ended = commit(key_beside(&t.app, &one, "ended").await);
    let mut unlucky = t.app.db.write_just(Change::Nothing).await.unwrap();
    let read = store::sessions::find(&mut unlucky, &[7; 32]).await;
    read.unwrap_err();
    revoke(&mut undecided, &one.id);
    for told in [commit(undecided), ended] {
        told.await.unwrap().unwrap_err();
    }
    assert!(!is_there(&t.app, "ended").await && !is_revoked(&t.app, &one.id).await);
    key(&t).await;
}
