//! The operations of an entity and those that belong to none.

use super::{
    schemas::{example, input_name, reference},
    texts::Texts,
};
use crate::api::{batch::OPERATIONS_LIMIT, list::COUNT_CAP};
use engine::Registry;
use meta::Entity;
use serde_json::{Map, Value, json};

/// An operation under construction.
struct Operation(Value);

impl Operation {
    fn new(tag: &str, id: &str, summary: String) -> Self {
        Operation(json!({
            "tags": [tag], "operationId": id, "summary": summary,
            "parameters": [{ "$ref": "#/components/parameters/accept_language" }], "responses": {},
        }))
    }
    fn describe(mut self, text: String) -> Self {
        self.0["description"] = json!(text);
        self
    }
    fn parameters(mut self, names: &[&str]) -> Self {
        if let Some(list) = self.0["parameters"].as_array_mut() {
            list.extend(
                names.iter().map(|name| json!({ "$ref": format!("#/components/parameters/{name}") })),
            );
        }
        self
    }
    fn own_parameter(mut self, parameter: Value) -> Self {
        if let Some(list) = self.0["parameters"].as_array_mut() {
            list.push(parameter);
        }
        self
    }
    fn body(mut self, schema: Value, example: Value) -> Self {
        self.0["requestBody"] = json!({ "required": true, "content": { "application/json": { "schema": schema, "example": example } } });
        self
    }
    fn answers(mut self, status: u16, description: String, schema: Option<Value>) -> Self {
        let mut response = json!({ "description": description });
        if let Some(schema) = schema {
            response["content"] = json!({ "application/json": { "schema": schema } });
        }
        self.0["responses"][status.to_string()] = response;
        self
    }
    /// `(status, name)` of shared failures; every operation may also fail to sign in.
    fn fails(mut self, failures: &[(u16, &str)]) -> Value {
        for (status, name) in failures.iter().chain(&[(401, "sign_in"), (503, "unavailable")]) {
            self.0["responses"][status.to_string()] =
                json!({ "$ref": format!("#/components/responses/{name}") });
        }
        self.0
    }
}

fn page(items: Value) -> Value {
    json!({ "type": "object", "required": ["data"], "properties": {
        "data": { "type": "array", "items": items },
        "next": { "type": ["string", "null"] },
        "count": reference("count"),
    } })
}

const WRITE_FAILURES: [(u16, &str); 7] = [
    (400, "bad_request"),
    (403, "forbidden"),
    (404, "not_found"),
    (409, "conflict"),
    (412, "precondition_failed"),
    (413, "too_large"),
    (422, "invalid"),
];
const READ_FAILURES: [(u16, &str); 2] = [(403, "forbidden"), (404, "not_found")];

pub fn of_entity(registry: &Registry, entity: &Entity, texts: Texts) -> Map<String, Value> {
    let mut paths = Map::new();
    let base = format!("/api/v1/{}", entity.name);
    paths.insert(base.clone(), json!({ "get": list(entity, texts), "post": create(entity, texts) }));
    paths.insert(
        format!("{base}/{{id}}"),
        json!({
            "get": get(registry, entity, texts),
            "patch": change(entity, texts, "patch"),
            "put": change(entity, texts, "put"),
            "delete": delete(entity, texts),
        }),
    );
    paths.insert(format!("{base}/{{id}}/restore"), json!({ "post": restore(entity, texts) }));
    paths.insert(format!("{base}/{{id}}/timeline"), json!({ "get": timeline(entity, texts) }));
    paths.insert(format!("{base}/{{id}}/history"), json!({ "get": history(entity, texts) }));
    paths.insert(format!("{base}/batch"), json!({ "post": batch(entity, texts) }));
    if entity.external_ids {
        let both = json!({ "get": by_number(entity, texts), "put": upsert(entity, texts) });
        paths.insert(format!("{base}/by-external-id/{{source}}/{{number}}"), both);
    }
    paths
}

fn list(entity: &Entity, texts: Texts) -> Value {
    let sortable = entity.fields.values().filter(|field| field.indexed).map(|field| field.name.as_str());
    let names: Vec<&str> = sortable.chain(["created_at", "updated_at"]).collect();
    let sort = json!({
        "name": "sort", "in": "query", "schema": { "type": "string" },
        "description": texts.sort(&names.join(", ")),
    });
    Operation::new(&entity.name, &format!("list_{}", entity.name), texts.list(entity))
        .describe(texts.list_more(COUNT_CAP))
        .parameters(&["filter", "q", "after", "limit", "fields", "count", "deleted"])
        .own_parameter(sort)
        .answers(200, texts.a_page(), Some(page(reference(&entity.name))))
        .fails(&[(403, "forbidden"), (404, "not_found"), (422, "invalid")])
}

fn create(entity: &Entity, texts: Texts) -> Value {
    Operation::new(&entity.name, &format!("create_{}", entity.name), texts.create(entity))
        .parameters(&["idempotency_key"])
        .body(reference(&input_name(entity)), example(entity, texts))
        .answers(201, texts.created(), Some(reference(&entity.name)))
        .fails(&WRITE_FAILURES)
}

fn get(registry: &Registry, entity: &Entity, texts: Texts) -> Value {
    let mut operation = Operation::new(&entity.name, &format!("get_{}", entity.name), texts.get(entity))
        .parameters(&["id", "if_none_match"])
        .answers(200, texts.the_record(), Some(reference(&entity.name)))
        .answers(304, texts.unchanged(), None);
    if registry.children(&entity.name).next().is_some() {
        operation = operation.describe(texts.with_lines());
    }
    operation.fails(&READ_FAILURES)
}

