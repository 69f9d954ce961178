//! The customers whose sales fell most against the same days a year before: of each period that is compared, relation and region.

use super::{
    cells::{CutRow, Place, Places},
    filter::{Filter, PERIODS, Wanted},
    sales::Sales,
};
use crate::{
    facts::{At, ask, counting, day_before, region, whole},
    statistics::COUNTING_ORDERS,
};
use engine::{Result, aside};
use meta::Id;
use serde::{Deserialize, Serialize};
use std::{cmp::Reverse, collections::BTreeMap};

pub(super) const CUT: &str = "fallen";
/// Customers kept of each period, relation and region.
const KEPT: usize = 10;

/// Sales within the period and the same days a year before, in ten-thousandths of the company currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fallen {
    pub account: Id,
    pub now: i64,
    pub before: i64,
}

impl Fallen {
    pub fn by(&self) -> i64 {
        self.before.saturating_sub(self.now)
    }
}

/// By the months of the period, those who fell most first.
pub(super) type ByMonths = BTreeMap<u32, Vec<Fallen>>;

/// The warehouse tells of each relation, province and country those who fell most: among them are those of any relation and region.
pub(super) async fn rows(sales: &Sales<'_>) -> Result<Vec<CutRow>> {
    let of = |months: u32| Filter::of(&Wanted { months: Some(months), ..Wanted::default() }, sales.as_of);
    let compared: Vec<Filter> = PERIODS.into_iter().map(of).filter(Filter::is_compared).collect();
    let (mut sums, mut ranks, mut days, mut first) = (vec![], vec![], vec![], vec![]);
    for filter in &compared {
        let months = filter.months;
        let [now, before] =
            [(filter.from, filter.until()), (filter.before, filter.before_until())].map(|(from, until)| {
                At::Instant("ordered_at").within(sales.settings, day_before(from), day_before(until))
            });
        for (name, within) in [("now", now), ("before", before)] {
            sums.push(format!("coalesce(sum(CASE WHEN {within} THEN net_base END), 0) AS {name}{months}"));
            days.push(format!("({within})"));
        }
        ranks.push(format!(
            "row_number() OVER (PARTITION BY c.relation, c.province, c.country \
             ORDER BY d.before{months} - d.now{months} DESC, c.id) AS rank{months}"
        ));
        first.push(format!("(f.rank{months} <= {KEPT} AND f.before{months} > f.now{months})"));
    }
    let told = |of: &str| {
        let sums =
            compared.iter().map(|Filter { months, .. }| format!("{of}.now{months}, {of}.before{months}"));
        sums.collect::<Vec<_>>().join(", ")
    };
    // Texts of their own: what is put in order would otherwise count, and hold, all texts of all customers with each of its pieces.
    let own = |column: &str| format!("arrow_cast({column}, 'Utf8') AS {column}");
    let sql = format!(
        "SELECT f.relation, f.province, f.country, f.id, {} FROM (SELECT c.relation, c.province, c.country, c.id, {}, {} \
         FROM (SELECT account_key, {} FROM \"order\" WHERE account IS NOT NULL AND {} AND ({}) GROUP BY account_key) d \
         JOIN (SELECT key, id, {} FROM account) c ON c.key = d.account_key) f WHERE {}",
        told("f"),
        told("d"),
        ranks.join(", "),
        sums.join(", "),
        counting("status", &COUNTING_ORDERS),
        days.join(" OR "),
        ["relation", "province", "country"].map(own).join(", "),
        first.join(" OR "),
    );
    let answer = ask(sales.engine, &sql).await?;
    aside(|| {
        let mut places = Places::default();
        let mut found: BTreeMap<Place, ByMonths> = BTreeMap::new();
        for row in answer.values() {
            let row = row?;
            let [relation, province, country, id, sums @ ..] = row.as_slice() else { continue };
            let Some(account) = id.as_id() else { continue };
            for place in places.of(relation.as_text().unwrap_or_default(), region(province, country)) {
                for (filter, sums) in compared.iter().zip(sums.chunks_exact(2)) {
                    let [now, before] = [&sums[0], &sums[1]].map(whole);
                    if before > now {
                        let of = found.entry(place).or_default().entry(filter.months).or_default();
                        of.push(Fallen { account, now, before });
                    }
                }
            }
        }
        let row = |(place, mut by_months): (Place, ByMonths)| {
            for fallen in by_months.values_mut() {
                fallen.sort_unstable_by_key(|one| (Reverse(one.by()), one.account));
                fallen.truncate(KEPT);
            }
            let (relation, region) = places.named(place);
            Ok(CutRow { cut: CUT, relation, region, cells: serde_json::to_string(&by_months)? })
        };
        found.into_iter().map(row).collect()
    })
}
