//! Creating and editing a record of any entity, with its lines. A refused form comes back whole, with what is wrong and how
//! to mend it.

mod save;
mod texts;
mod view;

use super::{
    Caller, Place,
    address::{list_href, record_href},
    entity_view::{EntityView, capital},
};
use crate::{Answer, App, Flash};
use axum::{
    Form, Router,
    extract::Query as Asking,
    response::{IntoResponse, Redirect},
    routing::get,
};
use engine::{Action, Error, LogEntry, allow};
use meta::{Entity, Field, FieldProblem, Id, Lang, Problem, Record, label};
use std::{collections::HashMap, sync::Arc};
use texts::{LINES_LIMIT, Line, Typed};
use view::{Content, FormPage};

pub fn routes() -> Router<App> {
    Router::new()
        .route("/{entity}/new", get(new).post(create))
        .route("/{entity}/{id}/edit", get(edit).post(update))
}

type Pairs = Form<Vec<(String, String)>>;

/// Entities may have several kinds of lines; the first is edited in the form.
fn child<'c>(caller: &'c Caller, entity: &'c Entity) -> Option<&'c Arc<Entity>> {
    let mut children = caller.engine().registry().children(&entity.name);
    let child = children.find(|child| allow(caller.actor(), child, Action::Read).is_ok())?;
    Some(caller.actor().view(child))
}

async fn new(
    caller: Caller,
    Place(entity): Place<String>,
    Asking(given): Asking<HashMap<String, String>>,
) -> Answer {
    let entity = caller.entity(&entity, Action::Create)?;
    let mut texts = texts::of_new(&caller.reader, &entity, &given, caller.actor().user);
    if let Some(currency) = currency_of_given(&caller, &entity, &given).await? {
        texts.insert("currency".into(), currency);
    }
    if let Some(to) = given.get("return_to") {
        texts.insert("return_to".into(), to.clone());
    }
    let typed = Typed { texts, lines: vec![] };
    let form = Filled { record: None, child: child(&caller, &entity), typed: &typed };
    show(&caller, 200, &entity, form, &[], None).await
}

/// A customer's new order is in the customer's currency.
async fn currency_of_given(
    caller: &Caller,
    entity: &Entity,
    given: &HashMap<String, String>,
) -> Answer<Option<String>> {
    if given.contains_key("currency") || entity.get("currency").is_none() {
        return Ok(None);
    }
    for (name, text) in given {
        let (Some(target), Ok(id)) = (entity.get(name).and_then(Field::target), text.parse::<Id>()) else {
            continue;
        };
        let found = caller.engine().get_many(caller.actor(), target, &[id]).await?;
        if let Some(currency) = found.first().map(|record| record.text("currency")).filter(|c| !c.is_empty())
        {
            return Ok(Some(currency.to_owned()));
        }
    }
    Ok(None)
}

async fn create(caller: Caller, Place(entity): Place<String>, Form(pairs): Pairs) -> Answer {
    let entity = caller.entity(&entity, Action::Create)?;
    let typed = Typed::read(pairs);
    let saved = match save::plan(&caller.reader, &entity, child(&caller, &entity), None, &typed) {
        Ok(plan) => save::write(caller.engine(), caller.actor(), plan).await,
        Err(error) => Err(error),
    };
    match saved {
        // A new user cannot sign in before he has a password.
        Ok(id) if entity.name == "user" => Ok(Redirect::to(&format!("/user/{id}/password")).into_response()),
        Ok(id) => Ok(done(&caller, &entity, id, &typed)),
        Err(Error::Invalid(problems)) => {
            let form = Filled { record: None, child: child(&caller, &entity), typed: &typed };
            show(&caller, 422, &entity, form, &problems, None).await
        }
        Err(error) => Err(error.into()),
    }
}

async fn edit(caller: Caller, Place((entity, id)): Place<(String, Id)>) -> Answer {
    let entity = caller.entity(&entity, Action::Update)?;
    let stored = stored(&caller, &entity, id).await?;
    caller.may(&entity, id, Action::Update).await?;
    let reader = &caller.reader;
    let mut typed = Typed { texts: texts::of_record(reader, &entity, &stored.record), lines: vec![] };
    if let Some(child) = stored.child {
        let line = |line: &Record| Line { id: Some(line.id), texts: texts::of_record(reader, child, line) };
        typed.lines = stored.lines.iter().map(line).collect();
    }
    show(&caller, 200, &entity, stored.filled(&typed), &[], None).await
}

