//! A token that somebody makes with a token of his own is known from the start, and what is known of it is
//! believed only as long as it is true.

use std::time::Instant;

use keybearer::app::App;
use keybearer::cx::Cx;
use keybearer::domain::cache::{self, Rulers};
use keybearer::domain::tokens::rotation::{self, RotationSpec};
use keybearer::domain::tokens::{TokenSpec, personal};
use keybearer::domain::{introspection, tokens};
use keybearer::error::SentAs;
use keybearer_verify::TokenKind;

use crate::remembered::{deaf_node, is_let_in};
use crate::support::TestApp;

#[tokio::test]
async fn a_token_made_with_another_is_known_from_the_start_until_something_changes() {
    let t = TestApp::new().await;
    let node = deaf_node(&t).await;
    let changes = node.db.changes();
    for kind in [TokenKind::Key, TokenKind::Personal] {
        let (token, text) = t.issue(&t.owner, kind).await;
        changes.heard(Instant::now());
        let cx = comes_with(&node, &text).await;
        let (made, plain) = tokens::issue(&node, &cx, TokenSpec::new(kind, t.owner.id))
            .await
            .unwrap();
        let successor = if kind == TokenKind::Personal {
            let (token, plain) = personal::rotate(&node, &cx, &text).await.unwrap();
            (token.id, plain.reveal().to_owned())
        } else {
            let spec = RotationSpec::default();
            let rotated = rotation::rotate(&node, &cx, &token.id, spec).await.unwrap();
            (rotated.token.id, rotated.plain.reveal().to_owned())
        };
        for (id, text) in [(made.id, plain.reveal().to_owned()), successor] {
            let revoke = format!("update tokens set revoked_at = 1 where id = '{id}'");
            t.database.meddle_unseen(&revoke).await;
            changes.heard(Instant::now());
            assert!(is_let_in(&node, &text).await, "it asked the database");

            let restore = format!("update tokens set revoked_at = null where id = '{id}'");
            t.database.meddle_unseen(&restore).await;
            tokens::revoke(&node, &t.operator(), &id).await.unwrap();
            changes.heard(Instant::now());
            assert!(!is_let_in(&node, &text).await, "it was revoked");
        }
    }
}

/// Between the commit of a new token and its answer others may change it and what rules over it.
#[tokio::test]
async fn a_new_token_that_was_revoked_meanwhile_is_not_believed() {
    let t = TestApp::new().await;
    let node = deaf_node(&t).await;
    let (_, text) = t.issue(&t.owner, TokenKind::Key).await;
    node.db.changes().heard(Instant::now());
    let cx = comes_with(&node, &text).await;
    let rulers = Rulers::of_caller(&node, &cx);
    assert!(rulers.is_some());
    let (token, plain) = t.issue(&t.owner, TokenKind::Key).await;
    tokens::revoke(&node, &t.operator(), &token.id)
        .await
        .unwrap();
    node.db.changes().heard(Instant::now());
    cache::remember(&node, rulers, &token);
    assert!(!is_let_in(&node, &plain).await);
}

#[tokio::test]
async fn a_token_of_somebody_else_is_not_known_from_the_start() {
    let t = TestApp::new().await;
    let member = t.member().await;
    let node = deaf_node(&t).await;
    let (_, text) = t.issue(&t.owner, TokenKind::Key).await;
    node.db.changes().heard(Instant::now());
    let cx = comes_with(&node, &text).await;
    let spec = TokenSpec::new(TokenKind::Key, member.id);
    let rulers = Rulers::of_caller(&node, &cx);
    assert!(rulers.is_some());
    let (token, plain) = tokens::issue(&t.app, &t.operator(), spec).await.unwrap();
    cache::remember(&node, rulers, &token);
    node.db.changes().heard(Instant::now());
    let cx = comes_with(&node, plain.reveal()).await;
    assert_eq!(*cx.caller().unwrap().email, *member.email);
}

/// The context of a request that shows the token.
async fn comes_with(app: &App, text: &str) -> Cx {
    let cx = Cx::system(app.clock.now());
    let caller = introspection::caller_by_token(app, &cx, text, SentAs::Bearer).await;
    cx.with_caller(caller.unwrap())
}
