//! `/api/v1/account/{id}/may-contact?channel=email&purpose=marketing`: yes or no, and why; without parameters the whole table.

use super::{CHANNELS, PURPOSES, decisions, verdict};
use axum::{
    Json,
    extract::Query as Asking,
    response::{IntoResponse, Response},
};
use engine::Error;
use engine::consent::{ANY, Verdict};
use meta::{FieldProblem, Id, Problem};
use serde::Deserialize;
use serde_json::{Value, json};
use web::{
    Answer,
    pages::{Caller, Place},
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Asked {
    channel: Option<String>,
    purpose: Option<String>,
}

pub async fn of_account(caller: Caller, place: Place<Id>, asked: Asking<Asked>) -> Answer<Response> {
    answer(caller, "account", place, asked).await
}

pub async fn of_contact(caller: Caller, place: Place<Id>, asked: Asking<Asked>) -> Answer<Response> {
    answer(caller, "contact", place, asked).await
}

async fn answer(
    caller: Caller,
    entity: &str,
    Place(id): Place<Id>,
    Asking(asked): Asking<Asked>,
) -> Answer<Response> {
    let known = |given: &Option<String>, choices: super::entity::Choices| {
        given.as_ref().is_none_or(|given| given != ANY && choices.iter().any(|(value, ..)| value == given))
    };
    let wrong = [("channel", known(&asked.channel, CHANNELS)), ("purpose", known(&asked.purpose, PURPOSES))];
    let problems: Vec<FieldProblem> = wrong
        .iter()
        .filter(|(_, known)| !known)
        .map(|(field, _)| FieldProblem::new(*field, Problem::Unknown))
        .collect();
    if !problems.is_empty() {
        return Err(Error::Invalid(problems).into());
    }
    let engine = caller.engine();
    let person = engine.get(caller.actor(), entity, id).await?;
    let decisions = decisions(engine, &person).await?;
    let wanted = |given: &Option<String>, value: &str| {
        value != ANY && given.as_ref().is_none_or(|given| given == value)
    };
    let mut answers = vec![];
    for (channel, ..) in CHANNELS.iter().filter(|(value, ..)| wanted(&asked.channel, value)) {
        for (purpose, ..) in PURPOSES.iter().filter(|(value, ..)| wanted(&asked.purpose, value)) {
            answers.push(told(channel, purpose, &verdict(engine, &person, &decisions, channel, purpose)));
        }
    }
    let preferred = person.get("preferred_channel").to_json();
    Ok(Json(json!({ "data": answers, "preferred_channel": preferred })).into_response())
}

fn told(channel: &str, purpose: &str, verdict: &Verdict) -> Value {
    json!({
        "channel": channel,
        "purpose": purpose,
        "allowed": verdict.allowed,
        "reason": verdict.reason.name(),
        "consent": verdict.decision.as_ref().map(|decision| decision.id),
        "decided_at": verdict.decision.as_ref().map(|decision| decision.decided_at),
        "expires_at": verdict.decision.as_ref().and_then(|decision| decision.expires_at),
    })
}
