//! On SQLite, transactions that change different things go on beside each other: what each of them has
//! read is still so when it ends. (On PostgreSQL they take turns.)

use keybearer::domain::tokens;
use keybearer::domain::tokens::rotation::RotationSpec;
use keybearer::error::Error;
use keybearer::store::changes::Change;
use keybearer::store::tokens::Token;
use keybearer::store::{self, Tx};

use super::{commit, insert, is_revoked, is_there, key, key_beside, of_token, revoke, some_ways};
use crate::support::{ENDING, TestApp};

/// How many live tokens its owner has.
async fn count(tx: &mut Tx, like: &Token) -> usize {
    let of = (like.user_id, like.organization_id);
    let live = store::tokens::list_live_by_user(tx, of, "key", 0, 10).await;
    live.unwrap().len()
}

#[tokio::test]
async fn who_changes_another_token_waits_for_nobody() {
    let t = TestApp::on_sqlite().await;
    let (one, other) = (key(&t).await, key(&t).await);
    let (mut first, _) = of_token(&t.app, &one.id).await;
    let (mut second, _) = of_token(&t.app, &other.id).await;
    revoke(&mut second, &other.id);
    let ended = commit(second);
    revoke(&mut first, &one.id);
    commit(first).await.unwrap().unwrap();
    ended.await.unwrap().unwrap();
    assert!(is_revoked(&t.app, &one.id).await && is_revoked(&t.app, &other.id).await);
}

#[tokio::test]
async fn who_changes_the_same_token_waits_and_sees_what_became_of_it() {
    let t = TestApp::on_sqlite().await;
    let one = key(&t).await;
    let (mut first, _) = of_token(&t.app, &one.id).await;
    let (app, id) = (t.app.clone(), one.id.clone());
    let second = tokio::spawn(async move { of_token(&app, &id).await.1 });
    some_ways(&t.app).await;
    revoke(&mut first, &one.id);
    commit(first).await.unwrap().unwrap();
    assert_eq!(second.await.unwrap(), Some(1));
}

#[tokio::test]
async fn who_may_change_anything_waits_for_all_who_have_begun_and_they_for_it() {
    let t = TestApp::on_sqlite().await;
    let (one, other) = (key(&t).await, key(&t).await);
    let (mut first, _) = of_token(&t.app, &one.id).await;
    let (app, id) = (t.app.clone(), one.id.clone());
    let anything = tokio::spawn(async move {
        let mut tx = app.db.write().await.unwrap();
        let seen = store::tokens::find(&mut tx, &id).await.unwrap().unwrap();
        some_ways(&app).await;
        let user_id = seen.user_id;
        let revoked = store::token_endings::update_revoked_by_user(&mut tx, user_id, ENDING).await;
        (seen.revoked_at, revoked.unwrap(), tx.commit().await)
    });
    some_ways(&t.app).await;
    let (app, id) = (t.app.clone(), other.id.clone());
    let last = tokio::spawn(async move { of_token(&app, &id).await.1 });
    some_ways(&t.app).await;
    revoke(&mut first, &one.id);
    commit(first).await.unwrap().unwrap();
    let (seen, revoked, committed) = anything.await.unwrap();
    committed.unwrap();
    // The other one and the owner's first legacy token.
    assert_eq!((seen, revoked), (Some(1), 2));
    assert_eq!(last.await.unwrap(), Some(1));
}

