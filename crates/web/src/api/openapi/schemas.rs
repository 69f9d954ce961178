//! Schemas: what a record looks like when read and when written, with an example that can be sent as it is.

use super::texts::Texts;
use crate::api::{input::NUMBER_LIMIT, lines::key_of};
use engine::{Action, Level, Registry, Withheld};
use meta::{Entity, Field, Kind};
use serde_json::{Map, Value, json};

/// Of another system, or its name: something to see, and no control characters.
pub(super) const NUMBER: &str =
    "^[^\\x00-\\x1f\\x7f-\\x9f]*[^\\s\\x00-\\x1f\\x7f-\\x9f][^\\x00-\\x1f\\x7f-\\x9f]*$";
const DECIMAL: &str = "^-?[0-9]+(\\.[0-9]+)?$";

pub fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

/// What a body is for.
#[derive(Clone, Copy, PartialEq)]
enum Use {
    /// To create or replace a record.
    Whole,
    /// To change a record: what is left out stays.
    Change,
    /// A line in the body of its parent.
    Line,
}

/// The schemas `{entity}` (read), `{entity}_input` (to create), `{entity}_change`, and what batches and parents need.
pub fn of_entity(registry: &Registry, entity: &Entity, texts: Texts) -> Map<String, Value> {
    let mut schemas = Map::new();
    schemas.insert(entity.name.clone(), read(registry, entity, texts));
    schemas.insert(input_name(entity), written(registry, entity, texts, Use::Whole));
    schemas.insert(change_name(entity), written(registry, entity, texts, Use::Change));
    if entity.parent.is_some() {
        schemas.insert(line_name(entity), written(registry, entity, texts, Use::Line));
    }
    let create = operation("create", &[], &["values"], Some(reference(&input_name(entity))));
    schemas.insert(format!("{}_create", entity.name), create);
    let update = operation("update", &["version"], &["id", "values"], Some(reference(&change_name(entity))));
    schemas.insert(format!("{}_update", entity.name), update);
    schemas
}

/// One operation of a batch.
fn operation(op: &str, optional: &[&str], required: &[&str], values: Option<Value>) -> Value {
    let mut properties = Map::from_iter([("op".to_owned(), json!({ "type": "string", "enum": [op] }))]);
    for name in optional.iter().chain(required) {
        let schema = match *name {
            "id" => json!({ "type": "string", "format": "uuid" }),
            "version" => version(),
            _ => values.clone().unwrap_or_default(),
        };
        properties.insert((*name).to_owned(), schema);
    }
    let required: Vec<&str> = ["op"].iter().chain(required).copied().collect();
    json!({ "type": "object", "additionalProperties": false, "required": required, "properties": properties })
}

/// A version as the caller names it.
pub fn version() -> Value {
    json!({ "type": ["integer", "null"], "format": "int64" })
}

pub fn input_name(entity: &Entity) -> String {
    format!("{}_input", entity.name)
}
pub fn change_name(entity: &Entity) -> String {
    format!("{}_change", entity.name)
}
fn line_name(entity: &Entity) -> String {
    format!("{}_of_parent", entity.name)
}

