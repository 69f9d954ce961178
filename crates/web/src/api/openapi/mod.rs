//! The API's description (OpenAPI 3.1), made from the metadata whenever it is asked for, in the reader's language.

mod audit;
mod merge;
mod operations;
mod privacy;
mod schemas;
mod texts;

use super::idempotency::KEY_LIMIT;
use engine::Registry;
use meta::{Entity, Lang};
use serde_json::{Map, Value, json};
use texts::Texts;

pub use operations::Operation;

/// Path, method and operation of what a module answers besides its entities.
pub type OperationsFn = fn(Lang) -> Vec<(&'static str, &'static str, Value)>;

pub fn document(
    registry: &Registry,
    lang: Lang,
    more: impl Iterator<Item = (&'static str, &'static str, Value)>,
) -> Value {
    let texts = Texts(lang);
    let shown: Vec<&Entity> =
        registry.entities().filter(|entity| !entity.internal).map(|entity| &**entity).collect();
    let mut paths = operations::general(&shown, texts);
    for (path, method, operation) in more {
        paths.entry(path).or_insert_with(|| json!({}))[method] = operation;
    }
    let mut schemas = schemas::general(texts);
    schemas.extend(audit::schemas(texts).as_object().cloned().unwrap_or_default());
    let mut tags = vec![
        json!({ "name": "general", "x-displayName": texts.general() }),
        json!({ "name": "analysis", "x-displayName": texts.pick("Analysis", "分析") }),
    ];
    for entity in shown {
        tags.push(json!({
            "name": entity.name,
            "x-displayName": entity.plural.get(lang),
            "description": entity.hint.get(lang),
        }));
        paths.extend(operations::of_entity(registry, entity, texts));
        schemas.extend(schemas::of_entity(registry, entity, texts));
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": texts.title(),
            "version": env!("CARGO_PKG_VERSION"),
            "description": texts.introduction(),
            "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" },
        },
        "servers": [{ "url": "/" }],
        "security": [{ "token": [] }],
        "tags": tags,
        "paths": Value::Object(paths),
        "components": {
            "securitySchemes": {
                "token": { "type": "http", "scheme": "bearer", "description": texts.token() },
            },
            "parameters": parameters(texts),
            "headers": headers(texts),
            "responses": responses(texts),
            "schemas": Value::Object(schemas),
        },
    })
}

/// Parameters that several operations share.
fn parameters(texts: Texts) -> Value {
    let query = |name: &str, schema: Value| json!({ "name": name, "in": "query", "schema": schema, "description": texts.parameter(name) });
    let header = |name: &str, schema: Value| json!({ "name": name, "in": "header", "schema": schema, "description": texts.parameter(name) });
    let key = json!({ "type": "string", "minLength": 1, "maxLength": KEY_LIMIT, "pattern": "^[!-~]([ -~]*[!-~])?$" });
    let version = json!({ "type": "string", "minLength": 1, "pattern": "^([*]|\"[0-9]{1,18}(-[0-9a-f]*)?\")$", "example": "\"3\"" });
    let limit = json!({ "type": "integer", "minimum": 1, "maximum": 1000, "default": 50 });
    json!({
        "id": {
            "name": "id", "in": "path", "required": true, "description": texts.parameter("id"),
            "schema": { "type": "string", "format": "uuid" },
        },
        "filter": query("filter", json!({ "type": "string" })),
        "after": query("after", json!({ "type": "string", "minLength": 1 })),
        "limit": query("limit", limit),
        "q": query("q", json!({ "type": "string" })),
        "count": query("count", json!({ "type": "boolean", "default": false })),
        "deleted": query("deleted", json!({ "type": "boolean", "default": false })),
        "user": query("user", json!({ "type": "string", "format": "uuid" })),
        "before": query("before", json!({ "type": "string", "format": "date-time" })),
        "if_match": header("If-Match", version),
        "if_none_match": header("If-None-Match", json!({ "type": "string" })),
        "idempotency_key": header("Idempotency-Key", key),
        "accept_language": header("Accept-Language", json!({ "type": "string" })),
    })
}

/// Headers of answers; one that is required stands in every answer that names it.
fn headers(texts: Texts) -> Value {
    let header = |name: &str, kind: &str, required: bool| json!({ "required": required, "schema": { "type": kind }, "description": texts.header(name) });
    json!({
        "ETag": header("ETag", "string", true),
        "Location": header("Location", "string", true),
        "Allow": header("Allow", "string", true),
        "Retry-After": header("Retry-After", "integer", true),
        "Idempotent-Replayed": header("Idempotent-Replayed", "string", false),
        "RateLimit-Policy": header("RateLimit-Policy", "string", false),
        "RateLimit": header("RateLimit", "string", false),
    })
}

/// Failures, each with an example of what comes back.
fn responses(texts: Texts) -> Value {
    let mut responses = Map::new();
    for (name, status, title) in [
        ("bad_request", 400, "Bad Request"),
        ("sign_in", 401, "Unauthorized"),
        ("forbidden", 403, "Forbidden"),
        ("not_found", 404, "Not Found"),
        ("conflict", 409, "Conflict"),
        ("precondition_failed", 412, "Precondition Failed"),
        ("too_large", 413, "Payload Too Large"),
        ("invalid", 422, "Unprocessable Entity"),
        ("rate_limited", 429, "Too Many Requests"),
        ("unavailable", 503, "Service Unavailable"),
    ] {
        let mut example = json!({
            "type": format!("urn:zhike:problem:{name}"), "title": title, "status": status,
            "detail": texts.failure(name),
        });
        match name {
            "invalid" => {
                let message = texts.failure("invalid");
                example["errors"] = json!([{ "field": "email", "code": "not_an_email", "message": message }]);
            }
            "conflict" | "precondition_failed" => example["current_version"] = json!(4),
            _ => {}
        }
        let mut response = json!({
            "description": texts.failure(name),
            "content": { "application/problem+json": {
                "schema": { "$ref": "#/components/schemas/problem" }, "example": example,
            } },
        });
        if name == "rate_limited" {
            response["headers"] = operations::headers(&["Retry-After", "RateLimit-Policy", "RateLimit"]);
        }
        responses.insert(name.to_owned(), response);
    }
    Value::Object(responses)
}
