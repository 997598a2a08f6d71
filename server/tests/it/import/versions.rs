//! Label Studios of other versions: columns and tables that are missing, and some that are added.

use super::source::{Source, legacy_text, odd};
use super::why;
use crate::support::EmptyApp;

#[tokio::test]
async fn refuses_a_version_without_what_is_needed() {
    let (t, source) = (EmptyApp::new().await, Source::new().await);
    source
        .run("alter table htx_user rename column email to mail")
        .await;
    let told = why(source.import(&t.app).await.unwrap_err());
    assert!(told.contains("htx_user has no column email"), "{told}");
}

#[tokio::test]
async fn an_old_one_has_only_legacy_tokens() {
    let (t, source) = (EmptyApp::new().await, Source::new().await);
    source.legacy(2, &legacy_text('2')).await;
    source.run("drop table jwt_auth_jwtsettings; drop table token_blacklist_blacklistedtoken; \
                drop table token_blacklist_outstandingtoken; \
                alter table htx_user drop column custom_hotkeys; alter table htx_user drop column phone; \
                alter table organizations_organizationmember drop column deleted_at").await;
    let mut request = source.request();
    request.secret_key = None;
    let report = super::import(&t.app, request).await.unwrap();
    assert_eq!(
        report.missing,
        [
            "column htx_user.phone",
            "column htx_user.custom_hotkeys",
            "column organizations_organizationmember.deleted_at",
            "table jwt_auth_jwtsettings",
            "table token_blacklist_outstandingtoken"
        ]
    );
    let client = t
        .anonymous()
        .with("authorization", &format!("Token {}", legacy_text('2')));
    client.get(super::WHOAMI).await.expect(200);
}

#[tokio::test]
async fn what_a_newer_one_adds_is_not_looked_at() {
    let (t, source) = (EmptyApp::new().await, Source::new().await);
    source.run("alter table htx_user add column mood text; alter table organization add column colour text; \
                create table more (id integer)").await;
    let report = source.import(&t.app).await.unwrap();
    assert_eq!((report.users.new, odd(&report).as_str()), (2, ""));
    assert!(report.missing.is_empty(), "{:?}", report.missing);
}
