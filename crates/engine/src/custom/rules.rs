//! What a company may declare.

use super::{ENTITY, FIELD, PREFIX, bands::bands, choices::choices};
use crate::{
    Error, Registry, Result, Tx,
    db::name,
    store::{all_fields, columns, decode_all},
};
use futures::future::BoxFuture;
use meta::{Change, Draft, Entity, Field, Id, Label, Persons, Problem, Record, label};
use sea_query::{Expr, ExprTrait, Query as Sql};

/// With the prefix and the engine's own words around it the name of an index stays within what PostgreSQL keeps of it.
const NAME_LIMIT: usize = 24;
/// How many entities a company may make, and fields of one entity.
const ENTITIES_LIMIT: usize = 50;
const FIELDS_LIMIT: usize = 100;
/// The engine names tables of its own like this.
const TAKEN_PARTS: [&str; 3] = ["search", "figures", "pkey"];
/// Whom an erasure is about.
const PEOPLE: [&str; 2] = ["account", "contact"];
/// The warehouse names keys and measures like this.
const TAKEN_ENDS: [&str; 4] = ["key", "mean", "known", "id"];

pub(super) fn check_entity(draft: &mut Draft<'_>) {
    check_names(draft);
    keep(draft, &["name"]);
    let name = text(draft, "name");
    if name.split('_').any(|part| TAKEN_PARTS.contains(&part)) {
        refuse_name(draft);
    }
}

fn refuse_name(draft: &mut Draft<'_>) {
    draft.reject("name", label("is used by the program: choose another name", "为系统保留，请换一个名称"));
}

pub(super) fn check_field(draft: &mut Draft<'_>) {
    check_names(draft);
    keep(draft, &["entity", "name", "kind", "target", "decimals", "unique", "searched"]);
    if text(draft, "name").rsplit('_').next().is_some_and(|part| TAKEN_ENDS.contains(&part)) {
        refuse_name(draft);
    }
    let kind = text(draft, "kind");
    if kind == "choice"
        && let Err(wrong) = choices(&text(draft, "choices"))
    {
        draft.reject("choices", wrong);
    }
    if kind == "integer"
        && let Err(wrong) = bands(&text(draft, "bands"))
    {
        draft.reject("bands", wrong);
    }
    if kind == "reference" && text(draft, "target").is_empty() {
        draft.reject("target", label("say what the field refers to", "请选择引用的对象"));
    }
    if kind == "decimal" && draft.get("decimals").as_int().is_some_and(|digits| !(0..=8).contains(&digits)) {
        draft.reject("decimals", label("must be 0 to 8", "须为 0 至 8"));
    }
    let is_set = |draft: &Draft<'_>, flag: &str| draft.get(flag).as_bool() == Some(true);
    let texts = ["text", "email", "phone", "url"];
    if is_set(draft, "unique") && !texts.contains(&&*kind) && kind != "integer" {
        draft.reject(
            "unique",
            label(
                "is for texts, addresses and whole numbers: leave it out here",
                "仅适用于文本、地址类和整数，请取消",
            ),
        );
    }
    if is_set(draft, "searched") && !texts.contains(&&*kind) && kind != "long_text" {
        draft.reject("searched", label("is for texts: leave it out here", "仅适用于文本，请取消"));
    }
}

fn text(draft: &Draft<'_>, field: &str) -> String {
    draft.get(field).as_text().unwrap_or_default().trim().to_owned()
}

/// What stands in columns and tables already cannot become something else.
fn keep(draft: &mut Draft<'_>, fixed: &[&str]) {
    if draft.change == Change::Update {
        for field in fixed.iter().filter(|field| draft.changes(field)).collect::<Vec<_>>() {
            draft.reject(
                field,
                label(
                    "cannot change once there may be data: make another one and delete this",
                    "已可能有数据，不能更改；请另建一个并删除此项",
                ),
            );
        }
    }
}

fn check_names(draft: &mut Draft<'_>) {
    let (english, chinese) = (text(draft, "english_label"), text(draft, "chinese_label"));
    if english.is_empty() && chinese.is_empty() {
        draft.reject(
            "chinese_label",
            label("give a label in one of the languages at least", "请至少填写一种语言的标签"),
        );
        return;
    }
    if draft.change == Change::Update && !draft.changes("name") {
        return;
    }
    let given = text(draft, "name");
    let made = if given.is_empty() { plain(&english) } else { given.to_ascii_lowercase() };
    let bare = made.strip_prefix(PREFIX).unwrap_or(&made);
    if !is_name(bare) {
        draft.reject("name", wrong_name(&given));
        return;
    }
    draft.set("name", format!("{PREFIX}{bare}"));
}

