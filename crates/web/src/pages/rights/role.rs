//! One role as a table: on whose records people may do what, and which fields they do not see.

use super::administrators_only;
use crate::{
    Answer, Flash,
    pages::{Caller, Place, input::sentence},
};
use axum::{
    Form,
    response::{IntoResponse, Redirect},
};
use engine::{Action, Error, Level, Query, RoleRights, Withheld, withholdable};
use meta::{Entity, Id, Unsaid};
use serde::Serialize;
use std::{collections::HashMap, sync::Arc};

const PEOPLE: usize = 200;

#[derive(Serialize)]
struct Group {
    label: String,
    rows: Vec<Row>,
}

#[derive(Serialize)]
struct Row {
    label: String,
    icon: &'static str,
    cells: Vec<Cell>,
    withheld: usize,
    sections: Vec<Section>,
}

#[derive(Serialize)]
struct Cell {
    name: String,
    label: String,
    value: &'static str,
    /// The least everybody has, which no role takes away.
    fixed: Option<String>,
}

/// The fields of an entity or of its lines.
#[derive(Serialize)]
struct Section {
    label: String,
    fields: Vec<FieldRow>,
}

#[derive(Serialize)]
struct FieldRow {
    name: String,
    label: String,
    value: &'static str,
    levels: Vec<Choice>,
}

#[derive(Serialize)]
struct Choice {
    value: &'static str,
    label: String,
}

#[derive(Serialize)]
struct Person {
    name: String,
    href: String,
}

/// What a role can speak of: not what is for administrators, nor what everybody has for himself. Lines have the rights of their parent.
fn spoken_of(entity: &Entity) -> bool {
    let fixed = entity.admin_only || entity.personal.is_some() || entity.unsaid == Unsaid::Own;
    !fixed && !entity.internal && entity.parent.is_none()
}

pub async fn show(caller: Caller, Place(id): Place<Id>) -> Answer {
    administrators_only(&caller)?;
    let rights = caller.engine().role_rights(caller.actor(), id).await?;
    page(&caller, 200, id, &rights, None).await
}

async fn page(caller: &Caller, status: u16, id: Id, rights: &RoleRights, error: Option<String>) -> Answer {
    let (engine, reader) = (caller.engine(), &caller.reader);
    let role = engine.get(caller.actor(), "role", id).await?;
    let mut groups = vec![];
    for module in engine.registry().modules() {
        let entities = module.entities.iter().filter_map(|name| engine.entity(name).ok());
        let rows: Vec<Row> =
            entities.filter(|entity| spoken_of(entity)).map(|entity| row(caller, entity, rights)).collect();
        if !rows.is_empty() {
            groups.push(Group { label: module.label.get(reader.lang).to_owned(), rows });
        }
    }
    let levels = Level::ALL
        .map(|level| Choice { value: level.name(), label: level.label().get(reader.lang).to_owned() });
    let actions = Action::ALL.map(|action| action_label(caller, action));
    let context = minijinja::context! {
        role => minijinja::context! { name => role.text("name"), description => role.text("description"),
            href => format!("/role/{id}/rights"), edit_href => format!("/role/{id}/edit") },
        actions, levels, groups, error,
        people => people(caller, id).await?,
    };
    caller.page_with(status, "rights_role.html", context)
}

fn action_label(caller: &Caller, action: Action) -> String {
    crate::pages::entity_view::capital(action.label().get(caller.reader.lang))
}

fn row(caller: &Caller, entity: &Arc<Entity>, rights: &RoleRights) -> Row {
    let lang = caller.reader.lang;
    let label = entity.plural.get(lang).to_owned();
    let cells = Action::ALL.map(|action| Cell {
        name: format!("{}.{}", entity.name, action.name()),
        label: format!("{label}: {}", action.label().get(lang)),
        value: rights.level(&entity.name, action).name(),
        fixed: match entity.unsaid {
            Unsaid::Reading if action == Action::Read => Some(Level::All.label().get(lang).to_owned()),
            _ => None,
        },
    });
    let lines = caller.engine().registry().children(&entity.name);
    let sections: Vec<Section> =
        std::iter::once(entity).chain(lines).map(|entity| section(caller, entity, rights)).collect();
    let withheld = sections.iter().flat_map(|section| &section.fields);
    Row {
        label,
        icon: entity.icon,
        cells: cells.into(),
        withheld: withheld.filter(|field| !field.value.is_empty()).count(),
        sections,
    }
}

fn section(caller: &Caller, entity: &Entity, rights: &RoleRights) -> Section {
    let lang = caller.reader.lang;
    let fields = entity.fields.values().filter_map(|field| {
        let possible = withholdable(entity, &field.name);
        let levels: Vec<Choice> = possible
            .iter()
            .map(|level| Choice { value: level.name(), label: level.label().get(lang).to_owned() })
            .collect();
        (!levels.is_empty()).then(|| FieldRow {
            name: format!("{}.{}.field", entity.name, field.name),
            label: field.label.get(lang).to_owned(),
            value: rights.withheld(&entity.name, &field.name).map_or("", Withheld::name),
            levels,
        })
    });
    Section { label: entity.plural.get(lang).to_owned(), fields: fields.collect() }
}

async fn people(caller: &Caller, role: Id) -> Answer<Vec<Person>> {
    let engine = caller.engine();
    let query = Query::new("user_role").belongs_to("role", role).sort("id").limit(PEOPLE);
    let held = engine.list(caller.actor(), &query).await?.records;
    let users: Vec<(&str, Id)> =
        held.iter().filter_map(|line| line.reference("user")).map(|id| ("user", id)).collect();
    let names = engine.titles(caller.actor(), &users).await?;
    let mut people: Vec<Person> =
        names.into_iter().map(|(id, name)| Person { name, href: format!("/user/{id}") }).collect();
    people.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(people)
}

/// `account.read=own`, `account.phone.field=masked`.
fn read(caller: &Caller, given: &HashMap<String, String>) -> RoleRights {
    let mut rights = RoleRights::default();
    for entity in caller.engine().registry().entities() {
        for action in Action::ALL.into_iter().filter(|_| spoken_of(entity)) {
            let level = given.get(&format!("{}.{}", entity.name, action.name()));
            rights.set(&entity.name, action, level.map_or(Level::None, |level| Level::parse(level)));
        }
        for field in entity.fields.keys() {
            let level = given.get(&format!("{}.{field}.field", entity.name));
            if let Some(level) = level.filter(|level| !level.is_empty()) {
                rights.fields.insert((entity.name.clone(), field.clone()), Withheld::parse(level));
            }
        }
    }
    rights
}

pub async fn save(
    caller: Caller,
    Place(id): Place<Id>,
    Form(given): Form<HashMap<String, String>>,
) -> Answer {
    administrators_only(&caller)?;
    let rights = read(&caller, &given);
    let wanted = rights.clone();
    let saved = caller
        .engine()
        .write(caller.actor(), move |tx| Box::pin(async move { tx.set_role_rights(id, &wanted).await }))
        .await;
    match saved {
        Ok(()) => {
            let text = caller.reader.say("Rights saved. They hold from now on.", "权限已保存，立即生效。");
            let back = Redirect::to(&format!("/role/{id}/rights")).into_response();
            Ok(Flash::success(text).on(back))
        }
        Err(Error::Invalid(problems)) => {
            let first = problems.first();
            let text =
                first.map(|found| format!("{}: {}", found.field, sentence(&caller.reader, &found.problem)));
            page(&caller, 422, id, &rights, text).await
        }
        Err(error) => Err(error.into()),
    }
}
