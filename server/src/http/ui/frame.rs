//! What stands around every page: the product's name, who is signed in and where he can go, light or
//! dark, and the CSRF text of the page's forms.

use askama::Template;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};

use super::forms;
use super::theme::Theme;
use crate::app::App;
use crate::cx::Cx;
use crate::domain::access::{self, Action};
use crate::domain::{organizations, users};
use crate::error::Result;
use crate::http::extract;

/// Nothing but our own files, nothing inline, and in nobody's frame.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; form-action 'self'; \
                      base-uri 'none'; frame-ancestors 'none'";

/// The surroundings of a page. Templates call it `frame`.
#[derive(Clone, Debug)]
pub(crate) struct Frame {
    /// The public URL's path, before every address; empty at a root.
    pub(crate) base: String,
    pub(crate) theme: Theme,
    /// The page's own path, to mark where one is.
    pub(crate) path: String,
    pub(crate) csrf: String,
    /// Label Studio says who somebody is: passwords, sessions and invites are its business.
    pub(crate) is_gateway: bool,
    is_https: bool,
    pub(crate) who: Option<Who>,
}

/// Whoever is signed in.
#[derive(Clone, Debug)]
pub(crate) struct Who {
    /// His name, or his e-mail address if he has none.
    pub(crate) name: String,
    pub(crate) email: String,
    pub(crate) role: &'static str,
    pub(crate) organization: String,
    /// The organizations that he can switch to, with the present one; empty if that is all.
    pub(crate) organizations: Vec<OrganizationChoice>,
    pub(crate) may_see_organization: bool,
}

impl Who {
    /// The letter that stands for him.
    pub(crate) fn initial(&self) -> String {
        let first = self.name.chars().find(|letter| letter.is_alphanumeric());
        first.map_or_else(|| "?".to_owned(), |letter| letter.to_uppercase().collect())
    }
}

#[derive(Clone, Debug)]
pub(crate) struct OrganizationChoice {
    pub(crate) id: i64,
    pub(crate) title: String,
    pub(crate) is_present: bool,
}

impl Frame {
    /// The frame for whoever is not signed in.
    pub(crate) fn plain(app: &App, parts: &Parts) -> Self {
        Self {
            base: app.config.base_path().to_owned(),
            theme: Theme::of(&parts.headers),
            path: parts.uri.path().to_owned(),
            csrf: forms::csrf_text(app, &parts.headers),
            is_gateway: app.upstream.is_some(),
            is_https: app.config.is_https(),
            who: None,
        }
    }

    /// The frame for the caller of `cx`.
    pub(super) async fn signed_in(app: &App, cx: &Cx, parts: &Parts) -> Result<Self> {
        let account = users::account(app, cx).await?;
        let user = &account.user;
        let all = organizations::list(app, cx).await?;
        let present = cx.caller().map_or(0, |caller| caller.organization_id);
        let choices = all.into_iter().map(|organization| OrganizationChoice {
            is_present: organization.id == present,
            id: organization.id,
            title: organization.title,
        });
        let choices: Vec<OrganizationChoice> = choices.collect();
        let name = format!("{} {}", user.first_name, user.last_name);
        let name = Some(name.trim()).filter(|name| !name.is_empty());
        let who = Who {
            name: name.unwrap_or(&user.email).to_owned(),
            role: cx.caller().map_or("", |caller| caller.role.as_str()),
            organization: account.organization_title.clone(),
            organizations: if choices.len() > 1 {
                choices
            } else {
                Vec::new()
            },
            may_see_organization: cx
                .caller()
                .is_some_and(|caller| access::may(caller, Action::ChangeOrganization)),
            email: user.email.clone(),
        };
        Ok(Self {
            who: Some(who),
            ..Self::plain(app, parts)
        })
    }

    /// Whether the page is `path` or below it.
    pub(crate) fn is_at(&self, path: &str) -> bool {
        self.path
            .strip_prefix(path)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }

    /// Renders `template` inside this frame.
    pub(crate) fn page(&self, status: StatusCode, template: &impl Template) -> Response {
        let html = match template.render() {
            Ok(html) => html,
            Err(error) => {
                tracing::error!(%error, "a page could not be rendered");
                let text = "A page could not be rendered.";
                return (StatusCode::INTERNAL_SERVER_ERROR, text).into_response();
            }
        };
        let mut response = (status, Html(html)).into_response();
        response.headers_mut().insert(
            header::CONTENT_SECURITY_POLICY,
            HeaderValue::from_static(POLICY),
        );
        forms::set_csrf_cookie(self, &mut response);
        response
    }

    /// A cookie for all pages, gone after `max_age_seconds`.
    pub(super) fn set_cookie(
        &self,
        response: &mut Response,
        (name, value): (&str, &str),
        max_age_seconds: i64,
    ) {
        let path = if self.base.is_empty() {
            "/"
        } else {
            &self.base
        };
        let secure = if self.is_https { "; Secure" } else { "" };
        let cookie = format!(
            "{name}={value}; Path={path}; SameSite=Lax; HttpOnly; Max-Age={max_age_seconds}{secure}"
        );
        if let Ok(cookie) = HeaderValue::from_str(&cookie) {
            response.headers_mut().append(header::SET_COOKIE, cookie);
        }
    }
}

/// The session's secret that a browser has sent.
pub(super) fn session_cookie(headers: &HeaderMap) -> Option<&str> {
    extract::cookie(headers, extract::SESSION_COOKIE).filter(|text| !text.is_empty())
}
