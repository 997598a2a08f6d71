//! Rows that are not as they should be: left out and named, and never in the way of the others.

use serde_json::json;

use super::source::{self, Source, legacy_text, odd};
use crate::support::EmptyApp;

#[tokio::test]
async fn odd_tokens_are_left_out_and_named() {
    let (t, source) = (EmptyApp::new().await, Source::new().await);
    let good = source.personal(2).await;
    let claims = |change: serde_json::Value| {
        let mut claims = source::claims(source.next_id(), 2);
        for (name, value) in change.as_object().unwrap() {
            claims[name] = value.clone();
        }
        claims
    };
    let mut bad = Vec::new();
    for (user_id, change) in [
        ("null", json!({})),
        ("1", json!({})),
        ("99", json!({"user_id": "99"})),
        ("2", json!({"jti": "not hex"})),
        (
            "2",
            json!({"jti": "ABCDEFABCDEFABCDEFABCDEFABCDEFAB", "token_type": "access"}),
        ),
        ("2", json!({"exp": "soon"})),
    ] {
        bad.push(
            source
                .issued(source.next_id(), user_id, &claims(change))
                .await,
        );
    }
    // A row whose column says another id than its text.
    bad.push(source.personal(2).await);
    source
        .run(
            "update token_blacklist_outstandingtoken set jti = 'dddddddddddddddddddddddddddddddd' \
                where id = (select max(id) from token_blacklist_outstandingtoken)",
        )
        .await;
    source.run("insert into token_blacklist_outstandingtoken values \
                (900, 'nonsense', null, '2225-01-01 00:00:00', 2, 'eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee')").await;
    let report = source.import(&t.app).await.unwrap();
    assert_eq!(report.personal_tokens.new, 1);
    let told = odd(&report);
    for part in [
        "1× personal access tokens of deleted users",
        "1× personal access tokens of another user than their row says",
        "1× personal access tokens of users who are left out",
        "1× personal access tokens whose id is not 32 hex digits",
        "2× tokens that say to be another token",
        "2× personal access tokens that cannot be read",
    ] {
        assert!(told.contains(part), "{part} is not in:\n{told}");
    }
    let refused = bad.into_iter().map(|token| (token, 401));
    for (token, status) in refused.chain([(good, 200)]) {
        let body = json!({"refresh": token});
        let answer = t.anonymous().post("/api/token/refresh", &body).await;
        assert_eq!(answer.status, status, "{token}");
    }
}

#[tokio::test]
async fn tokens_that_are_over_come_and_those_of_nobody_do_not() {
    let (t, source) = (EmptyApp::new().await, Source::new().await);
    let mut claims = source::claims(1, 2);
    claims["iat"] = json!(1_600_000_000);
    claims["exp"] = json!(1_700_000_000);
    let over = source.issued(1, "2", &claims).await;
    let dead = source.issued(2, "null", &source::claims(2, 55)).await;
    source.blacklist(&dead).await;
    let report = source.import(&t.app).await.unwrap();
    assert_eq!(
        (report.personal_tokens.new, report.live_personal_tokens),
        (1, 0)
    );
    for (token, code) in [(over, "expired"), (dead, "unknown_token")] {
        let answer = t
            .anonymous()
            .post("/api/token/refresh", &json!({"refresh": token}))
            .await;
        assert_eq!(answer.refusal(401)["code"], code);
    }
}

#[tokio::test]
async fn odd_people_are_left_out_and_named() {
    let (t, source) = (EmptyApp::new().await, Source::new().await);
    source.user(3, "MEMBER@example.com").await;
    source.user(4, "").await;
    source.user(5, "nowhere@example.com").await;
    source.user(6, "twice@example.com").await;
    for id in [3, 4, 6, 6, 77] {
        source.member(1, id).await;
    }
    source.member(9, 2).await;
    // Removed once and a member again: the one that holds counts.
    source.run("update organizations_organizationmember set deleted_at = '2025-12-31 00:00:00' \
                where id = (select max(id) from organizations_organizationmember where user_id = 6)").await;
    source
        .run("update htx_user set active_organization_id = null where id in (5, 6)")
        .await;
    source
        .run("update jwt_auth_jwtsettings set api_token_ttl_days = 0")
        .await;
    let mut tokens = Vec::new();
    for id in [3, 4, 5, 6] {
        tokens.push(source.personal(id).await);
    }
    source.legacy(5, &legacy_text('5')).await;
    source.legacy(6, "kb_not-a-legacy-token").await;
    let report = source.import(&t.app).await.unwrap();
    assert_eq!(report.users.new, 4);
    let told = odd(&report);
    for part in [
        "1× users whose e-mail address is an older user's in another case",
        "1× users without an e-mail address",
        "4× memberships of users or in organizations that do not come",
        "3× personal access tokens of users who are left out or were never a member",
        "1× legacy tokens of users who are left out or were never a member",
        "1× legacy tokens that look like another kind of token",
        "1× lifetimes of tokens below one day",
    ] {
        assert!(told.contains(part), "{part} is not in:\n{told}");
    }
    for (token, status) in tokens.iter().zip([401, 401, 401, 200]) {
        let answer = t
            .anonymous()
            .post("/api/token/refresh", &json!({"refresh": token}))
            .await;
        assert_eq!(answer.status, status);
    }
}

#[tokio::test]
async fn an_invite_that_is_anothers_here_is_drawn_anew() {
    let (t, source) = (EmptyApp::new().await, Source::new().await);
    source.import(&t.app).await.unwrap();
    let second = Source::new().await;
    second
        .run("delete from htx_user; delete from organization")
        .await;
    second.user(10, "ten@example.com").await;
    second.run("insert into organization values (5, 'Five', '2025-03-04 05:06:07', '2025-03-05 05:06:07', 10, 'invite of 1', '')").await;
    second.member(5, 10).await;
    let report = second.import(&t.app).await.unwrap();
    assert!(odd(&report).contains("1× invite links"), "{}", odd(&report));
    assert_eq!(report.organizations.new, 1);
}

#[tokio::test]
async fn a_key_that_label_studio_loses_is_taken_and_told() {
    let (t, source) = (EmptyApp::new().await, Source::new().await);
    let mut request = source.request();
    request.secret_key = Some(source::secret_key(
        "$ecret key that the next start does not read",
    ));
    let report = source::import(&t.app, request).await.unwrap();
    assert!(odd(&report).contains("begin with $"), "{}", odd(&report));
}
