//! Loads a form and sends it, as a browser does: with the hidden field and the cookie of its page.

use crate::support::{Answer, Client};

/// A page's form, ready to be sent.
pub(super) struct Form {
    client: Client,
    action: String,
    csrf: String,
}

impl Form {
    /// Loads the page at `path`, which must have a form.
    pub(super) async fn load(client: &Client, path: &str) -> Self {
        let page = client.get(path).await.expect(200);
        let csrf = page.cookie("csrftoken").unwrap().to_owned();
        let html = page.text();
        assert_eq!(
            attribute(&html, "name=\"csrfmiddlewaretoken\" value=\""),
            csrf
        );
        Self {
            client: client.clone().with("cookie", &format!("csrftoken={csrf}")),
            action: unescape(&attribute(&html, "method=\"post\" action=\"")),
            csrf,
        }
    }

    /// Where the form is sent to.
    pub(super) fn action(&self) -> &str {
        &self.action
    }

    /// The same form, sent by a browser that has one header more.
    pub(super) fn with(mut self, name: &str, value: &str) -> Self {
        self.client = self.client.with(name, value);
        self
    }

    /// Sends it with e-mail address and password.
    pub(super) async fn send(&self, email: &str, password: &str) -> Answer {
        let fields = [
            ("csrfmiddlewaretoken", self.csrf.as_str()),
            ("email", email),
            ("password", password),
        ];
        self.client.form(&self.action, &fields).await
    }
}

/// What stands after `start`, up to the next quotation mark.
fn attribute(html: &str, start: &str) -> String {
    let (_, rest) = html.split_once(start).unwrap();
    rest.split('"').next().unwrap().to_owned()
}

fn unescape(text: &str) -> String {
    text.replace("&#38;", "&").replace("&amp;", "&")
}

/// The secret that a page shows.
pub(super) fn secret(html: &str) -> String {
    let (_, rest) = html.split_once("<pre id=\"secret\">").expect("a secret");
    rest.split('<').next().unwrap().to_owned()
}

/// Sends the form that makes a token.
pub(super) async fn make(browser: &Client, kind: &str, fields: &[(&str, &str)]) -> Answer {
    browser
        .submit(&format!("/user/account/{kind}"), fields)
        .await
}
