//! Why a user can or cannot see a record; for administrators.

use super::{entity, list::Parameters};
use crate::{Answer, App, Session};
use axum::{
    Json,
    extract::{Path, RawQuery, State},
    response::IntoResponse,
};
use engine::{Error, Reason, Standing};
use meta::{Id, Lang, Problem};
use serde_json::{Value as Tree, json};

pub async fn access(
    State(app): State<App>,
    session: Session,
    Path((name, id)): Path<(String, Id)>,
    RawQuery(query): RawQuery,
) -> Answer {
    let entity = entity(&app, &session, &name)?;
    let parameters = Parameters::read(query.as_deref(), &["user"])?;
    let user: Option<Id> = match parameters.get("user") {
        None => session.actor.user,
        Some(text) => Some(
            text.parse()
                .map_err(|_| Error::invalid("user", Problem::NotAReference { given: text.to_owned() }))?,
        ),
    };
    let user = user.ok_or_else(|| Error::invalid("user", Problem::Required))?;
    let said = app.engine().explain(&session.actor, user, &entity.name, id).await?;
    let rights: Vec<_> = said
        .verdicts
        .iter()
        .map(|verdict| {
            json!({ "action": verdict.action.name(), "allowed": verdict.allowed,
                "level": verdict.level.name(), "roles": verdict.roles })
        })
        .collect();
    let fields: Vec<_> = said
        .fields
        .iter()
        .map(|(name, _, withheld)| json!({ "field": name, "level": withheld.name() }))
        .collect();
    let reasons: Vec<Tree> = said.reasons.iter().map(|reason| told(reason, session.lang)).collect();
    Ok(Json(json!({
        "user": user,
        "standing": standing(&said.standing),
        "rights": rights,
        "nearest": said.nearest.name(),
        "reasons": reasons,
        "fields": fields,
    }))
    .into_response())
}

fn standing(standing: &Standing) -> &'static str {
    match standing {
        Standing::Gone => "inactive",
        Standing::Administrator => "administrator",
        Standing::WithoutRole => "without_role",
        Standing::Roles(_) => "roles",
    }
}

fn told(reason: &Reason, lang: Lang) -> Tree {
    json!({
        "field": reason.field.as_ref().map(|field| field.get(lang)),
        "name": reason.name,
        "team": reason.team,
        "level": reason.level.name(),
        "shared": reason.share.map(|(writes, ends)| json!({ "change": writes, "expires_at": ends })),
        "through": reason.through.iter().map(|reason| told(reason, lang)).collect::<Vec<_>>(),
    })
}
