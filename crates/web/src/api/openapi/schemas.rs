//! Schemas: what a record looks like when read and when written, with an example that can be sent as it is.

use super::texts::Texts;
use crate::api::lines::key_of;
use engine::Registry;
use meta::{Entity, Field, Kind};
use serde_json::{Map, Value, json};

const DECIMAL: &str = "^-?[0-9]+(\\.[0-9]+)?$";

pub fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

/// The schemas `{entity}` (read) and `{entity}_input` (written).
pub fn of_entity(registry: &Registry, entity: &Entity, texts: Texts) -> Map<String, Value> {
    let mut schemas = Map::new();
    schemas.insert(entity.name.clone(), read(registry, entity, texts));
    schemas.insert(input_name(entity), written(registry, entity, texts));
    schemas
}

pub fn input_name(entity: &Entity) -> String {
    format!("{}_input", entity.name)
}

fn read(registry: &Registry, entity: &Entity, texts: Texts) -> Value {
    let mut properties = Map::new();
    let instant = json!({ "type": ["string", "null"], "format": "date-time" });
    properties.insert("id".into(), json!({ "type": "string", "format": "uuid" }));
    properties.insert("version".into(), json!({ "type": "integer", "description": texts.version() }));
    for name in ["created_at", "updated_at", "deleted_at"] {
        properties.insert(name.into(), instant.clone());
    }
    properties.insert("created_by".into(), json!({ "type": ["string", "null"], "format": "uuid" }));
    for field in entity.fields.values() {
        properties.insert(field.name.clone(), schema(field, texts, false));
    }
    add_parts(registry, entity, texts, &mut properties, |child| child.name.clone());
    json!({ "type": "object", "required": ["id", "version"], "properties": properties })
}

fn written(registry: &Registry, entity: &Entity, texts: Texts) -> Value {
    let mut properties = Map::new();
    for field in entity.fields.values().filter(|field| !field.computed) {
        properties.insert(field.name.clone(), schema(field, texts, true));
    }
    add_parts(registry, entity, texts, &mut properties, input_name);
    let required: Vec<&str> = entity
        .fields
        .values()
        .filter(|field| field.required && field.default.is_none() && !field.computed)
        .map(|field| field.name.as_str())
        .collect();
    let description = match required.is_empty() {
        true => Value::Null,
        false => json!(texts.required_to_create(&required.join(", "))),
    };
    let mut schema = json!({ "type": "object", "additionalProperties": false, "properties": properties });
    if !description.is_null() {
        schema["description"] = description;
    }
    schema
}

/// External ids and lines.
fn add_parts(
    registry: &Registry,
    entity: &Entity,
    texts: Texts,
    properties: &mut Map<String, Value>,
    of_child: impl Fn(&Entity) -> String,
) {
    if entity.external_ids {
        properties.insert(
            "external_ids".into(),
            json!({
                "type": "object", "description": texts.external_ids(), "examples": [{ "erp": "4711" }],
                "additionalProperties": { "oneOf": [
                    { "type": "string" }, { "type": "array", "items": { "type": "string" } }, { "type": "null" },
                ] },
            }),
        );
    }
    for child in registry.children(&entity.name) {
        let items = reference(&of_child(child));
        let schema = json!({ "type": "array", "items": items, "description": texts.lines(child) });
        properties.insert(key_of(registry, entity, child), schema);
    }
}

fn schema(field: &Field, texts: Texts, input: bool) -> Value {
    let mut schema = match &field.kind {
        Kind::Text { limit } => json!({ "type": ["string", "null"], "maxLength": limit }),
        Kind::LongText | Kind::Phone => json!({ "type": ["string", "null"] }),
        Kind::Email => json!({ "type": ["string", "null"], "format": "email" }),
        Kind::Url => json!({ "type": ["string", "null"], "format": "uri" }),
        Kind::Integer => json!({ "type": ["integer", "null"], "format": "int64" }),
        Kind::Decimal { .. } | Kind::Money | Kind::Percent if input => {
            json!({ "type": ["string", "number", "null"], "pattern": DECIMAL })
        }
        Kind::Decimal { .. } | Kind::Money | Kind::Percent => {
            json!({ "type": ["string", "null"], "pattern": DECIMAL })
        }
        Kind::Bool => json!({ "type": ["boolean", "null"] }),
        Kind::Date => json!({ "type": ["string", "null"], "format": "date" }),
        Kind::Instant => json!({ "type": ["string", "null"], "format": "date-time" }),
        Kind::Choice(choices) => {
            let mut values: Vec<Value> = choices.iter().map(|choice| json!(choice.value)).collect();
            values.push(Value::Null);
            json!({ "type": ["string", "null"], "enum": values })
        }
        Kind::Reference { .. } => json!({ "type": ["string", "null"], "format": "uuid" }),
        Kind::Json => json!({}),
    };
    schema["description"] = json!(texts.field(field));
    if field.computed {
        schema["readOnly"] = json!(true);
    }
    if let Some(default) = &field.default {
        schema["default"] = default.to_json();
    }
    schema
}

