//! Everything a company has, in one zip: its records as NDJSON (deleted ones too), their numbers elsewhere, the settings, the change
//! log, the audit, which records were erased, uploaded files. Passwords, tokens and keys stay behind.

use crate::{config::Config, open};
use anyhow::{Context, bail};
use engine::{
    Act, Actor, AuditAction, AuditQuery, Engine, Note, Query, TryStreamExt, Via, name,
    sea_query::{Order, Query as Sql},
};
use meta::{Entity, Id, Record};
use serde_json::{Value as Json, json};
use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::{BufWriter, Write},
    path::Path,
};
use zip::{ZipWriter, write::SimpleFileOptions};

const PAGE: usize = 1_000;
/// Folders of files that users gave or got.
const FILES: [&str; 2] = ["uploads", "imports"];

/// What stands beside the change log.
const AUDIT: [AuditAction; 5] = [
    AuditAction::Saw,
    AuditAction::Exported,
    AuditAction::SignedIn,
    AuditAction::Settings,
    AuditAction::Audit,
];

type Zip = ZipWriter<BufWriter<File>>;

pub async fn write(config: &Config, name: &str, file: &Path) -> anyhow::Result<()> {
    let engine = open::engine(config).await?;
    let target = File::create_new(file)
        .with_context(|| format!("{} cannot be made: name a file that is not there yet", file.display()))?;
    let written = fill(&engine, config, name, ZipWriter::new(BufWriter::new(target))).await;
    match written {
        Ok(records) => {
            note(&engine, records).await?;
            println!("Wrote {records} records of {name} to {}.", file.display());
        }
        Err(error) => {
            // Half an export must not be taken for one.
            fs::remove_file(file)?;
            return Err(error);
        }
    }
    Ok(())
}

/// That the whole company left the house belongs into the audit.
async fn note(engine: &Engine, records: usize) -> anyhow::Result<()> {
    let details = json!({ "format": "zip" });
    let note = Note { count: Some(records as i64), details, ..Note::new(Act::Exported, Via::Command) };
    let written =
        engine.write(&Actor::system(), move |tx| Box::pin(async move { tx.note(note).await })).await;
    written.map_err(open::explain)
}

async fn fill(engine: &Engine, config: &Config, name: &str, mut zip: Zip) -> anyhow::Result<usize> {
    let mut counts = serde_json::Map::new();
    let mut all = 0;
    let entities: Vec<_> = engine.registry().entities().cloned().collect();
    for entity in &entities {
        begin(&mut zip, &format!("records/{}.ndjson", entity.name))?;
        let mut count = 0;
        for deleted in [false, true] {
            count += records(engine, entity, deleted, &mut zip).await?;
        }
        all += count;
        counts.insert(entity.name.clone(), json!(count));
    }
    begin(&mut zip, "settings.json")?;
    let settings = engine.settings().await.map_err(open::explain)?;
    write!(zip, "{:#}", json!(settings.iter().collect::<BTreeMap<_, _>>()))?;
    begin(&mut zip, "erased.ndjson")?;
    erased(engine, &mut zip).await?;
    begin(&mut zip, "changes.ndjson")?;
    changes(engine, &mut zip).await?;
    begin(&mut zip, "audit.ndjson")?;
    for action in AUDIT {
        audit(engine, action, &mut zip).await?;
    }
    for folder in FILES {
        files(&mut zip, &config.data.join(folder), folder)?;
    }
    begin(&mut zip, "export.json")?;
    let about = json!({
        "company": name, "made_at": engine.clock().now(), "version": env!("CARGO_PKG_VERSION"), "records": counts,
    });
    write!(zip, "{about:#}")?;
    zip.finish()?.flush()?;
    Ok(all)
}

fn begin(zip: &mut Zip, name: &str) -> anyhow::Result<()> {
    Ok(zip.start_file(name, SimpleFileOptions::default().large_file(true))?)
}

