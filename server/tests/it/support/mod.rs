//! An installation for one test: [`TestApp`] over the real router, [`Client`]s that ask it.
//!
//! Nothing is faked but the clock and the randomness. `database` chooses the engine, `forge` makes
//! tokens that the server did not, `sources` reads the repository's files.

mod client;
mod database;
pub(crate) mod forge;
pub(crate) mod receivers;
mod serving;
pub(crate) mod sources;

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use axum::Router;
use keybearer::app::App;
use keybearer::clock::{Clock, Random};
use keybearer::config::{Config, Place, Settings};
use keybearer::cx::Cx;
use keybearer::domain::access::Role;
use keybearer::domain::feed::{self, Feed};
use keybearer::domain::organizations::Organization;
use keybearer::domain::policy::{self, PolicyChange};
use keybearer::domain::sealing::Purpose;
use keybearer::domain::set_up;
use keybearer::domain::tokens::{self, Token, TokenSpec};
use keybearer::domain::users::User;
use keybearer::domain::users::adding::{self, UserSpec};
use keybearer::domain::users::changing;
use keybearer::domain::{passwords::Password, sessions};
use keybearer::store;
use keybearer::store::token_endings::Ending;
use keybearer_verify::TokenKind;
use serde_json::json;
use tokio::sync::watch;

pub(crate) use client::{Answer, Client};
pub(crate) use database::{Database, postgres_url};

/// When every test begins: 2026-01-02T03:04:05.678Z.
pub(crate) const START_MS: i64 = 1_767_323_045_678;
pub(crate) const OWNER: &str = "owner@example.com";
/// The one password of all accounts that have one; hashing is slow on purpose.
pub(crate) const PASSWORD: &str = "correct horse battery";

/// The text that proves a form in a browser of [`TestApp::browser`].
pub(crate) const CSRF: &str = "cccccccccccccccccccccccccccccccc";

/// The end of a token, where it does not matter why.
pub(crate) const ENDING: Ending<'static> = Ending {
    at: 1,
    because: "test",
    by: "test",
};

/// An installation with an owner.
pub(crate) struct TestApp {
    pub(crate) app: App,
    pub(crate) owner: User,
    router: Router,
    time: Arc<AtomicI64>,
    // Dropped last: it takes the data away.
    pub(crate) database: Database,
}

impl TestApp {
    /// With the default settings: legacy tokens are off.
    pub(crate) async fn new() -> Self {
        Self::with(|_| {}).await
    }

    /// With the settings that `change` makes of the default ones.
    pub(crate) async fn with(change: impl FnOnce(&mut Settings)) -> Self {
        Self::on(Database::new().await, change).await
    }

    /// On SQLite, wherever the others are.
    pub(crate) async fn on_sqlite() -> Self {
        Self::on(Database::sqlite(), |_| {}).await
    }

    async fn on(database: Database, change: impl FnOnce(&mut Settings)) -> Self {
        let (app, time, database) = open(database, change).await;
        let spec = UserSpec::new(OWNER, Role::Owner);
        let owner = set_up::first_owner(&app, &Cx::operator(app.clock.now()), spec).await;
        Self {
            owner: owner.unwrap().unwrap(),
            router: keybearer::http::router(&app),
            app,
            time,
            database,
        }
    }

    /// With legacy tokens switched on.
    pub(crate) async fn with_legacy() -> Self {
        Self::with(|settings| settings.enable_legacy_tokens = Some(true)).await
    }

    /// With a signing secret that the test knows, so that it can forge; see [`forge`].
    pub(crate) async fn with_signing_secret() -> Self {
        Self::with_signing_secret_of(forge::SIGNING_SECRET).await
    }

    pub(crate) async fn with_signing_secret_of(secret: &str) -> Self {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(&file, secret).unwrap();
        Self::with(|settings| {
            settings.signing_key_file = Some(file.path().to_owned());
            settings.enable_legacy_tokens = Some(true);
        })
        .await
    }

