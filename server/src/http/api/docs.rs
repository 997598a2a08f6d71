//! Two pages for people: what this interface has, and what each refusal means. They come from the
//! program itself and load nothing from elsewhere.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::Response;
use serde_json::Value;

use super::openapi;
use crate::app::App;
use crate::http::refusals::{self, Paragraph};
use crate::http::ui::frame::Frame;
use crate::http::ui::visitor;

/// What each refusal means.
#[derive(Template)]
#[template(path = "docs/refusals.html")]
struct RefusalsPage<'a> {
    frame: &'a Frame,
    paragraphs: &'a [Paragraph],
}

pub(super) async fn refusals(State(app): State<App>, parts: Parts) -> Response {
    let frame = &visitor::frame(&app, &parts).await;
    let page = RefusalsPage {
        frame,
        paragraphs: &refusals::ALL,
    };
    frame.page(StatusCode::OK, &page)
}

/// What this interface has.
#[derive(Template)]
#[template(path = "docs/interface.html")]
struct InterfacePage<'a> {
    frame: &'a Frame,
    operations: Vec<OperationText>,
    schemas: Vec<SchemaText>,
}

/// A method of a path, in words.
struct OperationText {
    method: String,
    path: String,
    summary: String,
    description: Prose,
    parameters: Vec<FieldText>,
    body: Option<String>,
    answers: Vec<FieldText>,
}

/// A body, in words.
struct SchemaText {
    name: String,
    description: Prose,
    fields: Vec<FieldText>,
}

/// A name, what kind of thing it is, and what it is for.
struct FieldText {
    name: String,
    kind: String,
    description: Prose,
}

/// A text in parts, and whether each is code: what stood between two backticks.
struct Prose(Vec<(bool, String)>);

impl Prose {
    fn new(text: &str) -> Self {
        let parts = text.split('`').enumerate();
        Self(
            parts
                .map(|(at, part)| (at % 2 == 1, part.to_owned()))
                .collect(),
        )
    }
}

/// This description for people
#[utoipa::path(get, path = "/api/v1/docs", operation_id = "docs", tag = "docs", security(()),
    responses((status = 200, description = "A page", body = String, content_type = "text/html")))]
pub(super) async fn interface(State(app): State<App>, parts: Parts) -> Response {
    let frame = &visitor::frame(&app, &parts).await;
    let document = serde_json::to_value(openapi::document()).unwrap_or_default();
    let page = InterfacePage {
        frame,
        operations: operations(&document),
        schemas: pairs(document.pointer("/components/schemas"))
            .map(|(name, schema)| schema_text(name, schema))
            .collect(),
    };
    frame.page(StatusCode::OK, &page)
}

fn operations(document: &Value) -> Vec<OperationText> {
    let paths = pairs(document.get("paths"));
    let methods = paths.flat_map(|(path, item)| {
        pairs(Some(item)).map(move |(method, operation)| (path, method, operation))
    });
    methods
        .map(|(path, method, operation)| OperationText {
            method: method.to_uppercase(),
            path: path.clone(),
            summary: text(operation, "/summary"),
            description: Prose::new(&text(operation, "/description")),
            parameters: items(operation.get("parameters"))
                .map(|parameter| FieldText {
                    name: text(parameter, "/name"),
                    kind: format!(
                        "{}, {}",
                        text(parameter, "/in"),
                        kind(parameter.get("schema"))
                    ),
                    description: Prose::new(&text(parameter, "/description")),
                })
                .collect(),
            body: operation
                .pointer("/requestBody/content/application~1json/schema")
                .map(|schema| kind(Some(schema))),
            answers: pairs(operation.get("responses"))
                .map(|(status, response)| FieldText {
                    name: status.clone(),
                    kind: pairs(response.get("content"))
                        .map(|(media, content)| {
                            format!("{} ({media})", kind(content.get("schema")))
                        })
                        .collect::<Vec<_>>()
                        .join(", "),
                    description: Prose::new(&text(response, "/description")),
                })
                .collect(),
        })
        .collect()
}

fn schema_text(name: &str, schema: &Value) -> SchemaText {
    let parts = items(schema.get("allOf")).chain([schema]);
    let fields = parts.flat_map(|part| pairs(part.get("properties")));
    SchemaText {
        name: name.to_owned(),
        description: Prose::new(&text(schema, "/description")),
        fields: fields
            .map(|(name, field)| FieldText {
                name: name.clone(),
                kind: kind(Some(field)),
                description: Prose::new(&text(field, "/description")),
            })
            .collect(),
    }
}

/// What a schema stands for, in a word or two.
fn kind(schema: Option<&Value>) -> String {
    let Some(schema) = schema else {
        return String::new();
    };
    if let Some(name) = schema.get("$ref").and_then(Value::as_str) {
        return name.rsplit('/').next().unwrap_or(name).to_owned();
    }
    let several = schema.get("oneOf").or_else(|| schema.get("allOf"));
    if several.is_some() {
        let kinds: Vec<String> = items(several).map(|one| kind(Some(one))).collect();
        return kinds.join(" or ");
    }
    let name = match schema.get("type") {
        Some(Value::Array(names)) => {
            let names: Vec<&str> = names.iter().filter_map(Value::as_str).collect();
            names.join(" or ")
        }
        Some(Value::String(name)) if name == "array" => {
            format!("list of {}", kind(schema.get("items")))
        }
        Some(Value::String(name)) => name.clone(),
        _ => "anything".to_owned(),
    };
    match schema.get("format").and_then(Value::as_str) {
        Some(format) => format!("{name} ({format})"),
        None => name,
    }
}

fn text(value: &Value, pointer: &str) -> String {
    let text = value.pointer(pointer).and_then(Value::as_str);
    text.unwrap_or_default().to_owned()
}

fn pairs(value: Option<&Value>) -> impl Iterator<Item = (&String, &Value)> {
    value.and_then(Value::as_object).into_iter().flatten()
}

fn items(value: Option<&Value>) -> impl Iterator<Item = &Value> {
    value.and_then(Value::as_array).into_iter().flatten()
}
