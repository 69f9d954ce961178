//! `zhike person`: what is known of a person as one file, and its erasure, by whoever owns the machine.

use crate::{config::Config, open};
use anyhow::{Context, bail};
use clap::{Args, Subcommand};
use engine::{Actor, Engine, Erasure, Query};
use meta::{Entity, Id, Kind, Persons};
use std::{path::PathBuf, sync::Arc};

#[derive(Args)]
pub struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// Write everything about a person into a JSON file
    Export {
        /// The person's id or e-mail address
        person: String,
        /// The file; it must not exist yet
        file: PathBuf,
        /// On whose request; it is kept in the register
        #[arg(long)]
        reason: String,
    },
    /// Erase a person's data for good, everywhere, also in the change log
    Erase {
        /// The person's id or e-mail address
        person: String,
        /// On whose request; it is kept in the register
        #[arg(long, required_unless_present = "dry_run")]
        reason: Option<String>,
        /// Only say what would be reached
        #[arg(long, conflicts_with = "confirm")]
        dry_run: bool,
        /// The person's id once more, because it cannot be undone
        #[arg(long, value_name = "ID", required_unless_present = "dry_run")]
        confirm: Option<Id>,
    },
}

pub async fn run(arguments: Arguments, config: &Config) -> anyhow::Result<()> {
    let engine = open::engine(config).await?;
    let actor = Actor::system();
    match arguments.action {
        Action::Export { person, file, reason } => {
            let (entity, id) = find(&engine, &person).await?;
            let data =
                engine.export_person(&actor, &entity.name, id, &reason).await.map_err(open::explain)?;
            let mut output = std::fs::File::create_new(&file)
                .with_context(|| format!("{} cannot be made", file.display()))?;
            serde_json::to_writer_pretty(&mut output, &data.document)
                .with_context(|| format!("{} cannot be written", file.display()))?;
            println!("Everything about {} {id} is in {}", entity.name, file.display());
        }
        Action::Erase { person, dry_run: true, .. } => {
            let (entity, id) = find(&engine, &person).await?;
            let found = engine.erasure(&actor, &entity.name, id).await.map_err(open::explain)?;
            println!("Erasing {} {id} would reach:", entity.name);
            say(&found);
            println!("Nothing was changed. To erase: --reason \"…\" --confirm {id}");
        }
        Action::Erase { person, reason, confirm, .. } => {
            let (entity, id) = find(&engine, &person).await?;
            if confirm != Some(id) {
                bail!("--confirm must be the person's id, {id}; nothing was erased");
            }
            let reason = reason.unwrap_or_default();
            let done = engine.erase(&actor, &entity.name, id, &reason).await.map_err(open::explain)?;
            println!("Erased {} {id}, who is “{}” from now on:", entity.name, done.pseudonym);
            say(&done);
            // Kept in the queue for the server, if one runs; otherwise it is done here.
            engine.run_due_jobs().await.map_err(open::explain)?;
        }
    }
    Ok(())
}

fn say(erasure: &Erasure) {
    for affected in erasure.affected.iter().filter(|affected| !affected.fields.is_empty()) {
        println!("  {:6}  {} ({})", affected.records, affected.entity.name, affected.fields.join(", "));
    }
    println!("  {:6}  entries of the change log", erasure.log_entries);
    for copy in &erasure.copies {
        println!("  {:6}  {}", copy.count, copy.what.en);
    }
}

/// The one person with this id or address.
async fn find(engine: &Engine, person: &str) -> anyhow::Result<(Arc<Entity>, Id)> {
    let mut found: Vec<(Arc<Entity>, Id)> = vec![];
    let id = person.parse::<Id>().ok();
    for entity in engine.registry().entities().filter(|entity| entity.persons != Persons::None) {
        let records = match id {
            Some(id) => engine.get_many(&Actor::system(), &entity.name, &[id]).await,
            None => by_address(engine, entity, person).await,
        };
        let persons = records.map_err(open::explain)?.into_iter().filter(|record| entity.is_person(record));
        found.extend(persons.map(|record| (entity.clone(), record.id)));
    }
    match found.as_slice() {
        [one] => Ok(one.clone()),
        [] => bail!("nobody has the id or e-mail address “{person}”"),
        several => {
            let lines: Vec<String> =
                several.iter().map(|(entity, id)| format!("  {} {id}", entity.name)).collect();
            bail!("several have “{person}”: name one by its id\n{}", lines.join("\n"))
        }
    }
}

async fn by_address(engine: &Engine, entity: &Entity, address: &str) -> engine::Result<Vec<meta::Record>> {
    const ENOUGH: usize = 10;
    let Some(address) = meta::normalise_email(address) else { return Ok(vec![]) };
    let fields = entity.fields.values().filter(|field| field.kind == Kind::Email);
    let ways: Vec<String> = fields
        .map(|field| format!("{} == {}", field.name, serde_json::Value::from(address.as_str())))
        .collect();
    if ways.is_empty() {
        return Ok(vec![]);
    }
    let query = Query::new(&entity.name).filter(ways.join(" || ")).limit(ENOUGH);
    Ok(engine.list(&Actor::system(), &query).await?.records)
}
