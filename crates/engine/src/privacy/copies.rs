//! Copies of a person's data in the engine's own tables: answers kept for repeated requests, jobs that are over, numbers in
//! other systems, saved filters and notes of imports that quote him; of a user everything about his signing in.

use super::{erase::Erasing, log, reach::Group, words::pattern};
use crate::{JobState, Result, Tx, among, db::name, store::number};
use meta::{Field, Id, Kind, Label, label};
use sea_query::{Expr, ExprTrait, Query as Sql, SelectStatement};

/// How many copies of one kind there are.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    pub what: Label,
    pub count: u64,
}

impl Found {
    pub fn new(en: &str, zh: &str, count: u64) -> Found {
        Found { what: label(en, zh), count }
    }
}

const CHUNK: usize = 200;

pub(super) async fn find(tx: &mut Tx, erasing: &Erasing, groups: &[Group]) -> Result<Vec<Found>> {
    let engine = tx.engine.clone();
    let mut found = vec![
        Found::new("Numbers in other systems", "外部系统编号", numbers(tx, erasing, groups).await?),
        Found::new("Answers kept for repeated requests", "为重复请求保留的应答", answers(tx, erasing).await?),
        Found::new("Background jobs", "后台任务", jobs(tx, erasing).await?),
        Found::new(
            "Saved views and questions that quote the person",
            "引用此人的视图与分析",
            quotes_kept(tx, erasing).await?,
        ),
        Found::new(
            "Imports that quote the person",
            "引用此人的导入批次",
            quotes(tx, erasing, &imports()).await?,
        ),
        Found::new("Sign-in data", "登录数据", sign_in(tx, erasing).await?),
    ];
    for copies in &engine.registry().copies {
        found.extend(copies(tx, erasing).await?);
    }
    found.retain(|found| found.count > 0);
    Ok(found)
}

async fn count(tx: &mut Tx, table: &str, which: &[Expr]) -> Result<u64> {
    let Some(any) = which.iter().cloned().reduce(|one, other| one.or(other)) else { return Ok(0) };
    let select: SelectStatement =
        Sql::select().expr(Expr::cust("COUNT(*)")).from(name(table)).and_where(any).to_owned();
    number(&tx.conn.fetch(&select).await?)
}

async fn delete(tx: &mut Tx, table: &str, which: &[Expr], erasing: &Erasing) -> Result<u64> {
    if erasing.dry {
        return count(tx, table, which).await;
    }
    let mut gone = 0;
    for which in which {
        let delete = Sql::delete().from_table(name(table)).and_where(which.clone()).to_owned();
        gone += tx.conn.execute(&delete).await?;
    }
    Ok(gone)
}

/// The number on a document is the document's own; what numbers people and what is known of them goes.
async fn numbers(tx: &mut Tx, erasing: &Erasing, groups: &[Group]) -> Result<u64> {
    let mut gone = 0;
    for group in groups {
        let numbered = group.entity.fields.values().any(|field| field.numbered.is_some());
        if numbered || !group.entity.external_ids {
            continue;
        }
        for ids in group.ids().chunks(CHUNK) {
            let which = Expr::col(name("record_id")).is_in(among(ids));
            gone += delete(tx, "external_id", &[which], erasing).await?;
        }
    }
    Ok(gone)
}

/// Texts that name one of the records or have one of the words.
fn telling(erasing: &Erasing, column: &str) -> Vec<Expr> {
    let names = |ids: &[Id]| {
        let like = |id: &Id| Expr::col(name(column)).like(pattern(&id.to_string()));
        ids.iter().map(like).reduce(|one, other| one.or(other))
    };
    erasing.ids.chunks(CHUNK).filter_map(names).chain(erasing.words.conditions(column)).collect()
}

/// The rows of a table that may be long that quote the person.
pub(super) fn quoting(erasing: &Erasing, table: &str) -> Vec<Expr> {
    match table {
        "idempotency" => telling(erasing, "body"),
        "job" => {
            let over = [JobState::Done, JobState::Failed, JobState::Cancelled].map(JobState::name);
            let over = Expr::col(name("state")).is_in(over);
            let which =
                ["payload", "progress", "error"].into_iter().flat_map(|column| telling(erasing, column));
            which.map(|which| which.and(over.clone())).collect()
        }
        _ => erasing.words.conditions("details"),
    }
}

/// The same, as far as possible only among those found before and those that came since.
pub(super) fn to_look_at(erasing: &Erasing, table: &str) -> Vec<Expr> {
    let quoting = quoting(erasing, table);
    match erasing.ahead.as_ref().and_then(|ahead| ahead.rows(table, erasing)) {
        None => quoting,
        Some(rows) => {
            rows.iter().flat_map(|rows| quoting.iter().map(|which| rows.clone().and(which.clone()))).collect()
        }
    }
}

