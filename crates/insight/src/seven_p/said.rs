//! What customers say of us and how loyal they are, of each relation and region, with the intervals of the page of satisfaction.

use super::{
    cells::{CutRow, Place, Places},
    sales::Sales,
};
use crate::{
    facts::region,
    satisfaction::{Sums, by_place},
};
use engine::Result;
use std::collections::BTreeMap;

pub(super) const CUT: &str = "said";

/// None of a relation or region without customers.
pub(super) async fn rows(sales: &Sales<'_>) -> Result<Vec<CutRow>> {
    let mut places = Places::default();
    let mut found: BTreeMap<Place, Sums> = BTreeMap::new();
    for ([relation, province, country], sums) in by_place(sales.engine, sales.as_of).await? {
        for place in places.of(relation.as_text().unwrap_or_default(), region(&province, &country)) {
            found.entry(place).or_default().add(&sums);
        }
    }
    let row = |(place, sums): (Place, Sums)| {
        let (relation, region) = places.named(place);
        Ok(CutRow { cut: CUT, relation, region, cells: serde_json::to_string(&sums.shown(None))? })
    };
    found.into_iter().map(row).collect()
}
