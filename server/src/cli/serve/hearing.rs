//! The thread on which the server hears what other processes change.
//!
//! It has an event loop of its own, and connections to the database of its own: however busy the
//! threads are that answer requests, it is not late for that.

use std::thread;

use anyhow::Context;
use tokio::sync::{oneshot, watch};

use crate::app::App;
use crate::cli::sentence;
use crate::domain::feed::{self, Feed};

/// Hears until the server stops.
pub(super) struct Hearing(oneshot::Receiver<()>);

/// Starts the thread; returns when it has heard for the first time.
///
/// # Errors
/// If the database fails or the system gives no thread.
pub(super) async fn start(app: &App, stopping: watch::Receiver<bool>) -> anyhow::Result<Hearing> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("the thread that hears of changes")?;
    let (heard, first) = oneshot::channel();
    let (ending, ended) = oneshot::channel();
    let app = app.clone();
    thread::Builder::new()
        .name("hearing".to_owned())
        .spawn(move || {
            runtime.block_on(async move {
                let mut feed = Feed::default();
                let first = feed.hear(&app.db).await;
                let may_go_on = first.is_ok();
                if heard.send(first).is_ok() && may_go_on {
                    feed::follow(app, feed, stopping).await;
                }
            });
            drop(ending);
        })
        .context("the thread that hears of changes")?;
    first
        .await
        .context("the thread that hears of changes")?
        .map_err(sentence)?;
    Ok(Hearing(ended))
}

impl Hearing {
    /// Returns when its connections are given back.
    pub(super) async fn ended(self) {
        // Its end is all that is ever to be heard.
        let _dropped = self.0.await;
    }
}
