//! The context of `record.html`: what there is to know of one record.

use super::related::{Link, Related, Tab, links, related, tabs};
use super::timeline::{Next, TimelineView, next, timeline};
use crate::{
    Answer,
    pages::{
        Caller,
        access::Can,
        address::list_href,
        cell::{Cell, Shown, column},
        cell_html::{editable_html, value_html},
        entity_view::EntityView,
    },
};
use engine::condition::field_of;
use meta::{Entity, Field, Id, Kind, Record};
use serde::Serialize;

/// Key facts under the title.
const FACTS: usize = 5;

#[derive(Serialize)]
pub struct RecordView {
    pub entity: EntityView,
    pub record: Head,
    pub facts: Vec<Fact>,
    pub can: Can,
    pub edit_href: String,
    pub more: Vec<More>,
    /// HTML of modules' panels.
    pub panels: Vec<String>,
    pub sections: Vec<Section>,
    /// Fields without a value, out of the way until wanted.
    pub empty: Vec<Section>,
    pub empty_count: usize,
    pub tabs: Vec<Tab>,
    pub related: Option<Related>,
    pub next: Vec<Next>,
    pub merges: Vec<Merge>,
    pub timeline: Option<TimelineView>,
}

#[derive(Serialize)]
pub struct Head {
    pub id: Id,
    pub href: String,
    pub title: String,
    pub subtitle: Option<String>,
    pub initials: Option<String>,
    pub version: i64,
    pub deleted: bool,
}

#[derive(Serialize)]
pub struct Fact {
    pub label: String,
    pub html: String,
}

#[derive(Serialize)]
pub struct More {
    pub label: String,
    pub href: String,
    pub icon: String,
    pub post: bool,
}

#[derive(Serialize)]
pub struct Section {
    pub label: Option<String>,
    pub fields: Vec<Pair>,
}

#[derive(Serialize)]
pub struct Pair {
    pub label: String,
    pub wide: bool,
    pub html: String,
}

/// A merge that can be undone.
#[derive(Serialize)]
pub struct Merge {
    pub at: String,
    pub undo_href: String,
}

async fn merges(caller: &Caller, id: Id, own: &str) -> Answer<Vec<Merge>> {
    let merges = caller.engine().merges_of(id).await?;
    let shown = |(merge, at, _)| Merge {
        at: caller.reader.exact(at),
        undo_href: format!("{own}/merge/{merge}/undo"),
    };
    Ok(merges.into_iter().map(shown).collect())
}

pub fn href(entity: &Entity, id: Id) -> String {
    format!("{}/{id}", list_href(entity))
}

pub async fn record(caller: &Caller, entity: &Entity, record: &Record) -> Answer<RecordView> {
    let (engine, actor, reader) = (caller.engine(), caller.actor(), &caller.reader);
    // All there is to look up; what else is shown stands in the record.
    let elsewhere = |field: &&Field| field.target().is_some() || field.kind == Kind::Money;
    let mut fields: Vec<Field> = entity.fields.values().filter(elsewhere).cloned().collect();
    fields.extend(column(entity, "created_by"));
    let shown = Shown::look_up(engine, actor, reader, entity, &fields, std::slice::from_ref(record)).await?;
    let own = href(entity, record.id);
    let can = Can::with(engine, actor, entity, record.id).await?;
    let panels =
        if record.deleted_at.is_none() { caller.app.panels(&caller.session, record).await? } else { vec![] };
    let links: Vec<Link> = links(caller, entity);
    let mut tabs = tabs(caller, &links, record, &own).await?;
    let open = tabs.iter().position(|tab| tab.active).and_then(|index| links.get(index));
    let related = match open {
        Some(link) => Some(related(caller, entity, link, record).await?),
        None => None,
    };
    let timeline = timeline(caller, entity, record, None).await?;
    if timeline.is_subject && !tabs.is_empty() {
        tabs.push(Tab {
            name: "history".into(),
            label: reader.say("Changes", "修改记录").into(),
            count: None,
            href: format!("{own}/history"),
            active: false,
        });
    }
    let editable = can.edit && record.deleted_at.is_none();
    let (mut sections, empty) = sections(reader, entity, record, &shown, editable, !panels.is_empty());
    sections.extend(numbers(caller, entity, record).await?);
    sections.push(origin(reader, entity, record, &shown));
    Ok(RecordView {
        entity: EntityView::new(reader, entity),
        record: head(entity, record, &shown, own.clone()),
        facts: facts(reader, entity, record, &shown),
        can,
        edit_href: format!("{own}/edit"),
        more: more(caller, entity, record, can),
        panels,
        sections,
        empty_count: empty.iter().map(|section| section.fields.len()).sum(),
        empty,
        tabs,
        related,
        next: next(caller, entity, record).await?,
        merges: if can.merge { merges(caller, record.id, &own).await? } else { vec![] },
        timeline: Some(timeline),
    })
}

