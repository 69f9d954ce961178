//! The audit for programs of administrators.

use super::{AUDIT, asked};
use crate::{Answer, App, Session, api::Parameters};
use axum::{
    Json,
    extract::{RawQuery, State},
    response::IntoResponse,
};
use engine::{AuditEntry, AuditQuery, Error};
use meta::{DateTime, Problem, Utc};
use serde_json::{Value as Tree, json};

const PARAMETERS: [&str; 8] = ["user", "action", "entity", "record", "from", "until", "after", "limit"];

pub(crate) async fn audit(State(app): State<App>, session: Session, RawQuery(query): RawQuery) -> Answer {
    let parameters = Parameters::read(query.as_deref(), &PARAMETERS)?;
    // The page's form sends empty what is not asked for; a program leaves it out.
    let formed = ["user", "action", "record", "from", "until"];
    if let Some(empty) = formed.into_iter().find(|name| parameters.get(name) == Some("")) {
        return Err(Error::invalid(empty, Problem::Required).into());
    }
    let text = |name: &str| parameters.get(name).unwrap_or_default();
    let at =
        |name: &str| asked::given::<DateTime<Utc>>(name, text(name), |given| Problem::NotAnInstant { given });
    let entity = Some(text("entity").to_owned()).filter(|entity| !entity.is_empty());
    let query = AuditQuery {
        user: asked::id("user", text("user"))?,
        action: asked::action(text("action"))?,
        entity,
        record: asked::id("record", text("record"))?,
        from: at("from")?,
        until: at("until")?,
        after: parameters.get("after").map(str::parse).transpose()?,
        limit: parameters.limit()?,
    };
    let page = app.engine().audit(&session.actor, &query).await?;
    let given = PARAMETERS[..6].iter().map(|name| (*name, text(name))).collect::<Vec<_>>();
    app.saw_many(&session, AUDIT, page.entries.len(), &given);
    let seal = app.engine().newest_seal().await?;
    let seal = seal.map(|seal| json!({ "number": seal.number, "at": seal.at, "seal": seal.text() }));
    let data: Vec<Tree> = page.entries.iter().map(told).collect();
    let next = page.next.map(|next| next.to_string());
    Ok(Json(json!({ "data": data, "next": next, "sealed": seal })).into_response())
}

fn told(entry: &AuditEntry) -> Tree {
    json!({
        "id": format!("{}-{}", entry.source.name(), entry.seq),
        "at": entry.at,
        "user": entry.user,
        "what": entry.what,
        "entity": entry.entity,
        "record": entry.record,
        "count": entry.count,
        "via": entry.via,
        "address": entry.address,
        "details": entry.details,
    })
}
