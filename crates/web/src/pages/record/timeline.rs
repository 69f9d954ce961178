//! What happened with a record, and what is next: activities, orders and returns of a customer; for any record its changes
//! in words, out of the change log.

use super::view::href;
use crate::{
    Answer,
    pages::{
        Caller,
        address::record_href,
        cell::{Shown, cut},
        entity_view::capital,
    },
};
use engine::{Action, LogEntry, LogKind, Query, TimelineItem, allow, condition::field_of};
use meta::{DateTime, Entity, Field, Id, Kind, Record, Utc, Value};
use serde::Serialize;
use std::sync::Arc;

const ITEMS: usize = 15;
const NEXT: usize = 5;
/// Open items looked at for those.
const NEXT_READ: usize = 50;
const CHANGES: u64 = 50;

#[derive(Serialize)]
pub struct TimelineView {
    pub href: String,
    pub add_href: Option<String>,
    /// Kinds of activity to log with one line of text.
    pub kinds: Vec<KindOf>,
    pub next_href: Option<String>,
    pub items: Vec<Item>,
    pub is_subject: bool,
}

#[derive(Serialize)]
pub struct KindOf {
    pub value: String,
    pub label: String,
    pub icon: &'static str,
}

#[derive(Serialize)]
pub struct Item {
    pub icon: String,
    pub color: Option<&'static str>,
    pub kind_label: String,
    pub title: String,
    pub href: Option<String>,
    pub text: Option<String>,
    pub at_text: String,
    pub at_title: String,
    pub at_raw: String,
    pub day: String,
    pub actor: Option<String>,
    pub changes: Vec<Changed>,
}

#[derive(Serialize)]
pub struct Changed {
    pub label: String,
    pub from: String,
    pub to: String,
}

/// Something planned.
#[derive(Serialize)]
pub struct Next {
    pub title: String,
    pub href: Option<String>,
    pub icon: &'static str,
    pub due: String,
    pub due_title: String,
    pub late: bool,
}

/// Entities whose records appear on `entity`'s timeline.
fn on_timeline<'c>(caller: &'c Caller, entity: &'c Entity) -> impl Iterator<Item = &'c Arc<Entity>> {
    let entities = caller.engine().registry().entities().map(|other| caller.actor().view(other));
    entities.filter(move |other| {
        let subject = other.timeline.as_ref().and_then(|timeline| other.get(&timeline.subject));
        subject.and_then(Field::target) == Some(entity.name.as_str())
            && allow(caller.actor(), other, Action::Read).is_ok()
    })
}

/// The entity that a line of text becomes, and the field that references the subject.
pub fn logged_as<'c>(caller: &'c Caller, entity: &'c Entity) -> Option<(&'c Arc<Entity>, &'c str)> {
    let fits = |other: &&Arc<Entity>| {
        other.get("subject").is_some_and(|field| matches!(field.kind, Kind::Text { .. }))
            && other.get("kind").is_some_and(|field| !field.choices().is_empty())
            && allow(caller.actor(), other, Action::Create).is_ok()
    };
    let other = on_timeline(caller, entity).find(fits)?;
    Some((other, &other.timeline.as_ref()?.subject))
}

/// The timeline of a record that has one, the changes of any other.
pub async fn timeline(
    caller: &Caller,
    entity: &Entity,
    record: &Record,
    before: Option<DateTime<Utc>>,
) -> Answer<TimelineView> {
    let own = href(entity, record.id);
    if on_timeline(caller, entity).next().is_none() {
        let items = history(caller, entity, record).await?;
        let href = format!("{own}/timeline");
        return Ok(TimelineView {
            href,
            add_href: None,
            kinds: vec![],
            next_href: None,
            items,
            is_subject: false,
        });
    }
    let found =
        caller.engine().timeline(caller.actor(), &entity.name, record.id, before, ITEMS, read_fields).await?;
    let next_href = (found.len() == ITEMS)
        .then(|| found.last().map(|item| item.at.to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true)))
        .flatten()
        .map(|after| format!("{own}/timeline?after={after}"));
    let mut view = TimelineView {
        href: format!("{own}/timeline"),
        add_href: None,
        kinds: vec![],
        next_href,
        items: show(caller, &found).await?,
        is_subject: true,
    };
    if let Some((other, _)) = logged_as(caller, entity).filter(|_| record.deleted_at.is_none()) {
        view.add_href = Some(format!("{own}/timeline"));
        view.kinds = kinds(caller, other);
    }
    Ok(view)
}

/// Kinds offered for a quick line, in the order people use them.
const QUICK: [&str; 5] = ["note", "call", "visit", "meeting", "task"];

fn kinds(caller: &Caller, other: &Entity) -> Vec<KindOf> {
    let choices = other.get("kind").map(Field::choices).unwrap_or_default();
    let known = QUICK.iter().filter_map(|kind| choices.iter().find(|choice| choice.value == *kind));
    known
        .map(|choice| KindOf {
            value: choice.value.clone(),
            label: choice.label.get(caller.reader.lang).to_owned(),
            icon: icon_of(&choice.value).unwrap_or(other.icon),
        })
        .collect()
}

