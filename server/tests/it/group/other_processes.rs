//! On SQLite, another process that writes as much as it can still leaves a command its turn.

use std::time::{Duration, Instant};

use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{Connection, Executor};
use tokio::sync::oneshot;

use super::key;
use crate::support::TestApp;

/// Writes one transaction after another, as a server does whose groups are always full, until it is told
/// to stop. Between two of them the file is free for as long as a way to SQLite takes.
async fn busy_process(path: std::path::PathBuf, mut stop: oneshot::Receiver<()>) {
    let options = SqliteConnectOptions::new().filename(path);
    let mut connection = SqliteConnection::connect_with(&options).await.unwrap();
    while stop.try_recv().is_err() {
        connection.execute("begin immediate").await.unwrap();
        let held = Instant::now();
        while held.elapsed() < Duration::from_millis(10) {
            connection.execute("select 1").await.unwrap();
        }
        connection.execute("rollback").await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_waits_for_a_busy_process_has_his_turn() {
    let t = TestApp::on_sqlite().await;
    let path = t.database.folder().join("keybearer.sqlite3");
    let (stop, stopped) = oneshot::channel();
    let busy = tokio::spawn(busy_process(path, stopped));
    let began = Instant::now();
    for _ in 0..5 {
        key(&t).await;
    }
    let took = began.elapsed();
    assert!(took < Duration::from_secs(5), "{took:?}");
    stop.send(()).unwrap();
    busy.await.unwrap();
}
