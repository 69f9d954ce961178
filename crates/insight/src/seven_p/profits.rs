//! What customers bring and what they take, of each relation and region: the whale curve of each.

use super::{
    cells::{CutRow, Place, Places},
    sales::Sales,
};
use crate::{
    facts::{ask, region, whole},
    profitability::{CURVE_POINTS, known::leaves},
};
use engine::{Result, aside};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use value::whale::Whale;

pub(super) const CUT: &str = "profits";

/// Of the customers [`crate::profitability::Report`] sums up. Money in ten-thousandths of the company currency.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Profits {
    /// Whether the company has cost rates; without them profit is margin.
    pub rated: bool,
    pub net_sales: i64,
    pub contribution: i64,
    pub whale: Whale,
}

#[derive(Default)]
struct Sums {
    net_sales: i64,
    contribution: i64,
    profits: Vec<i64>,
}

pub(super) async fn rows(sales: &Sales<'_>) -> Result<Vec<CutRow>> {
    let rated = !sales.settings.cost_rates.is_empty();
    let leaves = leaves(rated);
    let sql = format!(
        "SELECT c.relation, c.province, c.country, d.net_sales, d.contribution, d.{leaves} AS profit \
         FROM account_figures d JOIN account c ON c.key = d.key \
         WHERE d.{leaves} IS NOT NULL AND (d.first_order_on IS NOT NULL OR d.net_sales <> 0)"
    );
    let answer = ask(sales.engine, &sql).await?;
    aside(|| {
        let mut places = Places::default();
        let mut found: BTreeMap<Place, Sums> = BTreeMap::new();
        for row in answer.values() {
            let row = row?;
            let [relation, province, country, net_sales, contribution, profit] = row.as_slice() else {
                continue;
            };
            let [net_sales, contribution, profit] = [net_sales, contribution, profit].map(whole);
            for place in places.of(relation.as_text().unwrap_or_default(), region(province, country)) {
                let sums = found.entry(place).or_default();
                sums.net_sales = sums.net_sales.saturating_add(net_sales);
                sums.contribution = sums.contribution.saturating_add(contribution);
                sums.profits.push(profit);
            }
        }
        let row = |(place, Sums { net_sales, contribution, profits }): (Place, Sums)| {
            let whale = Whale::of(&profits, CURVE_POINTS);
            let (relation, region) = places.named(place);
            let cells = serde_json::to_string(&Profits { rated, net_sales, contribution, whale })?;
            Ok(CutRow { cut: CUT, relation, region, cells })
        };
        found.into_iter().map(row).collect()
    })
}
