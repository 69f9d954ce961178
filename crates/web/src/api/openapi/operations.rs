//! The operations of an entity and those that belong to none.

use super::{
    schemas::{NUMBER, change_name, example, input_name, reference},
    texts::Texts,
};
use crate::api::{
    SYSTEM,
    batch::OPERATIONS_LIMIT,
    input::NUMBER_LIMIT,
    list::{COUNT_CAP, is_searched},
};
use engine::Registry;
use meta::Entity;
use serde_json::{Map, Value, json};

/// How any request may fail.
const EVERYWHERE: [(u16, &str); 4] =
    [(400, "bad_request"), (401, "sign_in"), (429, "rate_limited"), (503, "unavailable")];
const RATES: [&str; 2] = ["RateLimit-Policy", "RateLimit"];

pub fn headers(names: &[&str]) -> Value {
    let named = |name: &&str| ((*name).to_owned(), json!({ "$ref": format!("#/components/headers/{name}") }));
    Map::from_iter(names.iter().map(named)).into()
}

/// An operation under construction.
pub struct Operation(Value);

impl Operation {
    pub fn new(tag: &str, id: &str, summary: String) -> Self {
        Operation(json!({
            "tags": [tag], "operationId": id, "summary": summary,
            "parameters": [{ "$ref": "#/components/parameters/accept_language" }], "responses": {},
        }))
    }
    pub fn describe(mut self, text: String) -> Self {
        self.0["description"] = json!(text);
        self
    }
    pub fn parameters(mut self, names: &[&str]) -> Self {
        if let Some(list) = self.0["parameters"].as_array_mut() {
            list.extend(
                names.iter().map(|name| json!({ "$ref": format!("#/components/parameters/{name}") })),
            );
        }
        self
    }
    pub fn own_parameter(mut self, parameter: Value) -> Self {
        if let Some(list) = self.0["parameters"].as_array_mut() {
            list.push(parameter);
        }
        self
    }
    pub fn body(mut self, schema: Value, example: Value) -> Self {
        self.0["requestBody"] = json!({ "required": true, "content": { "application/json": { "schema": schema, "example": example } } });
        self
    }
    pub fn answers(mut self, status: u16, description: String, schema: Option<Value>) -> Self {
        let mut response = json!({ "description": description, "headers": headers(&RATES) });
        if let Some(schema) = schema {
            response["content"] = json!({ "application/json": { "schema": schema } });
        }
        self.0["responses"][status.to_string()] = response;
        self
    }
    /// Headers of an answer, besides those of every answer.
    pub fn with_headers(mut self, status: u16, names: &[&str]) -> Self {
        self.0["responses"][status.to_string()]["headers"] = headers(&[names, &RATES].concat());
        self
    }
    /// What can be asked of the record an answer is about; `id` says where its id stands.
    fn links(mut self, status: u16, entity: &Entity, id: &str) -> Self {
        let links = ["get", "change", "replace", "delete", "timeline_of", "history_of"].map(|verb| {
            let name = format!("{verb}_{}", entity.name);
            let link = json!({ "operationId": name, "parameters": { "id": id } });
            (name, link)
        });
        self.0["responses"][status.to_string()]["links"] = Map::from_iter(links).into();
        self
    }
    /// What undoes this, for the same record.
    fn link_back(mut self, status: u16, operation: &str) -> Self {
        let link = json!({ "operationId": operation, "parameters": { "id": "$request.path.id" } });
        self.0["responses"][status.to_string()]["links"][operation] = link;
        self
    }
    /// `(status, name)` of shared failures; every operation may also fail to sign in.
    pub fn fails(mut self, failures: &[(u16, &str)]) -> Value {
        for (status, name) in failures.iter().chain(&EVERYWHERE) {
            self.0["responses"][status.to_string()] =
                json!({ "$ref": format!("#/components/responses/{name}") });
        }
        self.0
    }
}

