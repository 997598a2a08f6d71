//! A Label Studio's database, made by hand with its schema, on the engine that the tests run on.

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Executor, PgConnection};

use aws_lc_rs::hmac;
use keybearer::config::Secret;
use keybearer::config::secret_key::SecretKey;
use keybearer::domain::import::{Report, Request};
use keybearer::error::Result;
use keybearer_verify::TokenKind;
use serde_json::{Value, json};

use crate::support::forge::{signature, unsigned, usual_header};
use crate::support::{Database, START_MS, TestApp};

pub(super) const SECRET_KEY: &str = "a*&b#c-d(e!f@g%h^i_j=k+l)m1n2o3p4q5r6s7t8u9v0wxyz$";

/// Label Studio 1.23.2's tables, as far as the import looks at them, in SQLite's words.
const SCHEMA: &str = r#"
create table organization (id integer primary key, title varchar(1000) not null, created_at datetime not null,
    updated_at datetime not null, created_by_id integer unique, token varchar(256) unique, contact_info varchar(254));
create table htx_user (id integer primary key, password varchar(128) not null, last_login datetime, is_superuser bool not null,
    username varchar(256) not null, email varchar(254) not null unique, first_name varchar(256) not null,
    last_name varchar(256) not null, is_staff bool not null, is_active bool not null, date_joined datetime not null,
    last_activity datetime not null, activity_at datetime not null, phone varchar(256) not null, avatar varchar(100) not null,
    active_organization_id integer, allow_newsletters bool, custom_hotkeys text);
create table organizations_organizationmember (id integer primary key, created_at datetime not null,
    updated_at datetime not null, organization_id integer not null, user_id integer not null, deleted_at datetime);
create table jwt_auth_jwtsettings (organization_id integer primary key, api_tokens_enabled bool not null,
    api_token_ttl_days integer not null, legacy_api_tokens_enabled bool not null, created_at datetime, updated_at datetime);
create table authtoken_token ("key" varchar(40) primary key, created datetime not null, user_id integer not null unique);
create table token_blacklist_outstandingtoken (id integer primary key, token text not null, created_at datetime,
    expires_at datetime not null, user_id integer, jti varchar(255) not null);
create table token_blacklist_blacklistedtoken (id integer primary key, blacklisted_at datetime not null,
    token_id bigint not null unique);
"#;

pub(super) struct Source {
    database: Database,
    ids: std::cell::Cell<i64>,
}

impl Source {
    /// The tables, and nobody in them.
    pub(super) async fn empty() -> Self {
        Self::of_schema(SCHEMA).await
    }

    pub(super) async fn of_schema(schema: &str) -> Self {
        let source = Self {
            database: Database::new().await,
            ids: std::cell::Cell::new(0),
        };
        let schema = match source.database.url() {
            Some(_) => schema
                .replace("datetime", "timestamp with time zone")
                .replace("custom_hotkeys text", "custom_hotkeys jsonb"),
            None => schema.to_owned(),
        };
        source.run(&schema).await;
        source
    }

    /// With an organization (1) of a founder (1) and a member (2).
    pub(super) async fn new() -> Self {
        let source = Self::empty().await;
        source.user(1, "Founder@example.com").await;
        source.user(2, "member@example.com").await;
        source
            .run("update htx_user set is_superuser = true where id = 1")
            .await;
        source.organization(1, 1).await;
        source.member(1, 1).await;
        source.member(1, 2).await;
        source
    }

    pub(super) async fn run(&self, sql: &str) {
        let statement = sqlx::raw_sql(AssertSqlSafe(sql.to_owned()));
        if let Some(url) = self.database.url() {
            let mut connection = PgConnection::connect(&url).await.unwrap();
            connection.execute("set timezone = 'UTC'").await.unwrap();
            connection.execute(statement).await.unwrap();
        } else {
            let options = SqliteConnectOptions::new()
                .filename(self.database.folder().join("label_studio.sqlite3"))
                .create_if_missing(true);
            let mut connection = options.connect().await.unwrap();
            connection.execute(statement).await.unwrap();
            connection.close().await.unwrap();
        }
    }

    pub(super) async fn user(&self, id: i64, email: &str) {
        self.run(&format!(
            "insert into htx_user (id, password, is_superuser, username, email, first_name, last_name, is_staff, is_active, \
             date_joined, last_activity, activity_at, phone, avatar, active_organization_id, allow_newsletters, custom_hotkeys) \
             values ({id}, '', false, 'name{id}', '{email}', 'First', 'Last', false, true, '2025-03-04 05:06:07.890123', \
             '2025-12-30 01:02:03', '2025-12-30 01:02:03', '+49 1', '', 1, true, '{{\"a:b\": {{\"key\": \"x\"}}}}')"
        ))
        .await;
    }

