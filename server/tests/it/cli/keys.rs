//! `keybearer keys`.

use sqlx::{Connection, Executor};

use super::Place;

#[test]
fn refuses_a_key_that_is_not_there_and_one_that_signs() {
    let place = Place::with_owner();
    let why = place.fail(&["keys", "remove", "nonsense"]);
    assert!(why.contains("keys list"), "{why}");
    let keys = place.json(&["keys", "list", "--json"]);
    let why = place.fail(&["keys", "remove", keys[0]["id"].as_str().unwrap(), "--force"]);
    assert!(why.contains("keys rotate"), "{why}");
}

/// Whoever upgrades with the wrong key file can still go back.
#[tokio::test]
async fn a_key_file_that_does_not_fit_changes_nothing() {
    let place = Place::with_owner();
    let data = place.folder.path().join("keybearer-data");
    let url = format!("sqlite://{}", data.join("keybearer.sqlite3").display());
    // As an older version left it.
    let mut database = sqlx::SqliteConnection::connect(&url).await.unwrap();
    let older = "delete from migrations where name = (select max(name) from migrations)";
    database.execute(older).await.unwrap();
    let applied = "select count(*) from migrations";
    let before: i64 = sqlx::query_scalar(applied)
        .fetch_one(&mut database)
        .await
        .unwrap();

    let key_file = data.join("sealing.key");
    std::fs::remove_file(&key_file).unwrap();
    let other = "7".repeat(64);
    for (text, says) in [
        (None, "is missing, and the database was sealed with it"),
        (Some("junk"), "does not hold a key"),
        (Some(other.as_str()), "a sealed value does not open"),
    ] {
        if let Some(text) = text {
            std::fs::write(&key_file, text).unwrap();
        }
        let why = place.fail(&["user", "list"]);
        assert!(why.contains(says), "{why}");
        assert_eq!(key_file.exists(), text.is_some());
        let after: i64 = sqlx::query_scalar(applied)
            .fetch_one(&mut database)
            .await
            .unwrap();
        assert_eq!(before, after, "{says}");
    }
}

#[test]
fn lists_rotates_and_removes() {
    let place = Place::with_owner();
    place.run(&["token", "create", "--email", "owner@example.com"]);
    let said = place.run(&["keys", "rotate"]);
    let keys = place.json(&["keys", "list", "--json"]);
    assert_eq!(keys.as_array().unwrap().len(), 2);
    assert!(said.contains(keys[0]["id"].as_str().unwrap()), "{said}");
    assert_eq!(
        (&keys[0]["signs"], &keys[1]["signs"]),
        (&true.into(), &false.into())
    );
    assert_eq!(
        (&keys[0]["live_tokens"], &keys[1]["live_tokens"]),
        (&0.into(), &1.into())
    );
    let table = place.run(&["keys", "list"]);
    assert!(
        table.contains("checks") && table.contains("signs"),
        "{table}"
    );
    let old = keys[1]["id"].as_str().unwrap();
    let why = place.fail(&["keys", "remove", old]);
    assert!(why.contains("1 live token"), "{why}");
    place.run(&["keys", "remove", old, "--force"]);
    let audit = place.run(&["audit", "list"]);
    assert!(
        audit.contains("signing_key.rotate") && audit.contains("signing_key.remove"),
        "{audit}"
    );
}