async fn answers(tx: &mut Tx, erasing: &Erasing) -> Result<u64> {
    delete(tx, "idempotency", &to_look_at(erasing, "idempotency"), erasing).await
}

/// Jobs that are over keep their state and lose what they told.
async fn jobs(tx: &mut Tx, erasing: &Erasing) -> Result<u64> {
    let which = to_look_at(erasing, "job");
    if erasing.dry {
        return count(tx, "job", &which).await;
    }
    let mut emptied = 0;
    for which in which {
        let update = Sql::update()
            .table(name("job"))
            .value(name("payload"), "{}")
            .value(name("progress"), None::<String>)
            .value(name("error"), None::<String>)
            .and_where(which)
            .to_owned();
        emptied += tx.conn.execute(&update).await?;
    }
    Ok(emptied)
}

/// Texts of records that are not about the person and may quote him.
struct Quoting {
    entity: String,
    conditions: Vec<String>,
    texts: Vec<String>,
    json: Vec<String>,
}

fn imports() -> Quoting {
    let texts = ["message", "file_name"].map(str::to_owned).to_vec();
    Quoting { entity: "import_run".to_owned(), conditions: vec![], texts, json: vec!["progress".to_owned()] }
}

/// What people keep for themselves: views, questions, dashboards, reports.
async fn quotes_kept(tx: &mut Tx, erasing: &Erasing) -> Result<u64> {
    let engine = tx.engine.clone();
    let mut count = 0;
    for entity in engine.registry().entities().filter(|entity| entity.personal.is_some()) {
        let named = |wanted: fn(&Field) -> bool| -> Vec<String> {
            entity.fields.values().filter(|field| wanted(field)).map(|field| field.name.clone()).collect()
        };
        let quoting = Quoting {
            entity: entity.name.clone(),
            conditions: named(|field| field.name == "filter"),
            texts: named(|field| {
                field.name == "name" || field.kind == Kind::LongText && field.name != "filter"
            }),
            json: named(|field| field.kind == Kind::Json),
        };
        count += quotes(tx, erasing, &quoting).await?;
    }
    Ok(count)
}

async fn quotes(tx: &mut Tx, erasing: &Erasing, quoting: &Quoting) -> Result<u64> {
    let fields = [&quoting.conditions[..], &quoting.texts, &quoting.json].concat();
    let table = quoting.entity.as_str();
    let (words, instead) = (&erasing.words, erasing.pseudonym.as_str());
    let mut count = 0;
    let mut ids = vec![];
    for field in &fields {
        for condition in words.conditions(field) {
            let select = Sql::select()
                .columns(["id", field].map(name))
                .from(name(table))
                .and_where(condition)
                .to_owned();
            for row in tx.conn.fetch(&select).await? {
                let (id, text) = (row.id(0)?, row.text(1)?);
                let new = if quoting.conditions.contains(field) {
                    words.replaced_in_quotes(&text, instead)
                } else if quoting.json.contains(field) {
                    let mut json = serde_json::from_str(&text)?;
                    words.replace_in_json(&mut json, instead);
                    json.to_string()
                } else {
                    words.replaced(&text, instead)
                };
                if new == text {
                    continue;
                }
                count += 1;
                if !erasing.dry {
                    let update = Sql::update()
                        .table(name(table))
                        .value(name(field), new)
                        .and_where(Expr::col(name("id")).eq(id))
                        .to_owned();
                    tx.conn.execute(&update).await?;
                    ids.push(id);
                }
            }
        }
    }
    if !erasing.dry {
        log::redact_quotes(tx, table, &fields, words, instead).await?;
        tx.reindex(table, &ids, false).await?;
        tx.mark_changed(table);
    }
    Ok(count)
}

/// What was kept to let a user in, and where he signed in from.
async fn sign_in(tx: &mut Tx, erasing: &Erasing) -> Result<u64> {
    if erasing.entity != "user" {
        return Ok(0);
    }
    let own = [Expr::col(name("user_id")).eq(erasing.person)];
    let mut gone = 0;
    for table in
        ["credential", "session", "api_token", "second_factor", "recovery_code", "ticket", "identity"]
    {
        gone += delete(tx, table, &own, erasing).await?;
    }
    // Attempts under his address name no user when they failed.
    let attempts: Vec<Expr> = own.into_iter().chain(erasing.words.conditions("email")).collect();
    gone += delete(tx, "sign_in_log", &attempts, erasing).await?;
    if !erasing.dry {
        ["session", "user"].iter().for_each(|table| tx.mark_changed(table));
    }
    Ok(gone)
}
