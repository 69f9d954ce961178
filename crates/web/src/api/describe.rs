//! `/api/v1/meta`: what there is, for programs that build forms, mappings and reports by themselves.

use super::lines::key_of;
use crate::{Answer, App, Session};
use axum::{Json, extract::State, response::IntoResponse};
use engine::{Action, allow};
use meta::{Entity, Field, Kind, Lang};
use serde_json::{Value, json};

pub async fn describe(State(app): State<App>, session: Session) -> Answer {
    let registry = app.engine().registry();
    let visible = |entity: &&std::sync::Arc<Entity>| {
        !entity.internal && allow(&session.actor, entity, Action::Read).is_ok()
    };
    let entities: Vec<Value> = registry
        .entities()
        .filter(visible)
        .map(|entity| session.actor.view(entity))
        .map(|entity| {
            let children: Vec<Value> = registry
                .children(&entity.name)
                .filter(visible)
                .map(|child| json!({ "key": key_of(registry, entity, child), "entity": child.name }))
                .collect();
            json!({
                "name": entity.name,
                "label": entity.label.get(session.lang),
                "label_plural": entity.plural.get(session.lang),
                "title": entity.title,
                "sort": entity.sort,
                "list": entity.list,
                "parent": entity.parent,
                "children": children,
                "external_ids": entity.external_ids,
                "writable": allow(&session.actor, entity, Action::Create).is_ok(),
                "fields": entity.fields.values().map(|known| field(known, session.lang)).collect::<Vec<_>>(),
            })
        })
        .collect();
    let currency = app.engine().company_currency().await?;
    Ok(Json(json!({ "entities": entities, "company_currency": currency })).into_response())
}

fn field(field: &Field, lang: Lang) -> Value {
    let mut body = json!({
        "name": field.name,
        "label": field.label.get(lang),
        "help": field.help.as_ref().map(|help| help.get(lang)),
        "section": field.section.get(lang),
        "kind": field.kind.name(),
        "required": field.required,
        "unique": field.unique,
        "indexed": field.indexed,
        "searched": field.searched,
        "read_only": field.computed,
        "personal": field.personal,
    });
    match &field.kind {
        Kind::Choice(choices) => {
            let choices = choices.iter().map(|choice| {
                json!({ "value": choice.value, "label": choice.label.get(lang), "colour": choice.colour })
            });
            body["choices"] = choices.collect();
        }
        Kind::Reference { entity } => body["target"] = json!(entity),
        Kind::Text { limit } => body["limit"] = json!(limit),
        _ => {}
    }
    if let Some(scale) = field.scale() {
        body["scale"] = json!(scale);
    }
    if let Some(default) = &field.default {
        body["default"] = default.to_json();
    }
    body
}