    pub(super) async fn organization(&self, id: i64, created_by: i64) {
        self.run(&format!(
            "insert into organization values ({id}, 'Labs {id}', '2025-03-04 05:06:07', '2025-03-05 05:06:07', {created_by}, \
             'invite of {id}', ''); \
             insert into jwt_auth_jwtsettings values ({id}, true, 400, true, '2025-03-04 05:06:07', '2025-03-04 05:06:07')"
        ))
        .await;
    }

    pub(super) async fn member(&self, organization_id: i64, user_id: i64) {
        let id = self.next_id();
        self.run(&format!(
            "insert into organizations_organizationmember values \
             ({id}, '2025-03-04 05:06:07', '2025-03-04 05:06:07', {organization_id}, {user_id}, null)"
        ))
        .await;
    }

    /// A personal access token as Label Studio issues it: whole, with its signature.
    pub(super) async fn personal(&self, user_id: i64) -> String {
        let id = self.next_id();
        let claims = claims(id, user_id);
        self.issued(id, user_id.to_string().as_str(), &claims).await
    }

    /// The row of a token with these claims, whatever they are.
    pub(super) async fn issued(&self, id: i64, user_id: &str, claims: &Value) -> String {
        let text = unsigned(&usual_header(), claims);
        let jti = claims["jti"].as_str().unwrap_or_default();
        self.run(&format!(
            "insert into token_blacklist_outstandingtoken values \
             ({id}, '{text}', '2025-06-01 10:00:00.5', '2225-04-14 10:00:00', {user_id}, '{jti}')"
        ))
        .await;
        let signature = signature(&text, SECRET_KEY, hmac::HMAC_SHA256);
        format!("{text}.{signature}")
    }

    pub(super) async fn blacklist(&self, token: &str) {
        let text = token.rsplit_once('.').unwrap().0;
        self.run(&format!(
            "insert into token_blacklist_blacklistedtoken select id, '2025-12-01 10:00:00', id \
             from token_blacklist_outstandingtoken where token = '{text}'"
        ))
        .await;
    }

    pub(super) async fn legacy(&self, user_id: i64, text: &str) {
        self.run(&format!(
            "insert into authtoken_token values ('{text}', '2025-03-04 05:06:07', {user_id})"
        ))
        .await;
    }

    pub(super) fn next_id(&self) -> i64 {
        self.ids.set(self.ids.get() + 1);
        self.ids.get()
    }

    pub(super) fn request(&self) -> Request {
        let url = self.database.url().unwrap_or_else(|| {
            format!(
                "sqlite://{}",
                self.database
                    .folder()
                    .join("label_studio.sqlite3")
                    .display()
            )
        });
        Request {
            database: Secret::from(url.as_str()),
            secret_key: Some(secret_key(SECRET_KEY)),
            is_dry_run: false,
            leaves_conflicts_out: false,
        }
    }

    pub(super) async fn import(&self, app: &keybearer::app::App) -> Result<Report> {
        import(app, self.request()).await
    }

    /// Everything that lies in the database.
    pub(super) async fn dump(&self) -> Vec<u8> {
        match self.database.url() {
            Some(_) => self.database.dump().await,
            None => std::fs::read(self.database.folder().join("label_studio.sqlite3")).unwrap(),
        }
    }
}

pub(super) async fn import(app: &keybearer::app::App, request: Request) -> Result<Report> {
    let cx = keybearer::cx::Cx::operator(app.clock.now());
    keybearer::domain::import::label_studio(app, &cx, request, &|_, _, _| {}).await
}

/// The claims of a personal access token of Label Studio's.
pub(super) fn claims(id: i64, user_id: i64) -> Value {
    let issued = START_MS / 1000 - 86_400;
    json!({
        "token_type": "refresh",
        "exp": issued + 6_307_200_000_i64,
        "iat": issued,
        "jti": format!("{id:032x}"),
        "user_id": user_id.to_string(),
    })
}

pub(super) fn secret_key(text: &str) -> SecretKey {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(&file, format!("{text}\n")).unwrap();
    SecretKey::in_file(file.path()).unwrap()
}

/// What is odd, in one text.
pub(super) fn odd(report: &Report) -> String {
    report
        .odd
        .iter()
        .map(|(reason, oddity)| format!("{}× {reason}: {:?}\n", oddity.count, oddity.examples))
        .collect()
}

/// How many personal access tokens each key of this origin proves.
pub(super) async fn live_tokens(t: &TestApp, origin: &str) -> Vec<i64> {
    let keys = keybearer::domain::signing_keys::list(&t.app, &t.operator()).await;
    let keys = keys.unwrap().into_iter().filter(|key| key.origin == origin);
    keys.map(|key| key.live_tokens).collect()
}

/// A new legacy token's text.
pub(super) fn legacy_text(digit: char) -> String {
    assert_eq!(TokenKind::Legacy.as_str(), "legacy");
    std::iter::repeat_n(digit, 40).collect()
}
