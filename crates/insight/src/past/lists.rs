//! Who is behind the numbers of the value matrix, of a year ago and of the day it was computed: kept with the numbers, so that a list
//! has as many customers as its number says, whatever they bought since.

use super::matrix::QUADRANTS;
use crate::{
    customer_lists::CustomerLists,
    paged::{After, Page},
};
use engine::{Engine, Result, Tx};
use meta::Id;
use std::collections::BTreeMap;

pub(crate) const KEPT: CustomerLists = CustomerLists("value_past_list");

/// Places in [`QUADRANTS`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum List {
    /// In this quadrant then.
    Stood(usize),
    /// In one then and in another now.
    Moved(usize, usize),
    /// First bought after that day.
    New,
    /// In this quadrant now, whoever was in none then.
    Stands(usize),
}

impl List {
    fn name(self) -> String {
        match self {
            List::Stood(was) => QUADRANTS[was].to_owned(),
            List::Moved(was, is) => format!("{}>{}", QUADRANTS[was], QUADRANTS[is]),
            List::New => "new".to_owned(),
            List::Stands(is) => format!(">{}", QUADRANTS[is]),
        }
    }
}

/// Who brought most in the year before the day it is about comes first; of the new ones, who brought most since.
#[derive(Debug, Default, PartialEq)]
pub struct Lists(BTreeMap<List, Vec<(i64, Id)>>);

impl Lists {
    pub(super) fn add(&mut self, list: List, amount: i64, id: Id) {
        self.0.entry(list).or_default().push((amount, id));
    }

    pub(super) fn sort(&mut self) {
        for customers in self.0.values_mut() {
            customers.sort_unstable_by_key(|(amount, id)| (std::cmp::Reverse(*amount), *id));
        }
    }

    #[cfg(test)]
    pub(super) fn of(&self, list: List) -> Vec<Id> {
        self.0.get(&list).into_iter().flatten().map(|(_, id)| *id).collect()
    }
}

/// Puts these in the place of those kept before.
pub(super) async fn keep(tx: &mut Tx, lists: &Lists) -> Result<()> {
    let ids = |customers: &[(i64, Id)]| customers.iter().map(|(_, id)| *id).collect();
    let lists: Vec<(String, Vec<Id>)> =
        lists.0.iter().map(|(list, customers)| (list.name(), ids(customers))).collect();
    KEPT.keep(tx, &lists).await
}

/// A page of a list.
pub async fn page(engine: &Engine, list: List, after: Option<After<Id>>) -> Result<Page<Id>> {
    KEPT.page(engine, &list.name(), after).await
}