/// `Head size (cm)` is head_size_cm.
fn plain(words: &str) -> String {
    let mut made = String::new();
    for letter in words.to_ascii_lowercase().chars() {
        match letter {
            'a'..='z' | '0'..='9' => made.push(letter),
            _ if !made.is_empty() && !made.ends_with('_') => made.push('_'),
            _ => {}
        }
    }
    made.truncate(NAME_LIMIT);
    made.trim_end_matches('_').to_owned()
}

fn is_name(name: &str) -> bool {
    let fits = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '_';
    name.starts_with(|letter: char| letter.is_ascii_lowercase())
        && name.len() <= NAME_LIMIT
        && name.chars().all(fits)
        && !name.contains("__")
        && !name.ends_with('_')
}

fn wrong_name(given: &str) -> Label {
    let (en, zh) = match given {
        "" => ("no name can be made of the label".to_owned(), "无法由标签生成名称".to_owned()),
        _ => (format!("“{given}” cannot be the name"), format!("“{given}”不能用作名称")),
    };
    label(
        format!(
            "{en}: use 1 to {NAME_LIMIT} small letters, digits and single underscores, beginning with a letter, like shoe_size"
        ),
        format!("{zh}：请用 1 至 {NAME_LIMIT} 个小写字母、数字和单个下划线，以字母开头，如 shoe_size"),
    )
}

async fn live(tx: &mut Tx, entity: &str, ids: &[Id]) -> Result<Vec<Record>> {
    let records = tx.get_many(entity, ids).await?;
    Ok(records.into_iter().filter(|record| record.deleted_at.is_none()).collect())
}

async fn deleted(tx: &mut Tx, entity: &str, ids: &[Id]) -> Result<Vec<Record>> {
    let records = tx.get_many(entity, ids).await?;
    Ok(records.into_iter().filter(|record| record.deleted_at.is_some()).collect())
}

pub(super) fn refuse_taken_entities<'t>(tx: &'t mut Tx, ids: &'t [Id]) -> BoxFuture<'t, Result<()>> {
    Box::pin(async move {
        for record in deleted(tx, ENTITY, ids).await? {
            refuse_lost_personal(tx, &record).await?;
        }
        for record in live(tx, ENTITY, ids).await? {
            let same = declared(tx, ENTITY, &[("name", record.text("name"))]).await?;
            refuse_taken(&record, &same)?;
        }
        let all = declared(tx, ENTITY, &[]).await?;
        refuse_too_many(&all, ENTITIES_LIMIT, "name")
    })
}

pub(super) fn refuse_taken_fields<'t>(tx: &'t mut Tx, ids: &'t [Id]) -> BoxFuture<'t, Result<()>> {
    Box::pin(async move {
        for record in deleted(tx, FIELD, ids).await? {
            refuse_out_of_reach(tx, &record).await?;
        }
        for record in live(tx, FIELD, ids).await? {
            refuse_of_nobody(tx, &record).await?;
            refuse_lost_choices(tx, &record).await?;
            let all = declared(tx, FIELD, &[("entity", record.text("entity"))]).await?;
            let same: Vec<Record> =
                all.iter().filter(|other| other.text("name") == record.text("name")).cloned().collect();
            refuse_taken(&record, &same)?;
            refuse_too_many(&all, FIELDS_LIMIT, "entity")?;
        }
        Ok(())
    })
}

async fn refuse_out_of_reach(tx: &mut Tx, record: &Record) -> Result<()> {
    let entity = record.text("entity");
    if !entity.starts_with(PREFIX) || !leads_to_people(record) {
        return Ok(());
    }
    let left = fields_of(tx, entity).await?;
    if left.iter().any(leads_to_people) || !left.iter().any(is_personal) {
        return Ok(());
    }
    let words = label(
        "leads an erasure to the personal fields of these records: delete those first",
        "清除个人信息时依此找到这些记录的个人信息字段，请先删除那些字段",
    );
    Err(Error::invalid("name", Problem::Rule(words)))
}

fn leads_to_people(field: &Record) -> bool {
    field.text("kind") == "reference" && PEOPLE.contains(&field.text("target"))
}

fn is_personal(field: &Record) -> bool {
    field.get("personal").as_bool() == Some(true)
}

/// A form would lose what it does not offer.
async fn refuse_lost_choices(tx: &mut Tx, record: &Record) -> Result<()> {
    let engine = tx.engine().clone();
    let (entity, field) = (record.text("entity"), record.text("name"));
    let known = engine.entity(entity).ok().and_then(|entity| entity.get(field));
    let left = choices(record.text("choices")).unwrap_or_default();
    let gone = known.into_iter().flat_map(Field::choices);
    let gone = gone.map(|choice| &choice.value).filter(|value| left.iter().all(|kept| kept.value != **value));
    let gone: Vec<&str> = gone.map(String::as_str).collect();
    if gone.is_empty() {
        return Ok(());
    }
    let held = Sql::select()
        .column(name(field))
        .from(name(entity))
        .and_where(Expr::col(name(field)).is_in(gone))
        .limit(1)
        .to_owned();
    let Some(row) = tx.fetch(&held).await?.into_iter().next() else { return Ok(()) };
    let value = row.text(0)?;
    let words = label(
        format!(
            "“{value}” cannot be taken out: records hold it, perhaps deleted ones; give these another value first"
        ),
        format!("“{value}”不能去掉：仍有记录（可能是已删除的）使用该值，请先将其改为其他值"),
    );
    Err(Error::invalid("choices", Problem::Rule(words)))
}