fn change(entity: &Entity, texts: Texts, method: &str) -> Value {
    let (id, summary) = match method {
        "put" => (format!("replace_{}", entity.name), texts.replace(entity)),
        _ => (format!("change_{}", entity.name), texts.change(entity)),
    };
    Operation::new(&entity.name, &id, summary)
        .describe(if method == "put" { texts.replace_more() } else { texts.change_more() })
        .parameters(&["id", "if_match", "idempotency_key"])
        .body(reference(&input_name(entity)), example(entity, texts))
        .answers(200, texts.the_record(), Some(reference(&entity.name)))
        .fails(&WRITE_FAILURES)
}

fn delete(entity: &Entity, texts: Texts) -> Value {
    Operation::new(&entity.name, &format!("delete_{}", entity.name), texts.delete(entity))
        .parameters(&["id", "if_match", "idempotency_key"])
        .answers(204, texts.done(), None)
        .fails(&WRITE_FAILURES)
}

fn restore(entity: &Entity, texts: Texts) -> Value {
    Operation::new(&entity.name, &format!("restore_{}", entity.name), texts.restore(entity))
        .parameters(&["id", "idempotency_key"])
        .answers(200, texts.the_record(), Some(reference(&entity.name)))
        .fails(&WRITE_FAILURES)
}

fn timeline(entity: &Entity, texts: Texts) -> Value {
    Operation::new(&entity.name, &format!("timeline_of_{}", entity.name), texts.timeline(entity))
        .parameters(&["id", "before", "limit"])
        .answers(200, texts.a_page(), Some(page(reference("timeline_item"))))
        .fails(&[(403, "forbidden"), (404, "not_found"), (422, "invalid")])
}

fn history(entity: &Entity, texts: Texts) -> Value {
    Operation::new(&entity.name, &format!("history_of_{}", entity.name), texts.history(entity))
        .parameters(&["id", "limit"])
        .answers(200, texts.a_page(), Some(page(reference("change"))))
        .fails(&[(403, "forbidden"), (404, "not_found"), (422, "invalid")])
}

fn batch(entity: &Entity, texts: Texts) -> Value {
    let input = reference(&input_name(entity));
    let id = json!({ "type": "string", "format": "uuid" });
    let schema = json!({ "type": "object", "required": ["operations"], "properties": { "operations": {
        "type": "array", "maxItems": OPERATIONS_LIMIT, "items": { "type": "object", "required": ["op"], "properties": {
            "op": { "type": "string", "enum": ["create", "update", "delete"] },
            "id": id, "version": { "type": "integer" }, "values": input,
        } },
    } } });
    let example = json!({ "operations": [{ "op": "create", "values": example(entity, texts) }] });
    let results = json!({ "type": "object", "properties": { "results": {
        "type": "array", "items": { "type": "object", "properties": { "id": id } },
    } } });
    Operation::new(&entity.name, &format!("batch_{}", entity.name), texts.batch(entity))
        .describe(texts.batch_more(OPERATIONS_LIMIT))
        .parameters(&["idempotency_key"])
        .body(schema, example)
        .answers(200, texts.done(), Some(results))
        .fails(&WRITE_FAILURES)
}

fn number_parameters(operation: Operation, texts: Texts) -> Operation {
    ["source", "number"].into_iter().fold(operation, |operation, name| {
        operation.own_parameter(json!({
            "name": name, "in": "path", "required": true, "schema": { "type": "string" },
            "description": texts.parameter(name),
        }))
    })
}

fn by_number(entity: &Entity, texts: Texts) -> Value {
    let id = format!("get_{}_by_external_id", entity.name);
    number_parameters(Operation::new(&entity.name, &id, texts.by_number(entity)), texts)
        .parameters(&["if_none_match"])
        .answers(200, texts.the_record(), Some(reference(&entity.name)))
        .answers(304, texts.unchanged(), None)
        .fails(&READ_FAILURES)
}

fn upsert(entity: &Entity, texts: Texts) -> Value {
    let id = format!("put_{}_by_external_id", entity.name);
    let mut sent = example(entity, texts);
    if let Some(sent) = sent.as_object_mut() {
        sent.remove("external_ids");
    }
    number_parameters(Operation::new(&entity.name, &id, texts.upsert(entity)), texts)
        .describe(texts.upsert_more())
        .parameters(&["if_match", "idempotency_key"])
        .body(reference(&input_name(entity)), sent)
        .answers(200, texts.the_record(), Some(reference(&entity.name)))
        .answers(201, texts.created(), Some(reference(&entity.name)))
        .fails(&WRITE_FAILURES)
}

pub fn general(texts: Texts) -> Map<String, Value> {
    let text = |required: bool, name: &str| {
        json!({
            "name": name, "in": "query", "required": required, "schema": { "type": "string" },
            "description": texts.parameter(name),
        })
    };
    let search = Operation::new("general", "search", texts.search())
        .own_parameter(text(true, "q"))
        .own_parameter(text(false, "entity"))
        .parameters(&["limit"])
        .answers(200, texts.a_page(), Some(page(reference("hit"))))
        .fails(&[(404, "not_found"), (422, "invalid")]);
    let meta = Operation::new("general", "describe", texts.describe())
        .answers(200, texts.describe(), Some(json!({ "type": "object" })))
        .fails(&[]);
    let document = Operation::new("general", "openapi", texts.document())
        .answers(200, texts.document(), Some(json!({ "type": "object" })))
        .fails(&[]);
    let mut paths = Map::new();
    paths.insert("/api/v1/search".into(), json!({ "get": search }));
    paths.insert("/api/v1/meta".into(), json!({ "get": meta }));
    paths.insert("/api/openapi.json".into(), json!({ "get": document }));
    paths
}