/// A page; `more` are its other keys, `next` among them where there are further pages.
pub(super) fn page(items: Value, more: &[(&str, Value)]) -> Value {
    let mut schema = json!({ "type": "object", "required": ["data"], "properties": {
        "data": { "type": "array", "items": items },
    } });
    for (name, value) in more {
        schema["properties"][name] = value.clone();
    }
    schema
}

pub(super) fn next() -> Value {
    json!({ "type": ["string", "null"] })
}

const WRITE_FAILURES: [(u16, &str); 6] = [
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
    paths.insert(format!("{base}/{{id}}/access"), json!({ "get": access(entity, texts) }));
    paths.extend(super::privacy::of_entity(entity, texts));
    paths.extend(super::merge::of_entity(entity, texts));
    paths.insert(format!("{base}/export"), json!({ "get": export(entity, texts) }));
    paths.insert(format!("{base}/batch"), json!({ "post": batch(entity, texts) }));
    if entity.external_ids {
        let both = json!({ "get": by_number(entity, texts), "put": upsert(entity, texts) });
        paths.insert(format!("{base}/by-external-id/{{source}}/{{number}}"), both);
    }
    paths
}

/// `q` where there is something to search, `sort` and `fields` with the names this entity has.
fn chosen(operation: Operation, entity: &Entity, texts: Texts) -> Operation {
    let indexed = entity.fields.values().filter(|field| field.indexed).map(|field| field.name.as_str());
    let sorts: Vec<String> = indexed
        .chain(["id", "created_at", "updated_at"])
        .flat_map(|name| [name.to_owned(), format!("-{name}")])
        .collect();
    let system = SYSTEM.iter().copied();
    let numbers = entity.external_ids.then_some("external_ids");
    let names: Vec<&str> = system.chain(entity.fields.keys().map(String::as_str)).chain(numbers).collect();
    let words: &[&str] = if is_searched(entity) { &["q"] } else { &[] };
    operation
        .parameters(words)
        .own_parameter(json!({
            "name": "sort", "in": "query", "schema": { "type": "string", "enum": sorts },
            "description": texts.sort(),
        }))
        .own_parameter(json!({
            "name": "fields", "in": "query", "style": "form", "explode": false,
            "schema": { "type": "array", "items": { "type": "string", "enum": names } },
            "description": texts.parameter("fields"),
        }))
}

fn list(entity: &Entity, texts: Texts) -> Value {
    let operation = Operation::new(&entity.name, &format!("list_{}", entity.name), texts.list(entity))
        .describe(texts.list_more(COUNT_CAP))
        .parameters(&["filter", "after", "limit", "count", "deleted"])
        .answers(
            200,
            texts.a_page(),
            Some(page(reference(&entity.name), &[("next", next()), ("count", reference("count"))])),
        );
    chosen(operation, entity, texts).fails(&[(403, "forbidden"), (404, "not_found"), (422, "invalid")])
}

fn export(entity: &Entity, texts: Texts) -> Value {
    let mut operation =
        Operation::new(&entity.name, &format!("export_{}", entity.name), texts.export(entity))
            .describe(texts.export_more())
            .parameters(&["filter", "deleted"])
            .own_parameter(json!({
                "name": "format", "in": "query", "schema": { "type": "string", "enum": ["ndjson", "csv"] },
                "description": texts.parameter("format"),
            }))
            .answers(200, texts.a_page(), None);
    operation.0["responses"]["200"]["content"] = json!({
        "application/x-ndjson": { "schema": { "type": "string" } },
        "text/csv": { "schema": { "type": "string" } },
    });
    chosen(operation, entity, texts).fails(&[(403, "forbidden"), (404, "not_found"), (422, "invalid")])
}

fn create(entity: &Entity, texts: Texts) -> Value {
    Operation::new(&entity.name, &format!("create_{}", entity.name), texts.create(entity))
        .parameters(&["idempotency_key"])
        .body(reference(&input_name(entity)), example(entity, texts))
        .answers(201, texts.created(), Some(reference(&entity.name)))
        .with_headers(201, &["ETag", "Location", "Idempotent-Replayed"])
        .links(201, entity, "$response.body#/id")
        .fails(&WRITE_FAILURES)
}

