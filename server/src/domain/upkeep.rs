//! What Keybearer does by itself, on timers. `cli/serve/` starts them; nothing else does.

use std::time::Duration;

use tokio::sync::watch;
use tokio::time::MissedTickBehavior;

use crate::app::App;
use crate::cx::Cx;
use crate::domain::failed_sign_ins::{self, Due};
use crate::domain::{archive, notices, refusals, uses};
use crate::error::Result;
use crate::outbound::Outbound;
use crate::store;

/// How often what was noted of the use of tokens is written down. A crash loses this much.
pub const FLUSH_EVERY: Duration = Duration::from_secs(5);
/// How often what is over is cleared away.
pub const CLEAR_EVERY: Duration = Duration::from_secs(60);

/// How often it is looked for a signing key that another process has made.
pub const LOOK_EVERY: Duration = Duration::from_secs(5);
/// How often it is looked for tokens that end soon. The first look is at the start.
pub const NOTICE_EVERY: Duration = Duration::from_secs(60);

/// Does all of it, each on its timer, until `stopping` turns true. What fails is logged and tried
/// again at the next turn.
pub async fn run(app: App, outbound: Outbound, stopping: watch::Receiver<bool>) {
    // Apart from each other: a mail server that is slow must not keep uses from being written down.
    // And both to their end: uses that are being written down are in no notebook any more.
    tokio::join!(
        tidy(&app, stopping.clone()),
        notify(&app, &outbound, stopping)
    );
}

/// Tells of tokens that end. Between two deliveries it looks whether it should stop.
async fn notify(app: &App, outbound: &Outbound, mut stopping: watch::Receiver<bool>) {
    let mut looks = tokio::time::interval(NOTICE_EVERY);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    while !*stopping.borrow() {
        tokio::select! {
            _ = looks.tick() => {
                if let Err(error) = notices::run(app, outbound, &stopping).await {
                    tracing::error!(what = "notices", ?error, "upkeep failed; it is tried again");
                }
            }
            () = stopped(&mut stopping) => return,
        }
    }
}

async fn tidy(app: &App, mut stopping: watch::Receiver<bool>) {
    let mut flushes = tokio::time::interval(FLUSH_EVERY);
    let mut clearings = tokio::time::interval(CLEAR_EVERY);
    let mut looks = tokio::time::interval(LOOK_EVERY);
    for timer in [&mut flushes, &mut clearings, &mut looks] {
        timer.set_missed_tick_behavior(MissedTickBehavior::Delay);
    }
    loop {
        let (what, done) = tokio::select! {
            _ = flushes.tick() => ("flush", flush(app).await),
            _ = clearings.tick() => ("clear", clear(app).await),
            _ = looks.tick() => ("signing keys", app.signing.look(&app.db, &app.sealing).await),
            () = stopped(&mut stopping) => return,
        };
        if let Err(error) = done {
            tracing::error!(what, ?error, "upkeep failed; it is tried again");
        }
    }
}

/// Returns once it is time to stop, or whoever would say so is gone.
async fn stopped(stopping: &mut watch::Receiver<bool>) {
    stopping
        .wait_for(|stop| *stop)
        .await
        .map(drop)
        .unwrap_or_default();
}

/// Writes down the uses of tokens, their refusals, and the failed sign-ins that are due.
///
/// # Errors
/// If the database fails; nothing is lost then.
pub async fn flush(app: &App) -> Result<()> {
    uses::flush(app).await?;
    refusals::flush(app).await?;
    failed_sign_ins::flush(app, Due::Now).await
}

/// Writes down all that is still in memory, at the end of the process.
///
/// # Errors
/// If the database fails.
pub async fn finish(app: &App) -> Result<()> {
    flush(app).await?;
    failed_sign_ins::flush(app, Due::AtTheEnd).await
}

/// Forgets what is over: sessions that have ended, sealed successors that nobody may ask for again,
/// changes that every process has heard of; and archives tokens that ended long ago.
///
/// # Errors
/// If the database fails.
pub async fn clear(app: &App) -> Result<()> {
    let cx = Cx::system(app.clock.now());
    let mut tx = app.db.write().await?;
    store::sessions::delete_expired(&mut tx, cx.now).await?;
    store::tokens::delete_sealed(&mut tx, cx.now).await?;
    store::changes::delete_old(&mut tx).await?;
    tx.commit().await?;
    archive::run(app).await.map(drop)
}