fn read(registry: &Registry, entity: &Entity, texts: Texts) -> Value {
    let mut properties = Map::new();
    let instant = json!({ "type": ["string", "null"], "format": "date-time" });
    properties.insert("id".into(), json!({ "type": "string", "format": "uuid" }));
    properties.insert(
        "version".into(),
        json!({ "type": "integer", "format": "int64", "description": texts.version() }),
    );
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

/// The fields a caller may give.
pub fn fields_written(entity: &Entity, texts: Texts) -> Map<String, Value> {
    let given = entity.fields.values().filter(|field| !field.computed);
    given.map(|field| (field.name.clone(), schema(field, texts, true))).collect()
}

fn written(registry: &Registry, entity: &Entity, texts: Texts, of: Use) -> Value {
    let mut properties = fields_written(entity, texts);
    match of {
        Use::Line => properties.insert("id".into(), json!({ "type": ["string", "null"], "format": "uuid" })),
        _ => properties.insert("version".into(), version()),
    };
    add_parts(registry, entity, texts, &mut properties, line_name);
    let parent = entity.parent.as_deref().filter(|_| of == Use::Line);
    let needed = |field: &&Field| {
        is_required(field)
            && field.default.is_none()
            && !field.default_now
            && Some(field.name.as_str()) != parent
    };
    let required: Vec<&str> =
        entity.fields.values().filter(needed).map(|field| field.name.as_str()).collect();
    let mut schema = json!({ "type": "object", "additionalProperties": false, "properties": properties });
    if of == Use::Whole && !required.is_empty() {
        schema["required"] = json!(required);
    }
    schema
}

/// Numbered fields fill themselves.
fn is_required(field: &Field) -> bool {
    field.required && !field.computed && field.numbered.is_none()
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
        let number =
            json!({ "type": "string", "minLength": 1, "maxLength": NUMBER_LIMIT, "pattern": NUMBER });
        properties.insert(
            "external_ids".into(),
            json!({
                "type": "object", "description": texts.external_ids(), "examples": [{ "erp": "4711" }],
                "propertyNames": { "minLength": 1, "maxLength": NUMBER_LIMIT, "pattern": NUMBER },
                "additionalProperties": { "oneOf": [
                    number, { "type": "array", "items": number }, { "type": "null" },
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
    let mut schema = kind_schema(field, input);
    // Numbers of the database's integers with so many decimals.
    if let (true, Some(scale)) = (input, field.scale()) {
        let maximum = i64::MAX / 10_i64.pow(scale);
        schema["maximum"] = json!(maximum);
        schema["minimum"] = json!(-maximum);
    }
    if input && is_required(field) {
        schema["type"] = without_null(&schema["type"]);
        if let Some(values) = schema.get_mut("enum").and_then(Value::as_array_mut) {
            values.retain(|value| !value.is_null());
        }
        if matches!(field.kind, Kind::Text { .. } | Kind::LongText) {
            schema["minLength"] = json!(1);
            schema["pattern"] = json!("\\S");
        }
    }
    schema["description"] = json!(texts.field(field));
    if field.computed {
        schema["readOnly"] = json!(true);
    }
    if let Some(default) = &field.default {
        schema["default"] = default.to_json();
    }
    schema
}

fn kind_schema(field: &Field, input: bool) -> Value {
    match &field.kind {
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
    }
}

fn without_null(kinds: &Value) -> Value {
    let kinds: Vec<&Value> = kinds.as_array().into_iter().flatten().filter(|kind| *kind != "null").collect();
    match kinds.as_slice() {
        [one] => (*one).clone(),
        several => json!(several),
    }
}

/// A body that can be sent to create a record: what is required, what the list shows, and what a rule asks for.
pub fn example(entity: &Entity, texts: Texts) -> Value {
    let mut body = Map::new();
    for field in entity.fields.values().filter(|field| !field.computed && field.numbered.is_none()) {
        let shown = entity.list.contains(&field.name) && field.target().is_none();
        if field.required || field.in_example || shown {
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
        Kind::Integer => json!(7),
        Kind::Decimal { scale: 0 } => json!("7"),
        Kind::Decimal { .. } => json!("7.5"),
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
            "additionalProperties": false,
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
        "batch_delete": operation("delete", &["version"], &["id"], None),
        "count": {
            "type": "object",
            "required": ["number", "capped"],
            "properties": { "number": { "type": "integer" }, "capped": { "type": "boolean" } },
        },
        "hit": {
            "type": "object",
            "required": ["entity", "id", "title"],
            "properties": {
                "entity": { "type": "string" },
                "id": { "type": "string", "format": "uuid" },
                "title": { "type": "string" },
            },
        },
        "timeline_item": {
            "type": "object",
            "required": ["at", "entity", "record"],
            "properties": {
                "at": { "type": "string", "format": "date-time" },
                "entity": { "type": "string" },
                "record": { "type": "object" },
            },
        },
        "created": {
            "type": "object",
            "required": ["at", "user"],
            "properties": {
                "at": { "type": "string", "format": "date-time" },
                "user": { "type": ["string", "null"], "format": "uuid" },
            },
        },
        "batch_results": { "type": "object", "required": ["results"], "properties": { "results": {
            "type": "array",
            "items": { "type": "object", "required": ["id"], "properties": {
                "id": { "type": "string", "format": "uuid" },
            } },
        } } },
        "access": access(),
        "erasure": super::privacy::schema(),
        "change": {
            "type": "object",
            "required": ["seq", "at", "user", "kind", "changes"],
            "properties": {
                "seq": { "type": "integer" },
                "at": { "type": "string", "format": "date-time" },
                "user": { "type": ["string", "null"], "format": "uuid" },
                "import_run": { "type": ["string", "null"], "format": "uuid" },
                "kind": { "type": "string", "enum": ["create", "update", "delete", "restore", "erase"] },
                "changes": { "type": "object", "description": texts.changes() },
            },
        },
    });
    match schemas {
        Value::Object(schemas) => schemas,
        _ => Map::new(),
    }
}

/// What a user may do with a record, and why.
fn access() -> Value {
    let level = json!({ "type": "string", "enum": Level::ALL.map(Level::name) });
    json!({
        "type": "object",
        "required": ["user", "standing", "rights", "nearest", "reasons", "fields"],
        "properties": {
            "user": { "type": "string", "format": "uuid" },
            "standing": { "type": "string", "enum": ["inactive", "administrator", "without_role", "roles"] },
            "rights": { "type": "array", "items": {
                "type": "object",
                "required": ["action", "allowed", "level", "roles"],
                "properties": {
                    "action": { "type": "string", "enum": Action::ALL.map(Action::name) },
                    "allowed": { "type": "boolean" },
                    "level": level,
                    "roles": { "type": "array", "items": { "type": "string" } },
                },
            } },
            "nearest": level,
            "reasons": { "type": "array", "items": { "type": "object" } },
            "fields": { "type": "array", "items": {
                "type": "object",
                "required": ["field", "level"],
                "properties": {
                    "field": { "type": "string" },
                    "level": { "type": "string", "enum": Withheld::ALL.map(Withheld::name) },
                },
            } },
        },
    })
}
