//! The key that an import has brought is the one that the gateway speaks with, unless another is named.

use std::path::Path;

use keybearer::app::App;
use keybearer::clock::Random;
use keybearer::config::upstream::UpstreamSettings;
use keybearer::gateway::probe::{self, Finding};

use super::source::{self, SECRET_KEY, Source, import};
use crate::gateway::studio::Studio;
use crate::support::EmptyApp;

/// The installation started again, in front of an upstream whose key is `SECRET_KEY`.
async fn in_front(t: &EmptyApp, key_file: Option<&Path>) -> anyhow::Result<Finding> {
    let studio = Studio::start(&["founder@example.com"]).await;
    studio.set_key(SECRET_KEY);
    let upstream = UpstreamSettings {
        url: Some(studio.url.clone()),
        secret_key_file: key_file.map(Into::into),
        timeout_seconds: 2,
    };
    let mut config = (*t.app.config).clone();
    config.upstream = upstream;
    let app = App::open_server(config, t.app.clock.clone(), Random::seeded(8)).await?;
    let upstream = app.upstream.clone().unwrap();
    Ok(probe::run(&app, &upstream).await)
}

#[tokio::test]
async fn without_any_key_there_is_no_start() {
    let t = EmptyApp::new().await;
    let told = in_front(&t, None).await.unwrap_err().to_string();
    for way in [
        "--upstream-secret-key-file",
        "keybearer import label-studio",
    ] {
        assert!(told.contains(way), "{told}");
    }
}

#[tokio::test]
async fn the_imported_key_is_taken() {
    let (t, source) = (EmptyApp::new().await, Source::new().await);
    source.personal(2).await;
    source.import(&t.app).await.unwrap();
    let found = in_front(&t, None).await.unwrap();
    assert!(matches!(found, Finding::Ready { .. }), "{found:?}");
}

#[tokio::test]
async fn of_several_imported_keys_none_is_guessed() {
    let (t, source) = (EmptyApp::new().await, Source::new().await);
    let mut request = source.request();
    for key in [SECRET_KEY, "the key that came afterwards"] {
        source.personal(2).await;
        request.secret_key = Some(source::secret_key(key));
        import(&t.app, request.clone()).await.unwrap();
    }
    let told = in_front(&t, None).await.unwrap_err().to_string();
    let mut tx = t.app.db.read().await.unwrap();
    let keys = keybearer::store::signing_keys::list(&mut tx).await.unwrap();
    let imported = keys.iter().filter(|key| key.origin == "label_studio");
    assert_eq!(imported.clone().count(), 2);
    for key in imported {
        assert!(told.contains(&key.id), "{told}");
    }
    assert!(
        !told.contains(SECRET_KEY) && told.contains("keybearer keys remove"),
        "{told}"
    );
}

#[tokio::test]
async fn the_file_wins_over_the_imported_key() {
    let (t, source) = (EmptyApp::new().await, Source::new().await);
    source.personal(2).await;
    source.import(&t.app).await.unwrap();
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(&file, "another key\n").unwrap();
    let found = in_front(&t, Some(file.path())).await.unwrap();
    assert_eq!(found, Finding::OtherKey);
    std::fs::write(&file, "DEBUG=1\nHOST=h\n").unwrap();
    let told = format!("{:#}", in_front(&t, Some(file.path())).await.unwrap_err());
    assert!(
        told.contains("upstream_secret_key_file") && told.contains("holds no key"),
        "{told}"
    );
}
