//! The rates there are, read once and not for every customer. Read as the warehouse reads them, whose facts charge by them, too.

use super::ENTITY;
use engine::{Engine, Recent, Result, Tx};
use std::sync::Arc;
use value::service_cost::Rates;
use warehouse::rates::{read, select};

#[derive(Default)]
struct Known(Recent<(), Arc<Rates>>);

pub async fn load(engine: &Engine) -> Result<Arc<Rates>> {
    let read = async { read(&engine.fetch(&select()).await?).map(Arc::new) };
    engine.extension::<Known>().0.or_read((), engine.changes_to(ENTITY), read).await
}

pub async fn load_in(tx: &mut Tx) -> Result<Arc<Rates>> {
    read(&tx.fetch(&select()).await?).map(Arc::new)
}
