//! Duplicates and merging in the description.

use super::{
    operations::{Operation, page},
    schemas::{fields_written, reference, version},
    texts::Texts,
};
use engine::LOSERS_LIMIT;
use meta::Entity;
use serde_json::{Map, Value, json};

const FAILURES: [(u16, &str); 6] = [
    (403, "forbidden"),
    (404, "not_found"),
    (409, "conflict"),
    (413, "too_large"),
    (422, "invalid"),
    (429, "rate_limited"),
];

/// Only for entities whose records can be merged.
pub fn of_entity(entity: &Entity, texts: Texts) -> Map<String, Value> {
    let mut paths = Map::new();
    if entity.mergeable {
        let base = format!("/api/v1/{}/{{id}}", entity.name);
        paths.insert(format!("{base}/duplicates"), json!({ "get": duplicates(entity, texts) }));
        paths.insert(format!("{base}/merge"), json!({ "post": merge(entity, texts) }));
        paths.insert(format!("{base}/unmerge"), json!({ "post": unmerge(entity, texts) }));
    }
    paths
}

fn duplicates(entity: &Entity, texts: Texts) -> Value {
    let alike = json!({ "type": "string", "enum": ["email", "phone", "name"] });
    let one = json!({ "type": "object", "required": ["alike", "record"], "properties": {
        "alike": { "type": "array", "items": alike }, "record": reference(&entity.name),
    } });
    Operation::new(&entity.name, &format!("duplicates_of_{}", entity.name), texts.duplicates(entity))
        .parameters(&["id"])
        .answers(200, texts.a_page(), Some(page(one, &[])))
        .fails(&[(403, "forbidden"), (404, "not_found"), (422, "invalid")])
}

fn merge(entity: &Entity, texts: Texts) -> Value {
    let ids = json!({ "type": "array", "minItems": 1, "maxItems": LOSERS_LIMIT,
        "items": { "type": "string", "format": "uuid" }, "description": texts.merged_records() });
    let schema = json!({ "type": "object", "additionalProperties": false, "required": ["records"], "properties": {
        "records": ids,
        "values": { "type": ["object", "null"], "additionalProperties": false,
            "properties": fields_written(entity, texts), "description": texts.merged_values() },
        "version": version(),
    } });
    let answer = json!({ "type": "object", "required": ["merge", "moved", "record"], "properties": {
        "merge": { "type": "string", "format": "uuid" }, "moved": { "type": "integer" }, "record": reference(&entity.name),
    } });
    Operation::new(&entity.name, &format!("merge_{}", entity.name), texts.merge(entity))
        .describe(texts.merge_more())
        .parameters(&["id", "idempotency_key"])
        .body(schema, json!({ "records": ["01977f4e-0000-7000-8000-000000000002"] }))
        .answers(200, texts.done(), Some(answer))
        .with_headers(200, &["Idempotent-Replayed"])
        .fails(&FAILURES)
}

fn unmerge(entity: &Entity, texts: Texts) -> Value {
    let schema = json!({ "type": "object", "additionalProperties": false, "required": ["merge"], "properties": {
        "merge": { "type": "string", "format": "uuid" },
    } });
    let answer = json!({ "type": "object", "required": ["stayed", "record"], "properties": {
        "stayed": { "type": "integer" }, "record": reference(&entity.name),
    } });
    Operation::new(&entity.name, &format!("unmerge_{}", entity.name), texts.unmerge(entity))
        .parameters(&["id", "idempotency_key"])
        .body(schema, json!({ "merge": "01977f4e-0000-7000-8000-000000000001" }))
        .answers(200, texts.done(), Some(answer))
        .with_headers(200, &["Idempotent-Replayed"])
        .fails(&FAILURES)
}
