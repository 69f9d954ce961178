//! Where customers are counted, by the keys of the warehouse: read once for everything that is added up.

use super::named::Named;
use crate::facts::{ask, region_of};
use engine::{Engine, Result, aside};
use std::collections::HashMap;
use warehouse::arrow::{
    array::{Array, AsArray, StringViewArray},
    datatypes::Int32Type,
};

pub(super) struct Customers {
    /// Relation and region.
    places: Vec<(String, String)>,
    /// Where customers come from.
    pub sources: Named,
    /// Of each key the numbers of the customer's place and source.
    known: Vec<(u32, u32)>,
}

impl Customers {
    /// The number of the place where neither relation nor region is known, nor perhaps the customer.
    pub const NOWHERE: u32 = 0;

    pub async fn read(engine: &Engine) -> Result<Customers> {
        let (mut relations, mut regions, mut sources) =
            (Named::default(), Named::default(), Named::default());
        let mut numbers = HashMap::from([((Named::NOTHING, Named::NOTHING), Customers::NOWHERE)]);
        let mut places = vec![(String::new(), String::new())];
        let mut known = vec![];
        let answer = ask(engine, "SELECT key, relation, province, country, source FROM account").await?;
        aside(|| {
            for batch in answer.batches {
                let keys = batch.column(0).as_primitive::<Int32Type>();
                let [relation, province, country, source] =
                    [1, 2, 3, 4].map(|at| batch.column(at).as_string_view());
                for (row, key) in keys.iter().enumerate() {
                    let Some(key) = key.and_then(|key| usize::try_from(key).ok()) else { continue };
                    let (relation, region) =
                        (text(relation, row), region_of(text(province, row), text(country, row)));
                    let place = (relations.number(relation), regions.number(region));
                    let place = *numbers.entry(place).or_insert_with(|| {
                        places.push((relation.to_owned(), region.to_owned()));
                        places.len() as u32 - 1
                    });
                    if known.len() <= key {
                        known.resize(key + 1, (Customers::NOWHERE, Named::NOTHING));
                    }
                    known[key] = (place, sources.number(text(source, row)));
                }
            }
        });
        Ok(Customers { places, sources, known })
    }

    /// The numbers of a customer's place and source.
    pub fn of(&self, key: Option<i32>) -> (u32, u32) {
        let known = key.and_then(|key| self.known.get(usize::try_from(key).ok()?));
        known.copied().unwrap_or((Customers::NOWHERE, Named::NOTHING))
    }

    /// Relation and region.
    pub fn place(&self, number: u32) -> (&str, &str) {
        self.places.get(number as usize).map_or(("", ""), |(relation, region)| (relation, region))
    }
}

fn text(column: &StringViewArray, row: usize) -> &str {
    if column.is_valid(row) { column.value(row) } else { "" }
}
