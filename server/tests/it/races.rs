//! Many at once: where two changes would both be right alone, exactly one wins, and none undoes
//! another. PostgreSQL lets writers run side by side, so it is there that these say most.

use std::future::Future;

use keybearer::cx::Cx;
use keybearer::domain::access::Role;
use keybearer::domain::organizations;
use keybearer::domain::policy::{self, PolicyChange};
use keybearer::domain::users::adding::UserSpec;
use keybearer::domain::users::changing::{self, UserChange};
use keybearer::domain::{set_up, tokens};
use keybearer::error::Error;
use keybearer::store;
use keybearer_verify::TokenKind;
use serde_json::json;

use crate::support::{EmptyApp, TestApp};

/// Runs all at the same time.
async fn at_once<T: Send + 'static>(
    tasks: impl Iterator<Item = impl Future<Output = T> + Send + 'static>,
) -> Vec<T> {
    let tasks: Vec<_> = tasks.map(tokio::spawn).collect();
    let mut results = Vec::new();
    for task in tasks {
        results.push(task.await.unwrap());
    }
    results
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_who_revoke_at_once_exactly_one_wins() {
    let t = TestApp::new().await;
    let (token, _) = t.issue(&t.owner, TokenKind::Personal).await;
    let revokes = (0..8).map(|_| {
        let (app, cx, id) = (t.app.clone(), t.operator(), token.id.clone());
        async move { tokens::revoke(&app, &cx, &id).await }
    });
    let mut won = 0;
    for revoked in at_once(revokes).await {
        match revoked {
            Ok(()) => won += 1,
            Err(Error::Conflict(_)) => {}
            Err(other) => panic!("{other:?}"),
        }
    }
    assert_eq!(won, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_who_rotate_at_once_exactly_one_wins() {
    let t = TestApp::new().await;
    let old = t.personal(&t.owner).await;
    let body = json!({"refresh": old});
    let client = t.token(&t.text(&t.owner, TokenKind::Key).await);
    let rotations = (0..8).map(|_| {
        let (client, body) = (client.clone(), body.clone());
        async move { client.post("/api/token/rotate", &body).await.status }
    });
    let mut statuses = at_once(rotations).await;
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 400, 400, 400, 400, 400, 400, 400]);
    let live = client.get("/api/token").await.json();
    assert_eq!(live.as_array().unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_first_owners_there_is_one() {
    let t = EmptyApp::new().await;
    let tries = (0..8).map(|number| {
        let app = t.app.clone();
        async move {
            let cx = Cx::system(app.clock.now());
            let spec = UserSpec::new(&format!("first{number}@example.com"), Role::Owner);
            set_up::first_owner(&app, &cx, spec).await
        }
    });
    let mut made = 0;
    for one in at_once(tries).await {
        made += i32::from(matches!(one, Ok(Some(_))));
    }
    assert_eq!(made, 1);
    let mut tx = t.app.db.read().await.unwrap();
    assert_eq!(store::users::list(&mut tx).await.unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_one_token_is_the_most_many_at_once_make_one() {
    let t = TestApp::with(|settings| settings.strict_single_pat = Some(true)).await;
    for number in 0..5 {
        let user = t
            .user(&format!("m{number}@example.com"), Role::Member)
            .await;
        let client = t.browser(&user).await;
        let creates = (0..8).map(|_| {
            let client = client.clone();
            async move { client.post("/api/token", &json!({})).await.status }
        });
        let mut statuses = at_once(creates).await;
        statuses.sort_unstable();
        assert_eq!(statuses, [201, 409, 409, 409, 409, 409, 409, 409]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_resets_at_once_leave_one_legacy_token() {
    let t = TestApp::with_legacy().await;
    let client = t.browser(&t.owner).await;
    let resets = (0..8).map(|_| {
        let client = client.clone();
        async move {
            client
                .post("/api/current-user/reset-token", &json!({}))
                .await
        }
    });
    let mut texts = Vec::new();
    for answer in at_once(resets).await {
        assert!(matches!(answer.status, 201 | 409), "{}", answer.text());
        if answer.status == 201 {
            texts.push(answer.json()["token"].as_str().unwrap().to_owned());
        }
    }
    let mut live = 0;
    for text in &texts {
        live += i32::from(t.token(text).get("/api/users").await.status == 200);
    }
    assert_eq!(live, 1, "of {} that were answered", texts.len());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deactivation_is_undone_by_no_other_change() {
    let t = TestApp::new().await;
    let member = t.member().await;
    for _ in 0..5 {
        changing::set_active(&t.app, &t.operator(), member.id, true)
            .await
            .unwrap();
        let tasks = (0..8).map(|number| {
            let (app, cx, id) = (t.app.clone(), t.operator(), member.id);
            async move {
                if number == 4 {
                    return changing::set_active(&app, &cx, id, false).await;
                }
                let phone = Some(number.to_string());
                let change = UserChange {
                    phone,
                    ..UserChange::default()
                };
                changing::update(&app, &cx, id, change).await.map(drop)
            }
        });
        for done in at_once(tasks).await {
            done.unwrap();
        }
        let mut tx = t.app.db.read().await.unwrap();
        let user = store::users::find(&mut tx, member.id)
            .await
            .unwrap()
            .unwrap();
        assert!(
            !user.is_active,
            "the deactivation was answered, and is gone"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_switched_off_type_is_switched_on_by_no_other_change() {
    let t = TestApp::with_legacy().await;
    for _ in 0..5 {
        let switch = |on| PolicyChange {
            legacy_enabled: Some(on),
            ..PolicyChange::default()
        };
        t.change_settings(switch(true)).await;
        let tasks = (0..8).map(|number| {
            let (app, cx) = (t.app.clone(), t.operator());
            async move {
                if number == 4 {
                    return policy::update(&app, &cx, 1, &switch(false)).await;
                }
                organizations::update_title(&app, &cx, 1, &format!("Title {number}")).await
            }
        });
        for done in at_once(tasks).await {
            done.unwrap();
        }
        let organization = organizations::find(&t.app, &t.operator(), 1).await.unwrap();
        assert!(
            !organization.legacy_enabled,
            "the change was answered, and is gone"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sign_out_and_a_removal_last() {
    let t = TestApp::new().await;
    let member = t.member().await;
    let browser = t.browser(&member).await;
    let requests = (0..8).map(|number| {
        let browser = browser.clone();
        let path = if number == 4 {
            "/logout"
        } else {
            "/api/users/"
        };
        async move { browser.get(path).await.status }
    });
    for status in at_once(requests).await {
        assert!(matches!(status, 200 | 302 | 401), "{status}");
    }
    browser.get("/api/users").await.refusal(401);
}
