//! Pages as Django REST framework numbers and links them.

use axum::http::{HeaderMap, StatusCode, Uri, header};

use super::failure::Failure;
use crate::app::App;

const PAGE_SIZE: i64 = 20;
const LARGEST_PAGE: i64 = 1000;

/// The page that a query asks for.
#[derive(Debug)]
pub(super) struct Paging {
    pairs: Vec<(String, String)>,
    page: i64,
    size: i64,
}

impl Paging {
    /// Reads `page` and `page_size`; of two with one name the later holds.
    ///
    /// # Errors
    /// 404 for a page that is no number above zero.
    pub(super) fn of(query: Option<&str>) -> Result<Self, Failure> {
        let query = query.unwrap_or_default().as_bytes();
        let mut paging = Self {
            pairs: form_urlencoded::parse(query).into_owned().collect(),
            page: 1,
            size: PAGE_SIZE,
        };
        if let Some(size) = paging
            .value("page_size")
            .and_then(|size| size.trim().parse::<i64>().ok())
        {
            paging.size = if size > 0 {
                size.min(LARGEST_PAGE)
            } else {
                PAGE_SIZE
            };
        }
        match paging.value("page").map(str::trim) {
            None | Some("") => {}
            Some(page) => {
                let page = page.parse().ok().filter(|page| *page > 0);
                paging.page =
                    page.ok_or_else(|| Failure::http(StatusCode::NOT_FOUND, "Invalid page."))?;
            }
        }
        Ok(paging)
    }

    pub(super) fn value(&self, name: &str) -> Option<&str> {
        self.pairs
            .iter()
            .rev()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    /// How many items, and how many before them.
    pub(super) fn limit_and_offset(&self) -> (i64, i64) {
        (self.size, (self.page - 1).saturating_mul(self.size))
    }

    /// The address of the next page, if `total` items leave one.
    pub(super) fn next(&self, request: &Asked<'_>, total: i64) -> Option<String> {
        (self.page.saturating_mul(self.size) < total).then(|| self.link(request, self.page + 1))
    }

    /// The address of the page before, if there is one.
    pub(super) fn previous(&self, request: &Asked<'_>) -> Option<String> {
        (self.page > 1).then(|| self.link(request, self.page - 1))
    }

    /// Absolute, with the query's keys in alphabetical order; the first page has no `page` in it.
    fn link(&self, request: &Asked<'_>, page: i64) -> String {
        let others = self.pairs.iter().filter(|(key, _)| key != "page");
        let mut pairs: Vec<(&str, String)> = others
            .map(|(key, value)| (key.as_str(), value.clone()))
            .collect();
        if page > 1 {
            pairs.push(("page", page.to_string()));
        }
        pairs.sort();
        let query = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(pairs)
            .finish();
        let mark = if query.is_empty() { "" } else { "?" };
        format!("{}{}{mark}{query}", request.base(), request.uri.path())
    }
}

/// Where a request was sent.
pub(super) struct Asked<'a> {
    pub(super) app: &'a App,
    pub(super) headers: &'a HeaderMap,
    pub(super) uri: &'a Uri,
}

impl Asked<'_> {
    /// The address in front of the path: the host that was asked, where nothing stands before
    /// Keybearer; else what people see.
    fn base(&self) -> String {
        let config = &self.app.config;
        let host = self
            .headers
            .get(header::HOST)
            .and_then(|host| host.to_str().ok());
        match host {
            Some(host) if config.base_path().is_empty() && !config.is_https() => {
                format!("http://{host}")
            }
            _ => config.public_url.clone(),
        }
    }
}
