//! Numbers of other systems belong to records that exist.

use super::{BATCH_LIMIT, Verdict, log::missing};
use crate::{Result, Tx, db::name};
use meta::Id;
use sea_query::{Expr, ExprTrait, Order, Query as Sql};
use std::collections::{BTreeMap, BTreeSet};

const KEY: [&str; 3] = ["entity", "source", "external_id"];

pub(super) async fn examine(tx: &mut Tx) -> Result<Verdict> {
    let remedy = "bring back the database from a backup, or import the records named again";
    let mut verdict = Verdict::new("numbers", "numbers of other systems", remedy);
    let engine = tx.engine.clone();
    let mut last: Option<[String; 3]> = None;
    loop {
        let mut select = Sql::select();
        select.columns(KEY.map(name)).column(name("record_id")).from(name("external_id")).limit(BATCH_LIMIT);
        for column in KEY {
            select.order_by(name(column), Order::Asc);
        }
        if let Some(last) = last.take() {
            let key = Expr::tuple(KEY.map(|column| Expr::col(name(column))));
            select.and_where(key.gt(Expr::tuple(last.map(Expr::val))));
        }
        let mut by_entity: BTreeMap<String, BTreeMap<Id, String>> = BTreeMap::new();
        for row in tx.fetch(&select).await? {
            let key = [row.text(0)?, row.text(1)?, row.text(2)?];
            let number = format!("{} of {}", key[2], key[1]);
            by_entity.entry(key[0].clone()).or_default().insert(row.id(3)?, number);
            last = Some(key);
            verdict.saw(1);
        }
        if last.is_none() {
            return Ok(verdict);
        }
        for (entity, numbers) in by_entity {
            if engine.entity(&entity).is_err() {
                continue;
            }
            let ids: BTreeSet<Id> = numbers.keys().copied().collect();
            for id in missing(tx, &entity, ids).await? {
                let number = numbers.get(&id).map(String::as_str).unwrap_or_default();
                verdict.wrong(format!("{number} belongs to {entity} {id}, which does not exist"));
            }
        }
    }
}
