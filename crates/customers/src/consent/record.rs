//! A decision is written down on the person's page.

use axum::{
    Form,
    response::{IntoResponse, Redirect},
};
use engine::Error;
use meta::{Id, NaiveDate, Value, Values};
use std::collections::BTreeMap;
use web::{
    Answer, Flash,
    pages::{Caller, Place},
};

type Given = Form<BTreeMap<String, String>>;

const FIELDS: [&str; 7] = ["channel", "purpose", "state", "source", "proof", "proof_reference", "expires_at"];

pub async fn of_account(caller: Caller, place: Place<Id>, given: Given) -> Answer {
    record(caller, "account", place, given).await
}

pub async fn of_contact(caller: Caller, place: Place<Id>, given: Given) -> Answer {
    record(caller, "contact", place, given).await
}

/// What is refused is told above the page it came from: the form is short enough to be filled again.
async fn record(caller: Caller, person: &'static str, Place(id): Place<Id>, Form(given): Given) -> Answer {
    let record = caller.engine().get(caller.actor(), person, id).await?;
    let entity = caller.engine().entity("consent")?.clone();
    let mut values = Values::from([(person.to_owned(), id.into())]);
    // A contact's decision stands with his customer, too, and is seen by whoever sees that.
    if person != "account" {
        values.insert("account", record.get("account").clone());
    }
    let mut problems = vec![];
    for field in FIELDS.iter().filter_map(|name| entity.get(name)) {
        let Some(text) = given.get(&field.name).map(|text| text.trim()).filter(|text| !text.is_empty())
        else {
            continue;
        };
        let value = match field.name.as_str() {
            "expires_at" => end_of(&caller, text).map_or_else(|| field.parse_text(text), Ok),
            _ => field.parse_text(text),
        };
        match value {
            Ok(value) => drop(values.insert(field.name.clone(), value)),
            Err(problem) => problems.push(meta::FieldProblem::new(&field.name, problem)),
        }
    }
    let saved = match problems.is_empty() {
        true => {
            let engine = caller.engine();
            let actor = caller.actor();
            engine.write(actor, |tx| Box::pin(async move { tx.create("consent", values).await })).await
        }
        false => Err(Error::Invalid(problems)),
    };
    let back = Redirect::to(&format!("/{person}/{id}#consent-panel")).into_response();
    match saved {
        Ok(_) => Ok(Flash::success(caller.app.t(caller.session.lang, "consent.saved", &[])).on(back)),
        Err(error @ Error::Invalid(_)) => Ok(Flash::error(error.message(caller.session.lang)).on(back)),
        Err(error) => Err(error.into()),
    }
}

/// A day is the last on which the decision holds, by the clock of whoever writes it down.
fn end_of(caller: &Caller, text: &str) -> Option<Value> {
    let last: NaiveDate = text.parse().ok()?;
    let end = last.succ_opt()?.and_hms_opt(0, 0, 0)?;
    Some(caller.reader.utc(end).into())
}
