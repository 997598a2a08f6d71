//! The pages' files, in the binary. A file's name holds a digest of its content, so browsers may keep
//! it for good.

use std::fmt::Write;
use std::sync::LazyLock;

use aws_lc_rs::digest::{SHA256, digest};
use axum::extract::RawPathParams;
use axum::http::header;
use axum::response::{IntoResponse, Response};

use super::errors::{PageError, PageResult};

/// A file and the name that the templates write.
pub(crate) struct Asset {
    pub(crate) name: String,
    media_type: &'static str,
    content: &'static str,
}

impl Asset {
    fn new(stem: &str, ending: &str, media_type: &'static str, content: &'static str) -> Self {
        let mut name = format!("{stem}-");
        for byte in digest(&SHA256, content.as_bytes()).as_ref().iter().take(6) {
            let _ = write!(name, "{byte:02x}");
        }
        let _ = write!(name, ".{ending}");
        Self {
            name,
            media_type,
            content,
        }
    }
}

pub(crate) static STYLESHEET: LazyLock<Asset> = LazyLock::new(|| {
    let content = include_str!("../../../assets/app.css");
    Asset::new("app", "css", "text/css", content)
});
pub(crate) static SCRIPT: LazyLock<Asset> = LazyLock::new(|| {
    let content = include_str!("../../../assets/app.js");
    Asset::new("app", "js", "text/javascript", content)
});
pub(crate) static ICON: LazyLock<Asset> = LazyLock::new(|| {
    let content = include_str!("../../../assets/icon.svg");
    Asset::new("icon", "svg", "image/svg+xml", content)
});

pub(super) async fn show(params: RawPathParams) -> PageResult {
    let asked = params.iter().next().map_or("", |(_, name)| name);
    let assets = [&*STYLESHEET, &*SCRIPT, &*ICON];
    let asset = assets.into_iter().find(|asset| asset.name == asked);
    let asset = asset.ok_or_else(PageError::no_page)?;
    let headers = [
        (header::CONTENT_TYPE, asset.media_type),
        (header::CACHE_CONTROL, "public, max-age=31536000, immutable"),
    ];
    Ok::<Response, _>((headers, asset.content).into_response())
}
