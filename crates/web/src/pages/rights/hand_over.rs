//! Everything of somebody who leaves goes to somebody else, in one step.

use super::administrators_only;
use crate::{
    Answer, Flash,
    pages::{Caller, Place, input::sentence},
};
use axum::{
    Form,
    response::{IntoResponse, Redirect},
};
use engine::Error;
use meta::{Id, Values};
use serde::Serialize;
use std::collections::BTreeSet;

#[derive(Serialize)]
struct Owned {
    name: String,
    label: String,
    icon: &'static str,
    count: String,
    chosen: bool,
}

pub async fn show(caller: Caller, Place(id): Place<Id>) -> Answer {
    page(&caller, 200, id, None).await
}

async fn page(caller: &Caller, status: u16, id: Id, error: Option<String>) -> Answer {
    administrators_only(caller)?;
    let (engine, reader) = (caller.engine(), &caller.reader);
    let user = engine.get(caller.actor(), "user", id).await?;
    let owned: Vec<Owned> = engine
        .owned_by(id)
        .await?
        .into_iter()
        .map(|(entity, number)| Owned {
            name: entity.name.clone(),
            label: entity.plural.get(reader.lang).to_owned(),
            icon: entity.icon,
            count: reader.format().number(number.into()),
            chosen: true,
        })
        .collect();
    let context = minijinja::context! {
        user => minijinja::context! { name => user.text("name"), href => format!("/user/{id}"), id },
        active => user.get("active").as_bool() != Some(false),
        owned,
        error,
    };
    caller.page_with(status, "rights_hand_over.html", context)
}

pub async fn begin(caller: Caller, Place(id): Place<Id>, Form(given): Form<Vec<(String, String)>>) -> Answer {
    administrators_only(&caller)?;
    let value = |name: &str| given.iter().find(|(key, _)| key == name).map(|(_, value)| value.trim());
    let entities = given.iter().filter(|(key, _)| key == "entities").map(|(_, value)| value.clone());
    let entities: Vec<String> = entities.collect::<BTreeSet<_>>().into_iter().collect();
    let to: Option<Id> = value("to").and_then(|to| to.parse().ok());
    let (Some(to), false) = (to, entities.is_empty()) else {
        let text =
            caller.reader.say("Choose who gets the records, and which.", "请选择接收人和要移交的数据。");
        return page(&caller, 422, id, Some(text.to_owned())).await;
    };
    let deactivate = value("deactivate").is_some();
    let done = caller
        .engine()
        .write(caller.actor(), move |tx| {
            Box::pin(async move {
                tx.hand_over(id, to, entities).await?;
                if deactivate {
                    let values = Values::from([("active".to_owned(), false.into())]);
                    tx.update("user", id, None, values).await?;
                }
                Ok(())
            })
        })
        .await;
    match done {
        Ok(()) => {
            let text = caller.reader.say(
                "The records are being handed over; this goes on in the background.",
                "正在移交数据，将在后台完成。",
            );
            Ok(Flash::success(text).on(Redirect::to(&format!("/user/{id}")).into_response()))
        }
        Err(Error::Invalid(problems)) => {
            let said = problems.first().map(|found| sentence(&caller.reader, &found.problem));
            page(&caller, 422, id, said).await
        }
        Err(error) => Err(error.into()),
    }
}