async fn records(engine: &Engine, entity: &Entity, deleted: bool, zip: &mut Zip) -> anyhow::Result<usize> {
    let (mut after, mut count) = (None, 0);
    loop {
        let mut query = Query::new(&entity.name).sort("id").limit(PAGE).after(after);
        query.deleted = deleted;
        let page = engine.list(&Actor::system(), &query).await.map_err(open::explain)?;
        let ids: Vec<Id> = page.records.iter().map(|record| record.id).collect();
        let mut numbers = if entity.external_ids {
            engine.external_ids_of(&ids).await.map_err(open::explain)?
        } else {
            Default::default()
        };
        for record in &page.records {
            let mut line = plain(record);
            if let Some(numbers) = numbers.remove(&record.id) {
                line["external_ids"] = json!(numbers);
            }
            writeln!(zip, "{line}")?;
        }
        count += page.records.len();
        after = page.next;
        if after.is_none() {
            return Ok(count);
        }
    }
}

fn plain(record: &Record) -> Json {
    let mut line = json!({
        "id": record.id, "version": record.version, "created_at": record.created_at,
        "updated_at": record.updated_at, "created_by": record.created_by, "deleted_at": record.deleted_at,
    });
    for (field, value) in &record.values {
        line[field] = value.to_json();
    }
    line
}

/// Whose personal data was erased: who goes back to an older copy erases them again.
async fn erased(engine: &Engine, zip: &mut Zip) -> anyhow::Result<()> {
    let select = Sql::select()
        .columns(["record_id", "entity", "at"].map(name))
        .from(name("erased"))
        .order_by(name("record_id"), Order::Asc)
        .to_owned();
    let mut rows = engine.stream(&select);
    while let Some(row) = rows.try_next().await.map_err(open::explain)? {
        let (id, entity) = (row.id(0).map_err(open::explain)?, row.text(1).map_err(open::explain)?);
        let at = row.instant(2).map_err(open::explain)?;
        writeln!(zip, "{}", json!({ "id": id, "entity": entity, "at": at }))?;
    }
    Ok(())
}

async fn changes(engine: &Engine, zip: &mut Zip) -> anyhow::Result<()> {
    let mut seq = 0;
    loop {
        let entries = engine.changes(seq, PAGE as u64).await.map_err(open::explain)?;
        let Some(last) = entries.last() else { return Ok(()) };
        seq = last.seq;
        for entry in &entries {
            let line = json!({
                "seq": entry.seq, "at": entry.at, "user": entry.user, "run": entry.run, "entity": entry.entity,
                "kind": entry.kind.name(), "ids": entry.ids, "changes": entry.changes,
            });
            writeln!(zip, "{line}")?;
        }
    }
}

async fn audit(engine: &Engine, action: AuditAction, zip: &mut Zip) -> anyhow::Result<()> {
    let mut query = AuditQuery { action: Some(action), limit: PAGE, ..AuditQuery::default() };
    loop {
        let page = engine.audit(&Actor::system(), &query).await.map_err(open::explain)?;
        for entry in &page.entries {
            let line = json!({
                "seq": entry.seq, "at": entry.at, "user": entry.user, "act": entry.what, "entity": entry.entity,
                "record": entry.record, "count": entry.count, "via": entry.via, "address": entry.address,
                "details": entry.details,
            });
            writeln!(zip, "{line}")?;
        }
        query.after = page.next;
        if query.after.is_none() {
            return Ok(());
        }
    }
}

fn files(zip: &mut Zip, folder: &Path, name: &str) -> anyhow::Result<()> {
    if !folder.is_dir() {
        return Ok(());
    }
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let inside = format!("{name}/{}", entry.file_name().to_string_lossy());
        if entry.file_type()?.is_dir() {
            files(zip, &entry.path(), &inside)?;
            continue;
        }
        begin(zip, &inside)?;
        let mut file = File::open(entry.path())?;
        if std::io::copy(&mut file, zip).is_err() {
            bail!("reading {}", entry.path().display());
        }
    }
    Ok(())
}
