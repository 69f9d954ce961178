//! `zhike audit`: whether somebody touched the change log or the audit behind the program's back.
//! Exit code 1 if so.

use crate::{config::Config, open};
use clap::{Args, Subcommand};
use engine::{Actor, Engine, Kept, Verified};
use meta::Id;
use serde_json::json;
use std::{collections::HashMap, process::ExitCode};

#[derive(Args)]
pub struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// Read the whole chain and say whether every entry is as it was sealed
    Verify {
        /// A seal that was kept outside: the chain must still have it
        #[arg(long, value_name = "SEAL")]
        kept: Option<Kept>,
        /// Print what was found as JSON
        #[arg(long)]
        json: bool,
    },
    /// Seal what has come until now and print the newest seal, to be kept where nobody who may write the database can
    Seal,
}

pub async fn run(arguments: Arguments, config: &Config) -> anyhow::Result<ExitCode> {
    let engine = open::engine(config).await?;
    match arguments.action {
        Action::Verify { kept, json } => verify(&engine, kept, json).await,
        Action::Seal => {
            engine.seal_audit().await.map_err(open::explain)?;
            match engine.newest_seal().await.map_err(open::explain)? {
                Some(seal) => println!("{}", seal.text()),
                None => println!("Nothing was changed or seen yet, so there is no seal."),
            }
            Ok(ExitCode::SUCCESS)
        }
    }
}

async fn verify(engine: &Engine, kept: Option<Kept>, json: bool) -> anyhow::Result<ExitCode> {
    let number = kept.as_ref().map(|kept| kept.number);
    let found = engine.verify_audit(kept).await.map_err(open::explain)?;
    let users: Vec<(&str, Id)> = found.redacted.keys().flatten().map(|user| ("user", *user)).collect();
    let names = engine.titles(&Actor::system(), &users).await.map_err(open::explain)?;
    if json {
        println!("{}", told(&found, &names));
    } else {
        say(&found, &names, number);
    }
    Ok(if found.broken.is_none() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn by(user: Option<Id>, names: &HashMap<Id, String>) -> String {
    match user {
        Some(user) => names.get(&user).cloned().unwrap_or_else(|| user.to_string()),
        None => "the program itself".to_owned(),
    }
}

fn say(found: &Verified, names: &HashMap<Id, String>, kept: Option<i64>) {
    println!("{} seals, {} entries read that are as they were sealed", found.seals, found.entries);
    if let Some(seal) = &found.newest {
        println!("newest of them: seal {} of {}", seal.text(), seal.at.format("%Y-%m-%d %H:%M:%S UTC"));
    }
    if found.unsealed > 0 && found.broken.is_none() {
        println!("{} newer entries wait for a seal", found.unsealed);
    }
    for (user, count) in &found.redacted {
        println!("{count} times content was redacted by {}", by(*user, names));
    }
    if let Some((up_to, count)) = found.removed {
        println!(
            "{count} entries of what was seen, up to number {up_to}, were removed because they were old enough"
        );
    }
    match (&found.broken, kept) {
        (Some(broken), _) => println!("BROKEN: {broken}"),
        (None, Some(number)) => {
            println!("The chain holds, and it is the one of which seal {number} was kept.")
        }
        (None, None) => println!("The chain holds."),
    }
}

fn told(found: &Verified, names: &HashMap<Id, String>) -> serde_json::Value {
    let redacted =
        found.redacted.iter().map(|(user, count)| json!({ "by": by(*user, names), "entries": count }));
    json!({
        "holds": found.broken.is_none(),
        "broken": found.broken,
        "seals": found.seals,
        "entries": found.entries,
        "unsealed": found.unsealed,
        "newest": found.newest.as_ref().map(|seal| seal.text()),
        "redacted": redacted.collect::<Vec<_>>(),
        "removed": found.removed.map(|(up_to, count)| json!({ "up_to": up_to, "entries": count })),
    })
}
