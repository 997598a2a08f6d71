//! The body of a request, as Django REST framework's parsers take it: JSON, a form or multipart.

use std::convert::Infallible;

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::{StatusCode, header};

use super::failure::Failure;
use super::fields::Object;
use super::python_json::{self, Json, Text};
use crate::http::extract;

/// What a client sent.
#[derive(Debug)]
pub(super) enum Body {
    Json(Json),
    /// A form's pairs; of two with one name the later holds.
    Form(Vec<(String, String)>),
}

impl Body {
    /// The fields that were sent.
    ///
    /// # Errors
    /// With Django REST framework's sentence if what was sent is no object.
    pub(super) fn object(self) -> Result<Object, Failure> {
        match self {
            Self::Json(Json::Object(pairs)) => Ok(Object::new(pairs)),
            Self::Json(Json::Null) => Err(Failure::field("non_field_errors", "No data provided")),
            Self::Json(other) => Err(Failure::field(
                "non_field_errors",
                format!(
                    "Invalid data. Expected a dictionary, but got {}.",
                    other.type_name()
                ),
            )),
            Self::Form(pairs) => {
                let text = |text| {
                    Json::Text(Text {
                        text,
                        lone_surrogate: None,
                    })
                };
                Ok(Object::new(
                    pairs
                        .into_iter()
                        .map(|(name, value)| (name, text(value)))
                        .collect(),
                ))
            }
        }
    }
}

impl<S: Send + Sync> FromRequest<S> for Body {
    type Rejection = Failure;

    async fn from_request(mut request: Request, _state: &S) -> Result<Self, Failure> {
        let headers = std::mem::take(request.headers_mut());
        let bytes = extract::read_body(request.into_body())
            .await
            .map_err(|fault| Failure::http(fault.status(), fault.sentence()))?;
        if bytes.is_empty() {
            return Ok(Self::Json(Json::Object(Vec::new())));
        }
        // Without a Content-Type, Label Studio's server says text/plain.
        let content_type = headers
            .get(header::CONTENT_TYPE)
            .map_or("text/plain", |value| value.to_str().unwrap_or("unreadable"));
        let media_type = content_type.split(';').next().unwrap_or_default().trim();
        let is = |wanted| media_type.eq_ignore_ascii_case(wanted);
        if is("application/json") {
            python_json::parse(&bytes).map(Self::Json).map_err(|why| {
                Failure::http(StatusCode::BAD_REQUEST, format!("JSON parse error - {why}"))
            })
        } else if is("application/x-www-form-urlencoded") {
            Ok(Self::Form(
                form_urlencoded::parse(&bytes).into_owned().collect(),
            ))
        } else if is("multipart/form-data") {
            Box::pin(multipart(content_type, bytes))
                .await
                .map(Self::Form)
        } else {
            Err(Failure::http(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                format!("Unsupported media type \"{content_type}\" in request."),
            ))
        }
    }
}

async fn multipart(content_type: &str, bytes: Bytes) -> Result<Vec<(String, String)>, Failure> {
    let wrong = |why: String| {
        Failure::http(
            StatusCode::BAD_REQUEST,
            format!("Multipart form parse error - {why}"),
        )
    };
    let boundary =
        multer::parse_boundary(content_type).map_err(|error| wrong(error.to_string()))?;
    let body = futures_util::stream::once(async { Ok::<_, Infallible>(bytes) });
    let mut parts = multer::Multipart::new(body, boundary);
    let mut pairs = Vec::new();
    while let Some(part) = parts
        .next_field()
        .await
        .map_err(|error| wrong(error.to_string()))?
    {
        let name = part.name().unwrap_or_default().to_owned();
        pairs.push((
            name,
            part.text()
                .await
                .map_err(|error| wrong(error.to_string()))?,
        ));
    }
    Ok(pairs)
}
