//! The settings, in one place: a file, above it the environment, above it flags.
//!
//! [`Settings`] is all three at once: a field's flag is `--public-url`, its variable
//! `KEYBEARER_PUBLIC_URL`, its key in `keybearer.toml` `public_url`. Nothing else in the program
//! reads the environment. [`Config`] is what comes out: whole, checked, with the defaults in it.
//! [`notices`] checks what mail and webhooks need, [`upstream`] what the gateway needs; [`policy`] is
//! the table `[policy]`, and [`secret_key`] another system's key in a file.

mod addresses;
mod file;
mod header;
pub mod notices;
pub mod policy;
pub mod secret_key;
pub mod upstream;

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;

use anyhow::{Context, ensure};
use clap::builder::BoolishValueParser;
use clap::{Args, ValueEnum};
use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use addresses::{checked_url, path_of, ranges, sqlite_url};
use notices::Notices;
use policy::PolicySettings;
use upstream::UpstreamSettings;

const DEFAULT_LISTEN: &str = "127.0.0.1:8080";
const DEFAULT_DATA_DIR: &str = "keybearer-data";
const DEFAULT_CACHE_MIB: u32 = 64;
const DEFAULT_FILE: &str = "keybearer.toml";

/// Where the data is: what every sub-command needs.
#[derive(Args, Clone, Debug, Default)]
pub struct Place {
    /// Folder of the embedded database and the keys [default: keybearer-data]
    #[arg(long, global = true, env = "KEYBEARER_DATA_DIR", value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
    /// `sqlite://PATH` or `postgres://USER:PASSWORD@HOST/NAME` [default: keybearer.sqlite3 in the data folder]
    #[arg(
        long,
        global = true,
        env = "KEYBEARER_DATABASE",
        value_name = "URL",
        hide_env_values = true
    )]
    pub database: Option<Secret>,
    /// Settings file [default: keybearer.toml, if it is there]
    #[arg(long, global = true, env = "KEYBEARER_CONFIG", value_name = "FILE")]
    pub config: Option<PathBuf>,
}

