//! `zhike demo`: a made-up trader of fruit, vegetables and appliances with three years of history, and the server on it.

mod activities;
mod catalogue;
mod chance;
mod company;
mod contracts;
mod cost_rates;
mod customers;
mod dashboards;
mod experiment;
mod names;
mod orders;
mod people;
mod places;
mod rates;
mod roles;
mod segment;
mod survey;
mod views;
mod words;
mod write;

use crate::{config::Config, open, serve};
use anyhow::{Context, bail};
use engine::{Actor, Database, Engine, Query};
use meta::{Clock, label};
use serde_json::json;
use std::time::Instant;

const SEED: u64 = 20_261_121;
const PASSWORD: &str = "look-around-zhike";
const STATE: &str = "demo.state";

pub async fn run(mut config: Config) -> anyhow::Result<()> {
    if config.data == Config::default().data {
        config.data.push("demo");
    }
    let listener = serve::listen(config.listen).await?;
    prepare(&config).await?;
    let engine = open::engine(&config).await?;
    let (administrator, user) = (people::ADMINISTRATOR, people::USER);
    let asked = serve::asked_to_end()?;
    println!("Zhike demo listens on {}", serve::address(listener.local_addr()?));
    println!("  administrator  {administrator}   password: {PASSWORD}");
    println!("  user           {user}  password: {PASSWORD}");
    println!("  reps of two branches  {}  password: {PASSWORD}", people::REPS.join(", "));
    println!("  data in {}", config.data.display());
    let mut options = serve::options(&config)?;
    options.sign_in_hint = Some(label(
        format!(
            "Demo: {administrator} or {user}; reps of two branches: {}; password {PASSWORD}",
            people::REPS.join(", ")
        ),
        format!(
            "演示账号：{administrator} 或 {user}；两个分公司的业务员：{}；密码 {PASSWORD}",
            people::REPS.join("、")
        ),
    ));
    serve::serve(&config, engine, listener, options, asked).await
}

/// Makes the company once; one left unfinished by a killed process is made anew.
async fn prepare(config: &Config) -> anyhow::Result<()> {
    let engine = open::engine(config).await?;
    let state = engine.setting(STATE).await?;
    match state.as_ref().and_then(|state| state.as_str()) {
        Some("complete") => return Ok(()),
        Some(_) if config.database() == Database::Sqlite => {
            drop(engine);
            clear(config)?;
        }
        Some(_) => bail!(
            "the demo in this database is unfinished: give an empty database, or leave out database_url"
        ),
        None if is_in_use(&engine).await? => {
            bail!(
                "{} holds data that is not the demo's: choose another folder with --data",
                config.data.display()
            )
        }
        None => drop(engine),
    }
    create(config).await
}

async fn is_in_use(engine: &Engine) -> anyhow::Result<bool> {
    for entity in ["user", "account", "order", "product"] {
        if engine.count(&Actor::system(), &Query::new(entity), 1).await?.number > 0 {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Removes the unfinished database; nothing else in the folder is the demo's.
fn clear(config: &Config) -> anyhow::Result<()> {
    for file in ["zhike.db", "zhike.db-wal", "zhike.db-shm"] {
        let path = config.data.join(file);
        if path.exists() {
            std::fs::remove_file(&path)
                .with_context(|| format!("cannot remove the unfinished {}", path.display()))?;
        }
    }
    Ok(())
}

async fn create(config: &Config) -> anyhow::Result<()> {
    let started = Instant::now();
    let now = Clock::system().now();
    eprintln!("Making the demo company …");
    let clock = Clock::fixed(now);
    let engine = open::engine_at(config, clock.clone()).await?;
    set_state(&engine, "started").await?;
    let company = company::generate(SEED, now.date_naive(), now);
    let (accounts, orders) = (company.count("account"), company.count("order"));
    let (sign_ins, voucher) = (company.sign_ins.clone(), company.voucher);
    write::write(&engine, &clock, company).await.map_err(open::explain)?;
    clock.set(now);
    for user in sign_ins {
        web::auth::set_password(&engine, user, PASSWORD, None).await?;
    }
    contracts::define(&engine).await?;
    insight::refit::refit(&engine, None).await?;
    insight::after_fit::compute(&engine, None).await?;
    experiment::compare(&engine, voucher).await?;
    set_state(&engine, "complete").await?;
    eprintln!("… {accounts} customers, {orders} orders in {:.1} s", started.elapsed().as_secs_f64());
    Ok(())
}

async fn set_state(engine: &Engine, state: &'static str) -> anyhow::Result<()> {
    let system = Actor::system();
    let written =
        engine.write(&system, move |tx| Box::pin(async move { tx.set_setting(STATE, &json!(state)).await }));
    Ok(written.await?)
}

#[cfg(test)]
mod tests;