fn get(registry: &Registry, entity: &Entity, texts: Texts) -> Value {
    let mut operation = Operation::new(&entity.name, &format!("get_{}", entity.name), texts.get(entity))
        .parameters(&["id", "if_none_match"])
        .answers(200, texts.the_record(), Some(reference(&entity.name)))
        .with_headers(200, &["ETag"])
        .answers(304, texts.unchanged(), None)
        .with_headers(304, &["ETag"])
        .answers(307, texts.merged_away(), None)
        .with_headers(307, &["Location"]);
    if registry.children(&entity.name).next().is_some() {
        operation = operation.describe(texts.with_lines());
    }
    operation.fails(&READ_FAILURES)
}

fn change(entity: &Entity, texts: Texts, method: &str) -> Value {
    let (id, summary, body) = match method {
        "put" => (format!("replace_{}", entity.name), texts.replace(entity), input_name(entity)),
        _ => (format!("change_{}", entity.name), texts.change(entity), change_name(entity)),
    };
    Operation::new(&entity.name, &id, summary)
        .describe(if method == "put" { texts.replace_more() } else { texts.change_more() })
        .parameters(&["id", "if_match", "idempotency_key"])
        .body(reference(&body), example(entity, texts))
        .answers(200, texts.the_record(), Some(reference(&entity.name)))
        .with_headers(200, &["ETag", "Idempotent-Replayed"])
        .fails(&WRITE_FAILURES)
}

fn delete(entity: &Entity, texts: Texts) -> Value {
    Operation::new(&entity.name, &format!("delete_{}", entity.name), texts.delete(entity))
        .parameters(&["id", "if_match", "idempotency_key"])
        .answers(204, texts.done(), None)
        .with_headers(204, &["Idempotent-Replayed"])
        .link_back(204, &format!("restore_{}", entity.name))
        .fails(&WRITE_FAILURES)
}

fn restore(entity: &Entity, texts: Texts) -> Value {
    Operation::new(&entity.name, &format!("restore_{}", entity.name), texts.restore(entity))
        .parameters(&["id", "idempotency_key"])
        .answers(200, texts.the_record(), Some(reference(&entity.name)))
        .with_headers(200, &["ETag", "Idempotent-Replayed"])
        .fails(&WRITE_FAILURES)
}

fn timeline(entity: &Entity, texts: Texts) -> Value {
    Operation::new(&entity.name, &format!("timeline_of_{}", entity.name), texts.timeline(entity))
        .parameters(&["id", "before", "limit"])
        .answers(200, texts.a_page(), Some(page(reference("timeline_item"), &[("next", next())])))
        .fails(&[(403, "forbidden"), (404, "not_found"), (422, "invalid")])
}

fn history(entity: &Entity, texts: Texts) -> Value {
    Operation::new(&entity.name, &format!("history_of_{}", entity.name), texts.history(entity))
        .parameters(&["id", "limit"])
        .answers(200, texts.a_page(), Some(page(reference("change"), &[("created", reference("created"))])))
        .fails(&[(403, "forbidden"), (404, "not_found"), (422, "invalid")])
}

fn access(entity: &Entity, texts: Texts) -> Value {
    Operation::new(&entity.name, &format!("access_to_{}", entity.name), texts.access(entity))
        .parameters(&["id", "user"])
        .answers(200, texts.a_verdict(), Some(reference("access")))
        .fails(&[(403, "forbidden"), (404, "not_found"), (422, "invalid")])
}

