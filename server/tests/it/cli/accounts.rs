//! `keybearer user` and `keybearer org`.

use super::Place;
use crate::support::PASSWORD;

#[test]
fn refuses_a_first_account_that_is_no_owners() {
    let place = Place::new();
    let why = place.fail(&["user", "add", "--email", "a@example.com"]);
    assert!(
        why.contains("the first account must be an owner's"),
        "{why}"
    );
    let why = place.fail(&["token", "create", "--email", "a@example.com"]);
    assert!(
        why.contains("There is no account of a@example.com"),
        "{why}"
    );
    let why = place.fail(&["org", "show"]);
    assert!(why.contains("There is no organization yet."), "{why}");
}

#[test]
fn refuses_what_is_not_right_in_one_sentence() {
    let place = Place::with_owner();
    for (arguments, why) in [
        (
            &["user", "add", "--email", "nobody"][..],
            "email: Enter a valid email address.",
        ),
        (
            &["user", "add", "--email", "owner@example.com"],
            "already exists",
        ),
        (
            &[
                "user",
                "add",
                "--email",
                "b@example.com",
                "--password",
                "short",
            ],
            "8–128 characters",
        ),
        (
            &["user", "deactivate", "b@example.com"],
            "There is no account of b@example.com",
        ),
        (
            &[
                "token",
                "create",
                "--email",
                "owner@example.com",
                "--ttl-days",
                "0",
            ],
            "between 1 and 73000 days",
        ),
        (
            &[
                "token",
                "create",
                "--email",
                "owner@example.com",
                "--kind",
                "legacy",
            ],
            "Legacy tokens are switched off",
        ),
        (&["token", "revoke", "unknown"], "No Token matches"),
        (
            &["org", "set", "--api-tokens-enabled", "false"],
            "lock every Label Studio",
        ),
    ] {
        let said = place.fail(arguments);
        assert!(
            said.to_lowercase().contains(&why.to_lowercase()),
            "{arguments:?}: {said}"
        );
        assert_eq!(said.lines().count(), 1, "{said}");
    }
}

#[test]
fn adds_lists_and_deactivates_users() {
    let place = Place::with_owner();
    let said = place.run(&[
        "user",
        "add",
        "--email",
        "Ann@Example.com",
        "--password",
        PASSWORD,
    ]);
    assert!(!said.contains(PASSWORD));
    let all = place.json(&["user", "list", "--json"]);
    assert_eq!(all[0]["email"], "owner@example.com");
    assert_eq!(
        (&all[1]["email"], &all[1]["is_active"]),
        (&"ann@example.com".into(), &true.into())
    );
    place.run(&["user", "deactivate", "ann@example.com"]);
    assert_eq!(
        place.json(&["user", "list", "--json"])[1]["is_active"],
        false
    );
    assert!(place.run(&["user", "list"]).contains("deactivated"));
    place.run(&["user", "activate", "--email", "ann@example.com"]);
    assert_eq!(
        place.json(&["user", "list", "--json"])[1]["is_active"],
        true
    );
    place.run(&[
        "user",
        "set-password",
        "ann@example.com",
        "--password",
        "another password",
    ]);
}

#[test]
fn refuses_to_leave_an_organization_without_an_owner() {
    let place = Place::with_owner();
    for arguments in [
        &["user", "deactivate", "owner@example.com"][..],
        &["user", "set-role", "owner@example.com", "--role", "admin"],
    ] {
        let why = place.fail(arguments);
        assert!(why.contains("only owner"), "{why}");
    }
    place.run(&["user", "add", "--email", "b@example.com"]);
    place.run(&["user", "set-role", "b@example.com", "--role", "owner"]);
    place.run(&["user", "set-role", "owner@example.com", "--role", "member"]);
    let why = place.fail(&["user", "deactivate", "b@example.com"]);
    assert!(why.contains("only owner"), "{why}");
    place.run(&["user", "deactivate", "owner@example.com"]);
}

#[test]
fn shows_and_sets_the_organization() {
    let place = Place::with_owner();
    place.run(&[
        "org",
        "set",
        "--title",
        "Ours",
        "--api-token-ttl-days",
        "30",
        "--key-tokens-enabled",
        "false",
    ]);
    let shown = place.run(&["org", "show", "--json"]);
    insta::assert_snapshot!(shown, @r#"
    {
      "id": 1,
      "title": "Ours",
      "api_tokens_enabled": true,
      "legacy_api_tokens_enabled": false,
      "key_tokens_enabled": false,
      "api_token_ttl_days": 30,
      "policy": {
        "personal_enabled": true,
        "legacy_enabled": false,
        "key_enabled": false,
        "personal_ttl_days": 30,
        "key_ttl_days": 90,
        "max_ttl_days": null,
        "idle_days": null,
        "direct_use": "allow",
        "scopes": [],
        "ip_ranges": [],
        "max_overlap_hours": 168,
        "on_reuse": "alert"
      }
    }
    "#);
    insta::assert_snapshot!(place.run(&["org", "show"]), @"
    Ours (id 1)
      personal access tokens                on, 30 days
      key tokens                            off, 90 days
      legacy tokens                         off
      longest lifetime                      none
      may lie unused                        none
      direct use of personal access tokens  allow
      scopes                                all
      address ranges                        all
      longest overlap of a rotation         168 hours
      use after the overlap                 alert
    ");
}

#[test]
fn an_empty_database_is_no_whole_audit_log() {
    let why = Place::new().fail(&["audit", "verify"]);
    assert!(why.contains("--data-dir"), "{why}");
    let said = Place::with_owner().run(&["audit", "verify"]);
    assert!(said.contains("whole"), "{said}");
}

#[test]
fn the_audit_log_says_the_second_and_how_it_ended() {
    let place = Place::with_owner();
    let said = place.run(&["audit", "list"]);
    let (head, row) = (said.lines().next().unwrap(), said.lines().last().unwrap());
    assert!(head.trim_end().ends_with("OUTCOME"), "{said}");
    assert!(row.trim_end().ends_with(" ok"), "{said}");
    let at = row.find(" UTC").unwrap();
    assert_eq!(row[..at].matches(':').count(), 2, "{said}");
    let none = place.run(&["audit", "list", "--outcome", "wrong_password", "--json"]);
    assert_eq!(none.trim(), "[]");
}
