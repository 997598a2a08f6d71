//! The policy that the settings say: when it is written, and what it leaves alone.

use keybearer::config::policy::{Limit, PolicySettings};
use keybearer::config::{Config, Place, Settings};
use keybearer::cx::Cx;
use keybearer::domain::audit::{self, AuditFilter};
use keybearer::domain::policy::PolicyChange;
use keybearer::domain::{organizations, set_up, standing_policy};
use keybearer::error::Error;

use crate::support::{EmptyApp, TestApp};

fn strict() -> PolicySettings {
    PolicySettings {
        max_ttl_days: Some(Limit(Some(90))),
        direct_use: Some("warn".into()),
        ip_ranges: Some(vec!["203.0.113.0/24".into()]),
        ..PolicySettings::default()
    }
}

async fn updates(app: &keybearer::app::App) -> usize {
    let filter = AuditFilter {
        action: Some("organization.update".into()),
        limit: 100,
        ..AuditFilter::default()
    };
    let events = audit::list(app, &Cx::operator(0), filter).await.unwrap();
    events
        .iter()
        .filter(|event| event.detail.contains("\"policy\""))
        .count()
}

#[tokio::test]
async fn refuses_a_policy_that_cannot_hold_even_before_there_is_an_account() {
    for policy in [
        PolicySettings {
            key_ttl_days: Some(0),
            ..PolicySettings::default()
        },
        PolicySettings {
            direct_use: Some("perhaps".into()),
            ..PolicySettings::default()
        },
        PolicySettings {
            personal_enabled: Some(false),
            legacy_enabled: Some(false),
            ..PolicySettings::default()
        },
    ] {
        let t = EmptyApp::with(|settings| settings.policy = policy).await;
        let refused = standing_policy::write(&t.app, &Cx::system(0)).await;
        assert!(matches!(refused, Err(Error::Invalid { .. })), "{refused:?}");
    }
}

#[tokio::test]
async fn an_organization_made_by_the_set_up_link_has_it_at_once() {
    let t = EmptyApp::with(|settings| settings.policy = strict()).await;
    let cx = Cx::system(1);
    standing_policy::write(&t.app, &cx).await.unwrap();
    let secret = set_up::draw_secret(&t.app);
    let password = keybearer::domain::passwords::Password::new("correct horse battery");
    set_up::by_link(&t.app, &cx, &secret, ("owner@example.com", &password))
        .await
        .unwrap();
    let made = organizations::find_first(&t.app).await.unwrap();
    assert_eq!(
        (made.max_ttl_days, made.direct_use.as_str()),
        (Some(90), "warn")
    );
    assert_eq!(made.ip_ranges, "203.0.113.0/24");
    assert_eq!(updates(&t.app).await, 0);
}

#[tokio::test]
async fn a_start_writes_it_once_and_takes_back_what_was_changed_by_hand() {
    let t = TestApp::with(|settings| settings.policy = strict()).await;
    for _ in 0..3 {
        let cx = Cx::system(t.app.clock.now());
        standing_policy::write(&t.app, &cx).await.unwrap();
    }
    assert_eq!(updates(&t.app).await, 0);
    t.change_settings(PolicyChange {
        max_ttl_days: Some(None),
        idle_days: Some(Some(30)),
        ..PolicyChange::default()
    })
    .await;
    for _ in 0..3 {
        let cx = Cx::system(t.app.clock.now());
        standing_policy::write(&t.app, &cx).await.unwrap();
    }
    let now = organizations::find_first(&t.app).await.unwrap();
    assert_eq!((now.max_ttl_days, now.idle_days), (Some(90), Some(30)));
    assert_eq!(
        updates(&t.app).await,
        2,
        "one by hand and one by the settings"
    );
}

#[test]
fn the_file_says_it_in_a_table_and_refuses_what_it_does_not_know() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("keybearer.toml");
    let load = |text: &str, given: Settings| {
        std::fs::write(&file, text).unwrap();
        let place = Place {
            config: Some(file.clone()),
            ..Place::default()
        };
        Config::load(&place, given)
    };
    let text = "token_header = \"X-Company-Token\"\nsmtp_url = \"smtp://u:geheim@mail.example.com\"\n\
         mail_from = \"Keys <keys@example.com>\"\nwebhook_url = \"https://hook.example.com/geheim\"\n\
         webhook_secret = \"geheim-geheim-geheim-geheim\"\n\
         [policy]\nmax_ttl_days = \"none\"\nidle_days = 30\nscopes = [\"read\"]\n";
    let given = Settings {
        policy: PolicySettings {
            idle_days: Some(Limit(Some(7))),
            ..PolicySettings::default()
        },
        ..Settings::default()
    };
    let config = load(text, given).unwrap();
    assert_eq!(config.policy.max_ttl_days, Some(Limit(None)));
    assert_eq!(
        config.policy.idle_days,
        Some(Limit(Some(7))),
        "the environment is above the file"
    );
    // What `config show` prints can be read again, and tells no secret.
    let shown = toml::to_string(&config).unwrap();
    assert!(!shown.contains("geheim"), "{shown}");
    load(
        &shown
            .replace("[\"(secret)\"]", "[\"http://x\"]")
            .replace("smtp_url = \"(secret)\"", "")
            .replace(
                "webhook_secret = \"(secret)\"",
                "webhook_secret = \"012345678901234567890123\"",
            ),
        Settings::default(),
    )
    .unwrap();
    for wrong in [
        "[policy]\nmax_ttl = 3\n",
        "[policy]\nmax_ttl_days = \"never\"\n",
        "webhook_url = \"https://hook.example.com\"\n",
        "webhook_url = [\"ftp://x\"]\nwebhook_secret = \"012345678901234567890123\"\n",
        "webhook_url = \"https://x\"\nwebhook_secret = \"short\"\n",
        "smtp_url = \"smtp://mail.example.com\"\n",
        "smtp_url = \"mail.example.com\"\nmail_from = \"a@b.c\"\n",
        "smtp_url_file = \"/nonexistent\"\nmail_from = \"a@b.c\"\n",
    ] {
        assert!(load(wrong, Settings::default()).is_err(), "{wrong}");
    }
}

#[tokio::test]
async fn a_start_does_not_fail_over_what_is_so_already() {
    let t = TestApp::with(|settings| {
        settings.enable_legacy_tokens = Some(true);
        settings.policy = PolicySettings {
            personal_enabled: Some(false),
            ..PolicySettings::default()
        };
    })
    .await;
    t.change_settings(PolicyChange {
        legacy_enabled: Some(false),
        force: true,
        ..PolicyChange::default()
    })
    .await;
    standing_policy::write(&t.app, &Cx::system(0))
        .await
        .unwrap();
}
