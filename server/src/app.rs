//! What lives as long as the process: one value, handed to every operation.

use std::ops::Deref;
use std::sync::{Arc, Mutex};

use anyhow::{Context, ensure};
use keybearer_verify::TokenHash;

use crate::clock::{Clock, Random};
use crate::config::Config;
use crate::domain::cache::Cache;
use crate::domain::failed_sign_ins::FailedSignIns;
use crate::domain::rates::Rates;
use crate::domain::refusals::Refusals;
use crate::domain::sealing::{Purpose, SealingKey};
use crate::domain::signing::{self, SigningKeys};
use crate::domain::throttle::Throttle;
use crate::domain::uses::Uses;
use crate::error::Error;
use crate::gateway::upstream::Upstream;
use crate::store::Db;

/// Failed sign-ins that an account may have in a quarter of an hour.
const SIGN_INS_BY_ACCOUNT: u32 = 10;
/// Failed sign-ins that an address may have in a quarter of an hour; many people may share one.
const SIGN_INS_BY_ADDRESS: u32 = 50;
const SIGN_IN_WINDOW_SECONDS: i64 = 900;
/// Unknown tokens that an address may show in a minute.
const FAILURES_BY_ADDRESS: u32 = 600;
const FAILURE_WINDOW_SECONDS: i64 = 60;
const ALARM_WINDOW_SECONDS: i64 = 60;

/// The process's state. Cloning it is cheap: all clones are the same process.
///
/// One pointer and not one for each part: each request hands it on many times.
#[derive(Clone, Debug)]
pub struct App(Arc<Parts>);

/// What an [`App`] is made of.
#[derive(Debug)]
pub struct Parts {
    pub config: Arc<Config>,
    pub db: Db,
    /// What was looked up before and is still true.
    pub cache: Cache,
    pub clock: Clock,
    pub random: Random,
    pub sealing: SealingKey,
    pub signing: SigningKeys,
    pub sign_in_by_account: Throttle,
    pub sign_in_by_address: Throttle,
    pub failed_sign_ins: FailedSignIns,
    /// Unknown tokens by the address that shows them.
    pub failures_by_address: Throttle,
    /// Alarms about a rotated token, so that one thief does not fill the audit log.
    pub alarms: Throttle,
    pub rates: Rates,
    pub uses: Uses,
    pub refusals: Refusals,
    /// The Label Studio that this stands in front of, in gateway mode.
    pub upstream: Option<Upstream>,
    /// The digest of the set-up link's secret, while there is no account.
    pub set_up_secret: Mutex<Option<TokenHash>>,
}

impl App {
    /// Opens the installation that `config` describes; makes its folder, keys and tables if they
    /// are missing.
    ///
    /// # Errors
    /// One sentence of what is in the way.
    pub async fn open(config: Config, clock: Clock, random: Random) -> anyhow::Result<Self> {
        let parts = Self::parts(config, clock, random).await?;
        Ok(Self(Arc::new(parts)))
    }

    /// The same for a server, which stands in front of the Label Studio that the settings name, if
    /// they name one. A sub-command needs neither that Label Studio nor its key.
    ///
    /// # Errors
    /// As [`Self::open`], and if the key is missing or cannot be read.
    pub async fn open_server(config: Config, clock: Clock, random: Random) -> anyhow::Result<Self> {
        let mut parts = Self::parts(config, clock, random).await?;
        if parts.config.upstream.url.is_some() {
            let imported = signing::imported(&parts.db, &parts.sealing).await;
            let imported = imported.map_err(start_error)?;
            parts.upstream = Upstream::open(&parts.config, &parts.random, &imported)?;
        }
        Ok(Self(Arc::new(parts)))
    }

    async fn parts(config: Config, clock: Clock, random: Random) -> anyhow::Result<Parts> {
        config.make_data_dir()?;
        let given = config.signing_secret()?;
        let does_not_open = || format!("the database {} does not open", config.database_place());
        let db = Db::connect(config.database.reveal(), &clock).await;
        let db = db.with_context(does_not_open)?;
        // Before the tables are brought up to date: who has the wrong key file can still go back.
        let sealed = signing::any_sealed(&db).await.map_err(start_error);
        let sealing = Self::sealing_key(&config, &random, sealed.with_context(does_not_open)?)?;
        db.bring_up_to_date().await.with_context(does_not_open)?;
        if config.database.reveal().starts_with("sqlite:") {
            db.changes().set_server_lock(config.server_lock());
        }
        let given = given.as_ref().map(crate::config::Secret::reveal);
        let signing = SigningKeys::open(&db, &sealing, &random, given, clock.now())
            .await
            .map_err(start_error)?;
        Ok(Parts {
            upstream: None,
            cache: Cache::new(config.cache_mib),
            config: Arc::new(config),
            db,
            clock,
            random,
            sealing,
            signing,
            sign_in_by_account: Throttle::new(SIGN_INS_BY_ACCOUNT, SIGN_IN_WINDOW_SECONDS),
            sign_in_by_address: Throttle::new(SIGN_INS_BY_ADDRESS, SIGN_IN_WINDOW_SECONDS),
            failed_sign_ins: FailedSignIns::default(),
            failures_by_address: Throttle::new(FAILURES_BY_ADDRESS, FAILURE_WINDOW_SECONDS),
            alarms: Throttle::new(1, ALARM_WINDOW_SECONDS),
            rates: Rates::default(),
            uses: Uses::default(),
            refusals: Refusals::default(),
            set_up_secret: Mutex::default(),
        })
    }

    /// The key under which the database is sealed; a new one if nothing is yet.
    fn sealing_key(
        config: &Config,
        random: &Random,
        sealed: Option<Vec<u8>>,
    ) -> anyhow::Result<SealingKey> {
        ensure!(
            sealed.is_none() || config.key_file.exists(),
            "the key file {} is missing, and the database was sealed with it; put it back, or name it with --key-file",
            config.key_file.display()
        );
        let key = SealingKey::open(&config.key_file, random)?;
        if let Some(sealed) = sealed {
            key.unseal(Purpose::SigningKey, &sealed)?;
        }
        Ok(key)
    }
}

impl Deref for App {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

fn start_error(error: Error) -> anyhow::Error {
    match error {
        Error::Internal(cause) => cause,
        Error::Unavailable(cause) => cause.into(),
        other => anyhow::anyhow!("{other:?}"),
    }
}