#[tokio::test]
async fn who_has_more_to_run_is_alone_up_to_its_end() {
    let t = TestApp::on_sqlite().await;
    let one = key(&t).await;
    let (mut first, mut second) = (
        t.app.db.write_just(Change::Nothing).await.unwrap(),
        t.app.db.write_just(Change::Nothing).await.unwrap(),
    );
    for tx in [&mut first, &mut second] {
        store::tokens::find(tx, &one.id).await.unwrap().unwrap();
    }
    assert_eq!(count(&mut first, &one).await, 1);
    insert(&mut second, &one, "of the second");
    let ended = commit(second);
    let mut third = t.app.db.write_just(Change::Nothing).await.unwrap();
    let like = one.clone();
    let third = tokio::spawn(async move { count(&mut third, &like).await });
    some_ways(&t.app).await;
    assert_eq!(
        count(&mut first, &one).await,
        1,
        "somebody's end came between"
    );
    insert(&mut first, &one, "of the first");
    assert_eq!(
        count(&mut first, &one).await,
        2,
        "its own is seen by itself"
    );
    commit(first).await.unwrap().unwrap();
    ended.await.unwrap().unwrap();
    assert!(is_there(&t.app, "of the first").await && is_there(&t.app, "of the second").await);
    assert!(third.await.unwrap() >= 2);
}

#[tokio::test]
async fn who_is_alone_and_fails_at_its_end_takes_nobody_with_it() {
    let t = TestApp::on_sqlite().await;
    let (one, other) = (key(&t).await, key(&t).await);
    let (mut decided, _) = of_token(&t.app, &one.id).await;
    let mut fails = t.app.db.write_just(Change::Nothing).await.unwrap();
    for _ in 0..2 {
        store::tokens::find(&mut fails, &one.id).await.unwrap();
    }
    revoke(&mut decided, &one.id);
    let decided = commit(decided);
    some_ways(&t.app).await;
    insert(&mut fails, &one, &other.id);
    commit(fails).await.unwrap().unwrap_err();
    decided.await.unwrap().unwrap();
    assert!(is_revoked(&t.app, &one.id).await);
}

#[tokio::test]
async fn two_who_have_more_to_run_do_so_one_after_the_other() {
    let t = TestApp::on_sqlite().await;
    let one = key(&t).await;
    let mut both = Vec::new();
    for id in ["first", "second"] {
        let mut tx = t.app.db.write_just(Change::Nothing).await.unwrap();
        store::tokens::find(&mut tx, &one.id).await.unwrap();
        let one = one.clone();
        both.push(async move {
            let live = count(&mut tx, &one).await;
            insert(&mut tx, &one, id);
            tx.commit().await.unwrap();
            live
        });
    }
    let tasks: Vec<_> = both.into_iter().map(tokio::spawn).collect();
    let mut counts = Vec::new();
    for task in tasks {
        counts.push(task.await.unwrap());
    }
    counts.sort_unstable();
    assert_eq!(counts, [1, 2], "neither saw the other's");
}

#[tokio::test]
async fn who_writes_at_once_is_alone_and_can_be_taken_back() {
    let t = TestApp::on_sqlite().await;
    let (one, other) = (key(&t).await, key(&t).await);
    for is_first in [true, false] {
        let before = if is_first {
            None
        } else {
            // So that it is not the first of its group.
            let (mut tx, _) = of_token(&t.app, &one.id).await;
            revoke(&mut tx, &one.id);
            Some(commit(tx))
        };
        let mut tx = t.app.db.write_just(Change::Nothing).await.unwrap();
        let token = Token {
            id: "new".into(),
            hash: vec![1; 32],
            ..one.clone()
        };
        store::tokens::insert(&mut tx, &token).await.unwrap();
        let (app, id) = (t.app.clone(), other.id.clone());
        let beside = tokio::spawn(async move {
            let (mut tx, _) = of_token(&app, &id).await;
            revoke(&mut tx, &id);
            tx.commit().await
        });
        some_ways(&t.app).await;
        drop(tx);
        beside.await.unwrap().unwrap();
        if let Some(before) = before {
            before.await.unwrap().unwrap();
        }
        assert!(!is_there(&t.app, "new").await, "is first: {is_first}");
    }
    assert!(is_revoked(&t.app, &one.id).await && is_revoked(&t.app, &other.id).await);
}