/// Actions besides editing and deleting. A new user can sign in once he has a password.
fn more(caller: &Caller, entity: &Entity, record: &Record, can: Can) -> Vec<More> {
    let administrator = caller.actor().is_administrator();
    let own = href(entity, record.id);
    let action = |en, zh, place: &str, icon: &str| More {
        label: caller.reader.say(en, zh).to_owned(),
        href: format!("{own}/{place}"),
        icon: icon.to_owned(),
        post: false,
    };
    let privacy = (administrator && entity.is_person(record))
        .then(|| action("Personal data", "个人信息", "privacy", "user-shield"));
    if record.deleted_at.is_some() {
        return privacy.into_iter().collect();
    }
    let mut more = match entity.name.as_str() {
        "user" if administrator => vec![
            action("Sign-in", "登录管理", "password", "key"),
            action("Hand over records", "移交数据", "hand-over", "user-share"),
        ],
        _ if entity.admin_only || entity.personal.is_some() => vec![],
        _ => {
            let share = can.edit.then(|| action("Share", "共享", "share", "share"));
            let explain = action("Who can see this?", "谁能看到？", "access", "help-circle");
            let merge = can.merge.then(|| action("Merge", "合并", "merge", "arrow-merge"));
            share.into_iter().chain(merge).chain(administrator.then_some(explain)).collect()
        }
    };
    if administrator {
        more.push(More {
            href: format!("/audit?entity={}&record={}", entity.name, record.id),
            ..action("Who saw and changed this?", "谁看过、改过？", "", "list-check")
        });
    }
    more.extend(privacy);
    more
}

pub fn title(entity: &Entity, record: &Record, shown: &Shown<'_>) -> String {
    let title = field_of(entity, &entity.title).map(|field| shown.cell(&field, record, false).text);
    title
        .filter(|title| !title.is_empty())
        .unwrap_or_else(|| entity.label.get(shown.reader().lang).to_owned())
}

fn head(entity: &Entity, record: &Record, shown: &Shown<'_>, href: String) -> Head {
    let title = title(entity, record, shown);
    // A number has no initials.
    let named =
        entity.get(&entity.title).is_some_and(|field| field.numbered.is_none() && field.name == "name");
    let place = ["kind", "city", "province", "country"].iter().filter_map(|name| entity.get(name));
    let place: Vec<String> = place
        .map(|field| shown.cell(field, record, false).text)
        .filter(|text| !text.is_empty())
        .take(2)
        .collect();
    Head {
        id: record.id,
        href,
        initials: named.then(|| crate::shell::initials(&title)),
        subtitle: (!place.is_empty()).then(|| place.join(" · ")),
        title,
        version: record.version,
        deleted: record.deleted_at.is_some(),
    }
}

/// The facts under the title alone, for a page that is open while they change.
pub async fn key_facts(caller: &Caller, entity: &Entity, record: &Record) -> Answer<Vec<Fact>> {
    let fields: Vec<Field> = entity.list.iter().filter_map(|name| column(entity, name)).collect();
    let records = std::slice::from_ref(record);
    let shown =
        Shown::look_up(caller.engine(), caller.actor(), &caller.reader, entity, &fields, records).await?;
    Ok(facts(&caller.reader, entity, record, &shown))
}

