//! The data of one person: everything of it as a file, and its erasure, with what that will reach.

use super::administrators_only;
use crate::{
    Answer, Flash,
    pages::{Caller, Place, entity_view::EntityView, input::sentence, record::view},
};
use axum::{
    Form,
    http::header,
    response::{IntoResponse, Redirect},
};
use engine::{Action, Error};
use meta::{Id, Persons};
use serde::{Deserialize, Serialize};

#[derive(Deserialize, Default)]
pub struct Given {
    #[serde(default)]
    reason: String,
    /// Ticked: it is known that there is no way back.
    #[serde(default)]
    sure: String,
}

#[derive(Serialize)]
struct Reached {
    label: String,
    icon: &'static str,
    records: String,
    deleted: String,
    fields: Vec<String>,
}

#[derive(Serialize)]
struct Copy {
    label: String,
    count: String,
}

pub async fn show(caller: Caller, Place((entity, id)): Place<(String, Id)>) -> Answer {
    page(&caller, 200, &entity, id, None, "").await
}

async fn page(
    caller: &Caller,
    status: u16,
    entity: &str,
    id: Id,
    error: Option<String>,
    reason: &str,
) -> Answer {
    administrators_only(caller)?;
    let (engine, reader) = (caller.engine(), &caller.reader);
    let entity = caller.entity(entity, Action::Read)?;
    if entity.persons == Persons::None {
        return Err(Error::NotFound(format!("{}/{id}/privacy", entity.name)).into());
    }
    let title = engine.titles(caller.actor(), &[(&entity.name, id)]).await?.remove(&id);
    // Of a company there is nothing to erase; the page says so instead of failing.
    let (erasure, refused) = match engine.erasure(caller.actor(), &entity.name, id).await {
        Ok(erasure) => (Some(erasure), None),
        Err(Error::Invalid(problems)) => {
            (None, problems.first().map(|found| sentence(reader, &found.problem)))
        }
        Err(error) => return Err(error.into()),
    };
    let number = |count: u64| reader.format().number(count.into());
    let reached = erasure.iter().flat_map(|erasure| &erasure.affected).map(|affected| {
        let fields = affected.fields.iter().filter_map(|name| affected.entity.get(name));
        Reached {
            label: affected.entity.plural.get(reader.lang).to_owned(),
            icon: affected.entity.icon,
            records: number(affected.records as u64),
            deleted: if affected.deleted > 0 { number(affected.deleted as u64) } else { String::new() },
            fields: fields.map(|field| field.label.get(reader.lang).to_owned()).collect(),
        }
    });
    let (erased, kept): (Vec<Reached>, Vec<Reached>) = reached.partition(|one| !one.fields.is_empty());
    let copies = erasure.iter().flat_map(|erasure| &erasure.copies);
    let copies: Vec<Copy> = copies
        .map(|found| Copy { label: found.what.get(reader.lang).to_owned(), count: number(found.count) })
        .collect();
    let context = minijinja::context! {
        entity => EntityView::new(reader, &entity),
        record => minijinja::context! { title => title.unwrap_or_default(), href => view::href(&entity, id) },
        erased_at => engine.erased_at(id).await?.map(|at| reader.exact(at)),
        pseudonym => erasure.as_ref().map(|erasure| erasure.pseudonym.as_str()),
        log_entries => erasure.as_ref().map(|erasure| number(erasure.log_entries)),
        erased,
        kept,
        copies,
        refused,
        error,
        reason,
    };
    caller.page_with(status, "privacy_person.html", context)
}

pub async fn export(
    caller: Caller,
    Place((entity, id)): Place<(String, Id)>,
    Form(given): Form<Given>,
) -> Answer {
    administrators_only(&caller)?;
    let entity = caller.entity(&entity, Action::Read)?;
    let data = caller.engine().export_person(caller.actor(), &entity.name, id, &given.reason).await?;
    let text = serde_json::to_string_pretty(&data.document).map_err(Error::from)?;
    let headers = [
        (header::CONTENT_TYPE, "application/json; charset=utf-8".to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{}\"", data.file_name)),
        (header::CACHE_CONTROL, "no-store".to_owned()),
    ];
    Ok((headers, text).into_response())
}

pub async fn erase(
    caller: Caller,
    Place((name, id)): Place<(String, Id)>,
    Form(given): Form<Given>,
) -> Answer {
    administrators_only(&caller)?;
    let reader = &caller.reader;
    let refuse = async |text: String| page(&caller, 422, &name, id, Some(text), &given.reason).await;
    if given.sure != "true" {
        let text = reader.say("Tick that you know it cannot be undone.", "请勾选确认已知晓此操作不可撤销。");
        return refuse(text.to_owned()).await;
    }
    let entity = caller.entity(&name, Action::Read)?;
    match caller.engine().erase(caller.actor(), &entity.name, id, &given.reason).await {
        Ok(done) => {
            let text = match reader.lang {
                meta::Lang::En => {
                    format!("The personal data is erased; the record is now called {}.", done.pseudonym)
                }
                meta::Lang::Zh => format!("个人信息已擦除，该记录现名为“{}”。", done.pseudonym),
            };
            let back = Redirect::to(&view::href(&entity, id)).into_response();
            Ok(Flash::success(text).on(back))
        }
        Err(Error::Invalid(problems)) => {
            let text = problems.first().map(|found| sentence(reader, &found.problem));
            refuse(text.unwrap_or_default()).await
        }
        Err(error) => Err(error.into()),
    }
}
