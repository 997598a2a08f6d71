//! The ids of tokens: in the order in which they were made, and never the same twice.

use std::collections::BTreeSet;

use keybearer_verify::TokenKind;

use crate::support::{START_MS, TestApp};

#[tokio::test]
async fn ids_are_in_the_order_in_which_tokens_were_made() {
    let t = TestApp::new().await;
    for (kind, length) in [(TokenKind::Personal, 32), (TokenKind::Key, 16)] {
        let mut ids = Vec::new();
        // Each of these has its change in another digit, or carries into one.
        for later in [0, 1, 15, 16, 61, 62, 255, 256, 3_844, 86_400_000] {
            t.set_time(START_MS + later);
            ids.push(t.issue(&t.owner, kind).await.0.id);
        }
        assert!(ids.is_sorted(), "{ids:?}");
        for id in &ids {
            assert_eq!(id.len(), length, "{id}");
            assert!(id.bytes().all(|byte| byte.is_ascii_alphanumeric()), "{id}");
        }
    }
}

/// Label Studio cuts a personal access token's birth to the second.
#[tokio::test]
async fn tokens_of_one_second_are_listed_newest_first() {
    let t = TestApp::new().await;
    let mut ids = Vec::new();
    for later in 0..8 {
        t.set_time(START_MS + later);
        ids.push(t.issue(&t.owner, TokenKind::Personal).await.0.id);
    }
    ids.reverse();
    let owner = t.client(&t.owner).await;
    let listed = owner.get("/api/token").await.expect(200).json();
    let listed: Vec<_> = listed
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["id"].clone())
        .collect();
    let newest: Vec<_> = listed
        .iter()
        .filter(|id| ids.iter().any(|own| *id == own))
        .collect();
    assert_eq!(newest, ids.iter().collect::<Vec<_>>());
}

#[tokio::test]
async fn ids_of_one_instant_differ() {
    let t = TestApp::new().await;
    let mut ids = BTreeSet::new();
    for kind in [TokenKind::Personal, TokenKind::Key] {
        for _ in 0..20 {
            ids.insert(t.issue(&t.owner, kind).await.0.id);
        }
    }
    assert_eq!(ids.len(), 40);
}