fn facts(reader: &crate::pages::Reader, entity: &Entity, record: &Record, shown: &Shown<'_>) -> Vec<Fact> {
    entity
        .list
        .iter()
        .filter(|name| **name != entity.title && !["kind", "city"].contains(&name.as_str()))
        .filter_map(|name| field_of(entity, name))
        .map(|field| (shown.cell(&field, record, false), field))
        .filter(|(cell, _)| !cell.text.is_empty())
        .map(|(cell, field)| Fact { label: field.label.get(reader.lang).to_owned(), html: value_html(&cell) })
        .take(FACTS)
        .collect()
}

/// Fields under their headings, those with a value and those without. A figure that a panel explains is not repeated as a
/// bare number, nor an amount in the company's currency that equals the one beside it.
fn sections(
    reader: &crate::pages::Reader,
    entity: &Entity,
    record: &Record,
    shown: &Shown<'_>,
    editable: bool,
    panels: bool,
) -> (Vec<Section>, Vec<Section>) {
    let (mut filled, mut empty): (Vec<Section>, Vec<Section>) = (vec![], vec![]);
    let own = href(entity, record.id);
    let repeats = record.text("currency") == reader.currency;
    let explained = |field: &Field| field.figure && panels;
    let repeated = |field: &Field| field.company_currency && repeats && field.name.ends_with("_base");
    let wanted = |field: &&Field| !explained(field) && !repeated(field);
    for field in entity.fields.values().filter(wanted) {
        let cell = shown.cell(field, record, editable);
        let sections = match (cell.text.is_empty(), cell.editable) {
            (false, _) => &mut filled,
            (true, true) => &mut empty,
            (true, false) => continue,
        };
        let label = field.label.get(reader.lang);
        let html = if cell.editable { editable_html(reader, &cell, &own, label) } else { value_html(&cell) };
        let wide = matches!(field.kind, Kind::LongText | Kind::Json);
        let section = Some(field.section.get(reader.lang).to_owned()).filter(|label| !label.is_empty());
        add(sections, section, Pair { label: label.to_owned(), wide, html });
    }
    (filled, empty)
}

fn add(sections: &mut Vec<Section>, label: Option<String>, pair: Pair) {
    match sections.iter_mut().find(|section| section.label == label) {
        Some(section) => section.fields.push(pair),
        None => sections.push(Section { label, fields: vec![pair] }),
    }
}

/// The record's numbers in other systems.
async fn numbers(caller: &Caller, entity: &Entity, record: &Record) -> Answer<Option<Section>> {
    if !entity.external_ids {
        return Ok(None);
    }
    let found = caller.engine().external_ids_of(&[record.id]).await?;
    let Some(numbers) = found.get(&record.id).filter(|numbers| !numbers.is_empty()) else {
        return Ok(None);
    };
    let label = caller.reader.say("Numbers in other systems", "外部系统编号");
    let pair = |(source, number): &(String, String)| Pair {
        label: source.clone(),
        wide: false,
        html: value_html(&Cell::text("external_id", number.clone())),
    };
    let fields = numbers.iter().map(pair).collect();
    Ok(Some(Section { label: Some(label.to_owned()), fields }))
}

/// Who made the record and when it was last changed.
fn origin(reader: &crate::pages::Reader, entity: &Entity, record: &Record, shown: &Shown<'_>) -> Section {
    let fields = ["created_at", "created_by", "updated_at"].iter().filter_map(|name| field_of(entity, name));
    let cells = fields.map(|field| (shown.cell(&field, record, false), field));
    let pairs = cells.filter(|(cell, _)| !cell.text.is_empty()).map(|(cell, field)| Pair {
        label: field.label.get(reader.lang).to_owned(),
        wide: false,
        html: value_html(&cell),
    });
    Section { label: Some(reader.say("Record", "建档").to_owned()), fields: pairs.collect() }
}
