//! Moving in from Label Studio: what comes works, what was dead stays dead, and a refusal changes
//! nothing.

mod again;
mod gateway;
mod odd;
mod passwords;
mod source;
mod versions;

use aws_lc_rs::hmac;
use keybearer::cx::{Actor, Cx};
use keybearer::domain::access::Role;
use keybearer::error::Error;
use serde_json::json;

use crate::support::forge::{self, signature, unsigned, usual_header};
use crate::support::{EmptyApp, TestApp};
use source::{SECRET_KEY, Source, import, legacy_text, live_tokens, odd};

const WHOAMI: &str = "/api/current-user/whoami";

/// The sentence of an error that the operator can mend.
fn why(error: Error) -> String {
    let sentence = match error {
        Error::Invalid { why, .. } | Error::Conflict(why) => Some(why),
        _ => None,
    };
    sentence.unwrap()
}

#[tokio::test]
async fn refuses_whoever_is_not_the_operator() {
    let (t, source) = (EmptyApp::new().await, Source::new().await);
    let cx = Cx {
        actor: Actor::Anonymous,
        ..Cx::operator(0)
    };
    let refused =
        keybearer::domain::import::label_studio(&t.app, &cx, source.request(), &|_, _, _| {}).await;
    assert!(matches!(refused, Err(Error::Forbidden(_))), "{refused:?}");
}

#[tokio::test]
async fn refuses_what_is_no_database_of_label_studio() {
    let t = EmptyApp::new().await;
    let source = Source::of_schema("create table pets (id integer)").await;
    let told = why(source.import(&t.app).await.unwrap_err());
    assert!(told.contains("no table htx_user"), "{told}");

    let mut nowhere = source.request();
    nowhere.database = "sqlite:///nowhere/label_studio.sqlite3".into();
    let told = why(import(&t.app, nowhere.clone()).await.unwrap_err());
    assert!(told.contains("cannot be opened"), "{told}");
    nowhere.database = "postgres://u:hunter2@127.0.0.1:1/x".into();
    let told = why(import(&t.app, nowhere).await.unwrap_err());
    assert!(
        told.contains("cannot be reached") && !told.contains("hunter2"),
        "{told}"
    );
}

#[tokio::test]
async fn refuses_tokens_without_the_key_that_signed_them() {
    let (t, source) = (EmptyApp::new().await, Source::new().await);
    let without = || {
        let mut request = source.request();
        request.secret_key = None;
        request
    };
    // Without a token it is not needed.
    source.legacy(2, &legacy_text('a')).await;
    let mut dry = without();
    dry.is_dry_run = true;
    import(&t.app, dry).await.unwrap();
    source.personal(2).await;
    let told = why(import(&t.app, without()).await.unwrap_err());
    assert!(
        told.contains("SECRET_KEY") && told.contains(".env"),
        "{told}"
    );
}

#[tokio::test]
async fn refuses_users_whose_number_is_anothers() {
    let (t, source) = (TestApp::new().await, Source::new().await);
    let personal = source.personal(2).await;
    let theirs = source.personal(1).await;
    let before = t.database.dump().await;
    let told = why(source.import(&t.app).await.unwrap_err());
    assert!(
        told.contains("user 1 is owner@example.com here and founder@example.com"),
        "{told}"
    );
    assert!(told.contains("--leave-out-conflicts"), "{told}");
    assert_eq!(before.len(), t.database.dump().await.len());

    let mut request = source.request();
    request.leaves_conflicts_out = true;
    let report = import(&t.app, request).await.unwrap();
    assert!(
        odd(&report).contains("1× users whose number"),
        "{}",
        odd(&report)
    );
    assert_eq!((report.users.new, report.personal_tokens.new), (1, 1));
    t.exchange(&personal).await.expect(200);
    t.exchange(&theirs).await.refusal(401);
    // The organization of that number keeps its owner.
    t.client(&t.owner)
        .await
        .get("/api/organizations/1")
        .await
        .expect(200);
}

#[tokio::test]
async fn a_failure_in_the_middle_leaves_nothing() {
    let (t, source) = (EmptyApp::new().await, Source::new().await);
    let claims = source::claims(99, 2);
    source.issued(98, "2", &claims).await;
    source.issued(99, "2", &claims).await;
    source.import(&t.app).await.unwrap_err();
    let report = Source::new().await.import(&t.app).await.unwrap();
    assert_eq!((report.users.known, report.organizations.known), (0, 0));
}

