//! The store: what both engines promise alike.

use keybearer::app::App;
use keybearer::domain::access::Role;
use keybearer::domain::users::adding::{self, UserSpec};
use keybearer::domain::users::{self};
use keybearer::domain::{sessions, set_up, tokens};
use keybearer::store::token_endings::Ending;
use keybearer::store::{self, Db, StoreError};
use keybearer_verify::TokenKind;
use serde_json::json;
use sqlx::Connection;

use crate::support::{START_MS, TestApp};

const TEST_ENDING: Ending<'_> = Ending {
    at: START_MS,
    because: "test",
    by: "test",
};

#[tokio::test]
async fn a_taken_value_is_told_by_its_constraint() {
    let t = TestApp::new().await;
    let (personal, _) = t.issue(&t.owner, TokenKind::Personal).await;
    let db = &t.app.db;

    let mut tx = db.write().await.unwrap();
    let taken = store::users::insert(&mut tx, &t.owner).await.unwrap_err();
    assert!(taken.is_taken("users_email"), "{taken:?}");
    drop(tx);

    let mut tx = db.write().await.unwrap();
    let first = store::organizations::find(&mut tx, 1)
        .await
        .unwrap()
        .unwrap();
    let taken = store::organizations::insert(&mut tx, &first)
        .await
        .unwrap_err();
    assert!(taken.is_taken("organizations_invite_hash"), "{taken:?}");
    drop(tx);

    let mut tx = db.write().await.unwrap();
    let membership = store::organizations::find_membership(&mut tx, 1, t.owner.id).await;
    let membership = membership.unwrap().unwrap();
    let taken = store::organizations::insert_membership(&mut tx, &membership)
        .await
        .unwrap_err();
    assert!(taken.is_taken("memberships_organization_user"), "{taken:?}");
    drop(tx);

    let mut tx = db.write().await.unwrap();
    let legacy = store::tokens::Token {
        id: "legacy".into(),
        kind: "legacy".into(),
        ..personal
    };
    store::tokens::insert(&mut tx, &legacy).await.unwrap();
    let same_hash = store::tokens::Token {
        id: "another".into(),
        ..legacy
    };
    let taken = store::tokens::insert(&mut tx, &same_hash)
        .await
        .unwrap_err();
    assert!(taken.is_taken("tokens_hash"), "{taken:?}");
    assert!(!taken.is_taken("users_email"));
}

#[tokio::test]
async fn a_reference_to_nobody_is_a_defect() {
    let t = TestApp::new().await;
    let (personal, _) = t.issue(&t.owner, TokenKind::Personal).await;
    let mut tx = t.app.db.write().await.unwrap();
    let orphan = store::tokens::Token {
        id: "orphan".into(),
        hash: vec![0; 32],
        user_id: 999,
        ..personal
    };
    let error = store::tokens::insert(&mut tx, &orphan).await;
    // PostgreSQL and SQLite both say it at the statement.
    assert!(matches!(error, Err(StoreError::Other(_))), "{error:?}");
}

#[tokio::test]
async fn what_was_not_committed_did_not_happen() {
    let t = TestApp::new().await;
    let mut tx = t.app.db.write().await.unwrap();
    let renamed = users::User {
        first_name: "Renamed".into(),
        ..t.owner.clone()
    };
    store::users::update(&mut tx, &renamed).await.unwrap();
    let seen = store::users::find(&mut tx, t.owner.id)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(seen.first_name, "Renamed", "inside, it is there");
    drop(tx);
    let mut tx = t.app.db.read().await.unwrap();
    let seen = store::users::find(&mut tx, t.owner.id)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(seen.first_name, "");
}

#[tokio::test]
async fn a_change_and_its_record_come_together() {
    let t = TestApp::new().await;
    let client = t.client(&t.owner).await;
    let events = async || {
        let mut tx = t.app.db.read().await.unwrap();
        store::audit::list_after(&mut tx, 0, 1000).await.unwrap()
    };
    let before = events().await.len();
    let body = json!({"username": "x", "email": "owner@example.com"});
    client.post("/api/users", &body).await.expect(400);
    assert_eq!(
        events().await.len(),
        before,
        "a refused change is not recorded as one"
    );
    client
        .patch("/api/users/1", &json!({"phone": "1"}))
        .await
        .expect(200);
    let events = events().await;
    assert_eq!(events.len(), before + 1);
    let last = events.last().unwrap();
    assert_eq!(
        (
            last.actor.as_str(),
            last.action.as_str(),
            last.subject.as_str()
        ),
        ("owner@example.com", "user.update", "user 1")
    );
    assert_eq!(
        (last.at, last.address.as_str(), last.organization_id),
        (START_MS, "203.0.113.7", Some(1))
    );
}

#[tokio::test]
async fn deleting_one_users_sessions_and_tokens_leaves_the_others() {
    let t = TestApp::new().await;
    let member = t.member().await;
    let (gone, stays) = (t.client(&member).await, t.client(&t.owner).await);
    let (gone_browser, browser) = (t.browser(&member).await, t.browser(&t.owner).await);
    let mut tx = t.app.db.write().await.unwrap();
    store::sessions::delete_by_user(&mut tx, member.id)
        .await
        .unwrap();
    store::token_endings::update_revoked_by_user(&mut tx, member.id, TEST_ENDING)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    for client in [gone, gone_browser] {
        client.get("/api/users").await.refusal(401);
    }
    for client in [stays, browser] {
        client.get("/api/users").await.expect(200);
    }
}

