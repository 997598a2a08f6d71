//! The vectors of `verify`, asked of the server: a token in the state that each one describes gets
//! the same answer over HTTP.

use keybearer::store;
use keybearer::store::tokens::Token;
use keybearer_verify::{KeyToken, Presented, TokenHash};
use serde_json::Value;

use crate::support::TestApp;

const WHOAMI: &str = "/api/current-user/whoami";

#[tokio::test]
async fn every_vector_gets_its_answer_from_the_server() {
    let file: Value = serde_json::from_str(include_str!("../../../verify/vectors.json")).unwrap();
    let t = TestApp::with_signing_secret_of(file["secret"].as_str().unwrap()).await;
    let mut asked = 0;
    for vector in file["vectors"].as_array().unwrap() {
        let token = vector["token"].as_str().unwrap();
        if !token.bytes().all(|byte| byte.is_ascii_graphic()) || token.is_empty() {
            // As a header, those never come to be a token.
            continue;
        }
        t.set_time(vector["now"].as_i64().unwrap());
        describe(&t, token, &vector["grant"]).await;
        let answer = match vector["purpose"].as_str().unwrap() {
            "exchange" => t.exchange(token).await,
            _ => t.bearer(token).get(WHOAMI).await,
        };
        let code = match answer.status {
            200 => "allowed".into(),
            status => answer.refusal(if status == 403 { 403 } else { 401 })["code"].clone(),
        };
        assert_eq!(code, vector["expect"], "{}", vector["name"]);
        asked += 1;
    }
    assert!(asked > 50, "only {asked} were asked");
}

/// Brings the database into the state that `grant` describes: one token of the owner, or none.
async fn describe(t: &TestApp, token: &str, grant: &Value) {
    t.database.meddle("delete from tokens").await;
    if grant.is_null() {
        return;
    }
    let mut tx = t.app.db.write().await.unwrap();
    let row = row(hash(t, token), grant);
    store::tokens::insert(&mut tx, &row).await.unwrap();
    tx.commit().await.unwrap();
    t.database.meddle(&limits(grant)).await;
    t.database.meddle(&switches(grant)).await;
}

fn number(grant: &Value, name: &str) -> Option<i64> {
    grant[name].as_i64()
}

fn sql_number(grant: &Value, name: &str) -> String {
    number(grant, name).map_or("null".into(), |at| at.to_string())
}

fn lines(grant: &Value, name: &str) -> String {
    let lines = grant[name].as_array().cloned().unwrap_or_default();
    let lines: Vec<_> = lines.iter().filter_map(Value::as_str).collect();
    lines.join("\n")
}

fn row(hash: Vec<u8>, grant: &Value) -> Token {
    let id = grant["id"].as_str().unwrap();
    Token {
        id: id.into(),
        kind: grant["kind"].as_str().unwrap().into(),
        user_id: 1,
        organization_id: 1,
        name: String::new(),
        note: String::new(),
        scopes: lines(grant, "scopes"),
        ip_ranges: lines(grant, "ip_ranges"),
        rate_per_minute: None,
        hash,
        sealed: None,
        sealed_until: None,
        created_at: number(grant, "created_at").unwrap(),
        expires_at: number(grant, "expires_at"),
        revoked_at: None,
        revoked_because: None,
        revoked_by: None,
        successor_id: None,
        retires_at: None,
        idempotency_key: None,
        family_id: id.into(),
        last_used_at: None,
        last_used_address: None,
        last_used_client: None,
        signing_key_id: None,
        imported_at: None,
    }
}

/// The SQL that sets what bounds the token.
fn limits(grant: &Value) -> String {
    format!(
        "update tokens set retires_at = {}, last_used_at = {}; \
         update organizations set max_ttl_days = {}, idle_days = {}, direct_use = '{}', scopes = '{}', ip_ranges = '{}'",
        sql_number(grant, "retires_at"),
        sql_number(grant, "last_used_at"),
        sql_number(grant, "max_ttl_days"),
        sql_number(grant, "idle_days"),
        grant["direct_use"].as_str().unwrap_or("allow"),
        lines(grant, "policy_scopes"),
        lines(grant, "policy_ip_ranges"),
    )
}

/// The SQL that sets what is on and off.
fn switches(grant: &Value) -> String {
    let is = |name: &str| grant[name].as_bool().unwrap();
    let removed = if is("is_member") { "null" } else { "0" };
    let revoked = sql_number(grant, "revoked_at");
    format!(
        "update tokens set revoked_at = {revoked}; update users set is_active = {}; \
         update memberships set removed_at = {removed}; \
         update organizations set personal_enabled = {}, legacy_enabled = {}, key_enabled = {}",
        is("is_active"),
        is("personal_enabled"),
        is("legacy_enabled"),
        is("key_enabled"),
    )
}

/// What the server stores of a token, and of a text that only looks like one.
fn hash(t: &TestApp, token: &str) -> Vec<u8> {
    let hash = match Presented::parse(token) {
        Ok(Presented::Signed(signed)) => signed.hash(),
        Ok(Presented::Key(key)) => TokenHash::digest(KeyToken::plain(&key).reveal()),
        Ok(Presented::Legacy(plain)) => t.app.sealing.hash(plain.reveal()),
        Err(_) => TokenHash::digest(token),
    };
    hash.as_bytes().to_vec()
}
