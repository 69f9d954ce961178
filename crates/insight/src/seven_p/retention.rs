//! Of the customers who bought in one year, how many bought in the next; of each relation and region.

use super::{
    cells::{CutRow, Place, Places},
    sales::Sales,
};
use crate::{
    facts::{At, ask, counting, region, whole},
    settings::{date_of, day_number},
    statistics::COUNTING_ORDERS,
};
use engine::Result;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use value::proportion::{Estimate, share};

pub(super) const CUT: &str = "retention";
pub(super) const YEAR_DAYS: i32 = 52 * 7;

/// The last 52 weeks against the 52 before, and these against the 52 before them.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Retention {
    pub now: Estimate,
    /// `None` without customers that long ago.
    pub before: Option<Estimate>,
}

/// None of a relation or region without customers a year ago.
pub(super) async fn rows(sales: &Sales<'_>) -> Result<Vec<CutRow>> {
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
        "SELECT c.relation, c.province, c.country, {counts} FROM (SELECT account_key, {years} FROM \"order\" \
         WHERE account IS NOT NULL AND net_base > 0 AND {} AND ({}) GROUP BY account_key) d \
         LEFT JOIN account c ON c.key = d.account_key GROUP BY 1, 2, 3",
        counting("status", &COUNTING_ORDERS),
        bought.map(|within| format!("({within})")).join(" OR "),
    );
    let mut places = Places::default();
    let mut found: BTreeMap<Place, [u64; 4]> = BTreeMap::new();
    for row in ask(sales.engine, &sql).await?.values() {
        let row = row?;
        let [relation, province, country, counts @ ..] = row.as_slice() else { continue };
        for place in places.of(relation.as_text().unwrap_or_default(), region(province, country)) {
            let sums = found.entry(place).or_default();
            sums.iter_mut().zip(counts).for_each(|(sum, count)| *sum += whole(count).unsigned_abs());
        }
    }
    let row = |(place, [then, stayed, long_before, stayed_then]): (Place, [u64; 4])| {
        let now = share(stayed, then)?;
        let retention = Retention { now, before: share(stayed_then, long_before) };
        let (relation, region) = places.named(place);
        let cells = serde_json::to_string(&retention).map_err(Into::into);
        Some(cells.map(|cells| CutRow { cut: CUT, relation, region, cells }))
    };
    found.into_iter().filter_map(row).collect()
}