/// Every setting of the server.
#[derive(Args, Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    #[arg(skip)]
    pub data_dir: Option<PathBuf>,
    #[arg(skip)]
    pub database: Option<Secret>,
    /// Address and port to listen on [default: 127.0.0.1:8080]
    #[arg(long, env = "KEYBEARER_LISTEN", value_name = "ADDR")]
    pub listen: Option<SocketAddr>,
    /// The address that people see, with a path if Keybearer is below one [default: `http://` and the listening address]
    #[arg(long, env = "KEYBEARER_PUBLIC_URL", value_name = "URL")]
    pub public_url: Option<String>,
    /// E-mail address of the owner to make if there is no account yet
    #[arg(long, env = "KEYBEARER_USERNAME", value_name = "EMAIL")]
    pub username: Option<String>,
    /// That owner's password
    #[arg(
        long,
        env = "KEYBEARER_PASSWORD",
        value_name = "PW",
        hide_env_values = true
    )]
    pub password: Option<Secret>,
    /// That owner's legacy token; random if not given
    #[arg(
        long,
        env = "KEYBEARER_USER_TOKEN",
        value_name = "TOKEN",
        hide_env_values = true
    )]
    pub user_token: Option<Secret>,
    /// Switch legacy tokens on for organizations made from now on [default: false]
    #[arg(long, env = "KEYBEARER_ENABLE_LEGACY_TOKENS", num_args = 0..=1, default_missing_value = "true",
        value_parser = BoolishValueParser::new(), value_name = "BOOL")]
    pub enable_legacy_tokens: Option<bool>,
    /// Refuse a second personal access token with 409, as Label Studio does [default: false]
    #[arg(long, env = "KEYBEARER_STRICT_SINGLE_PAT", num_args = 0..=1, default_missing_value = "true",
        value_parser = BoolishValueParser::new(), value_name = "BOOL")]
    pub strict_single_pat: Option<bool>,
    /// Key that seals secrets in the database; made if missing [default: sealing.key in the data folder]
    #[arg(long, env = "KEYBEARER_KEY_FILE", value_name = "FILE")]
    pub key_file: Option<PathBuf>,
    /// File with your own HS256 secret to sign JWTs with; without it Keybearer draws one
    #[arg(long, env = "KEYBEARER_SIGNING_KEY_FILE", value_name = "FILE")]
    pub signing_key_file: Option<PathBuf>,
    /// Proxies whose X-Forwarded-For is believed: addresses or ranges, separated by commas [default: none]
    #[arg(
        long,
        env = "KEYBEARER_TRUSTED_PROXIES",
        value_delimiter = ',',
        value_name = "RANGE"
    )]
    pub trusted_proxies: Option<Vec<String>>,
    /// A further header that any token is accepted in, beside Authorization and X-API-Key [default: none]
    #[arg(long, env = "KEYBEARER_TOKEN_HEADER", value_name = "NAME")]
    pub token_header: Option<String>,
    /// Mail server for expiry notices: `smtp://` or `smtps://USER:PASSWORD@HOST:PORT`; `smtp://…?tls=required` is STARTTLS [default: no mail]
    #[arg(
        long,
        env = "KEYBEARER_SMTP_URL",
        value_name = "URL",
        hide_env_values = true
    )]
    pub smtp_url: Option<Secret>,
    /// File with the mail server's URL, instead of `smtp_url`
    #[arg(long, env = "KEYBEARER_SMTP_URL_FILE", value_name = "FILE")]
    pub smtp_url_file: Option<PathBuf>,
    /// Sender of the mails, such as `Keybearer <tokens@example.com>`
    #[arg(long, env = "KEYBEARER_MAIL_FROM", value_name = "ADDRESS")]
    pub mail_from: Option<String>,
    /// Where expiry notices are posted to: URLs, separated by commas [default: nowhere]
    #[arg(
        long,
        env = "KEYBEARER_WEBHOOK_URL",
        value_delimiter = ',',
        value_name = "URL",
        hide_env_values = true
    )]
    #[serde(deserialize_with = "notices::one_or_more")]
    pub webhook_url: Option<Vec<Secret>>,
    /// Secret that signs what is posted: `whsec_` and base64, or any text of 24 characters or more
    #[arg(
        long,
        env = "KEYBEARER_WEBHOOK_SECRET",
        value_name = "SECRET",
        hide_env_values = true
    )]
    pub webhook_secret: Option<Secret>,
    /// File with that secret, instead of `webhook_secret`
    #[arg(long, env = "KEYBEARER_WEBHOOK_SECRET_FILE", value_name = "FILE")]
    pub webhook_secret_file: Option<PathBuf>,
    /// Tokens that ended so many days ago are moved to the archive [default: never]
    #[arg(long, env = "KEYBEARER_ARCHIVE_AFTER_DAYS", value_name = "DAYS")]
    pub archive_after_days: Option<u32>,
    /// Memory for tokens and accounts that were looked up before, in MiB [default: 64]
    #[arg(long, env = "KEYBEARER_CACHE_MIB", value_name = "MIB")]
    pub cache_mib: Option<u32>,
    /// Gateway mode: the Label Studio to stand in front of, such as `http://127.0.0.1:8081` [default: none]
    #[arg(long, env = "KEYBEARER_UPSTREAM", value_name = "URL")]
    pub upstream: Option<String>,
    /// File with that Label Studio's `SECRET_KEY`: the key alone, or its `.env` [default: the imported key]
    #[arg(long, env = "KEYBEARER_UPSTREAM_SECRET_KEY_FILE", value_name = "FILE")]
    pub upstream_secret_key_file: Option<PathBuf>,
    /// How long that Label Studio may be silent over a request, in seconds [default: 300]
    #[arg(long, env = "KEYBEARER_UPSTREAM_TIMEOUT_SECONDS", value_name = "S")]
    pub upstream_timeout_seconds: Option<u64>,
    /// What is logged, in the form of `RUST_LOG` [default: info]
    #[arg(long, env = "KEYBEARER_LOG", value_name = "FILTER")]
    pub log: Option<String>,
    /// How it is logged [default: text]
    #[arg(long, env = "KEYBEARER_LOG_FORMAT", value_name = "FORMAT")]
    pub log_format: Option<LogFormat>,
    /// The first organization's policy over tokens, written at each start.
    #[command(flatten)]
    pub policy: PolicySettings,
}

/// How log lines look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

/// A setting that nobody should read over a shoulder. It prints and serializes as `(secret)`.
#[derive(Clone, Deserialize)]
pub struct Secret(String);

impl Secret {
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl From<&str> for Secret {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(secret)")
    }
}

impl Serialize for Secret {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str("(secret)")
    }
}

/// The settings as they hold.
#[derive(Clone, Debug, Serialize)]
pub struct Config {
    pub data_dir: PathBuf,
    pub database: Secret,
    pub listen: SocketAddr,
    /// Without a slash at its end.
    pub public_url: String,
    #[serde(skip)]
    mount_path: String,
    #[serde(skip)]
    base_path: String,
    pub username: Option<String>,
    pub password: Option<Secret>,
    pub user_token: Option<Secret>,
    pub enable_legacy_tokens: bool,
    pub strict_single_pat: bool,
    pub key_file: PathBuf,
    pub signing_key_file: Option<PathBuf>,
    pub trusted_proxies: Vec<IpNet>,
    /// In lower case.
    pub token_header: Option<String>,
    #[serde(flatten)]
    pub notices: Notices,
    pub archive_after_days: Option<u32>,
    pub cache_mib: u32,
    #[serde(flatten)]
    pub upstream: UpstreamSettings,
    pub log: String,
    pub log_format: LogFormat,
    pub policy: PolicySettings,
}