    /// Moves the clock.
    pub(crate) fn advance(&self, seconds: i64) {
        self.time.fetch_add(seconds * 1000, Ordering::SeqCst);
    }

    /// Sets the clock, in Unix milliseconds.
    pub(crate) fn set_time(&self, ms: i64) {
        self.time.store(ms, Ordering::SeqCst);
    }

    pub(crate) fn operator(&self) -> Cx {
        Cx::operator(self.app.clock.now())
    }

    /// A client that shows nothing.
    pub(crate) fn anonymous(&self) -> Client {
        Client::new(self.router.clone())
    }

    /// A client with `Authorization: Bearer …`.
    pub(crate) fn bearer(&self, token: &str) -> Client {
        self.anonymous()
            .with("authorization", &format!("Bearer {token}"))
    }

    /// A client with `Authorization: Token …`.
    pub(crate) fn token(&self, token: &str) -> Client {
        self.anonymous()
            .with("authorization", &format!("Token {token}"))
    }

    /// A client with `X-API-Key: …`.
    pub(crate) fn api_key(&self, token: &str) -> Client {
        self.anonymous().with("x-api-key", token)
    }

    /// A browser in which `user` is signed in and that has seen a page with a form.
    pub(crate) async fn browser(&self, user: &User) -> Client {
        self.browser_with(&self.session(user).await)
    }

    /// A browser with this session.
    pub(crate) fn browser_with(&self, session: &str) -> Client {
        let cookies = format!("sessionid={session}; csrftoken={CSRF}");
        self.anonymous().with("cookie", &cookies)
    }

    /// A new session's secret.
    pub(crate) async fn session(&self, user: &User) -> String {
        let session = sessions::start(&self.app, &self.operator(), user).await;
        session.unwrap().reveal().to_owned()
    }

    /// A client with a new personal access token of `user`.
    pub(crate) async fn client(&self, user: &User) -> Client {
        self.bearer(&self.personal(user).await)
    }

    /// A new personal access token.
    pub(crate) async fn personal(&self, user: &User) -> String {
        self.issue(user, TokenKind::Personal).await.1
    }

    /// A new token of `kind`, and its text.
    pub(crate) async fn issue(&self, user: &User, kind: TokenKind) -> (Token, String) {
        let spec = TokenSpec {
            name: "a test's".into(),
            ..TokenSpec::new(kind, user.id)
        };
        let made = tokens::issue(&self.app, &self.operator(), spec).await;
        let (token, plain) = made.unwrap();
        (token, plain.reveal().to_owned())
    }

    /// A text of `kind` that opens the door for `user`.
    pub(crate) async fn text(&self, user: &User, kind: TokenKind) -> String {
        match kind {
            TokenKind::Access => self.access(&self.personal(user).await).await,
            kind => self.issue(user, kind).await.1,
        }
    }

