//! The cells of the cuts while they are added up. Each counts towards up to four rows: those of its own relation and region, and
//! those of all; so whatever the filters say, a page reads one row.

use super::{body::Body, cuts::Measures, named::Named};
use engine::Result;
use meta::NaiveDate;
use std::collections::{BTreeMap, HashSet};

const ALL: u32 = Named::NOTHING;

/// A relation and a region by number; of the empty text, all of them.
pub(super) type Place = (u32, u32);

/// Relations and regions that occur.
#[derive(Default)]
pub(super) struct Places {
    relations: Named,
    regions: Named,
}

impl Places {
    /// Where something counts: under its relation and region, and under all of either. Where one is not known, under all alone.
    pub fn of(&mut self, relation: &str, region: &str) -> impl Iterator<Item = Place> + use<> {
        let (relation, region) = (self.relations.number(relation), self.regions.number(region));
        let its_own_and_all =
            |number: u32| [Some(number).filter(|own| *own != ALL), Some(ALL)].into_iter().flatten();
        its_own_and_all(relation)
            .flat_map(move |relation| its_own_and_all(region).map(move |region| (relation, region)))
    }

    /// Relation and region; where empty, all.
    pub fn named(&self, (relation, region): Place) -> (String, String) {
        (self.relations.text(relation).to_owned(), self.regions.text(region).to_owned())
    }
}

/// By month and value.
type Sums = BTreeMap<(NaiveDate, u32), Measures>;

#[derive(Default)]
struct OneCut {
    values: Named,
    rows: BTreeMap<Place, Sums>,
}

impl OneCut {
    /// All but the `limit` values of the most sales.
    fn beyond(&self, limit: usize) -> HashSet<u32> {
        let mut sales: BTreeMap<u32, i64> = BTreeMap::new();
        for ((_, value), measures) in self.rows.get(&(ALL, ALL)).into_iter().flatten() {
            let known = sales.entry(*value).or_default();
            *known = known.saturating_add(measures.sales);
        }
        let mut values: Vec<(i64, &str, u32)> =
            sales.into_iter().map(|(value, sales)| (sales, self.values.text(value), value)).collect();
        values.sort_unstable_by(|a, b| b.cmp(a));
        values.into_iter().skip(limit).map(|(.., value)| value).collect()
    }

    fn limit(&mut self, limit: usize) {
        let beyond = self.beyond(limit);
        if beyond.is_empty() {
            return;
        }
        for sums in self.rows.values_mut() {
            let mut kept = Sums::new();
            for ((month, value), measures) in &*sums {
                let value = if beyond.contains(value) { Named::NOTHING } else { *value };
                kept.entry((*month, value)).or_default().add(measures);
            }
            *sums = kept;
        }
    }
}

/// A row of the table: the cells of a cut, or what else is found, of one relation and one region or of all.
pub(super) struct CutRow {
    pub cut: &'static str,
    pub relation: String,
    pub region: String,
    pub cells: String,
}

#[derive(Default)]
pub(super) struct Cells {
    places: Places,
    cuts: BTreeMap<&'static str, OneCut>,
}

