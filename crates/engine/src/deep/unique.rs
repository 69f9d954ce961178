//! Unique fields are unique among live records.

use super::Verdict;
use crate::{Result, Tx, db::name};
use sea_query::{Expr, ExprTrait, Query as Sql};

/// Values told of one field.
const TOLD_LIMIT: u64 = 1_000;

pub(super) async fn examine(tx: &mut Tx) -> Result<Verdict> {
    let mut verdict = Verdict::new("unique", "fields", "give all but one of the records another value");
    let engine = tx.engine.clone();
    for entity in engine.registry().entities() {
        for field in entity.fields.values().filter(|field| field.unique) {
            verdict.saw(1);
            let select = Sql::select()
                .column(name(&field.name))
                .from(name(&entity.name))
                .and_where(Expr::col(name("deleted_at")).is_null())
                .and_where(Expr::col(name(&field.name)).is_not_null())
                .group_by_col(name(&field.name))
                .and_having(Expr::cust("COUNT(*) > 1"))
                .limit(TOLD_LIMIT)
                .to_owned();
            for mut row in tx.fetch(&select).await? {
                let value = row.value(field, 0)?.to_json();
                verdict.wrong(format!("{} {} {value} is there more than once", entity.name, field.name));
            }
        }
    }
    Ok(verdict)
}
