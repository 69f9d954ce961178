//! Who asked for a person's data, or had it erased, and when: kept for good.

use crate::{Module, Result, Role, Tx};
use meta::{Entity, Id, Values, choice, instant, json, text};

pub(super) const REQUEST: &str = "privacy_request";

pub(super) fn add(module: Module) -> Module {
    module.entity(request())
}

fn request() -> Entity {
    Entity::new(REQUEST)
        .labels("Privacy request", "Privacy requests", "个人信息请求")
        .icon("user-shield")
        .hint(
            "Whose data was exported or erased, when, by whom and on whose request. Written by the program.",
            "谁的个人信息在何时、由谁、应何人请求导出或擦除。由系统自动记录。",
        )
        .field(text("record").label("Record", "记录").required().computed().indexed())
        .field(text("entity").label("Kind of record", "记录类型").required().computed())
        .field(
            choice(
                "kind",
                &[
                    ("export", "Export", "导出", "blue"),
                    ("erasure", "Erasure", "擦除", "red"),
                    ("retention", "Retention rule", "保存期限", "orange"),
                ],
            )
            .label("What was done", "处理方式")
            .required()
            .computed()
            .indexed(),
        )
        .field(text("reason").label("On whose request", "请求方").computed())
        .field(instant("done_at").label("Done", "处理时间").required().computed().indexed())
        .field(json("counts").label("What was reached", "涉及范围").computed())
        .title("record")
        .list(["done_at", "kind", "entity", "record", "reason", "created_by"])
        .sort("-done_at")
        .secret()
        .internal()
}

pub(super) struct Request<'r> {
    pub kind: &'static str,
    pub entity: &'r str,
    /// None: many at once.
    pub record: Option<Id>,
    pub reason: &'r str,
    pub counts: serde_json::Value,
}

/// Notes it in the transaction that does it, in the name of whoever asked.
pub(super) async fn record(tx: &mut Tx, request: Request<'_>) -> Result<Id> {
    const REASON_LIMIT: usize = 255;
    let reason: String = request.reason.trim().chars().take(REASON_LIMIT).collect();
    let values = Values::from([
        ("kind".to_owned(), request.kind.into()),
        ("entity".to_owned(), request.entity.into()),
        ("record".to_owned(), request.record.map_or("–".to_owned(), |id| id.to_string()).into()),
        ("reason".to_owned(), Some(reason).filter(|reason| !reason.is_empty()).into()),
        ("done_at".to_owned(), tx.clock().now().into()),
        ("counts".to_owned(), request.counts.into()),
    ]);
    let was_trusted = std::mem::replace(&mut tx.trusted, true);
    let role = std::mem::replace(&mut tx.actor.role, Role::System);
    let created = tx.create(REQUEST, values).await;
    (tx.trusted, tx.actor.role) = (was_trusted, role);
    created
}
