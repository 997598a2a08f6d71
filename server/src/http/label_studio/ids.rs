//! The ids in a path, as Label Studio reads them.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;

use super::failure::Failure;
use crate::error::Error;
use crate::http::extract::{path_number, path_texts};

/// The numbers in the path, in their order.
#[derive(Debug)]
pub(super) struct PathIds<const N: usize>(pub(super) [i64; N]);

impl<S: Send + Sync, const N: usize> FromRequestParts<S> for PathIds<N> {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Failure> {
        let not_found = || Failure::from(Error::not_found("Not found."));
        let texts = path_texts(parts, state).await.ok_or_else(not_found)?;
        let ids: Option<Vec<i64>> = texts.iter().map(|text| path_number(text)).collect();
        ids.and_then(|ids| ids.try_into().ok())
            .map(Self)
            .ok_or_else(not_found)
    }
}
