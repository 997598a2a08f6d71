//! Backups: restored they are the same installation, on either engine; a broken one changes nothing.

use std::collections::BTreeSet;
use std::io::{Read, Write};

use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use keybearer::app::App;
use keybearer::clock::Random;
use keybearer::config::{Config, Place, Settings};
use keybearer::domain::access::Role;
use keybearer::domain::audit::{self, Chain};
use keybearer::domain::backup::{self, Restored};
use keybearer::domain::sessions;
use keybearer::domain::tokens::{self, TokenSpec};
use keybearer::domain::{signing_keys, users, uses};
use keybearer_verify::TokenKind;
use serde_json::{Value, json};

use crate::support::{Client, Database, START_MS, TestApp};

const WHOAMI: &str = "/api/current-user/whoami";

/// A place for another installation.
struct Elsewhere {
    database: Database,
    config: Config,
}

impl Elsewhere {
    async fn new() -> Self {
        let database = Database::new().await;
        let url = database.url();
        Self::at(database, url)
    }

    /// On SQLite, whatever engine the tests run on.
    async fn on_sqlite() -> Self {
        Self::at(Database::new().await, None)
    }

    fn at(database: Database, url: Option<String>) -> Self {
        let place = Place {
            data_dir: Some(database.folder().to_owned()),
            database: url.map(|url| url.as_str().into()),
            config: None,
        };
        let settings = Settings {
            public_url: Some("http://keys.example.com".into()),
            ..Settings::default()
        };
        let config = Config::load(&place, settings).unwrap();
        Self { database, config }
    }

    async fn restore(&self, bytes: &[u8]) -> anyhow::Result<Restored> {
        backup::restore(&self.config, bytes, false).await
    }

    async fn open(&self, like: &App) -> App {
        let clock = like.clock.clone();
        App::open(self.config.clone(), clock, Random::seeded(3))
            .await
            .unwrap()
    }

    /// Why a backup is not restored; nothing is there afterwards.
    async fn refusal(&self, bytes: &[u8]) -> String {
        let why = format!("{:#}", self.restore(bytes).await.unwrap_err());
        assert!(!self.config.key_file.exists());
        why
    }
}

async fn back_up(app: &App, with_key: bool) -> Vec<u8> {
    let cx = keybearer::cx::Cx::operator(app.clock.now());
    backup::write(app, &cx, Vec::new(), with_key)
        .await
        .unwrap()
        .0
}