#[tokio::test]
async fn only_expired_sessions_are_pruned() {
    let t = TestApp::new().await;
    let old = t.session(&t.owner).await;
    t.advance(60);
    let new = t.session(&t.owner).await;
    t.set_time(START_MS + sessions::SESSION_FOR_MS);
    // Each sign-in prunes.
    t.session(&t.owner).await;
    let mut tx = t.app.db.read().await.unwrap();
    let mut is_there = async |secret: &str| {
        let hash = keybearer_verify::TokenHash::digest(secret);
        store::sessions::find(&mut tx, hash.as_bytes())
            .await
            .unwrap()
            .is_some()
    };
    assert!(!is_there(&old).await);
    assert!(is_there(&new).await);
}

#[tokio::test]
async fn opening_again_finds_everything_and_changes_nothing() {
    let t = TestApp::new().await;
    let personal = t.personal(&t.owner).await;
    let config = (*t.app.config).clone();
    let again = App::open(config, t.app.clock.clone(), t.app.random.clone())
        .await
        .unwrap();
    let exchanged = tokens::exchange::exchange(&again, &t.operator(), &personal).await;
    exchanged.unwrap();
    assert!(!set_up::is_needed(&again).await.unwrap());
}

#[tokio::test]
async fn a_database_of_a_newer_version_or_with_other_migrations_is_refused() {
    let t = TestApp::new().await;
    let url = t.app.config.database.reveal().to_owned();
    t.database.meddle("insert into migrations (name, digest) select '9999_future', digest from migrations where name like '0001%'").await;
    let db = Db::connect(&url, &t.app.clock).await.unwrap();
    let newer = db.bring_up_to_date().await.unwrap_err();
    assert!(
        newer.to_string().contains("written by a newer Keybearer"),
        "{newer}"
    );
    t.database.meddle("delete from migrations where name = '9999_future'; update migrations set digest = (select invite_hash from organizations)").await;
    let changed = db.bring_up_to_date().await.unwrap_err();
    assert!(
        changed
            .to_string()
            .contains("was changed after it was applied"),
        "{changed}"
    );
}

#[tokio::test]
async fn another_key_file_is_told_at_the_start() {
    let t = TestApp::new().await;
    let mut config = (*t.app.config).clone();
    config.key_file = config.data_dir.join("another.key");
    let open = async || {
        let (clock, random) = (t.app.clock.clone(), t.app.random.clone());
        let opened = App::open(config.clone(), clock, random).await;
        format!("{:#}", opened.unwrap_err())
    };
    let missing = open().await;
    assert!(missing.contains("another.key is missing"), "{missing}");
    assert!(
        !config.key_file.exists(),
        "none is made that would open nothing"
    );
    std::fs::write(&config.key_file, "00".repeat(32)).unwrap();
    let other = open().await;
    assert!(
        other.contains("is not the one that this database was made with"),
        "{other}"
    );
}

#[tokio::test]
async fn every_text_that_is_let_in_comes_back() {
    let t = TestApp::new().await;
    for text in [
        "",
        "é漢🙂",
        "' or 1=1 --",
        "%_\\",
        "$1 ?1 :a",
        &"n".repeat(256),
    ] {
        let spec = UserSpec {
            first_name: text.into(),
            ..UserSpec::new(&format!("u{}@example.com", text.len()), Role::Member)
        };
        let user = adding::add(&t.app, &t.operator(), 1, spec).await.unwrap();
        let mut tx = t.app.db.read().await.unwrap();
        let found = store::users::find(&mut tx, user.id).await.unwrap().unwrap();
        assert_eq!(found.first_name, text);
    }
}

#[tokio::test]
async fn both_engines_sort_members_by_the_bytes_of_their_names() {
    // A linguistic collation would put small letters beside capitals.
    let t = TestApp::new().await;
    for name in ["b", "A", "_", "a", "B", "\u{e4}"] {
        let spec = UserSpec {
            username: Some(name.into()),
            ..UserSpec::new(
                &format!("m{}@example.com", name.as_bytes()[0]),
                Role::Member,
            )
        };
        adding::add(&t.app, &t.operator(), 1, spec).await.unwrap();
    }
    let owner = t.client(&t.owner).await;
    let page = owner.get("/api/organizations/1/memberships").await.json();
    let names: Vec<&str> = page["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item["user"]["username"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["A", "B", "_", "a", "b", "owner", "\u{e4}"]);
}

/// What a transaction might take back goes to a file otherwise, and each page of it costs two system calls.
#[tokio::test]
async fn sqlite_keeps_small_journals_in_memory() {
    let mut connection = sqlx::SqliteConnection::connect("sqlite::memory:")
        .await
        .unwrap();
    let options: Vec<String> = sqlx::query_scalar("pragma compile_options")
        .fetch_all(&mut connection)
        .await
        .unwrap();
    let wanted = "STMTJRNL_SPILL=122880".to_owned();
    assert!(options.contains(&wanted), "{options:?}");
}
