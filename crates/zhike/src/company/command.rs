//! `zhike company`: makes, lists, suspends, exports and deletes the companies of an installation.

use super::{Company, all, check_host, check_name, database_name, export, folder, read, write};
use crate::{
    config::{Config, warehouse::place},
    open, user,
};
use anyhow::{Context, bail};
use clap::{Args, Subcommand};
use engine::Role;
use std::{fs, path::PathBuf};

#[derive(Args)]
pub struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// Make a company with a database of its own and its first administrator
    Create {
        /// Small letters, digits and hyphens; it also leads to the company: https://…/c/NAME
        name: String,
        /// A host name that leads to it, like crm.example.com; may be given several times
        #[arg(long = "host", value_name = "HOST")]
        hosts: Vec<String>,
        #[arg(long)]
        admin_name: String,
        #[arg(long)]
        admin_email: String,
        /// Read the administrator's password from standard input; without it one is made and printed
        #[arg(long)]
        password_stdin: bool,
    },
    /// List the companies
    List,
    /// Close a company to everybody; a running server follows within seconds
    Suspend { name: String },
    /// Open a suspended company again
    Resume { name: String },
    /// Write everything a company has into one file
    Export {
        name: String,
        /// A zip file that is not there yet
        file: PathBuf,
    },
    /// Delete a suspended company for good
    Delete {
        name: String,
        /// The name again, to be sure
        #[arg(long, value_name = "NAME")]
        confirm: String,
    },
}

pub async fn run(arguments: Arguments, config: &Config) -> anyhow::Result<()> {
    match arguments.action {
        Action::Create { name, hosts, admin_name, admin_email, password_stdin } => {
            create(config, &name, &hosts, (&admin_name, &admin_email), password_stdin).await
        }
        Action::List => list(config),
        Action::Suspend { name } => set_suspended(config, &name, true),
        Action::Resume { name } => set_suspended(config, &name, false),
        Action::Export { name, file } => {
            let own = config.of_company(&name, &read(config, &name)?);
            export::write(&own, &name, &file).await
        }
        Action::Delete { name, confirm } => delete(config, &name, &confirm).await,
    }
}

async fn create(
    config: &Config,
    name: &str,
    hosts: &[String],
    (admin_name, admin_email): (&str, &str),
    password_stdin: bool,
) -> anyhow::Result<()> {
    check_name(name)?;
    if config.data.join("zhike.db").exists() {
        bail!(
            "{} is the folder of a single company: choose another with --data for many",
            config.data.display()
        );
    }
    let hosts = hosts.iter().map(|host| check_host(host)).collect::<anyhow::Result<Vec<_>>>()?;
    for (other, company) in all(config)? {
        if other == name {
            bail!("there is a company “{name}” already: `zhike company list` shows all");
        }
        let taken = company.ok().and_then(|known| known.hosts.into_iter().find(|host| hosts.contains(host)));
        if let Some(host) = taken {
            bail!("{host} leads to the company “{other}”: give each its own host name");
        }
    }
    let company = Company { hosts, suspended: true, ..Company::default() };
    let own = config.of_company(name, &company);
    // Suspended until it is complete, so that no server opens half of it; what was made goes away again if it fails.
    let made = async {
        if let Some(server) = &config.database_url {
            engine::create_database(server, &database_name(name)).await.map_err(open::explain)?;
        }
        write(config, name, &company)?;
        let engine = open::engine(&own).await?;
        let (password, made) = user::password(password_stdin)?;
        web::auth::create_user(
            &engine,
            admin_name,
            admin_email,
            &password,
            Role::Administrator,
            config.lang(),
        )
        .await
        .map_err(open::explain)?;
        anyhow::Ok((password, made))
    };
    let (password, made) = match made.await {
        Ok(made) => made,
        Err(error) => {
            // A database of that name that was there before is not ours to drop: then the folder was never made.
            if folder(config, name).is_dir() {
                remove(config, name).await?;
            }
            return Err(error);
        }
    };
    write(config, name, &Company { suspended: false, ..company.clone() })?;
    println!("Created the company {name}; its administrator is {admin_name} <{admin_email}>.");
    user::tell(&password, made);
    match company.hosts.as_slice() {
        [] => println!("It is reached by /c/{name} at any address of the server."),
        hosts => println!("It is reached at {}, or by /c/{name} elsewhere.", hosts.join(", ")),
    }
    Ok(())
}

fn list(config: &Config) -> anyhow::Result<()> {
    let companies = all(config)?;
    if companies.is_empty() {
        println!("No companies yet: `zhike company create` makes one.");
    }
    for (name, company) in companies {
        match company {
            Ok(company) => {
                let state = if company.suspended { "suspended" } else { "active" };
                println!("{name:<20} {state:<10} {}", company.hosts.join(" "));
            }
            Err(error) => println!("{name:<20} broken     {error:#}"),
        }
    }
    Ok(())
}

fn set_suspended(config: &Config, name: &str, suspended: bool) -> anyhow::Result<()> {
    let company = read(config, name)?;
    write(config, name, &Company { suspended, ..company })?;
    println!("The company {name} is {}.", if suspended { "suspended" } else { "open again" });
    Ok(())
}

async fn delete(config: &Config, name: &str, confirm: &str) -> anyhow::Result<()> {
    let company = read(config, name)?;
    if confirm != name {
        bail!("--confirm must repeat the company's name, {name}: everything it has is deleted");
    }
    if !company.suspended {
        bail!("the company {name} is open: suspend it first, so that nobody works in it");
    }
    remove(config, name).await?;
    println!("Deleted the company {name} and all it had.");
    Ok(())
}

async fn remove(config: &Config, name: &str) -> anyhow::Result<()> {
    if let Some(server) = &config.database_url {
        engine::drop_database(server, &database_name(name)).await.map_err(open::explain)?;
    }
    if config.warehouse_storage.is_some() {
        warehouse::empty(&place(config)?, name).await.map_err(open::explain)?;
    }
    let folder = folder(config, name);
    fs::remove_dir_all(&folder).with_context(|| format!("deleting {}", folder.display()))
}