fn lines(bytes: &[u8]) -> Vec<Value> {
    let mut text = String::new();
    GzDecoder::new(bytes).read_to_string(&mut text).unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn packed(lines: &[Value]) -> Vec<u8> {
    let mut out = GzEncoder::new(Vec::new(), Compression::fast());
    for line in lines {
        writeln!(out, "{line}").unwrap();
    }
    out.finish().unwrap()
}

/// One installation with a token of each kind.
async fn used() -> (TestApp, Vec<String>) {
    let t = TestApp::with_legacy().await;
    let member = t.member_with_password().await;
    let mut texts = Vec::new();
    for kind in [TokenKind::Personal, TokenKind::Key, TokenKind::Legacy] {
        texts.push(t.text(&member, kind).await);
    }
    t.advance(1);
    signing_keys::rotate(&t.app, &t.operator()).await.unwrap();
    t.bearer(&texts[1]).get(WHOAMI).await.expect(200);
    (t, texts)
}

#[tokio::test]
async fn refuses_what_is_no_whole_backup() {
    let (t, _) = used().await;
    let (good, elsewhere) = (back_up(&t.app, true).await, Elsewhere::new().await);
    for bytes in [
        &b""[..],
        b"nonsense",
        &packed(&[]),
        &packed(&[json!({"a": 1})]),
    ] {
        let why = elsewhere.refusal(bytes).await;
        assert!(why.contains("no backup"), "{why}");
    }
    let step = good.len() / 7;
    for length in (step..good.len()).step_by(step).chain([good.len() - 1]) {
        elsewhere.refusal(&good[..length]).await;
    }
    let mut checksum = good.clone();
    checksum[good.len() - 8] ^= 1;
    elsewhere.refusal(&checksum).await;
    let mut damaged = good.clone();
    damaged[good.len() / 2] ^= 0x40;
    elsewhere.refusal(&damaged).await;

    let all = lines(&good);
    let why = elsewhere.refusal(&packed(&all[..all.len() - 1])).await;
    assert!(why.contains("cut off"), "{why}");
    let at = all.iter().rposition(Value::is_array).unwrap();
    let mut fewer = all.clone();
    fewer.remove(at);
    let why = elsewhere.refusal(&packed(&fewer)).await;
    assert!(why.contains("rows are missing"), "{why}");
    let mut odd = all.clone();
    odd[1]["table"] = json!("pg_shadow");
    elsewhere.refusal(&packed(&odd)).await;
    elsewhere.restore(&good).await.unwrap();
}

#[tokio::test]
async fn refuses_a_newer_one_and_a_key_that_does_not_fit() {
    let (t, _) = used().await;
    let (good, elsewhere) = (lines(&back_up(&t.app, true).await), Elsewhere::new().await);
    let with = |name: &str, value: Value| {
        let mut lines = good.clone();
        lines[0][name] = value;
        packed(&lines)
    };
    let why = elsewhere
        .refusal(&with("migrations", json!(["0001_accounts", "9999_more"])))
        .await;
    assert!(why.contains("newer Keybearer"), "{why}");
    let why = elsewhere.refusal(&with("keybearer_backup", json!(2))).await;
    assert!(why.contains("newer Keybearer"), "{why}");
    let why = elsewhere
        .refusal(&with("sealing_key", json!("nonsense")))
        .await;
    assert!(why.contains("no key"), "{why}");
    let why = elsewhere
        .refusal(&with("sealing_key", json!("0".repeat(64))))
        .await;
    assert!(why.contains("does not open"), "{why}");
    // An event that was changed.
    let mut changed = good.clone();
    let event = changed
        .iter_mut()
        .find(|line| line[5] == "user.add")
        .unwrap();
    event[2] = json!("somebody else");
    let why = elsewhere.refusal(&packed(&changed)).await;
    assert!(why.contains("audit log"), "{why}");
}

#[tokio::test]
async fn refuses_to_overwrite_unless_told_to() {
    let (t, texts) = used().await;
    let elsewhere = Elsewhere::new().await;
    let other = elsewhere.open(&t.app).await;
    let spec = users::adding::UserSpec::new("other@example.com", Role::Owner);
    let made = keybearer::domain::set_up::first_owner(&other, &t.operator(), spec).await;
    let spec = TokenSpec::new(TokenKind::Key, made.unwrap().unwrap().id);
    let (_, theirs) = tokens::issue(&other, &t.operator(), spec).await.unwrap();
    let theirs = theirs.reveal();
    let good = back_up(&t.app, true).await;
    let why = elsewhere.restore(&good).await;
    let why = format!("{:#}", why.unwrap_err());
    assert!(why.contains("--overwrite"), "{why}");
    let client = Client::new(keybearer::http::router(&other));
    let client = client.with("authorization", &format!("Token {theirs}"));
    client.get(WHOAMI).await.expect(200);
    other.db.close().await;

    let old = std::fs::read(&elsewhere.config.key_file).unwrap();
    let restored = backup::restore(&elsewhere.config, &good[..], true).await;
    let restored = restored.unwrap();
    assert_eq!(std::fs::read(restored.old_key.unwrap()).unwrap(), old);
    let again = elsewhere.open(&t.app).await;
    let client = Client::new(keybearer::http::router(&again));
    let ask = |text: &str| {
        client
            .clone()
            .with("authorization", &format!("Bearer {text}"))
    };
    for text in &texts {
        ask(text).get(WHOAMI).await.expect(200);
    }
    ask(theirs).get(WHOAMI).await.refusal(401);
}

#[tokio::test]
async fn refuses_a_database_with_tables_of_others() {
    let (t, _) = used().await;
    let good = back_up(&t.app, true).await;
    let other = TestApp::new().await;
    other.database.meddle("drop table migrations").await;
    for overwrites in [false, true] {
        let why = backup::restore(&other.app.config, &good[..], overwrites).await;
        let why = format!("{:#}", why.unwrap_err());
        assert!(why.contains("not Keybearer's"), "{why}");
    }
}

#[tokio::test]
async fn a_restored_installation_is_the_same() {
    let (t, texts) = used().await;
    let revoked = t.personal(&t.owner).await;
    t.anonymous()
        .post("/api/token/blacklist", &json!({"refresh": revoked}))
        .await
        .expect(204);
    keybearer::domain::upkeep::flush(&t.app).await.unwrap();
    let good = back_up(&t.app, true).await;
    // To SQLite, from there to the engine of the tests, and to it again.
    let mut bytes = good.clone();
    for elsewhere in [
        Elsewhere::on_sqlite().await,
        Elsewhere::new().await,
        Elsewhere::new().await,
    ] {
        let restored = elsewhere.restore(&bytes).await.unwrap();
        assert_eq!(restored.made_at, START_MS + 1000);
        let app = elsewhere.open(&t.app).await;
        bytes = back_up(&app, true).await;
        assert_eq!(lines(&bytes), lines(&good));
        let client = Client::new(keybearer::http::router(&app));
        for text in &texts {
            let ask = client
                .clone()
                .with("authorization", &format!("Bearer {text}"));
            ask.get(WHOAMI).await.expect(200);
        }
        let body = json!({"refresh": revoked});
        let refused = client.post("/api/token/refresh", &body).await.refusal(401);
        assert_eq!(refused["code"], "revoked");
        let whole = audit::verify(&app).await.unwrap();
        assert!(
            matches!(whole, Chain::Whole { events } if events == restored.events && events > 5)
        );
        let cx = t.operator();
        let user = users::find_by_email(&app, "member@example.com")
            .await
            .unwrap();
        sessions::start(&app, &cx, &user).await.unwrap();
        // The next numbers are above those that came.
        let spec = users::adding::UserSpec::new("next@example.com", Role::Member);
        let next = users::adding::add(&app, &cx, 1, spec).await.unwrap();
        assert_eq!(next.id, user.id + 1);
        drop(elsewhere.database);
    }
}

#[tokio::test]
async fn a_backup_without_its_key_needs_the_key_file() {
    let (t, texts) = used().await;
    let key = std::fs::read_to_string(&t.app.config.key_file).unwrap();
    let (bytes, elsewhere) = (back_up(&t.app, false).await, Elsewhere::new().await);
    assert!(!format!("{:?}", lines(&bytes)).contains(key.trim()));
    let why = elsewhere.refusal(&bytes).await;
    assert!(why.contains("written without its key"), "{why}");
    std::fs::write(&elsewhere.config.key_file, key).unwrap();
    elsewhere.restore(&bytes).await.unwrap();
    let app = elsewhere.open(&t.app).await;
    let client = Client::new(keybearer::http::router(&app));
    let client = client.with("authorization", &format!("Token {}", texts[2]));
    client.get(WHOAMI).await.expect(200);
}

#[tokio::test]
async fn an_older_backup_is_brought_up_to_date() {
    let t = TestApp::new().await;
    let personal = t.personal(&t.owner).await;
    let mut all = lines(&back_up(&t.app, true).await);
    let first: Vec<Value> = (0..3).map(|at| all[0]["migrations"][at].clone()).collect();
    assert_eq!(first[2], "0003_notices");
    all[0]["migrations"] = json!(first);
    // Neither the tables nor the columns that later migrations have made.
    let program = include_str!("../../migrations/sqlite/0001_accounts.sql").to_owned()
        + include_str!("../../migrations/sqlite/0002_tokens.sql")
        + include_str!("../../migrations/sqlite/0003_notices.sql");
    let mut old = vec![all[0].clone()];
    let (mut keeps, mut rows) = (None::<Vec<usize>>, 0);
    for line in &all[1..all.len() - 1] {
        if let Some(table) = line["table"].as_str() {
            let make = program.split(&format!("create table {table} (")).nth(1);
            keeps = make.map(|text| {
                let text = text.split("\n);").next().unwrap();
                let has =
                    |name: &Value| text.contains(&format!("\n    {} ", name.as_str().unwrap()));
                let columns = line["columns"].as_array().unwrap();
                (0..columns.len()).filter(|at| has(&columns[*at])).collect()
            });
            if let Some(at) = &keeps {
                let columns: Vec<&Value> = at.iter().map(|at| &line["columns"][*at]).collect();
                old.push(json!({"table": table, "columns": columns}));
            }
        } else if let Some(at) = &keeps {
            old.push(at.iter().map(|at| line[*at].clone()).collect());
            rows += 1;
        }
    }
    old.push(json!({"rows": rows}));
    let elsewhere = Elsewhere::new().await;
    elsewhere.restore(&packed(&old)).await.unwrap();
    let app = elsewhere.open(&t.app).await;
    let keys = signing_keys::list(&app, &t.operator()).await.unwrap();
    assert_eq!((keys.len(), keys[0].live_tokens), (1, 1));
    let client = Client::new(keybearer::http::router(&app));
    let body = json!({"refresh": personal});
    client.post("/api/token/refresh", &body).await.expect(200);
}

/// An upgrade with rows in the tables: `0010` makes some anew on SQLite.
#[tokio::test]
async fn tables_that_are_made_anew_keep_their_rows() {
    let (t, texts) = used().await;
    uses::flush(&t.app).await.unwrap();
    t.database
        .meddle(
            "insert into notices (token_id, threshold_days, channel, endpoint, state, attempts, created_at) \
             select id, 7, 'mail', '', 'due', 0, 1 from tokens",
        )
        .await;
    let mut before = lines(&back_up(&t.app, true).await);
    let all = before[0]["migrations"].as_array_mut().unwrap();
    let last = all.iter().position(|name| name == "0009_row_numbers");
    all.truncate(last.unwrap() + 1);
    let elsewhere = Elsewhere::new().await;
    elsewhere.restore(&packed(&before)).await.unwrap();
    let app = elsewhere.open(&t.app).await;
    let after = lines(&back_up(&app, true).await);
    for table in ["tokens", "token_uses", "notices"] {
        let rows = |lines: &[Value]| {
            let lines = lines.iter().skip_while(|line| line["table"] != table);
            let rows = lines.skip(1).take_while(|line| line.is_array());
            rows.map(ToString::to_string).collect::<BTreeSet<_>>()
        };
        assert!(!rows(&before).is_empty(), "{table}");
        assert_eq!(rows(&before), rows(&after), "{table}");
    }
    let client = Client::new(keybearer::http::router(&app));
    let body = json!({"refresh": texts[0]});
    client.post("/api/token/refresh", &body).await.expect(200);
    for (scheme, text) in [("Bearer", &texts[1]), ("Token", &texts[2])] {
        let client = client
            .clone()
            .with("authorization", &format!("{scheme} {text}"));
        client.get(WHOAMI).await.expect(200);
    }
}

#[tokio::test]
async fn a_snapshot_shows_one_moment() {
    let t = TestApp::new().await;
    let mut tx = t.app.db.snapshot().await.unwrap();
    let before = keybearer::store::users::list(&mut tx).await.unwrap().len();
    t.member().await;
    let after = keybearer::store::users::list(&mut tx).await.unwrap().len();
    assert_eq!((before, after), (1, 1));
}