impl Cells {
    pub fn add(
        &mut self,
        (cut, month): (&'static str, NaiveDate),
        (relation, region): (&str, &str),
        value: &str,
        measures: &Measures,
    ) {
        let cut = self.cuts.entry(cut).or_default();
        let value = cut.values.number(value);
        for place in self.places.of(relation, region) {
            cut.rows.entry(place).or_default().entry((month, value)).or_default().add(measures);
        }
    }

    /// Values beyond the limit of a cut are counted as none.
    pub fn limit(&mut self, limit: usize) {
        self.cuts.values_mut().for_each(|cut| cut.limit(limit));
    }

    /// Those known, by sales, the largest first.
    pub fn regions(&self) -> Vec<String> {
        let rows = self.cuts.get("month").into_iter().flat_map(|cut| &cut.rows);
        let of_all_relations = rows.filter(|((relation, region), _)| *relation == ALL && *region != ALL);
        let mut regions: Vec<(i64, &str)> = of_all_relations
            .map(|((_, region), sums)| {
                let sales = sums.values().fold(0_i64, |sales, one| sales.saturating_add(one.sales));
                (sales, self.places.regions.text(*region))
            })
            .collect();
        regions.sort_unstable_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(b.1)));
        regions.into_iter().map(|(_, region)| region.to_owned()).collect()
    }

    pub fn rows(&self) -> Result<Vec<CutRow>> {
        let mut rows = vec![];
        for (cut, one) in &self.cuts {
            for (place, sums) in &one.rows {
                let cells = sums.iter().map(|((month, value), measures)| (*month, *value, *measures));
                let (relation, region) = self.places.named(*place);
                let cells = serde_json::to_string(&Body::of(&one.values, cells))?;
                rows.push(CutRow { cut, relation, region, cells });
            }
        }
        Ok(rows)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn sold(sales: i64) -> Measures {
        Measures { orders: 1, sales, ..Measures::default() }
    }

    /// Sales by relation, region and value.
    fn sales(cells: &Cells) -> BTreeMap<(String, String, String), i64> {
        let mut found = BTreeMap::new();
        for row in cells.rows().unwrap() {
            for (_, value, measures) in serde_json::from_str::<Body>(&row.cells).unwrap().cells() {
                let key = (row.relation.clone(), row.region.clone(), value.to_owned());
                assert_eq!(found.insert(key, measures.sales), None, "each cell once");
            }
        }
        found
    }

    fn expected(rows: &[(&str, &str, &str, i64)]) -> BTreeMap<(String, String, String), i64> {
        let rows = rows.iter();
        rows.map(|(relation, region, value, sales)| {
            (((*relation).to_owned(), (*region).to_owned(), (*value).to_owned()), *sales)
        })
        .collect()
    }

    #[test]
    fn a_cell_counts_towards_its_relation_and_region_and_towards_all_once_each() {
        let at = ("owner", day("2026-10-01"));
        let mut cells = Cells::default();
        cells.add(at, ("dealer", "Hesse"), "a", &sold(1));
        cells.add(at, ("dealer", ""), "a", &sold(10));
        cells.add(at, ("", "Hesse"), "a", &sold(100));
        cells.add(at, ("", ""), "a", &sold(1_000));
        let wanted = expected(&[
            ("dealer", "Hesse", "a", 1),
            ("dealer", "", "a", 11),
            ("", "Hesse", "a", 101),
            ("", "", "a", 1_111),
        ]);
        assert_eq!(sales(&cells), wanted);
    }

    #[test]
    fn values_beyond_the_limit_are_counted_as_none_in_every_row() {
        let at = ("product", day("2026-10-01"));
        let mut cells = Cells::default();
        for (relation, value, amount) in [("dealer", "a", 5), ("", "b", 7), ("dealer", "c", 3), ("", "", 1)] {
            cells.add(at, (relation, ""), value, &sold(amount));
        }
        cells.limit(2);
        let wanted = expected(&[
            ("", "", "b", 7),
            ("", "", "a", 5),
            ("", "", "", 4),
            ("dealer", "", "a", 5),
            ("dealer", "", "", 3),
        ]);
        assert_eq!(sales(&cells), wanted);
    }

    #[test]
    fn regions_come_by_sales() {
        let mut cells = Cells::default();
        for (month, relation, region, amount) in [
            ("2026-09-01", "dealer", "Hesse", 2),
            ("2026-10-01", "", "Hesse", 2),
            ("2026-10-01", "dealer", "Saxony", 3),
            ("2026-10-01", "dealer", "", 9),
            ("2026-10-01", "dealer", "Berlin", 4),
        ] {
            cells.add(("month", day(month)), (relation, region), "", &sold(amount));
        }
        assert_eq!(cells.regions(), ["Berlin", "Hesse", "Saxony"]);
    }
}