#[tokio::test]
async fn who_gives_up_takes_nothing_of_the_others_with_it() {
    let t = TestApp::on_sqlite().await;
    let (one, other) = (key(&t).await, key(&t).await);
    let (third, last) = (key(&t).await, key(&t).await);
    // Undecided; alone and undecided; waiting to be alone; decided.
    let (undecided, _) = of_token(&t.app, &one.id).await;
    let (mut alone, _) = of_token(&t.app, &other.id).await;
    let (mut waits, _) = of_token(&t.app, &third.id).await;
    let (mut decided, _) = of_token(&t.app, &last.id).await;
    store::tokens::find(&mut alone, &other.id).await.unwrap();
    let waiting = tokio::spawn(async move {
        revoke(&mut waits, &third.id);
        store::tokens::find(&mut waits, &third.id).await
    });
    revoke(&mut decided, &last.id);
    let ended = commit(decided);
    some_ways(&t.app).await;
    waiting.abort();
    waiting.await.unwrap_err();
    drop(undecided);
    revoke(&mut alone, &other.id);
    store::tokens::find(&mut alone, &other.id).await.unwrap();
    drop(alone);
    ended.await.unwrap().unwrap();
    assert!(is_revoked(&t.app, &last.id).await);
    assert!(!is_revoked(&t.app, &one.id).await && !is_revoked(&t.app, &other.id).await);
}

/// There are more than one group takes, while its first member is still under way.
#[tokio::test]
async fn however_many_there_are_they_end_when_those_before_them_have() {
    let t = TestApp::on_sqlite().await;
    let one = key(&t).await;
    let (mut first, _) = of_token(&t.app, &one.id).await;
    let mut others = Vec::new();
    for number in 0..300 {
        let (app, one) = (t.app.clone(), one.clone());
        others.push(tokio::spawn(async move {
            let tx = key_beside(&app, &one, &format!("number {number}")).await;
            tx.commit().await
        }));
    }
    some_ways(&t.app).await;
    revoke(&mut first, &one.id);
    commit(first).await.unwrap().unwrap();
    for other in others {
        other.await.unwrap().unwrap();
    }
    assert!(is_there(&t.app, "number 0").await && is_there(&t.app, "number 299").await);
}

/// Other processes want to write too.
#[tokio::test]
async fn in_a_group_that_is_old_nobody_begins() {
    let t = TestApp::on_sqlite().await;
    let one = key(&t).await;
    let (mut first, _) = of_token(&t.app, &one.id).await;
    t.advance(1);
    let (app, like) = (t.app.clone(), one.clone());
    let late = tokio::spawn(async move { key_beside(&app, &like, "late").await });
    some_ways(&t.app).await;
    assert!(!late.is_finished());
    revoke(&mut first, &one.id);
    commit(first).await.unwrap().unwrap();
    commit(late.await.unwrap()).await.unwrap().unwrap();
    assert!(is_there(&t.app, "late").await);
}

/// What it rests on may fail to become durable, and nobody else has been told of it yet.
#[tokio::test]
async fn a_refusal_waits_for_what_it_rests_on() {
    let t = TestApp::on_sqlite().await;
    let (one, other) = (key(&t).await, key(&t).await);
    let (undecided, _) = of_token(&t.app, &other.id).await;
    let (mut first, _) = of_token(&t.app, &one.id).await;
    revoke(&mut first, &one.id);
    let first = commit(first);
    let (app, cx, id) = (t.app.clone(), t.operator(), one.id.clone());
    let again = tokio::spawn(async move { tokens::revoke(&app, &cx, &id).await });
    let (app, cx, id) = (t.app.clone(), t.operator(), one.id.clone());
    let rotated = tokio::spawn(async move {
        tokens::rotation::rotate(&app, &cx, &id, RotationSpec::default()).await
    });
    some_ways(&t.app).await;
    assert!(!first.is_finished() && !again.is_finished() && !rotated.is_finished());
    drop(undecided);
    first.await.unwrap().unwrap();
    assert!(matches!(again.await.unwrap(), Err(Error::Conflict(_))));
    assert!(matches!(rotated.await.unwrap(), Err(Error::Conflict(_))));
}