#[tokio::test]
async fn a_dry_run_says_what_would_come_and_writes_nothing() {
    let (t, source) = (EmptyApp::new().await, Source::new().await);
    let personal = source.personal(2).await;
    let before = source.dump().await;
    for _ in 0..2 {
        let mut request = source.request();
        request.is_dry_run = true;
        let report = import(&t.app, request).await.unwrap();
        assert_eq!((report.users.new, report.personal_tokens.new), (2, 1));
    }
    let body = json!({"refresh": personal});
    let exchange = || async { t.anonymous().post("/api/token/refresh", &body).await.status };
    assert_eq!(exchange().await, 401);
    let report = source.import(&t.app).await.unwrap();
    assert_eq!((report.users.new, report.users.known), (2, 0));
    assert_eq!(exchange().await, 200);
    // Nothing in the source has changed.
    assert_eq!(before, source.dump().await);
}

#[tokio::test]
async fn tokens_go_on_working_and_dead_ones_stay_dead() {
    let (t, source) = (EmptyApp::new().await, Source::new().await);
    for (id, email) in [(3, "gone@example.com"), (4, "asleep@example.com")] {
        source.user(id, email).await;
        source.member(1, id).await;
    }
    source.run("update organizations_organizationmember set deleted_at = '2025-11-01 00:00:00' where user_id = 3; \
                update htx_user set active_organization_id = null where id = 3; \
                update htx_user set is_active = false where id = 4").await;
    let mut tokens = Vec::new();
    for id in 1..=4 {
        tokens.push(source.personal(id).await);
        let digit = char::from_digit(u32::try_from(id).unwrap(), 10).unwrap();
        source.legacy(id, &legacy_text(digit)).await;
    }
    let revoked = source.personal(2).await;
    source.blacklist(&revoked).await;
    let report = source.import(&t.app).await.unwrap();
    assert_eq!(odd(&report), "");
    assert_eq!(
        (report.personal_tokens.new, report.live_personal_tokens),
        (5, 4)
    );

    let client = t.anonymous();
    let ask = |header: String| client.clone().with("authorization", &header);
    for (token, code) in [
        (&tokens[0], ""),
        (&tokens[1], ""),
        (&tokens[2], "not_a_member"),
        (&tokens[3], "user_inactive"),
        (&revoked, "revoked"),
    ] {
        let body = json!({"refresh": token});
        let answer = client.post("/api/token/refresh", &body).await;
        if code.is_empty() {
            let access = answer.expect(200).json()["access"]
                .as_str()
                .unwrap()
                .to_owned();
            ask(format!("Bearer {access}"))
                .get(WHOAMI)
                .await
                .expect(200);
            ask(format!("Token {token}")).get(WHOAMI).await.expect(200);
        } else {
            assert_eq!(answer.refusal(401)["code"], code);
        }
    }
    for (digit, status) in [('1', 200), ('2', 200), ('3', 401), ('4', 401)] {
        let header = format!("Token {}", legacy_text(digit));
        assert_eq!(ask(header).get(WHOAMI).await.status, status, "{digit}");
    }
}

#[tokio::test]
async fn lists_show_what_label_studio_shows() {
    let (t, source) = (EmptyApp::new().await, Source::new().await);
    let token = source.personal(1).await;
    source.legacy(1, &legacy_text('1')).await;
    source.import(&t.app).await.unwrap();
    // By the text that it lists a token can be revoked.
    let founder = t
        .anonymous()
        .with("authorization", &format!("Token {token}"));
    let listed = founder.get("/api/token").await.expect(200).json();
    assert_eq!(listed[0]["token"], forge::unsigned_part(&token));
    let read = founder
        .get("/api/current-user/token")
        .await
        .expect(200)
        .json();
    assert_eq!(read["token"], legacy_text('1'));
    founder
        .post(
            "/api/token/blacklist",
            &json!({"refresh": listed[0]["token"]}),
        )
        .await
        .expect(204);
    founder.get(WHOAMI).await.refusal(401);
}