fn icon_of(kind: &str) -> Option<&'static str> {
    Some(match kind {
        "call" => "phone",
        "visit" => "map-pin",
        "meeting" => "users",
        "email" | "letter" => "mail",
        "chat" => "messages",
        "note" => "note",
        "task" => "checkbox",
        _ => return None,
    })
}

/// Items in words; titles of everything they refer to are looked up together, entity by entity.
async fn show(caller: &Caller, found: &[TimelineItem]) -> Answer<Vec<Item>> {
    let (engine, actor, reader) = (caller.engine(), caller.actor(), &caller.reader);
    let mut items: Vec<Option<Item>> = found.iter().map(|_| None).collect();
    // Mostly the same people: who was looked up for one entity is not for the next.
    let mut shown = Shown::nothing(engine, reader);
    let mut names: Vec<&str> = found.iter().map(|item| item.record.entity.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    for name in names {
        let entity = actor.view(engine.entity(name)?);
        let records: Vec<Record> =
            found.iter().map(|item| &item.record).filter(|record| record.entity == name).cloned().collect();
        shown.add(engine, actor, entity, &shown_fields(entity), &records).await?;
        for (place, item) in items.iter_mut().zip(found).filter(|(_, item)| item.record.entity == name) {
            *place = Some(happened(caller, entity, item, &shown));
        }
    }
    Ok(items.into_iter().flatten().collect())
}

/// What an item shows of a record, and what that needs: the currency of its money, or the parent where that stands.
fn read_fields(entity: &Entity) -> Vec<String> {
    let long = entity.fields.values().find(|field| field.kind == Kind::LongText);
    let names = [entity.title.as_str(), "kind", "total", "owner", "currency"].into_iter();
    let names = names.chain(entity.parent.as_deref()).chain(long.map(|field| field.name.as_str()));
    let mut names: Vec<String> = names.filter(|name| entity.get(name).is_some()).map(str::to_owned).collect();
    names.sort_unstable();
    names.dedup();
    names
}

fn shown_fields(entity: &Entity) -> Vec<Field> {
    let names = [entity.title.as_str(), "kind", "total", "owner", "created_by"];
    names.iter().filter_map(|name| crate::pages::cell::column(entity, name)).collect()
}

fn happened(caller: &Caller, entity: &Entity, item: &TimelineItem, shown: &Shown<'_>) -> Item {
    let reader = &caller.reader;
    let record = &item.record;
    let word = |name: &str| {
        let field = field_of(entity, name)?;
        Some(shown.cell(&field, record, false)).filter(|cell| !cell.text.is_empty())
    };
    let kind = entity.get("kind").filter(|field| !field.choices().is_empty()).and_then(|_| word("kind"));
    let title = word(&entity.title).map(|cell| cell.text).unwrap_or_default();
    let title = match word("total") {
        Some(total) => format!("{title} · {}", total.text),
        None => title,
    };
    let long = entity.fields.values().find(|field| field.kind == Kind::LongText);
    let text = long.map(|field| record.text(&field.name)).filter(|text| !text.is_empty());
    let icon = kind.as_ref().and_then(|kind| icon_of(&kind.raw)).unwrap_or(entity.icon);
    Item {
        icon: icon.to_owned(),
        color: kind.as_ref().and_then(|kind| kind.color),
        kind_label: kind.map_or_else(|| entity.label.get(reader.lang).to_owned(), |kind| kind.text),
        title,
        href: record_href(caller.engine().registry(), &entity.name, record.id),
        text: text.map(cut),
        actor: word("owner").or_else(|| word("created_by")).map(|cell| cell.text),
        changes: vec![],
        ..at(caller, item.at)
    }
}

/// An item with nothing but its moment.
fn at(caller: &Caller, at: DateTime<Utc>) -> Item {
    let reader = &caller.reader;
    let local = reader.local(at);
    let today = local.date() == reader.today();
    Item {
        icon: String::new(),
        color: None,
        kind_label: String::new(),
        title: String::new(),
        href: None,
        text: None,
        // The day stands above.
        at_text: if today { reader.ago(at) } else { local.format("%H:%M").to_string() },
        at_title: reader.exact(at),
        at_raw: at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true),
        day: capital(&reader.format().relative_date(local.date(), reader.now)),
        actor: None,
        changes: vec![],
    }
}

