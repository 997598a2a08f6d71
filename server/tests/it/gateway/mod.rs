//! Gateway mode, in front of a small upstream: what is answered here, what goes on and as whom.

mod faults;
mod people;
mod plumbing;
pub(crate) mod studio;
mod swap;

use keybearer::config::Settings;

use crate::support::{OWNER, TestApp};
use studio::{SECRET_KEY, Studio};

/// An installation with an owner in front of an upstream that knows him and a few others.
struct Gateway {
    app: TestApp,
    studio: Studio,
    key_file: tempfile::NamedTempFile,
}

impl Gateway {
    async fn new() -> Self {
        Self::with(|_| {}).await
    }

    async fn with(change: impl FnOnce(&mut Settings)) -> Self {
        let studio = Studio::start(&["admin@localhost", "member@example.com", OWNER]).await;
        Self::before(studio, change).await
    }

    async fn before(studio: Studio, change: impl FnOnce(&mut Settings)) -> Self {
        let key_file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(&key_file, SECRET_KEY).unwrap();
        let app = TestApp::with(|settings| {
            settings.upstream = Some(studio.url.clone());
            settings.upstream_secret_key_file = Some(key_file.path().to_owned());
            settings.enable_legacy_tokens = Some(true);
            change(settings);
        })
        .await;
        Self {
            app,
            studio,
            key_file,
        }
    }
}