/// A body that can be sent to create a record: what is required and what the list shows.
pub fn example(entity: &Entity, texts: Texts) -> Value {
    let mut body = Map::new();
    for field in entity.fields.values().filter(|field| !field.computed && field.numbered.is_none()) {
        let shown = entity.list.contains(&field.name) && field.target().is_none();
        if field.required || shown {
            body.insert(field.name.clone(), sample(field, texts));
        }
    }
    if entity.external_ids {
        body.insert("external_ids".into(), json!({ "erp": "4711" }));
    }
    Value::Object(body)
}

pub fn sample(field: &Field, texts: Texts) -> Value {
    match &field.kind {
        Kind::Text { .. } if field.name == "currency" => json!("CNY"),
        Kind::Text { limit } => json!(field.label.get(texts.0).chars().take(*limit).collect::<String>()),
        Kind::LongText => json!(field.label.get(texts.0)),
        Kind::Email => json!("li@example.com"),
        Kind::Phone => json!("+86 138 0000 8000"),
        Kind::Url => json!("https://example.com"),
        Kind::Integer => json!(12),
        Kind::Decimal { scale: 0 } => json!("12"),
        Kind::Decimal { .. } => json!("12.5"),
        Kind::Money => json!("1234.50"),
        Kind::Percent => json!("0.15"),
        Kind::Bool => json!(true),
        Kind::Date => json!("2026-01-31"),
        Kind::Instant => json!("2026-01-31T08:30:00Z"),
        Kind::Choice(choices) => choices.first().map_or(Value::Null, |choice| json!(choice.value)),
        Kind::Reference { .. } => json!("0199a8c4-2f6e-7c11-9d53-0c9f4b1f7a10"),
        Kind::Json => json!({}),
    }
}

pub fn general(texts: Texts) -> Map<String, Value> {
    let schemas = json!({
        "problem": {
            "type": "object",
            "required": ["type", "title", "status", "detail"],
            "properties": {
                "type": { "type": "string", "format": "uri" },
                "title": { "type": "string" },
                "status": { "type": "integer" },
                "detail": { "type": "string", "description": texts.detail() },
                "current_version": { "type": "integer", "description": texts.version() },
                "request_id": { "type": "string" },
                "errors": { "type": "array", "items": {
                    "type": "object",
                    "required": ["field", "code", "message"],
                    "properties": {
                        "field": { "type": "string", "examples": ["email", "lines[1].quantity"] },
                        "code": { "type": "string", "examples": ["required", "not_an_email"] },
                        "message": { "type": "string" },
                    },
                } },
            },
        },
        "count": {
            "type": "object",
            "properties": { "number": { "type": "integer" }, "capped": { "type": "boolean" } },
        },
        "hit": {
            "type": "object",
            "properties": {
                "entity": { "type": "string" },
                "id": { "type": "string", "format": "uuid" },
                "title": { "type": "string" },
            },
        },
        "timeline_item": {
            "type": "object",
            "properties": {
                "at": { "type": "string", "format": "date-time" },
                "entity": { "type": "string" },
                "record": { "type": "object" },
            },
        },
        "change": {
            "type": "object",
            "properties": {
                "seq": { "type": "integer" },
                "at": { "type": "string", "format": "date-time" },
                "user": { "type": ["string", "null"], "format": "uuid" },
                "import_run": { "type": ["string", "null"], "format": "uuid" },
                "kind": { "type": "string", "enum": ["create", "update", "delete", "restore"] },
                "changes": { "type": "object", "description": texts.changes() },
            },
        },
    });
    match schemas {
        Value::Object(schemas) => schemas,
        _ => Map::new(),
    }
}
