//! The audit in the description: one operation of its own.

use super::{
    operations::{Operation, next, page},
    schemas::reference,
    texts::Texts,
};
use serde_json::{Value, json};

pub fn operation(texts: Texts) -> Value {
    let query = |name: &str, schema: Value, text: String| json!({ "name": name, "in": "query", "schema": schema, "description": text });
    let id = json!({ "type": "string", "format": "uuid" });
    let at = json!({ "type": "string", "format": "date-time" });
    Operation::new("general", "audit", texts.pick("Who saw, exported and changed what", "谁查看、导出、修改了什么"))
        .describe(texts.pick(
            "For administrators; newest first. A page may be short, or empty, with more to come: go on while there is a `next`.",
            "仅限管理员，最新的在最前。某一页可能不满甚至为空而后面仍有内容：只要返回 `next` 就继续。",
        ))
        .own_parameter(query("user", id.clone(), texts.pick("Who did it.", "操作人员。")))
        .own_parameter(query(
            "action",
            json!({ "type": "string", "enum": crate::audit::actions() }),
            texts.pick("What was done.", "所做的操作。"),
        ))
        .own_parameter(query("entity", json!({ "type": "string" }), texts.pick("With records of what kind.", "数据类型。")))
        .own_parameter(query("record", id, texts.pick("With which record.", "哪条记录。")))
        .own_parameter(query("from", at.clone(), texts.pick("Not before.", "不早于此时刻。")))
        .own_parameter(query("until", at, texts.pick("Before.", "早于此时刻。")))
        .parameters(&["after", "limit"])
        .answers(
            200,
            texts.a_page(),
            Some(page(reference("audit_entry"), &[("next", next()), ("sealed", reference("audit_seal"))])),
        )
        .fails(&[(403, "forbidden"), (422, "invalid")])
}

pub fn schemas(texts: Texts) -> Value {
    let text = json!({ "type": ["string", "null"] });
    let id = json!({ "type": ["string", "null"], "format": "uuid" });
    json!({
        "audit_entry": {
            "type": "object",
            "required": ["id", "at", "user", "what", "entity", "record", "count", "via", "address", "details"],
            "properties": {
                "id": { "type": "string", "examples": ["log-17"] },
                "at": { "type": "string", "format": "date-time" },
                "user": id,
                "what": { "type": "string", "examples": ["saw", "exported", "update"] },
                "entity": text,
                "record": id,
                "count": { "type": ["integer", "null"], "description": texts.pick("Of records.", "记录条数。") },
                "via": text,
                "address": text,
                "details": { "type": "object", "description": texts.pick(
                    "Of a change `{\"field\": [old, new]}`, of lists and exports what was asked for.",
                    "修改为 `{\"字段\": [旧值, 新值]}`，列表与导出为所用条件。",
                ) },
            },
        },
        "audit_seal": {
            "type": ["object", "null"],
            "description": texts.pick("The newest seal.", "最新的封印。"),
            "required": ["number", "at", "seal"],
            "properties": {
                "number": { "type": "integer" },
                "at": { "type": "string", "format": "date-time" },
                "seal": { "type": "string" },
            },
        },
    })
}