impl Config {
    /// Puts `given` (flags and environment) above the file, and the defaults below it.
    ///
    /// # Errors
    /// If the file cannot be read, has a key that is not known, or a value makes no sense.
    pub fn load(place: &Place, mut given: Settings) -> anyhow::Result<Self> {
        let mut file = file::read(place.config.as_deref())?;
        let notices = Notices::load(&mut given, &mut file)?;
        let upstream = UpstreamSettings::load(&mut given, &mut file)?;
        let token_header = given.token_header.or(file.token_header);
        let data_dir = place
            .data_dir
            .clone()
            .or(file.data_dir)
            .unwrap_or_else(|| DEFAULT_DATA_DIR.into());
        let database = place.database.clone().or(file.database);
        let listen = match given.listen.or(file.listen) {
            Some(listen) => listen,
            None => DEFAULT_LISTEN.parse()?,
        };
        let public_url = given
            .public_url
            .or(file.public_url)
            .unwrap_or_else(|| format!("http://{listen}"));
        let public_url = checked_url(&public_url)?;
        Ok(Self {
            mount_path: path_of(&public_url).to_owned(),
            base_path: format!("{}{}", path_of(&public_url), upstream.own_folder()),
            database: database.unwrap_or_else(|| Secret(sqlite_url(&data_dir))),
            listen,
            public_url,
            username: given.username.or(file.username),
            password: given.password.or(file.password),
            user_token: given.user_token.or(file.user_token),
            enable_legacy_tokens: given
                .enable_legacy_tokens
                .or(file.enable_legacy_tokens)
                .unwrap_or(false),
            strict_single_pat: given
                .strict_single_pat
                .or(file.strict_single_pat)
                .unwrap_or(false),
            key_file: given
                .key_file
                .or(file.key_file)
                .unwrap_or_else(|| data_dir.join("sealing.key")),
            signing_key_file: given.signing_key_file.or(file.signing_key_file),
            trusted_proxies: ranges(given.trusted_proxies.or(file.trusted_proxies))?,
            token_header: token_header.as_deref().map(header::checked).transpose()?,
            notices,
            archive_after_days: given.archive_after_days.or(file.archive_after_days),
            cache_mib: given
                .cache_mib
                .or(file.cache_mib)
                .unwrap_or(DEFAULT_CACHE_MIB),
            upstream,
            policy: given.policy.above(file.policy),
            log: given.log.or(file.log).unwrap_or_else(|| "info".into()),
            log_format: given.log_format.or(file.log_format).unwrap_or_default(),
            data_dir,
        })
    }

    /// E-mail address and password of the owner to make if there is no account yet.
    ///
    /// # Errors
    /// If there is the one without the other.
    pub fn first_owner(&self) -> anyhow::Result<Option<(&str, &Secret)>> {
        let Some(email) = &self.username else {
            return Ok(None);
        };
        let password = self.password.as_ref();
        Ok(Some((
            email,
            password.context("--username needs --password")?,
        )))
    }

    /// Makes the data folder if it is missing, for nobody else to look into.
    ///
    /// # Errors
    /// If it cannot be made.
    pub fn make_data_dir(&self) -> anyhow::Result<()> {
        let mut builder = std::fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        let made = builder.create(&self.data_dir);
        made.with_context(|| format!("the data folder {} cannot be made", self.data_dir.display()))
    }

    /// The file that a running server holds locked.
    #[must_use]
    pub fn server_lock(&self) -> PathBuf {
        self.data_dir.join("server.lock")
    }

    /// Where Keybearer's own pages begin, without a slash at the end: the [mount path](Self::mount_path),
    /// and behind a gateway's a folder of their own below it.
    #[must_use]
    pub fn base_path(&self) -> &str {
        &self.base_path
    }

    /// The path part of the public URL, without a slash at its end: empty, or `/tokens`.
    #[must_use]
    pub fn mount_path(&self) -> &str {
        &self.mount_path
    }

    /// Where the database is, without the password in its address.
    #[must_use]
    pub fn database_place(&self) -> String {
        let address = self.database.reveal();
        let (scheme, rest) = address.split_once("://").unwrap_or(("", address));
        let rest = rest.rsplit_once('@').map_or(rest, |(_, place)| place);
        let rest = rest.split('?').next().unwrap_or_default();
        if scheme == "sqlite" {
            rest.to_owned()
        } else {
            format!("{scheme}://{rest}")
        }
    }

    /// Whether people reach Keybearer by https, so that cookies must never travel without it.
    #[must_use]
    pub fn is_https(&self) -> bool {
        self.public_url.starts_with("https://")
    }

    /// The operator's own signing secret: the file's text without blanks around it.
    ///
    /// # Errors
    /// If the file cannot be read, or its text is too short to sign with.
    pub fn signing_secret(&self) -> anyhow::Result<Option<Secret>> {
        let Some(path) = &self.signing_key_file else {
            return Ok(None);
        };
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("the signing key file {}", path.display()))?;
        let secret = text.trim();
        ensure!(
            secret.len() >= 32,
            "the signing key file {} holds fewer than 32 characters",
            path.display()
        );
        Ok(Some(Secret(secret.to_owned())))
    }
}
