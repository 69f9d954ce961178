//! Whether the totals of every order and return are what their lines make: for `zhike doctor --deep`.

use super::{
    correction,
    document::{Document, ORDER, RETURN},
};
use engine::{
    BoxFuture, Error, Result, Tx, Verdict, name,
    sea_query::{Expr, ExprTrait, Order, Query},
};
use meta::{Id, Values};

/// Documents computed at once.
const BATCH: u64 = 500;

pub fn check(tx: &mut Tx) -> BoxFuture<'_, Result<Vec<Verdict>>> {
    Box::pin(async move {
        let remedy = "save a line of each document named: its totals are computed anew";
        let mut verdict = Verdict::new("totals", "orders and returns", remedy);
        for document in [&ORDER, &RETURN] {
            let mut last = None;
            loop {
                let heads = next_heads(tx, document, last).await?;
                last = heads.last().copied();
                if last.is_none() {
                    break;
                }
                verdict.saw(heads.len());
                compare(tx, document, &heads, &mut verdict).await?;
            }
        }
        if correction::is_under_way(tx).await? {
            verdict.under_way =
                Some("exchange rates changed, and documents are still being corrected".to_owned());
        }
        Ok(vec![verdict])
    })
}

async fn next_heads(tx: &mut Tx, document: &Document, last: Option<Id>) -> Result<Vec<Id>> {
    let mut select = Query::select();
    select
        .column(name("id"))
        .from(name(document.head))
        .and_where(Expr::col(name("deleted_at")).is_null())
        .order_by(name("id"), Order::Asc)
        .limit(BATCH);
    if let Some(last) = last {
        select.and_where(Expr::col(name("id")).gt(last));
    }
    tx.fetch(&select).await?.iter().map(|row| row.id(0)).collect()
}

async fn compare(tx: &mut Tx, document: &Document, heads: &[Id], verdict: &mut Verdict) -> Result<()> {
    match document.changed_totals(tx, heads).await {
        Ok(changed) => {
            for (id, values) in changed {
                verdict.wrong(format!("{} {id}: its lines make {}", document.head, told(&values)));
            }
            Ok(())
        }
        // One document's totals cannot be computed: find out whose.
        Err(Error::Invalid(problems)) => {
            if let [id] = heads {
                verdict.wrong(format!("{} {id}: {}", document.head, Error::Invalid(problems)));
                return Ok(());
            }
            for id in heads {
                Box::pin(compare(tx, document, &[*id], verdict)).await?;
            }
            Ok(())
        }
        Err(error) => Err(error),
    }
}

fn told(values: &Values) -> String {
    let total = |field: &str| values.get(field).map(meta::Value::to_json).unwrap_or_default();
    format!("total {}, net {} in company currency", total("total"), total("net_base"))
}
