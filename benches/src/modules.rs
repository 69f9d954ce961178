//! What the program consists of, as in crate `zhike`, and its database opened the same way.

use anyhow::Context;
use engine::{Database, Engine, Module, Options};
use meta::Clock;
use std::path::Path;

pub fn engine_modules() -> Vec<Module> {
    vec![
        customers::module(),
        sales::module(),
        insight::module(),
        import::module(),
        warehouse::module(),
        analysis::module(),
    ]
}

pub async fn open(database: Database, folder: &Path) -> anyhow::Result<Engine> {
    let options = Options::new(database, folder.to_owned());
    Engine::open(options, engine_modules(), Clock::system())
        .await
        .with_context(|| format!("the database of {} cannot be opened", folder.display()))
}