#[tokio::test]
async fn accounts_and_settings_come_as_they_were() {
    let (t, source) = (EmptyApp::new().await, Source::new().await);
    source
        .run("update jwt_auth_jwtsettings set api_tokens_enabled = false")
        .await;
    source.legacy(1, &legacy_text('1')).await;
    source.legacy(2, &legacy_text('2')).await;
    source.import(&t.app).await.unwrap();
    let founder = t
        .anonymous()
        .with("authorization", &format!("Token {}", legacy_text('1')));
    let member = t
        .anonymous()
        .with("authorization", &format!("Token {}", legacy_text('2')));
    let me = founder.get(WHOAMI).await.expect(200).json();
    for (field, value) in [
        ("id", json!(1)),
        ("email", json!("founder@example.com")),
        ("username", json!("name1")),
        ("first_name", json!("First")),
        ("last_name", json!("Last")),
        ("phone", json!("+49 1")),
        ("last_activity", json!("2025-12-30T01:02:03Z")),
        ("active_organization", json!(1)),
        ("allow_newsletters", json!(true)),
        ("date_joined", json!("2025-03-04T05:06:07.890000Z")),
    ] {
        assert_eq!(me[field], value, "{field} of {me}");
    }
    let hotkeys = founder
        .get("/api/current-user/hotkeys")
        .await
        .expect(200)
        .json();
    assert_eq!(hotkeys["custom_hotkeys"]["a:b"]["key"], "x");
    let settings = founder.get("/api/jwt/settings").await.expect(200).json();
    assert_eq!(settings["api_tokens_enabled"], false);
    assert_eq!(settings["legacy_api_tokens_enabled"], true);
    assert_eq!(settings["api_token_ttl_days"], 400);
    member.get("/api/jwt/settings").await.refusal(403);
    let organization = founder.get("/api/organizations/1").await.expect(200).json();
    assert_eq!(organization["title"], "Labs 1");
    let invite = founder.get("/api/invite").await.expect(200).json();
    assert_eq!(invite["token"], "invite of 1");
    // The next account's number is above all that came.
    let made = json!({"email": "new@example.com", "username": "new"});
    let made = founder.post("/api/users", &made).await.expect(201).json();
    assert_eq!(made["id"], 3);
}

#[tokio::test]
async fn label_studios_key_proves_nothing_but_its_own_tokens() {
    let (t, source) = (TestApp::new().await, Source::empty().await);
    source.user(7, "seven@example.com").await;
    source.organization(1, 7).await;
    source.member(1, 7).await;
    let imported = source.personal(7).await;
    let own = t.personal(&t.owner).await;
    source.import(&t.app).await.unwrap();
    assert_eq!(live_tokens(&t, "label_studio").await, [1]);
    t.exchange(&imported).await.expect(200);
    let sign = |unsigned: &str| {
        let signature = signature(unsigned, SECRET_KEY, hmac::HMAC_SHA256);
        format!("{unsigned}.{signature}")
    };
    // Label Studio's key signs what lists show of a token that was made here.
    t.exchange(&sign(&forge::unsigned_part(&own)))
        .await
        .refusal(401);
    // And an access token of each.
    for token in [&own, &imported] {
        let claims = forge::claims(token);
        let now = t.operator().now / 1000;
        let claims = json!({"token_type": "access", "exp": now + 300, "iat": now, "jti": "0",
            "user_id": claims["user_id"], "pat": claims["jti"]});
        let forged = sign(&unsigned(&usual_header(), &claims));
        let refused = t.bearer(&forged).get(WHOAMI).await.refusal(401);
        assert_eq!(refused["code"], "bad_signature");
    }
    // A token that Label Studio has never issued.
    let forged = sign(&unsigned(&usual_header(), &source::claims(1234, 7)));
    assert_eq!(
        t.exchange(&forged).await.refusal(401)["code"],
        "unknown_token"
    );
}

#[tokio::test]
async fn a_running_server_takes_what_a_command_imports() {
    let (t, source) = (TestApp::new().await, Source::empty().await);
    source.user(7, "seven@example.com").await;
    source.organization(1, 7).await;
    source.member(1, 7).await;
    let imported = source.personal(7).await;
    t.exchange(&imported).await.refusal(401);
    source.import(&t.another_node().await).await.unwrap();
    t.exchange(&imported).await.expect(200);
}

#[tokio::test]
async fn whoever_made_the_organization_owns_it() {
    let (t, source) = (EmptyApp::new().await, Source::new().await);
    for id in [3, 4, 5] {
        source.user(id, &format!("user{id}@example.com")).await;
        source.member(1, id).await;
    }
    // A second one whose creator has left.
    source.organization(2, 3).await;
    source.member(2, 4).await;
    source.member(2, 5).await;
    source
        .run("update htx_user set is_superuser = true where id in (4, 5)")
        .await;
    let report = source.import(&t.app).await.unwrap();
    assert!(
        odd(&report).contains("organization 2: user 4"),
        "{}",
        odd(&report)
    );
    let mut tx = t.app.db.read().await.unwrap();
    for (organization, user, role) in [
        (1, 1, Role::Owner),
        (1, 2, Role::Member),
        (1, 3, Role::Member),
        (1, 4, Role::Admin),
        (2, 4, Role::Owner),
        (2, 5, Role::Admin),
    ] {
        let found =
            keybearer::store::organizations::find_membership(&mut tx, organization, user).await;
        assert_eq!(
            found.unwrap().unwrap().role,
            role.as_str(),
            "user {user} in {organization}"
        );
    }
}
