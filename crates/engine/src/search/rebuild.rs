//! Makes an entity's search documents anew when what is searched, or how, is not what the database was written with.

use crate::{Actor, Engine, Result, db::name, search};
use meta::{Entity, Id};
use sea_query::{Expr, ExprTrait, Order, Query as Sql};
use serde_json::json;
use std::sync::Arc;

/// Rises when documents of the same record come out differently.
const TOKENS_VERSION: u32 = 3;
const BATCH: u64 = 1_000;

fn signature(entity: &Entity) -> serde_json::Value {
    let fields = entity.fields.values().filter(|field| field.searched).map(|field| &*field.name);
    json!(format!("{TOKENS_VERSION}:{}", fields.collect::<Vec<_>>().join(",")))
}

pub(crate) async fn rebuild_if_changed(engine: &Engine) -> Result<()> {
    let entities: Vec<Arc<Entity>> = engine.registry().entities().cloned().collect();
    for entity in entities.iter().filter(|entity| search::is_searched(entity)) {
        let key = format!("search.{}", entity.name);
        let wanted = signature(entity);
        if engine.setting(&key).await? != Some(wanted.clone()) {
            rebuild(engine, entity).await?;
            engine
                .write(&Actor::system(), move |tx| {
                    Box::pin(async move { tx.set_setting(&key, &wanted).await })
                })
                .await?;
        }
    }
    Ok(())
}

/// Batch by batch, so that a big table does not fill the memory; broken off, it begins again.
async fn rebuild(engine: &Engine, entity: &Arc<Entity>) -> Result<()> {
    let cleared = entity.name.clone();
    engine
        .write(&Actor::system(), move |tx| Box::pin(async move { tx.clear_search(&cleared).await }))
        .await?;
    let mut last: Option<Id> = None;
    let mut done = 0;
    loop {
        let mut select = Sql::select();
        select
            .column(name("id"))
            .from(name(&entity.name))
            .and_where(Expr::col(name("deleted_at")).is_null())
            .order_by(name("id"), Order::Asc)
            .limit(BATCH);
        if let Some(last) = last {
            select.and_where(Expr::col(name("id")).gt(last));
        }
        let ids: Vec<Id> = engine.fetch(&select).await?.iter().map(|row| row.id(0)).collect::<Result<_>>()?;
        last = ids.last().copied();
        if last.is_none() {
            break;
        }
        done += ids.len();
        let name = entity.name.clone();
        engine
            .write(&Actor::system(), move |tx| Box::pin(async move { tx.reindex(&name, &ids, true).await }))
            .await?;
    }
    if done > 0 {
        tracing::info!(entity = entity.name, records = done, "search documents made anew");
    }
    Ok(())
}
