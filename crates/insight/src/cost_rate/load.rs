//! The rates there are, read once and not for every customer. Read as the warehouse reads them, whose facts charge by them, too.

use super::ENTITY;
use engine::{Engine, Recent, Result, Tx};
use std::sync::Arc;
use value::service_cost::Rates;
use warehouse::rates::{read, select};

#[derive(Default)]
struct Known(Recent<(), Arc<Rates>>);

pub async fn load(engine: &Engine) -> Result<Arc<Rates>> {
    let (known, version) = (engine.extension::<Known>(), engine.changes_to(ENTITY));
    if let Some(rates) = known.0.get(&(), version) {
        return Ok(rates);
    }
    let rates = Arc::new(read(&engine.fetch(&select()).await?)?);
    known.0.put((), version, rates.clone());
    Ok(rates)
}

pub async fn load_in(tx: &mut Tx) -> Result<Arc<Rates>> {
    read(&tx.fetch(&select()).await?).map(Arc::new)
}
