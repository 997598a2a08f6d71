//! SQLite's writers, who share commits. What they share must not show, on either engine.

mod beside;
mod lost;
mod other_processes;
mod shared_commit;

use keybearer::app::App;
use keybearer::store::changes::Change;
use keybearer::store::tokens::Token;
use keybearer::store::{self, StoreError, Tx};
use keybearer_verify::TokenKind;
use tokio::task::JoinHandle;

use crate::support::{ENDING, TestApp};

async fn key(t: &TestApp) -> Token {
    t.issue(&t.owner, TokenKind::Key).await.0
}

/// A transaction that changes that token, and has read it.
async fn of_token(app: &App, id: &str) -> (Tx, Option<i64>) {
    let mut tx = app.db.write_just(Change::Token(id)).await.unwrap();
    let token = store::tokens::find(&mut tx, id).await.unwrap().unwrap();
    (tx, token.revoked_at)
}

fn revoke(tx: &mut Tx, id: &str) {
    store::token_endings::revoke_at_commit(tx, id, ENDING).unwrap();
}

fn insert(tx: &mut Tx, like: &Token, id: &str) {
    let token = Token {
        id: id.into(),
        hash: vec![7; 32],
        ..like.clone()
    };
    store::tokens::insert_at_commit(tx, &token).unwrap();
}

fn commit(tx: Tx) -> JoinHandle<Result<(), StoreError>> {
    tokio::spawn(tx.commit())
}

async fn is_there(app: &App, id: &str) -> bool {
    let mut tx = app.db.read().await.unwrap();
    store::tokens::find(&mut tx, id).await.unwrap().is_some()
}

async fn is_revoked(app: &App, id: &str) -> bool {
    let mut tx = app.db.read().await.unwrap();
    let token = store::tokens::find(&mut tx, id).await.unwrap().unwrap();
    token.revoked_at.is_some()
}

/// Gives the others as much time as some ways to the database take.
async fn some_ways(app: &App) {
    for _ in 0..20 {
        is_there(app, "x").await;
    }
}

/// A transaction that makes another one, and has read that one.
async fn key_beside(app: &App, one: &Token, id: &str) -> Tx {
    let mut tx = app.db.write_just(Change::Nothing).await.unwrap();
    store::tokens::find(&mut tx, &one.id).await.unwrap();
    insert(&mut tx, one, id);
    tx
}
