//! The data of a person in the description: export, what an erasure would reach, erasure.

use super::{operations::Operation, schemas::reference, texts::Texts};
use meta::{Entity, Persons};
use serde_json::{Map, Value, json};

/// Only for entities whose records can be people.
pub fn of_entity(entity: &Entity, texts: Texts) -> Map<String, Value> {
    let mut paths = Map::new();
    if entity.persons != Persons::None {
        let base = format!("/api/v1/{}/{{id}}", entity.name);
        paths.insert(format!("{base}/person-data"), json!({ "post": person_data(entity, texts) }));
        let both = json!({ "get": erasure(entity, texts, "get"), "post": erasure(entity, texts, "post") });
        paths.insert(format!("{base}/erasure"), both);
    }
    paths
}

/// On whose request.
fn with_reason(operation: Operation, texts: Texts) -> Operation {
    let reason = json!({ "type": ["string", "null"], "description": texts.parameter("reason") });
    let schema =
        json!({ "type": "object", "additionalProperties": false, "properties": { "reason": reason } });
    operation.body(schema, json!({ "reason": texts.a_reason() }))
}

const PRIVACY_FAILURES: [(u16, &str); 4] =
    [(403, "forbidden"), (404, "not_found"), (413, "too_large"), (422, "invalid")];

fn person_data(entity: &Entity, texts: Texts) -> Value {
    let id = format!("export_person_{}", entity.name);
    with_reason(Operation::new(&entity.name, &id, texts.person_data(entity)), texts)
        .parameters(&["id"])
        .answers(200, texts.done(), Some(json!({ "type": "object" })))
        .fails(&PRIVACY_FAILURES)
}

fn erasure(entity: &Entity, texts: Texts, verb: &str) -> Value {
    let operation = match verb {
        "get" => {
            Operation::new(&entity.name, &format!("look_at_erasure_{}", entity.name), texts.erasure(entity))
        }
        _ => with_reason(
            Operation::new(&entity.name, &format!("erase_{}", entity.name), texts.erase(entity))
                .describe(texts.erase_more()),
            texts,
        ),
    };
    operation
        .parameters(&["id"])
        .answers(200, texts.done(), Some(reference("erasure")))
        .fails(&PRIVACY_FAILURES)
}

/// What an erasure reaches.
pub fn schema() -> Value {
    let count = json!({ "type": "integer" });
    json!({
        "type": "object",
        "required": ["pseudonym", "records", "log_entries", "copies"],
        "properties": {
            "pseudonym": { "type": "string" },
            "records": { "type": "array", "items": {
                "type": "object",
                "required": ["entity", "records", "deleted", "personal_fields"],
                "properties": {
                    "entity": { "type": "string" },
                    "records": count,
                    "deleted": count,
                    "personal_fields": { "type": "array", "items": { "type": "string" } },
                },
            } },
            "log_entries": count,
            "copies": { "type": "array", "items": {
                "type": "object",
                "required": ["what", "count"],
                "properties": { "what": { "type": "string" }, "count": count },
            } },
        },
    })
}