fn batch(entity: &Entity, texts: Texts) -> Value {
    let kinds =
        [format!("{}_create", entity.name), format!("{}_update", entity.name), "batch_delete".to_owned()];
    let mapping = ["create", "update", "delete"].iter().zip(&kinds);
    let mapping: Map<String, Value> =
        mapping.map(|(op, kind)| ((*op).to_owned(), json!(format!("#/components/schemas/{kind}")))).collect();
    let operation = json!({
        "oneOf": kinds.iter().map(|kind| reference(kind)).collect::<Vec<_>>(),
        "discriminator": { "propertyName": "op", "mapping": mapping },
    });
    let schema = json!({
        "type": "object", "additionalProperties": false, "required": ["operations"],
        "properties": { "operations": { "type": "array", "maxItems": OPERATIONS_LIMIT, "items": operation } },
    });
    let example = json!({ "operations": [{ "op": "create", "values": example(entity, texts) }] });
    Operation::new(&entity.name, &format!("batch_{}", entity.name), texts.batch(entity))
        .describe(texts.batch_more(OPERATIONS_LIMIT))
        .parameters(&["idempotency_key"])
        .body(schema, example)
        .answers(200, texts.done(), Some(reference("batch_results")))
        .with_headers(200, &["Idempotent-Replayed"])
        .fails(&WRITE_FAILURES)
}

fn number_parameters(operation: Operation, texts: Texts) -> Operation {
    ["source", "number"].into_iter().fold(operation, |operation, name| {
        operation.own_parameter(json!({
            "name": name, "in": "path", "required": true, "description": texts.parameter(name),
            "schema": { "type": "string", "minLength": 1, "maxLength": NUMBER_LIMIT, "pattern": NUMBER },
        }))
    })
}

fn by_number(entity: &Entity, texts: Texts) -> Value {
    let id = format!("get_{}_by_external_id", entity.name);
    number_parameters(Operation::new(&entity.name, &id, texts.by_number(entity)), texts)
        .parameters(&["if_none_match"])
        .answers(200, texts.the_record(), Some(reference(&entity.name)))
        .with_headers(200, &["ETag"])
        .answers(304, texts.unchanged(), None)
        .with_headers(304, &["ETag"])
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
        .body(reference(&change_name(entity)), sent)
        .answers(200, texts.the_record(), Some(reference(&entity.name)))
        .with_headers(200, &["ETag", "Idempotent-Replayed"])
        .answers(201, texts.created(), Some(reference(&entity.name)))
        .with_headers(201, &["ETag", "Location", "Idempotent-Replayed"])
        .fails(&WRITE_FAILURES)
}

pub fn general(shown: &[&Entity], texts: Texts) -> Map<String, Value> {
    let names: Vec<&str> = shown.iter().map(|entity| entity.name.as_str()).collect();
    let words = json!({
        "name": "q", "in": "query", "required": true, "description": texts.parameter("q"),
        "schema": { "type": "string", "minLength": 1, "pattern": "\\S" },
    });
    let one_entity = json!({
        "name": "entity", "in": "query", "description": texts.parameter("entity"),
        "schema": { "type": "string", "enum": names },
    });
    let search = Operation::new("general", "search", texts.search())
        .own_parameter(words)
        .own_parameter(one_entity)
        .parameters(&["limit"])
        .answers(200, texts.a_page(), Some(page(reference("hit"), &[])))
        .fails(&[(404, "not_found"), (422, "invalid")]);
    let meta = Operation::new("general", "describe", texts.describe())
        .answers(200, texts.describe(), Some(json!({ "type": "object" })))
        .fails(&[]);
    let document = Operation::new("general", "openapi", texts.document())
        .answers(200, texts.document(), Some(json!({ "type": "object" })))
        .fails(&[]);
    let mut paths = Map::new();
    paths.insert("/api/v1/search".into(), json!({ "get": search }));
    paths.insert("/api/v1/audit".into(), json!({ "get": super::audit::operation(texts) }));
    paths.insert("/api/v1/meta".into(), json!({ "get": meta }));
    paths.insert("/api/openapi.json".into(), json!({ "get": document }));
    paths
}