/// A record as its form edits it.
struct Stored<'c> {
    record: Record,
    /// The lines' entity; `None` also when there are too many of them for a form.
    child: Option<&'c Arc<Entity>>,
    lines: Vec<Record>,
}

impl Stored<'_> {
    fn filled<'f>(&'f self, typed: &'f Typed) -> Filled<'f> {
        Filled { record: Some(&self.record), child: self.child, typed }
    }
}

async fn stored<'c>(caller: &'c Caller, entity: &'c Entity, id: Id) -> Answer<Stored<'c>> {
    let record = caller.engine().get(caller.actor(), &entity.name, id).await?;
    let child = child(caller, entity);
    let lines = match child {
        Some(child) => save::lines_of(caller.engine(), caller.actor(), child, id).await?,
        None => None,
    };
    Ok(Stored { record, child: child.filter(|_| lines.is_some()), lines: lines.unwrap_or_default() })
}

async fn update(caller: Caller, Place((entity, id)): Place<(String, Id)>, Form(pairs): Pairs) -> Answer {
    let entity = caller.entity(&entity, Action::Update)?;
    let typed = Typed::read(pairs);
    let mut stored = stored(&caller, &entity, id).await?;
    let read: Option<i64> = typed.get("version").parse().ok();
    if read.is_some_and(|read| read != stored.record.version) {
        return conflict(&caller, &entity, &stored, read.unwrap_or(0), &typed).await;
    }
    let before = Some((&stored.record, stored.lines.as_slice()));
    let saved = match save::plan(&caller.reader, &entity, stored.child, before, &typed) {
        Ok(plan) => save::write(caller.engine(), caller.actor(), plan).await,
        Err(error) => Err(error),
    };
    match saved {
        Ok(id) => Ok(done(&caller, &entity, id, &typed)),
        Err(Error::Invalid(problems)) => {
            show(&caller, 422, &entity, stored.filled(&typed), &problems, None).await
        }
        Err(Error::Conflict { .. }) => {
            stored.record = caller.engine().get(caller.actor(), &entity.name, id).await?;
            conflict(&caller, &entity, &stored, read.unwrap_or(0), &typed).await
        }
        Err(error) => Err(error.into()),
    }
}

/// Somebody else was quicker: what he changed is said beside the fields, the reader's input stays, and saving again is his
/// decision.
async fn conflict(caller: &Caller, entity: &Entity, stored: &Stored<'_>, read: i64, typed: &Typed) -> Answer {
    let record = &stored.record;
    let missed = u64::try_from(record.version - read).unwrap_or(0).clamp(1, 20);
    let entries = caller.engine().history(caller.actor(), &entity.name, record.id, missed).await?;
    let shown = super::cell::Shown::look_up(
        caller.engine(),
        caller.actor(),
        &caller.reader,
        entity,
        &entity.fields.values().cloned().collect::<Vec<_>>(),
        std::slice::from_ref(record),
    )
    .await?;
    let changed = |entry: &LogEntry| {
        let names = entry.changes.as_object().into_iter().flat_map(|changes| changes.keys().cloned());
        names.collect::<Vec<_>>()
    };
    let mut names: Vec<String> = entries.iter().flat_map(changed).collect();
    names.sort();
    names.dedup();
    let problems: Vec<FieldProblem> = names
        .iter()
        .filter_map(|name| entity.get(name))
        .filter(|field| {
            typed.texts.get(&field.name).is_some_and(|typed| {
                super::input::shown(&caller.reader, field, record.get(&field.name)) != typed.trim()
            })
        })
        .map(|field| {
            let now = shown.cell(field, record, false).text;
            let text = label(format!("is now “{now}”"), format!("现在是“{now}”"));
            FieldProblem::new(&field.name, Problem::Rule(text))
        })
        .collect();
    let who = match entries.first().and_then(|entry| entry.user) {
        Some(user) => {
            let titles = caller.engine().titles(caller.actor(), &[("user", user)]).await?;
            titles.get(&user).cloned()
        }
        None => None,
    };
    let who = who.unwrap_or_else(|| caller.reader.say("Somebody else", "其他人").to_owned());
    let when = caller.reader.ago(record.updated_at);
    let text = match caller.reader.lang {
        Lang::En => format!(
            "{who} changed this record {when}, while you were editing. Your input is kept below; saving again overwrites the fields marked."
        ),
        Lang::Zh => format!(
            "{who}在您编辑期间（{when}）修改了这条记录。您填写的内容仍在下方，再次保存将覆盖已标出的字段。"
        ),
    };
    show(caller, 409, entity, stored.filled(typed), &problems, Some(text)).await
}

