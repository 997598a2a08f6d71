//! Concurrent writers share a durable commit and nothing else: one that fails or goes away takes
//! nothing of another's with it.

use std::future::Future;

use keybearer::domain::audit::{self, Chain};
use keybearer::domain::policy::PolicyChange;
use keybearer::domain::tokens::{self, TokenSpec};
use keybearer::error::Error;
use keybearer::store::{self, changes::Change};
use keybearer_verify::TokenKind;

use crate::support::{ENDING, TestApp, signed_in};

const WRITERS: usize = 32;

fn at_once<T: Send + 'static>(
    tasks: impl Iterator<Item = impl Future<Output = T> + Send + 'static>,
) -> Vec<tokio::task::JoinHandle<T>> {
    tasks.map(tokio::spawn).collect()
}

/// What the others answer when every second one goes away.
async fn after_every_second_left<T>(tasks: Vec<tokio::task::JoinHandle<T>>) -> Vec<T> {
    let mut answers = Vec::new();
    for (number, task) in tasks.into_iter().enumerate() {
        if number % 2 == 0 {
            task.abort();
            let _aborted_or_done = task.await;
        } else {
            answers.push(task.await.unwrap());
        }
    }
    answers
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn refused_writers_take_nothing_of_the_others_back() {
    let t = TestApp::new().await;
    let tasks = at_once((0..WRITERS).map(|number| {
        let (app, cx, user_id) = (t.app.clone(), t.operator(), t.owner.id);
        async move {
            // Each third one asks for a life that is too long, and finds out in the middle.
            let spec = TokenSpec {
                ttl_days: Some(if number % 3 == 0 { i64::MAX } else { 1 }),
                ..TokenSpec::new(TokenKind::Key, user_id)
            };
            tokens::issue(&app, &cx, spec).await
        }
    }));
    let (mut made, mut refused) = (Vec::new(), 0);
    for task in tasks {
        match task.await.unwrap() {
            Ok((token, _)) => made.push(token.id),
            Err(Error::Invalid { .. }) => refused += 1,
            Err(other) => panic!("{other:?}"),
        }
    }
    assert_eq!((made.len(), refused), (21, 11));
    let mut tx = t.app.db.read().await.unwrap();
    for id in &made {
        assert!(store::tokens::find(&mut tx, id).await.unwrap().is_some());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn writers_that_go_away_leave_the_others_alone() {
    let t = TestApp::new().await;
    let own = signed_in(&t, &t.owner).await;
    for _ in 0..20 {
        let tasks =
            at_once(
                (0..WRITERS).map(|_| {
                    let (app, cx, user_id) = (t.app.clone(), own.clone(), t.owner.id);
                    async move {
                        tokens::issue(&app, &cx, TokenSpec::new(TokenKind::Key, user_id)).await
                    }
                }),
            );
        tokio::task::yield_now().await;
        for issued in after_every_second_left(tasks).await {
            issued.unwrap();
        }
    }
    // The writer is free again, and what it writes is there.
    t.change_settings(PolicyChange {
        key_ttl_days: Some(7),
        ..PolicyChange::default()
    })
    .await;
    let verified = audit::verify(&t.app).await.unwrap();
    assert!(matches!(verified, Chain::Whole { .. }), "{verified:?}");
}

/// As in the server: event loops of their own, each with writers of its own, of whom some go away.
#[tokio::test]
async fn writers_of_several_loops_have_their_turns() {
    const ROUNDS: usize = 20;
    let t = TestApp::new().await;
    let own = signed_in(&t, &t.owner).await;
    let (verified, is_verified) = tokio::sync::watch::channel(false);
    let mut loops = Vec::new();
    for _ in 0..3 {
        let (app, cx, user_id) = (t.app.clone(), own.clone(), t.owner.id);
        let (done, is_done) = tokio::sync::oneshot::channel();
        let mut is_verified = is_verified.clone();
        let work = async move {
            let issue = || {
                let (app, cx) = (app.clone(), cx.clone());
                async move { tokens::issue(&app, &cx, TokenSpec::new(TokenKind::Key, user_id)).await }
            };
            let mut made = Vec::new();
            for round in 0..ROUNDS {
                let tasks = at_once((0..8).map(|_| issue()));
                // Whoever goes away does so at another moment each time.
                for _ in 0..round {
                    tokio::task::yield_now().await;
                }
                let issued = after_every_second_left(tasks).await;
                made.extend(issued.into_iter().map(|issued| issued.unwrap().0.id));
            }
            done.send(made).unwrap();
            // A connection may belong to this loop.
            is_verified.wait_for(|is| *is).await.unwrap();
        };
        let thread = std::thread::spawn(|| {
            let mut runtime = tokio::runtime::Builder::new_current_thread();
            runtime.enable_all().build().unwrap().block_on(work);
        });
        loops.push((thread, is_done));
    }
    let mut threads = Vec::new();
    for (thread, is_done) in loops {
        let made = is_done.await.unwrap();
        assert_eq!(made.len(), ROUNDS * 4);
        let mut tx = t.app.db.read().await.unwrap();
        for id in &made {
            assert!(store::tokens::find(&mut tx, id).await.unwrap().is_some());
        }
        threads.push(thread);
    }
    let chain = audit::verify(&t.app).await.unwrap();
    assert!(matches!(chain, Chain::Whole { .. }), "{chain:?}");
    verified.send(true).unwrap();
    for thread in threads {
        thread.join().unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_fails_at_its_commit_takes_nothing_of_the_others_back() {
    let t = TestApp::new().await;
    let (there, _) = t.issue(&t.owner, TokenKind::Key).await;
    let tasks = at_once((0..WRITERS).map(|number| {
        let (app, cx, there) = (t.app.clone(), t.operator(), there.clone());
        async move {
            let mut tx = app.db.write().await.unwrap();
            // The event is chained either way; only a commit that succeeds may leave it in the chain.
            let detail = serde_json::json!({"organization": 1});
            let subject = audit::Subject::Organization(1);
            audit::record(&mut tx, &cx, "test", subject, detail)
                .await
                .unwrap();
            let id = if number % 3 == 0 {
                there.id.clone()
            } else {
                format!("token{number}")
            };
            let hash = vec![u8::try_from(number).unwrap(); 32];
            let token = store::tokens::Token {
                id: id.clone(),
                hash,
                ..there
            };
            store::tokens::insert_at_commit(&mut tx, &token).unwrap();
            (id, tx.commit().await)
        }
    }));
    let (mut made, mut refused) = (Vec::new(), 0);
    for task in tasks {
        match task.await.unwrap() {
            (id, Ok(())) => made.push(id),
            (id, Err(error)) => {
                assert_eq!(id, there.id, "{error:?}");
                refused += 1;
            }
        }
    }
    assert_eq!((made.len(), refused), (21, 11));
    let mut tx = t.app.db.read().await.unwrap();
    for id in &made {
        assert!(store::tokens::find(&mut tx, id).await.unwrap().is_some());
    }
    drop(tx);
    let verified = audit::verify(&t.app).await.unwrap();
    assert!(matches!(verified, Chain::Whole { .. }), "{verified:?}");
    let mut tx = t.app.db.read().await.unwrap();
    let events = store::audit::list_after(&mut tx, 0, 1000).await.unwrap();
    let events = events.iter().filter(|event| event.action == "test");
    assert_eq!(events.count(), made.len());
}

#[tokio::test]
async fn after_a_statement_that_failed_nothing_of_its_transaction_is_done() {
    let t = TestApp::new().await;
    let (there, _) = t.issue(&t.owner, TokenKind::Key).await;
    let another = store::tokens::Token {
        id: "another".into(),
        hash: vec![1; 32],
        ..there.clone()
    };
    for fails_first in [true, false] {
        let mut tx = t.app.db.write().await.unwrap();
        if !fails_first {
            store::tokens::insert(&mut tx, &another).await.unwrap();
        }
        store::tokens::insert(&mut tx, &there).await.unwrap_err();
        // Whoever takes no notice of the failure does nothing outside of the transaction either.
        store::tokens::insert(&mut tx, &another).await.unwrap_err();
        drop(tx);
        let mut tx = t.app.db.read().await.unwrap();
        let found = store::tokens::find(&mut tx, "another").await.unwrap();
        assert!(found.is_none(), "fails first: {fails_first}");
    }
    // And the next one finds the writer as it should be.
    t.issue(&t.owner, TokenKind::Key).await;
    let verified = audit::verify(&t.app).await.unwrap();
    assert!(matches!(verified, Chain::Whole { .. }), "{verified:?}");
}

#[tokio::test]
async fn the_chain_is_one_whoever_writes() {
    let t = TestApp::new().await;
    let other = t.another_node().await;
    let spec = || TokenSpec::new(TokenKind::Key, t.owner.id);
    for _ in 0..5 {
        for app in [&t.app, &other] {
            tokens::issue(app, &t.operator(), spec()).await.unwrap();
        }
    }
    let verified = audit::verify(&t.app).await.unwrap();
    assert!(matches!(verified, Chain::Whole { .. }), "{verified:?}");
}

#[tokio::test]
async fn what_is_left_to_the_end_is_seen_by_what_comes_after_it() {
    let t = TestApp::new().await;
    let (there, _) = t.issue(&t.owner, TokenKind::Key).await;
    let mut tx = t.app.db.write().await.unwrap();
    store::token_endings::revoke_at_commit(&mut tx, &there.id, ENDING).unwrap();
    let seen = store::tokens::find(&mut tx, &there.id).await.unwrap();
    assert_eq!(seen.unwrap().revoked_at, Some(1));
    drop(tx);
    let mut tx = t.app.db.write().await.unwrap();
    let seen = store::tokens::find(&mut tx, &there.id).await.unwrap();
    assert_eq!(seen.unwrap().revoked_at, None, "it was never committed");
}

/// More than SQLite keeps in memory of what a transaction might take back.
#[tokio::test]
async fn a_change_of_many_rows_is_made_or_taken_back() {
    let t = TestApp::new().await;
    let (one, _) = t.issue(&t.owner, TokenKind::Key).await;
    let mut tx = t.app.db.write().await.unwrap();
    for number in 0..1000_u16 {
        let token = store::tokens::Token {
            id: format!("token{number}"),
            hash: number.to_be_bytes().repeat(16),
            note: "n".repeat(200),
            ..one.clone()
        };
        store::tokens::insert(&mut tx, &token).await.unwrap();
    }
    tx.commit().await.unwrap();
    for is_kept in [false, true] {
        let mut tx = t.app.db.write().await.unwrap();
        let revoked = store::token_endings::update_revoked_by_user(&mut tx, t.owner.id, ENDING);
        assert!(revoked.await.unwrap() > 1000);
        if is_kept {
            tx.commit().await.unwrap();
        } else {
            drop(tx);
        }
        let mut tx = t.app.db.write().await.unwrap();
        let last = store::tokens::find(&mut tx, "token999").await.unwrap();
        assert_eq!(last.unwrap().revoked_at.is_some(), is_kept);
    }
}

#[tokio::test]
async fn a_statement_that_changes_grants_in_silence_is_refused() {
    for sql in [
        "update tokens set revoked_at = $1",
        "delete from users where id = $1",
        "delete from signing_keys where id = $1",
        "insert into memberships (id) values ($1)",
    ] {
        assert!(store::changes::is_of_remembered(sql), "{sql}");
    }
    for sql in [
        "insert into tokens (id) values ($1)",
        "update token_uses set uses = $1",
        "select id from tokens",
    ] {
        assert!(!store::changes::is_of_remembered(sql), "{sql}");
    }
}

#[tokio::test]
async fn a_transaction_that_changes_more_than_it_said_is_refused() {
    let t = TestApp::new().await;
    let (said, _) = t.issue(&t.owner, TokenKind::Key).await;
    let (other, _) = t.issue(&t.owner, TokenKind::Key).await;
    for just in [Change::Token(&said.id), Change::Nothing] {
        let mut tx = t.app.db.write_just(just).await.unwrap();
        store::token_endings::revoke_at_commit(&mut tx, &other.id, ENDING).unwrap();
        let refused = tx.commit().await.unwrap_err();
        assert!(
            refused.to_string().contains(&format!("token {}", other.id)),
            "{refused}"
        );
    }
    let mut tx = t.app.db.write_just(Change::Token(&said.id)).await.unwrap();
    let renamed = store::tokens::update_name(&mut tx, &other.id, "other", "").await;
    let refused = renamed.unwrap_err();
    assert!(refused.to_string().contains("write_just"), "{refused}");
    drop(tx);
    let mut tx = t.app.db.read().await.unwrap();
    let there = store::tokens::find(&mut tx, &other.id).await.unwrap();
    let there = there.unwrap();
    assert_eq!((there.revoked_at, there.name), (None, other.name));
}
