//! The description of this interface, made from the code that answers: OpenAPI 3.1.
//!
//! What each route adds is at its handler; what all of them share, the problems and the ways to show
//! a token, is added here.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use utoipa::openapi::path::Operation;
use utoipa::openapi::security::{
    ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme,
};
use utoipa::openapi::{self, ContentBuilder, Ref, ResponseBuilder, Server};
use utoipa::{Modify, OpenApi};

use super::problem::{self, Problem, ProblemView};
use super::views::answer;
use super::{audit_events, docs, me, notices, policy, rotation, tokens, users};
use crate::app::App;

#[derive(OpenApi)]
#[openapi(
    info(title = "Keybearer", description = "Access tokens: make, list, rotate and revoke them, and rule over them."),
    paths(
        me::show, tokens::list, tokens::create, tokens::show, tokens::update, tokens::delete, tokens::uses,
        rotation::create, tokens::list_of_organization, policy::show, policy::update, users::delete_tokens,
        audit_events::list, notices::list, show, docs::interface
    ),
    components(schemas(ProblemView)),
    modifiers(&Shared),
)]
struct Document;

/// The description of the whole interface.
#[must_use]
pub fn document() -> openapi::OpenApi {
    Document::openapi()
}

/// What all routes share.
struct Shared;

impl Modify for Shared {
    fn modify(&self, document: &mut openapi::OpenApi) {
        let components = document.components.get_or_insert_default();
        let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).description(Some(
            "Any token: an access token, a key token, a personal access token or a legacy token.",
        ));
        components.add_security_scheme("bearer", SecurityScheme::Http(bearer.build()));
        let api_key = ApiKeyValue::with_description("X-API-Key", "Any token, as it is.");
        components.add_security_scheme("api_key", SecurityScheme::ApiKey(ApiKey::Header(api_key)));
        let session = ApiKeyValue::with_description("sessionid", "A browser's session.");
        components.add_security_scheme("session", SecurityScheme::ApiKey(ApiKey::Cookie(session)));
        for item in document.paths.paths.values_mut() {
            share(&mut item.get, &[]);
            share(&mut item.post, &BY_BODY);
            share(&mut item.patch, &BY_BODY);
            share(&mut item.delete, &[409]);
        }
    }
}

/// The statuses that only a method with a body can have, or one that changes something.
const BY_BODY: [u16; 3] = [409, 413, 415];
/// The statuses of every route that takes credentials.
const BY_CREDENTIALS: [u16; 7] = [400, 401, 403, 404, 429, 500, 503];

fn share(operation: &mut Option<Operation>, more: &[u16]) {
    let Some(operation) = operation else {
        return;
    };
    let is_open = operation.security.is_some();
    if is_open {
        return;
    }
    let ways = ["bearer", "api_key", "session"];
    operation.security = Some(
        ways.map(|way| SecurityRequirement::new(way, [""; 0]))
            .into(),
    );
    for status in BY_CREDENTIALS.iter().chain(more) {
        let reason = StatusCode::from_u16(*status).ok();
        let reason = reason.and_then(|status| status.canonical_reason());
        let content = ContentBuilder::new().schema(Some(Ref::from_schema_name("Problem")));
        let response = ResponseBuilder::new()
            .description(reason.unwrap_or_default())
            .content(problem::MEDIA_TYPE, content.build());
        let responses = &mut operation.responses.responses;
        responses.insert(status.to_string(), response.build().into());
    }
}

/// This description
#[utoipa::path(get, path = "/api/v1/openapi.json", operation_id = "openapi", tag = "docs", security(()),
    responses((status = 200, description = "OpenAPI 3.1", body = Object)))]
pub(super) async fn show(State(app): State<App>) -> Result<Response, Problem> {
    let mut document = document();
    document.servers = Some(vec![Server::new(app.config.public_url.clone())]);
    answer(StatusCode::OK, &document)
}
