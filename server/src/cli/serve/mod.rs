//! `keybearer serve`: starts the server and stays until it is told to stop.

mod connections;
mod hearing;

use std::fs::File;
use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context, bail};
use keybearer_verify::PlainToken;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

use super::{Outcome, say, sentence};
use crate::app::App;
use crate::clock::{Clock, Random};
use crate::config::{Config, Place, Settings};
use crate::cx::Cx;
use crate::domain::access::Role;
use crate::domain::passwords::Password;
use crate::domain::set_up;
use crate::domain::standing_policy;
use crate::domain::upkeep;
use crate::domain::users::adding::UserSpec;
use crate::gateway::probe;
use crate::http::Whole;
use crate::outbound::Outbound;
use crate::telemetry;

/// How long the end of the process waits for deliveries that are under way.
const UPKEEP_ENDS_WITHIN: Duration = Duration::from_secs(12);

const LOCK_TRIES: u32 = 5;
const LOCK_AGAIN_AFTER: Duration = Duration::from_millis(20);

pub(super) async fn run(place: &Place, settings: Settings) -> Outcome {
    let config = Config::load(place, settings)?;
    telemetry::start(&config.log, config.log_format)?;
    config.make_data_dir()?;
    let _lock = lock(&config)?;
    let listener = TcpListener::bind(config.listen).await.with_context(|| {
        format!(
            "cannot listen on {}; --listen takes another address",
            config.listen
        )
    })?;
    let app = App::open_server(config, Clock::System, Random::system()?).await?;
    let (stop, stopping) = watch::channel(false);
    let hearing = hearing::start(&app, stopping.clone()).await?;
    let outbound = Outbound::open(&app.config.notices)?;
    let system = Cx::system(app.clock.now());
    standing_policy::write(&app, &system)
        .await
        .map_err(sentence)
        .context("the policy in the settings")?;
    first_owner(&app).await?;
    announce(&app, listener.local_addr()?).await?;
    let probe = app.upstream.clone().map(|upstream| {
        let app = app.clone();
        tokio::spawn(async move { probe::run(&app, &upstream).await })
    });
    let mut upkeep = tokio::spawn(upkeep::run(app.clone(), outbound, stopping));
    let loops =
        connections::Loops::start(&Whole::new(&app)).context("the threads of the server")?;
    loops.serve(listener, stop_signal()).await;
    stop.send_replace(true);
    probe.inspect(tokio::task::JoinHandle::abort);
    // What is being delivered is finished: a mail cut short here might be sent once more.
    if tokio::time::timeout(UPKEEP_ENDS_WITHIN, &mut upkeep)
        .await
        .is_err()
    {
        upkeep.abort();
    }
    upkeep::finish(&app).await.map_err(sentence)?;
    hearing.ended().await;
    app.db.close().await;
    Ok(())
}

/// Holds the data folder for this process: two servers on one embedded database would not know of
/// each other's changes. The operating system lets go of it when the process ends, however it ends.
pub(super) fn lock(config: &Config) -> anyhow::Result<File> {
    let path = config.server_lock();
    let file = File::create(&path).with_context(|| {
        format!(
            "the data folder {} cannot be written",
            config.data_dir.display()
        )
    })?;
    // A command looks for a moment whether a server is running.
    let mut locked = file.try_lock();
    for _ in 0..LOCK_TRIES {
        if locked.is_ok() {
            break;
        }
        std::thread::sleep(LOCK_AGAIN_AFTER);
        locked = file.try_lock();
    }
    match locked {
        Ok(()) => Ok(file),
        Err(std::fs::TryLockError::WouldBlock) => bail!(
            "another Keybearer server is running on the data folder {}; stop it, or give this one its own --data-dir",
            config.data_dir.display()
        ),
        Err(std::fs::TryLockError::Error(error)) => {
            Err(error).with_context(|| format!("{} cannot be locked", path.display()))
        }
    }
}

/// Makes the owner that the settings name, if there is no account yet.
async fn first_owner(app: &App) -> Outcome {
    let Some((email, password)) = app.config.first_owner()? else {
        return Ok(());
    };
    let spec = UserSpec {
        username: Some(String::new()),
        password: Some(Password::new(password.reveal())),
        legacy_text: app
            .config
            .user_token
            .as_ref()
            .map(|token| PlainToken::new(token.reveal().to_owned())),
        allow_newsletters: None,
        ..UserSpec::new(email, Role::Owner)
    };
    let made = set_up::first_owner(app, &Cx::system(app.clock.now()), spec)
        .await
        .map_err(sentence)?;
    if made.is_none() {
        tracing::info!("there are accounts already; --username made none");
    }
    Ok(())
}

/// Says where the server is, and while there is no account, how to make the first.
async fn announce(app: &App, address: SocketAddr) -> Outcome {
    // A port of 0 is known only now.
    let url = if app.config.listen.port() == 0 {
        format!("http://{address}")
    } else {
        app.config.public_url.clone()
    };
    say(format_args!("Keybearer is running at {url}"))?;
    if !set_up::is_needed(app).await.map_err(sentence)? {
        return Ok(());
    }
    if app.upstream.is_some() {
        say(format_args!(
            "There is no account yet. `keybearer import label-studio` brings Label Studio's; or sign in to Label Studio \
             as the owner of its organization and open {url}/user/account/personal-access-token."
        ))?;
    } else {
        say(format_args!(
            "There is no account yet. Make the owner's here, once:\n{url}/set-up?token={}",
            set_up::draw_secret(app)
        ))?;
    }
    Ok(())
}

async fn stop_signal() {
    let terminated = async {
        match signal(SignalKind::terminate()) {
            Ok(mut signal) => signal.recv().await,
            Err(_) => std::future::pending().await,
        }
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = terminated => {}
    }
}