/// What was declared, deleted or not. Asked past the conditions of lists, which know no entity that is not taken up yet.
async fn declared(tx: &mut Tx, what: &str, conditions: &[(&str, &str)]) -> Result<Vec<Record>> {
    let engine = tx.engine().clone();
    let known = engine.entity(what)?;
    let mut select = columns(what, &all_fields(known));
    select.from(name(what));
    for (column, value) in conditions {
        select.and_where(Expr::col((name(what), name(column))).eq(*value));
    }
    decode_all(known, tx.fetch(&select).await?)
}

/// Those that are not deleted.
async fn fields_of(tx: &mut Tx, entity: &str) -> Result<Vec<Record>> {
    let fields = declared(tx, FIELD, &[("entity", entity)]).await?;
    Ok(fields.into_iter().filter(|field| field.deleted_at.is_none()).collect())
}

async fn refuse_lost_personal(tx: &mut Tx, record: &Record) -> Result<()> {
    let fields = fields_of(tx, record.text("name")).await?;
    let Some(field) = fields.into_iter().find(is_personal) else { return Ok(()) };
    let field = field.text("name");
    let words = label(
        format!("has the personal field {field}: delete that first"),
        format!("含有个人信息字段 {field}，请先删除该字段"),
    );
    Err(Error::invalid("name", Problem::Rule(words)))
}

/// An erasure comes to people, and to records that refer to them by more than a field the company added.
async fn refuse_of_nobody(tx: &mut Tx, record: &Record) -> Result<()> {
    let entity = record.text("entity");
    if !is_personal(record) {
        return Ok(());
    }
    let reached = match entity.starts_with(PREFIX) {
        true => fields_of(tx, entity).await?.iter().any(leads_to_people),
        false => is_about_people(tx.engine().registry(), entity),
    };
    if reached {
        return Ok(());
    }
    let words = label(
        "an erasure does not come to these records: personal fields belong to people, and to what refers to a customer or contact",
        "清除个人信息时不会涉及这些记录：个人信息字段只能属于个人，或引用客户、联系人的对象",
    );
    Err(Error::invalid("personal", Problem::Rule(words)))
}

fn is_about_people(registry: &Registry, name: &str) -> bool {
    let Ok(entity) = registry.entity(name) else { return false };
    let refers = |entity: &Entity| {
        let declared = entity.fields.values().filter(|field| !field.name.starts_with(PREFIX));
        declared.filter_map(Field::target).any(|target| PEOPLE.contains(&target))
    };
    let parent = entity.parent_entity().and_then(|parent| registry.entity(parent).ok());
    entity.persons != Persons::None || refers(entity) || parent.is_some_and(|parent| refers(parent))
}

/// The data of a deleted one are still there, and would come up under the new one.
fn refuse_taken(own: &Record, same: &[Record]) -> Result<()> {
    let mut others = same.iter().filter(|other| other.id != own.id).peekable();
    if others.peek().is_none() {
        return Ok(());
    }
    let words = match others.any(|other| other.deleted_at.is_none()) {
        true => label("is taken already: choose another name", "名称已被使用，请换一个"),
        false => label(
            "is the name of a deleted one whose data are kept: restore that from the deleted records, or choose another name",
            "是已删除项的名称，其数据仍保留：请从已删除记录中恢复，或换一个名称",
        ),
    };
    Err(Error::invalid("name", Problem::Rule(words)))
}

fn refuse_too_many(all: &[Record], limit: usize, on: &str) -> Result<()> {
    if all.iter().filter(|one| one.deleted_at.is_none()).count() <= limit {
        return Ok(());
    }
    let words = label(
        format!("at most {limit}: delete what is not used any more"),
        format!("最多 {limit} 个，请先删除不再使用的"),
    );
    Err(Error::invalid(on, Problem::Rule(words)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_made_of_labels() {
        for (words, name) in [("Shoe size", "shoe_size"), ("Head size (cm)", "head_size_cm"), ("鞋码", "")]
        {
            assert_eq!(plain(words), name);
        }
        for name in ["a", "shoe_size", "b2"] {
            assert!(is_name(name), "{name}");
        }
        for name in ["", "2a", "_a", "a_", "a__b", "Shoe", "a-b", "鞋", &"a".repeat(25)] {
            assert!(!is_name(name), "{name}");
        }
    }
}