/// Back to where the reader came from, or to the record.
fn done(caller: &Caller, entity: &Entity, id: Id, typed: &Typed) -> axum::response::Response {
    let own = record_href(caller.engine().registry(), &entity.name, id);
    let to = return_to(typed).or(own).unwrap_or_else(|| list_href(entity));
    let text = caller.reader.say("Saved.", "已保存。");
    Flash::success(text).on(Redirect::to(&to).into_response())
}

/// Only our own pages are returned to.
fn return_to(typed: &Typed) -> Option<String> {
    let to = typed.get("return_to");
    let own = to.starts_with('/') && !to.starts_with("//") && !to.contains(['\\', '\r', '\n']);
    own.then(|| to.to_owned())
}

/// What a form shows: the record it edits, if there is one, its lines' entity and the texts.
struct Filled<'f> {
    record: Option<&'f Record>,
    child: Option<&'f Arc<Entity>>,
    typed: &'f Typed,
}

async fn show(
    caller: &Caller,
    status: u16,
    entity: &Entity,
    form: Filled<'_>,
    problems: &[FieldProblem],
    error: Option<String>,
) -> Answer {
    let reader = &caller.reader;
    let Filled { record, typed, .. } = form;
    let content = Content { entity, child: form.child, typed, problems };
    let (sections, lines) = content.sections_and_lines(caller).await?;
    let error = error.or_else(|| refused(reader, &content));
    let too_many = form.child.is_none() && child(caller, entity).is_some();
    let notice = too_many.then(|| match reader.lang {
        Lang::En => {
            format!("The lines stay as they are: there are more than {LINES_LIMIT}, too many for a form.")
        }
        Lang::Zh => format!("明细超过 {LINES_LIMIT} 行，无法在表单中编辑，将保持不变。"),
    });
    let own = record.map(|record| format!("{}/{}", list_href(entity), record.id));
    let label = reader.lower(&entity.label);
    let name = record.map(|record| record.text(&entity.title)).unwrap_or_default();
    let title = match (reader.lang, record.is_some()) {
        (Lang::En, false) => format!("New {label}"),
        (Lang::En, true) => format!("Edit {label} {name}"),
        (Lang::Zh, false) => format!("新建{label}"),
        (Lang::Zh, true) => format!("编辑{label} {name}"),
    };
    let back = return_to(typed);
    let form = view::Form {
        action: own
            .as_ref()
            .map_or_else(|| format!("{}/new", list_href(entity)), |own| format!("{own}/edit")),
        title: capital(title.trim()),
        version: record.map(|record| record.version),
        error,
        notice,
        cancel_href: back.clone().or(own).unwrap_or_else(|| list_href(entity)),
        return_to: back,
        sections,
        lines,
    };
    caller.page_with(status, "form.html", FormPage { entity: EntityView::new(reader, entity), form })
}

fn refused(reader: &super::Reader, content: &Content<'_>) -> Option<String> {
    let count = content.problems.len();
    if count == 0 {
        return None;
    }
    let said = match reader.lang {
        Lang::En if count == 1 => "Nothing is saved yet: one input needs your attention.".to_owned(),
        Lang::En => format!("Nothing is saved yet: {count} inputs need your attention."),
        Lang::Zh => format!("尚未保存，有 {count} 处需要修改。"),
    };
    Some([vec![said], content.elsewhere(reader)].concat().join(" "))
}
