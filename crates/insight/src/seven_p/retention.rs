//! Of the customers who bought in one year, how many bought in the next.

use crate::{
    settings::{Settings, date_of, day_number},
    statistics::COUNTING_ORDERS,
};
use engine::{
    Engine, Result, TryStreamExt, name,
    sea_query::{Expr, ExprTrait, Query as Sql},
};
use meta::Id;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use value::proportion::{Estimate, share};

const YEAR_DAYS: i32 = 52 * 7;

/// The last 52 weeks against the 52 before, and these against the 52 before them.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Retention {
    pub now: Estimate,
    /// `None` without customers that long ago.
    pub before: Option<Estimate>,
}

/// `None` without customers a year ago.
pub async fn of(engine: &Engine, settings: &Settings) -> Result<Option<Retention>> {
    let today = day_number(settings.as_of_day(engine.clock()));
    let mut years = vec![];
    for year in 0..3 {
        let until = today - YEAR_DAYS * year;
        let (after, until) = (settings.end_of(date_of(until - YEAR_DAYS)), settings.end_of(date_of(until)));
        let select = Sql::select()
            .distinct()
            .column(name("account"))
            .from(name("order"))
            .and_where(Expr::col(name("ordered_at")).gte(after))
            .and_where(Expr::col(name("ordered_at")).lt(until))
            .and_where(Expr::col(name("account")).is_not_null())
            .and_where(Expr::col(name("status")).is_in(COUNTING_ORDERS))
            .and_where(Expr::col(name("net_base")).gt(0i64))
            .and_where(Expr::col(name("deleted_at")).is_null())
            .to_owned();
        let mut buyers: BTreeSet<Id> = BTreeSet::new();
        let mut rows = engine.stream(&select);
        while let Some(row) = rows.try_next().await? {
            buyers.insert(row.id(0)?);
        }
        drop(rows);
        years.push(buyers);
    }
    let kept = |then: usize, later: usize| {
        let stayed = years[then].intersection(&years[later]).count();
        share(stayed as u64, years[then].len() as u64)
    };
    Ok(kept(1, 0).map(|now| Retention { now, before: kept(2, 1) }))
}
