//! `/privacy`: how long personal data is kept, and what was done with it on whose request.

use super::administrators_only;
use crate::{
    Answer, Flash,
    pages::{Caller, address::record_href, input::sentence},
};
use axum::{
    Form,
    response::{IntoResponse, Redirect},
};
use engine::{Due, Ending, Engine, Error, Query, Rule, Since};
use meta::{Entity, Id, Record};
use serde::{Deserialize, Serialize};

/// Newest entries of the register that are shown.
const REGISTER_SHOWN: usize = 100;

#[derive(Clone, Deserialize, Default)]
pub struct Given {
    #[serde(default)]
    entity: String,
    #[serde(default)]
    months: String,
    #[serde(default)]
    since: String,
    #[serde(default)]
    ending: String,
}

#[derive(Deserialize)]
pub struct Removed {
    index: usize,
}

#[derive(Serialize)]
struct Shown {
    index: usize,
    entity: String,
    icon: &'static str,
    months: u32,
    since: String,
    ending: &'static str,
    due: String,
}

#[derive(Serialize)]
struct Choice {
    value: String,
    label: String,
    chosen: bool,
}

#[derive(Serialize)]
struct Entry {
    at: String,
    kind: String,
    colour: &'static str,
    record: String,
    href: Option<String>,
    reason: String,
    by: String,
}

pub async fn show(caller: Caller) -> Answer {
    let given = Given { months: "36".into(), ..Given::default() };
    page(&caller, 200, given, None).await
}

async fn page(caller: &Caller, status: u16, given: Given, error: Option<String>) -> Answer {
    administrators_only(caller)?;
    let engine = caller.engine();
    let rules = engine.retention_rules().await?;
    let due = engine.retention_due(caller.actor(), &rules).await?;
    let rules: Vec<Shown> = due.iter().enumerate().map(|(index, due)| shown(caller, index, due)).collect();
    let context = minijinja::context! {
        rules,
        entities => entities(caller, &given),
        sinces => sinces(caller, &given),
        months => given.months,
        delete => given.ending == "delete",
        register => register(caller).await?,
        error,
    };
    caller.page_with(status, "privacy.html", context)
}

fn shown(caller: &Caller, index: usize, due: &Due) -> Shown {
    let (engine, reader) = (caller.engine(), &caller.reader);
    let entity = engine.entity(&due.rule.entity).ok();
    let count = reader.format().number(due.count.into());
    Shown {
        index,
        entity: entity.map_or_else(String::new, |entity| entity.plural.get(reader.lang).to_owned()),
        icon: entity.map_or("file", |entity| entity.icon),
        months: due.rule.months,
        since: since_label(caller, &due.rule.since),
        ending: ending_label(caller, due.rule.ending),
        due: if due.more { format!("{count}+") } else { count },
    }
}

fn since_label(caller: &Caller, since: &Since) -> String {
    let reader = &caller.reader;
    match since {
        Since::Created => reader.say("creation", "建档").to_owned(),
        Since::Anything => reader.say("anything that happened", "最近一次往来").to_owned(),
        Since::Last(name) => {
            let entity = caller.engine().entity(name).ok();
            let label = entity.map_or(name.as_str(), |entity| entity.label.get(reader.lang));
            match reader.lang {
                meta::Lang::En => format!("the last {}", label.to_lowercase()),
                meta::Lang::Zh => format!("最近一次{label}"),
            }
        }
    }
}

fn ending_label(caller: &Caller, ending: Ending) -> &'static str {
    match (ending, caller.reader.lang) {
        (Ending::Erase, meta::Lang::En) => "Erase personal data",
        (Ending::Erase, meta::Lang::Zh) => "擦除个人信息",
        (Ending::Delete, meta::Lang::En) => "Erase and delete",
        (Ending::Delete, meta::Lang::Zh) => "擦除并删除",
    }
}

fn entities(caller: &Caller, given: &Given) -> Vec<Choice> {
    let choice = |entity: &std::sync::Arc<Entity>| Choice {
        value: entity.name.clone(),
        label: entity.plural.get(caller.reader.lang).to_owned(),
        chosen: given.entity == entity.name,
    };
    caller.engine().retainable().map(choice).collect()
}

