//! The cells of one row as text: columns of numbers, in which months and values are named by their place in a list. So a page reads
//! thousands of cells at once, and what a cut does not measure takes no room.

use super::{
    cuts::{MEASURES, Measures},
    named::Named,
};
use meta::NaiveDate;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Body {
    months: Vec<NaiveDate>,
    values: Vec<String>,
    /// Of each cell, the place of its month and of its value.
    month: Vec<usize>,
    value: Vec<usize>,
    /// In the order of [`Measures::numbers`], of each cell; empty if the measure is 0 everywhere.
    measures: [Vec<i64>; MEASURES],
}

impl Body {
    /// From cells in the order of their months; their values are numbers of `texts`, of which only those that occur are taken.
    pub fn of(texts: &Named, cells: impl Iterator<Item = (NaiveDate, u32, Measures)>) -> Body {
        let mut body = Body::default();
        let mut places = HashMap::new();
        for (month, value, measures) in cells {
            if body.months.last() != Some(&month) {
                body.months.push(month);
            }
            let place = *places.entry(value).or_insert_with(|| {
                body.values.push(texts.text(value).to_owned());
                body.values.len() - 1
            });
            body.month.push(body.months.len() - 1);
            body.value.push(place);
            for (column, number) in body.measures.iter_mut().zip(measures.numbers()) {
                column.push(number);
            }
        }
        for column in &mut body.measures {
            if column.iter().all(|number| *number == 0) {
                column.clear();
            }
        }
        body
    }

    /// Month, value, measures.
    pub fn cells(&self) -> impl Iterator<Item = (NaiveDate, &str, Measures)> {
        self.month.iter().zip(&self.value).enumerate().filter_map(|(at, (month, value))| {
            let numbers = self.measures.each_ref().map(|column| column.get(at).copied().unwrap_or_default());
            Some((*self.months.get(*month)?, self.values.get(*value)?.as_str(), Measures::of(numbers)))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        let mut texts = Named::default();
        let [one, _, two] = ["one", "never", "\"二\""].map(|text| texts.number(text));
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        let sold = Measures { orders: 2, sales: -30_000, margin: 7, costed: i64::MAX, ..Measures::default() };
        let won = Measures { first_buyers: 1, ..Measures::default() };
        let cells = [
            (day("2026-09-01"), Named::NOTHING, sold),
            (day("2026-09-01"), two, won),
            (day("2026-11-01"), two, Measures::default()),
            (day("2026-11-01"), one, sold),
        ];
        let text = serde_json::to_string(&Body::of(&texts, cells.into_iter())).unwrap();
        let read: Body = serde_json::from_str(&text).unwrap();
        let wanted = cells.map(|(month, value, measures)| (month, texts.text(value), measures));
        assert_eq!(read.cells().collect::<Vec<_>>(), wanted);
        assert!(!text.contains("never"), "{text}");
        assert_eq!(read.measures[4], [0_i64; 0], "nothing is returned anywhere");
        assert_eq!(Body::of(&texts, [].into_iter()).cells().count(), 0);
    }
}