    /// The access token that the exchange gives for `personal`.
    pub(crate) async fn access(&self, personal: &str) -> String {
        let answer = self.exchange(personal).await.expect(200).json();
        answer["access"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn exchange(&self, personal: &str) -> Answer {
        let body = json!({"refresh": personal});
        self.anonymous().post("/api/token/refresh", &body).await
    }

    /// A new account in the first organization, without a password.
    pub(crate) async fn user(&self, email: &str, role: Role) -> User {
        let spec = UserSpec::new(email, role);
        adding::add(&self.app, &self.operator(), 1, spec)
            .await
            .unwrap()
    }

    pub(crate) async fn member(&self) -> User {
        self.user("member@example.com", Role::Member).await
    }

    pub(crate) async fn admin(&self) -> User {
        self.user("admin@example.com", Role::Admin).await
    }

    /// A new member who can sign in with [`PASSWORD`].
    pub(crate) async fn member_with_password(&self) -> User {
        let user = self.member().await;
        changing::set_password(
            &self.app,
            &self.operator(),
            user.id,
            &Password::new(PASSWORD),
        )
        .await
        .unwrap();
        user
    }

    /// Another process on the same database, with the same settings and clock.
    pub(crate) async fn another_node(&self) -> App {
        let config = (*self.app.config).clone();
        let clock = self.app.clock.clone();
        let app = App::open(config, clock, Random::seeded(8)).await.unwrap();
        follow(&app).await;
        app
    }

    /// A second organization with its owner. The domain makes only the first one so far, so this
    /// one is written by the store.
    pub(crate) async fn other_organization(&self) -> (Organization, User) {
        let app = &self.app;
        let sealed = app
            .sealing
            .seal(&app.random, Purpose::Invite, "the others' invite");
        let mut organization = Organization {
            id: 0,
            title: "The others".into(),
            created_by: None,
            invite_sealed: sealed.unwrap(),
            invite_hash: app.sealing.hash("the others' invite").as_bytes().to_vec(),
            personal_enabled: true,
            legacy_enabled: true,
            key_enabled: true,
            personal_ttl_days: 30,
            key_ttl_days: 90,
            max_ttl_days: None,
            idle_days: None,
            direct_use: "allow".into(),
            scopes: String::new(),
            ip_ranges: String::new(),
            max_overlap_hours: 24,
            on_reuse: "alert".into(),
            created_at: app.clock.now(),
            updated_at: app.clock.now(),
        };
        let mut tx = app.db.write().await.unwrap();
        let inserted = store::organizations::insert(&mut tx, &organization).await;
        organization.id = inserted.unwrap();
        tx.commit().await.unwrap();
        let spec = UserSpec::new("others@example.com", Role::Owner);
        let user = adding::add(app, &self.operator(), organization.id, spec).await;
        (organization, user.unwrap())
    }

    /// Changes the first organization's settings.
    pub(crate) async fn change_settings(&self, change: PolicyChange) {
        policy::update(&self.app, &self.operator(), 1, &change)
            .await
            .unwrap();
    }
}

/// The context of a request by `user`, who is signed in.
pub(crate) async fn signed_in(t: &TestApp, user: &User) -> Cx {
    let cx = t.operator();
    let secret = t.session(user).await;
    let caller = sessions::caller(&t.app, &cx, &secret).await.unwrap();
    cx.with_caller(caller)
}

/// An installation without an account.
pub(crate) struct EmptyApp {
    pub(crate) app: App,
    router: Router,
    // Dropped last, as above.
    _database: Database,
}

impl EmptyApp {
    pub(crate) async fn new() -> Self {
        Self::with(|_| {}).await
    }

    pub(crate) async fn with(change: impl FnOnce(&mut Settings)) -> Self {
        let (app, _, database) = open(Database::new().await, change).await;
        Self {
            router: keybearer::http::router(&app),
            app,
            _database: database,
        }
    }

    pub(crate) fn anonymous(&self) -> Client {
        Client::new(self.router.clone())
    }
}

async fn open(
    database: Database,
    change: impl FnOnce(&mut Settings),
) -> (App, Arc<AtomicI64>, Database) {
    let time = Arc::new(AtomicI64::new(START_MS));
    let place = Place {
        data_dir: Some(database.folder().to_owned()),
        database: database.url().map(|url| url.as_str().into()),
        config: None,
    };
    let mut settings = Settings {
        public_url: Some("http://keys.example.com".into()),
        ..Settings::default()
    };
    change(&mut settings);
    let config = Config::load(&place, settings).unwrap();
    let clock = Clock::Fixed(time.clone());
    let app = App::open_server(config, clock, Random::seeded(7))
        .await
        .unwrap();
    database.watch(app.db.changes());
    follow(&app).await;
    (app, time, database)
}

/// Has an app hear of changes, as a running server does.
async fn follow(app: &App) {
    let mut feed = Feed::default();
    feed.hear(&app.db).await.unwrap();
    let app = app.clone();
    tokio::spawn(async move {
        let (_never_stops, stopping) = watch::channel(false);
        feed::follow(app, feed, stopping).await;
    });
}