/// For every entity together: which of them fit the chosen one says the answer.
fn sinces(caller: &Caller, given: &Given) -> Vec<Choice> {
    let mut names = vec!["created".to_owned(), "anything".to_owned()];
    for entity in caller.engine().retainable() {
        for other in caller.engine().happenings(entity) {
            if !names.contains(&other.name) {
                names.push(other.name.clone());
            }
        }
    }
    let choice = |name: String| Choice {
        label: since_label(caller, &Since::from(name.clone())),
        chosen: given.since == name,
        value: name,
    };
    names.into_iter().map(choice).collect()
}

async fn register(caller: &Caller) -> Answer<Vec<Entry>> {
    let (engine, actor) = (caller.engine(), caller.actor());
    let query = Query::new("privacy_request").sort("-done_at").limit(REGISTER_SHOWN);
    let records = engine.list(actor, &query).await?.records;
    let id_of = |record: &Record| record.text("record").parse::<Id>().ok();
    let mut named: Vec<(&str, Id)> = vec![];
    for record in &records {
        named.extend(record.created_by.map(|user| ("user", user)));
        named.extend(id_of(record).map(|id| (record.text("entity"), id)));
    }
    named.retain(|(entity, _)| engine.entity(entity).is_ok());
    let titles = engine.titles(actor, &named).await?;
    records.iter().map(|record| entry(caller, engine, record, id_of(record), &titles)).collect()
}

fn entry(
    caller: &Caller,
    engine: &Engine,
    record: &Record,
    id: Option<Id>,
    titles: &std::collections::HashMap<Id, String>,
) -> Answer<Entry> {
    let reader = &caller.reader;
    let entity = record.text("entity");
    let kinds = engine.entity("privacy_request")?.get("kind").map(|field| field.choices().to_vec());
    let kind = kinds.iter().flatten().find(|choice| choice.value == record.text("kind"));
    let label = engine.entity(entity).map_or(entity, |entity| entity.label.get(reader.lang));
    let title = id.and_then(|id| titles.get(&id)).map(String::as_str);
    Ok(Entry {
        at: record.get("done_at").as_instant().map(|at| reader.exact(at)).unwrap_or_default(),
        kind: kind.map(|kind| kind.label.get(reader.lang).to_owned()).unwrap_or_default(),
        colour: kind.map_or("grey", |kind| kind.colour),
        record: format!("{label} {}", title.unwrap_or_default()).trim_end().to_owned(),
        href: id.and_then(|id| record_href(engine.registry(), entity, id)),
        reason: record.text("reason").to_owned(),
        by: record
            .created_by
            .and_then(|user| titles.get(&user).cloned())
            .unwrap_or_else(|| reader.say("The system", "系统").to_owned()),
    })
}

pub async fn add(caller: Caller, Form(given): Form<Given>) -> Answer {
    administrators_only(&caller)?;
    let rule = Rule {
        entity: given.entity.clone(),
        // What is no number is no number of months, either.
        months: given.months.trim().parse().unwrap_or(0),
        since: Since::from(given.since.clone()),
        ending: if given.ending == "delete" { Ending::Delete } else { Ending::Erase },
    };
    let mut rules = caller.engine().retention_rules().await?;
    rules.push(rule);
    match caller.engine().set_retention_rules(caller.actor(), &rules).await {
        Ok(()) => Ok(Redirect::to("/privacy").into_response()),
        Err(Error::Invalid(problems)) => {
            let reader = &caller.reader;
            let said = |found: &meta::FieldProblem| {
                let what = match found.field.rsplit('.').next().unwrap_or_default() {
                    "months" => reader.say("Months", "月数"),
                    "since" => reader.say("Counted from", "起算"),
                    _ => reader.say("Records", "数据"),
                };
                format!("{what}: {}", sentence(reader, &found.problem))
            };
            let text = problems.iter().map(said).collect::<Vec<_>>().join(" ");
            page(&caller, 422, given, Some(text)).await
        }
        Err(error) => Err(error.into()),
    }
}

pub async fn remove(caller: Caller, Form(removed): Form<Removed>) -> Answer {
    administrators_only(&caller)?;
    let mut rules = caller.engine().retention_rules().await?;
    if removed.index < rules.len() {
        rules.remove(removed.index);
        caller.engine().set_retention_rules(caller.actor(), &rules).await?;
    }
    let text = caller.reader.say("The rule is removed.", "规则已删除。");
    Ok(Flash::success(text).on(Redirect::to("/privacy").into_response()))
}