/// What changed in a record, newest first: who, when, from what to what.
pub async fn history(caller: &Caller, entity: &Entity, record: &Record) -> Answer<Vec<Item>> {
    let (engine, actor, reader) = (caller.engine(), caller.actor(), &caller.reader);
    let entries = engine.history(actor, &entity.name, record.id, CHANGES).await?;
    let mut wanted: Vec<(&str, Id)> = vec![];
    wanted.extend(
        entries.iter().filter_map(|entry| entry.user).chain(record.created_by).map(|id| ("user", id)),
    );
    wanted.extend(entries.iter().filter_map(|entry| entry.run).map(|id| ("import_run", id)));
    for entry in &entries {
        for (field, change) in changes(entity, entry) {
            if let Some(target) = field.target() {
                wanted.extend(change.iter().filter_map(Value::as_id).map(|id| (target, id)));
            }
        }
    }
    let mut shown = Shown::nothing(engine, reader);
    shown.add_titles(engine, actor, &wanted).await?;
    let mut items: Vec<Item> =
        entries.iter().map(|entry| change(caller, entity, record, entry, &shown)).collect();
    // What was created together with many others has no entry of its own.
    let created = entries.iter().any(|entry| entry.kind == LogKind::Create);
    if !created && (entries.len() as u64) < CHANGES {
        items.push(Item {
            icon: "plus".to_owned(),
            color: Some("green"),
            kind_label: reader.say("Created", "新建").to_owned(),
            actor: record.created_by.and_then(|id| shown.title(id)).map(str::to_owned),
            ..at(caller, record.created_at)
        });
    }
    Ok(items)
}

fn changes<'e>(entity: &'e Entity, entry: &LogEntry) -> Vec<(&'e Field, [Value; 2])> {
    let Some(changes) = entry.changes.as_object() else { return vec![] };
    let value = |field: &Field, change: &serde_json::Value, index: usize| {
        change.get(index).and_then(|json| field.parse_json(json).ok()).unwrap_or_default()
    };
    // In the order people know from the page.
    entity
        .fields
        .values()
        .filter_map(|field| {
            let change = changes.get(&field.name)?;
            Some((field, [value(field, change, 0), value(field, change, 1)]))
        })
        .collect()
}

fn change(caller: &Caller, entity: &Entity, record: &Record, entry: &LogEntry, shown: &Shown<'_>) -> Item {
    let reader = &caller.reader;
    let (icon, color, label) = match entry.kind {
        LogKind::Create => ("plus", "green", reader.say("Created", "新建")),
        LogKind::Update => ("edit", "blue", reader.say("Changed", "修改")),
        LogKind::Delete => ("trash", "red", reader.say("Deleted", "删除")),
        LogKind::Restore => ("restore", "yellow", reader.say("Restored", "恢复")),
        LogKind::Erase => ("eraser", "red", reader.say("Personal data erased", "已擦除个人信息")),
    };
    let text = |field: &Field, value: &Value| {
        let cell = shown.plain(field, value, shown.currency(field, record));
        cut(&cell.title.unwrap_or(cell.text))
    };
    let changes = changes(entity, entry);
    let labels: Vec<&str> = changes.iter().map(|(field, _)| field.label.get(reader.lang)).collect();
    let labels = labels.join(reader.say(", ", "、"));
    let actor = entry.user.and_then(|id| shown.title(id)).map(str::to_owned);
    let run = entry.run.map(|id| {
        let file = shown.title(id).unwrap_or_default();
        format!("{} {file}", reader.say("Import", "导入")).trim_end().to_owned()
    });
    Item {
        icon: icon.to_owned(),
        color: Some(color),
        kind_label: label.to_owned(),
        // Of an erasure the fields are told, for there is nothing else to tell.
        title: if entry.kind == LogKind::Erase { labels } else { run.unwrap_or_default() },
        actor: actor.or_else(|| Some(reader.say("The system", "系统").to_owned())),
        changes: changes
            .iter()
            .filter(|_| entry.kind != LogKind::Erase)
            .map(|(field, [old, new])| Changed {
                label: field.label.get(reader.lang).to_owned(),
                from: text(field, old),
                to: text(field, new),
            })
            .collect(),
        ..at(caller, entry.at)
    }
}

/// What is planned with the record and not done, the earliest first.
pub async fn next(caller: &Caller, entity: &Entity, record: &Record) -> Answer<Vec<Next>> {
    let planned = |other: &&Arc<Entity>| {
        other.get("due_at").is_some_and(|field| field.kind == Kind::Instant && field.indexed)
            && other.get("done").is_some_and(|field| field.kind == Kind::Bool)
    };
    let Some(other) = on_timeline(caller, entity).find(planned) else { return Ok(vec![]) };
    let Some(timeline) = &other.timeline else { return Ok(vec![]) };
    let query = Query::new(&other.name).belongs_to(&timeline.subject, record.id).filter("done == false");
    let query = query.sort("due_at").limit(NEXT_READ);
    let mut found = caller.engine().list(caller.actor(), &query).await?.records;
    let due = |planned: &Record| planned.get("due_at").as_instant();
    // What has no date stands last.
    found.sort_by_key(|planned| (due(planned).is_none(), due(planned)));
    Ok(found
        .iter()
        .take(NEXT)
        .map(|planned| Next {
            title: planned.text(&other.title).to_owned(),
            href: record_href(caller.engine().registry(), &other.name, planned.id),
            icon: icon_of(planned.text("kind")).unwrap_or(other.icon),
            due: due(planned).map(|at| caller.reader.ago(at)).unwrap_or_default(),
            due_title: due(planned).map(|at| caller.reader.exact(at)).unwrap_or_default(),
            late: due(planned).is_some_and(|at| at < caller.reader.now),
        })
        .collect())
}
