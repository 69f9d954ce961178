//! Of the customers who bought in one year, how many bought in the next.

use super::sales::Sales;
use crate::{
    facts::{At, ask, counting, whole},
    settings::{date_of, day_number},
    statistics::COUNTING_ORDERS,
};
use engine::Result;
use serde::{Deserialize, Serialize};
use value::proportion::{Estimate, share};

pub(super) const YEAR_DAYS: i32 = 52 * 7;

/// The last 52 weeks against the 52 before, and these against the 52 before them.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Retention {
    pub now: Estimate,
    /// `None` without customers that long ago.
    pub before: Option<Estimate>,
}

/// `None` without customers a year ago.
pub(super) async fn of(sales: &Sales<'_>) -> Result<Option<Retention>> {
    let today = day_number(sales.as_of);
    let year = |ago: i32| {
        let until = today - YEAR_DAYS * ago;
        At::Instant("ordered_at").within(sales.settings, date_of(until - YEAR_DAYS), date_of(until))
    };
    let bought = [year(0), year(1), year(2)];
    let years = [0, 1, 2].map(|ago| format!("bool_or({}) AS year{ago}", bought[ago])).join(", ");
    let counts = ["year1", "year1 AND year0", "year2", "year2 AND year1"]
        .map(|who| format!("count(CASE WHEN {who} THEN 1 END)"))
        .join(", ");
    let sql = format!(
        "SELECT {counts} FROM (SELECT {years} FROM \"order\" \
         WHERE account IS NOT NULL AND net_base > 0 AND {} AND ({}) GROUP BY account_key)",
        counting("status", &COUNTING_ORDERS),
        bought.map(|within| format!("({within})")).join(" OR "),
    );
    let answer = ask(sales.engine, &sql).await?;
    let Some(counts) = answer.values().next().transpose()? else { return Ok(None) };
    let counts: Vec<u64> = counts.iter().map(|count| whole(count).unsigned_abs()).collect();
    let [then, stayed, long_before, stayed_then] = counts.as_slice() else { return Ok(None) };
    Ok(share(*stayed, *then).map(|now| Retention { now, before: share(*stayed_then, *long_before) }))
}
