//! One field, or deletion, for all selected records; both can be undone.

use super::view::is_bulk_field;
use crate::{
    Answer, Failure, Flash,
    pages::{Caller, Place, input, undo::Token},
    toast,
};
use axum::{Form, http::StatusCode, response::IntoResponse};
use engine::{Action, Error, LogKind};
use meta::{Field, Id, Lang, Problem, Values};

type Pairs = Vec<(String, String)>;

/// GET `{entity}/bulk/field/{name}`: the input for the value.
pub async fn field(caller: Caller, Place((entity, name)): Place<(String, String)>) -> Answer {
    let entity = caller.entity(&entity, Action::Update)?;
    let field = bulk_field(entity.get(&name), &name)?;
    let mut input = input::input(&caller.reader, field, name, String::new());
    input.required = false;
    caller.page("bulk_field.html", minijinja::context! { field => input })
}

fn bulk_field<'f>(field: Option<&'f Field>, name: &str) -> Answer<&'f Field> {
    field
        .filter(|field| is_bulk_field(field))
        .ok_or_else(|| Failure::Engine(Error::invalid(name, Problem::Unknown)))
}

pub async fn update(caller: Caller, Place(entity): Place<String>, Form(pairs): Form<Pairs>) -> Answer {
    let entity = caller.entity(&entity, Action::Update)?;
    let ids = ids(&pairs)?;
    let name = given(&pairs, "field").unwrap_or_default();
    let field = bulk_field(entity.get(name), name)?;
    // A switch that is off is not sent at all.
    let absent = if field.kind == meta::Kind::Bool { "false" } else { "" };
    let typed = given(&pairs, name).unwrap_or(absent);
    let value = input::read(&caller.reader, field, typed)
        .map_err(|problem| Failure::Engine(Error::invalid(field.label.get(caller.reader.lang), problem)))?;
    let (target, name, many) = (entity.name.clone(), name.to_owned(), ids.len());
    let (changed, stretch) = caller
        .engine()
        .write(caller.actor(), move |tx| {
            Box::pin(async move {
                let before = tx.last_change().await?;
                let value = |id: Id| (id, Values::from([(name.clone(), value.clone())]));
                let changed = tx.update_many(&target, ids.into_iter().map(value).collect()).await?;
                Ok((changed, (before, tx.last_change().await?)))
            })
        })
        .await
        .map_err(|error| named(error, field, caller.reader.lang))?;
    let text = match caller.reader.lang {
        Lang::En => format!("{} set for {changed} of {many} records.", field.label.en),
        Lang::Zh => format!("已修改 {many} 条中 {changed} 条记录的“{}”。", field.label.zh),
    };
    let mut flash = Flash::success(text);
    if changed > 0 {
        flash = flash.undo(Token::new(&entity, LogKind::Update, stretch).href());
    }
    Ok(toast(StatusCode::NO_CONTENT.into_response(), &flash, &["list-changed"]))
}

pub async fn delete(caller: Caller, Place(entity): Place<String>, Form(pairs): Form<Pairs>) -> Answer {
    let entity = caller.entity(&entity, Action::Delete)?;
    let ids = ids(&pairs)?;
    let target = entity.name.clone();
    let (deleted, stretch) = caller
        .engine()
        .write(caller.actor(), move |tx| {
            Box::pin(async move {
                let before = tx.last_change().await?;
                let deleted = tx.delete_many(&target, &ids).await?;
                Ok((deleted, (before, tx.last_change().await?)))
            })
        })
        .await?;
    let text = match caller.reader.lang {
        Lang::En if deleted == 1 => format!("1 {} deleted.", entity.label.en.to_lowercase()),
        Lang::En => format!("{deleted} {} deleted.", entity.plural.en.to_lowercase()),
        Lang::Zh => format!("已删除 {deleted} 条{}。", entity.label.zh),
    };
    let mut flash = Flash::success(text);
    if deleted > 0 {
        flash = flash.undo(Token::new(&entity, LogKind::Delete, stretch).href());
    }
    Ok(toast(StatusCode::NO_CONTENT.into_response(), &flash, &["list-changed"]))
}

fn given<'p>(pairs: &'p Pairs, name: &str) -> Option<&'p str> {
    pairs.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
}

fn ids(pairs: &Pairs) -> Answer<Vec<Id>> {
    let unreadable = || {
        Failure::bad_request(
            "A selected record's id cannot be read: reload the list.",
            "选中的记录无法识别，请刷新列表。",
        )
    };
    let mut ids: Vec<Id> = pairs
        .iter()
        .filter(|(key, _)| key == "ids")
        .map(|(_, id)| id.parse().map_err(|_| unreadable()))
        .collect::<Answer<_>>()?;
    ids.sort_unstable();
    ids.dedup();
    if ids.is_empty() {
        return Err(Failure::bad_request(
            "Nothing is selected: tick some rows first.",
            "尚未选中记录，请先勾选。",
        ));
    }
    Ok(ids)
}

/// One sentence instead of one problem per record.
fn named(error: Error, field: &Field, lang: Lang) -> Failure {
    Failure::Engine(match error {
        Error::Invalid(mut problems) if !problems.is_empty() => {
            let mut first = problems.swap_remove(0);
            first.field = field.label.get(lang).to_owned();
            Error::Invalid(vec![first])
        }
        other => other,
    })
}
