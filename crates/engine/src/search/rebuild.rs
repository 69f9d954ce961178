//! Makes an entity's search documents anew when what is searched, or how, is not what the database was written with.

use crate::{Actor, Engine, PREFIX, Result, db::name, search};
use meta::{Entity, Field, Id};
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
        let known = engine.setting(&key).await?;
        if known.as_ref() != Some(&wanted) {
            if !only_adds_empty_fields(engine, entity, known.as_ref()).await? {
                rebuild(engine, entity, &key).await?;
            }
            engine
                .write(&Actor::system(), move |tx| {
                    Box::pin(async move { tx.set_setting(&key, &wanted).await })
                })
                .await?;
        }
    }
    Ok(())
}

/// Whether the documents are right as they are: what is searched besides are fields the company has just declared, which no record
/// has a value of.
async fn only_adds_empty_fields(
    engine: &Engine,
    entity: &Entity,
    known: Option<&serde_json::Value>,
) -> Result<bool> {
    let before = known.and_then(|known| known.as_str()).and_then(|known| known.split_once(':'));
    let Some((_, before)) = before.filter(|(version, _)| *version == TOKENS_VERSION.to_string()) else {
        return Ok(false);
    };
    let before: Vec<&str> = before.split(',').collect();
    let searched = || entity.fields.values().filter(|field| field.searched);
    let none_is_gone = before.iter().all(|name| searched().any(|field| field.name == *name));
    let new: Vec<&Field> = searched().filter(|field| !before.contains(&&*field.name)).collect();
    if !none_is_gone || new.iter().any(|field| !field.name.starts_with(PREFIX)) {
        return Ok(false);
    }
    for field in new {
        let filled = Sql::select()
            .column(name("id"))
            .from(name(&entity.name))
            .and_where(Expr::col(name(&field.name)).is_not_null())
            .limit(1)
            .to_owned();
        if !engine.fetch(&filled).await?.is_empty() {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Batch by batch, so that a big table does not fill the memory; broken off, it begins again.
async fn rebuild(engine: &Engine, entity: &Arc<Entity>, key: &str) -> Result<()> {
    let (cleared, key, system) = (entity.name.clone(), key.to_owned(), Actor::system());
    let clear = engine.write(&system, move |tx| {
        Box::pin(async move {
            // Until all are made.
            tx.set_setting(&key, &json!("")).await?;
            tx.clear_search(&cleared).await
        })
    });
    clear.await?;
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
            .write(&Actor::system(), move |tx| Box::pin(async move { tx.reindex(&name, &ids, false).await }))
            .await?;
    }
    if done > 0 {
        tracing::info!(entity = entity.name, records = done, "search documents made anew");
    }
    Ok(())
}
