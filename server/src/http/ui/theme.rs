//! Light or dark: the system's setting, or the visitor's choice, kept in a cookie of its own.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::http::request::Parts;

use super::errors::PageResult;
use super::forms::Form;
use super::frame::Frame;
use super::{back_to, redirect};
use crate::app::App;
use crate::http::extract;

const COOKIE: &str = "theme";
const KEPT_FOR_SECONDS: i64 = 31_449_600;

/// How pages look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Theme {
    System,
    Light,
    Dark,
}

impl Theme {
    pub(crate) const ALL: [Self; 3] = [Self::System, Self::Light, Self::Dark];

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }

    /// What its button says.
    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::System => "System",
            Self::Light => "Light",
            Self::Dark => "Dark",
        }
    }

    pub(super) fn of(headers: &HeaderMap) -> Self {
        let word = extract::cookie(headers, COOKIE).unwrap_or_default();
        Self::parse(word).unwrap_or(Self::System)
    }

    fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|theme| theme.as_str() == word)
    }
}

/// Keeps the choice and goes back to where it was made.
pub(super) async fn submit(State(app): State<App>, parts: Parts, form: Form) -> PageResult {
    let mut response = redirect(&app, &back_to(&app, &parts.headers));
    if let Some(theme) = Theme::parse(form.text("theme")) {
        let frame = Frame::plain(&app, &parts);
        frame.set_cookie(&mut response, (COOKIE, theme.as_str()), KEPT_FOR_SECONDS);
    }
    Ok(response)
}
