//! What is bought together: frequent sets of products and the rules between them, in exact whole numbers.
//!
//! A basket is a set: how many of a product lie in it does not matter. Sets are found depth first, handing each basket down to
//! the products it can still extend the set with ("occurrence deliver"; T. Uno, M. Kiyomi, H. Arimura 2004, *LCM ver. 2*, FIMI),
//! so that only what occurs is counted.

pub mod rules;

use crate::reason::Reason;
use serde::{Deserialize, Serialize};

pub const FEWEST_BASKETS: usize = 50;
/// Products in a set.
pub const LARGEST_SET: usize = 4;
/// More sets than this nobody reads: support is raised until they are fewer.
pub const MOST_SETS: usize = 20_000;
/// A set in fewer baskets is an anecdote.
const FEWEST_TOGETHER: u32 = 10;
/// Where the search for a support begins, as a share of all baskets.
const SUPPORT_FROM: f64 = 0.002;

/// Products that were together in `count` baskets; in rising order.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ItemSet {
    pub items: Vec<u32>,
    pub count: u32,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Frequent {
    /// Baskets with at least one product, those with a single one included.
    pub baskets: u32,
    /// The least number of baskets a set had to be in.
    pub support: u32,
    /// In lexicographic order, single products included.
    pub sets: Vec<ItemSet>,
}

/// Baskets without repetition, as `(basket, product)` pairs in any order give them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Baskets {
    items: Vec<u32>,
    /// Where each basket ends in `items`.
    ends: Vec<u32>,
}

impl Baskets {
    pub fn new(pairs: impl IntoIterator<Item = (u32, u32)>) -> Self {
        let pairs = pairs.into_iter();
        // Of millions, doubling would take twice the memory.
        let mut sorted = Vec::with_capacity(pairs.size_hint().1.unwrap_or_default());
        sorted.extend(pairs);
        sorted.sort_unstable();
        sorted.dedup();
        let mut baskets = Baskets { items: Vec::with_capacity(sorted.len()), ends: vec![] };
        for basket in sorted.chunk_by(|a, b| a.0 == b.0) {
            baskets.push(basket.iter().map(|(_, item)| *item));
        }
        baskets
    }

    fn push(&mut self, basket: impl Iterator<Item = u32>) {
        self.items.extend(basket);
        self.ends.push(self.items.len() as u32);
    }

    fn basket(&self, at: usize) -> &[u32] {
        let from = at.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.items[from as usize..self.ends[at] as usize]
    }

    fn all(&self) -> impl Iterator<Item = &[u32]> {
        (0..self.len()).map(|at| self.basket(at))
    }

    pub fn len(&self) -> usize {
        self.ends.len()
    }

    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Those that can say anything about what goes together.
    pub fn mixed(&self) -> usize {
        self.all().filter(|basket| basket.len() > 1).count()
    }

    /// Every set of at most `largest` products that is in at least `support` baskets; `None` if these are more than `most`.
    fn sets(&self, support: u32, largest: usize, most: usize) -> Option<Vec<ItemSet>> {
        let items = self.items.iter().max().map_or(0, |item| *item as usize + 1);
        let mut count = vec![0_u32; items];
        for item in &self.items {
            count[*item as usize] += 1;
        }
        // Rare products are in no frequent set: without them the baskets are short.
        let mut baskets = Baskets::default();
        for basket in self.all() {
            baskets.push(basket.iter().copied().filter(|item| count[*item as usize] >= support));
        }
        let everything: Vec<(u32, u32)> = (0..baskets.len() as u32).map(|basket| (basket, 0)).collect();
        let room = |count: &u32| if *count >= support { Vec::with_capacity(*count as usize) } else { vec![] };
        let holders = count.iter().map(room).collect();
        let mut search = Search { baskets: &baskets, support, largest, most, found: vec![], holders };
        search.extend(&mut vec![], &everything).then(|| {
            search.found.sort_unstable();
            search.found
        })
    }

    /// Every frequent set. Support is `support` baskets, or the least share of at least 0.2 % and ten baskets at which there
    /// are at most [`MOST_SETS`].
    pub fn frequent(&self, support: Option<u32>) -> Result<Frequent, Reason> {
        if self.mixed() < FEWEST_BASKETS {
            return Err(Reason::TooFewBaskets { have: self.mixed(), need: FEWEST_BASKETS });
        }
        let baskets = self.len() as u32;
        let mut support =
            support.unwrap_or(FEWEST_TOGETHER.max((f64::from(baskets) * SUPPORT_FROM).ceil() as u32)).max(1);
        loop {
            if let Some(sets) = self.sets(support, LARGEST_SET, MOST_SETS) {
                return Ok(Frequent { baskets, support, sets });
            }
            support += (support / 2).max(1);
        }
    }
}

struct Search<'a> {
    baskets: &'a Baskets,
    support: u32,
    largest: usize,
    most: usize,
    found: Vec<ItemSet>,
    /// For each product the baskets of the present set that hold it, each with the place after it.
    holders: Vec<Vec<(u32, u32)>>,
}

impl Search<'_> {
    /// Finds all extensions of `set`, which is in the baskets `within` up to the place given. `false` if they are too many.
    fn extend(&mut self, set: &mut Vec<u32>, within: &[(u32, u32)]) -> bool {
        let mut seen = vec![];
        for (basket, from) in within {
            for (place, item) in self.baskets.basket(*basket as usize).iter().enumerate().skip(*from as usize)
            {
                let holders = &mut self.holders[*item as usize];
                if holders.is_empty() {
                    seen.push(*item);
                }
                holders.push((*basket, place as u32 + 1));
            }
        }
        seen.sort_unstable();
        let mut extensions = vec![];
        for item in seen {
            let holders = std::mem::take(&mut self.holders[item as usize]);
            if holders.len() >= self.support as usize {
                extensions.push((item, holders));
            }
        }
        for (item, holders) in extensions {
            if self.found.len() >= self.most {
                return false;
            }
            set.push(item);
            self.found.push(ItemSet { items: set.clone(), count: holders.len() as u32 });
            if set.len() < self.largest && !self.extend(set, &holders) {
                return false;
            }
            set.pop();
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Every subset counted the slow way.
    fn counted(baskets: &Baskets, support: u32) -> Vec<ItemSet> {
        let items: std::collections::BTreeSet<u32> = baskets.items.iter().copied().collect();
        let items: Vec<u32> = items.into_iter().collect();
        let mut found = vec![];
        for mask in 1_u32..1 << items.len() {
            let set: Vec<u32> =
                (0..items.len()).filter(|at| mask >> at & 1 == 1).map(|at| items[at]).collect();
            let count =
                baskets.all().filter(|basket| set.iter().all(|item| basket.contains(item))).count() as u32;
            if set.len() <= LARGEST_SET && count >= support {
                found.push(ItemSet { items: set, count });
            }
        }
        found.sort();
        found
    }

    #[test]
    fn few_baskets_are_refused_with_their_number() {
        let pairs = (0..40).flat_map(|basket| [(basket, 1), (basket, 2)]).chain([(99, 1), (100, 1)]);
        let found = Baskets::new(pairs).frequent(None);
        assert_eq!(found, Err(Reason::TooFewBaskets { have: 40, need: FEWEST_BASKETS }));
    }

    #[test]
    fn support_rises_until_the_sets_can_be_read() {
        // 26 products in every basket: 17,901 sets of up to four at any support; 40 products would be 102,090.
        let all = |items: u32| {
            Baskets::new((0..60).flat_map(move |basket| (0..items).map(move |item| (basket, item))))
        };
        assert_eq!(all(26).frequent(None).expect("sets").sets.len(), 26 + 325 + 2_600 + 14_950);
        assert_eq!(all(40).frequent(None).expect("none").sets, []);
    }

    proptest! {
        #[test]
        fn sets_are_exactly_those_of_the_definition(
            baskets in prop::collection::vec(prop::collection::vec(0_u32..9, 0..7), 0..40), support in 1_u32..6,
        ) {
            let pairs: Vec<(u32, u32)> = (0..).zip(&baskets)
                .flat_map(|(basket, items)| items.iter().map(move |item| (basket, *item))).collect();
            let given = Baskets::new(pairs.clone());
            let found = given.sets(support, LARGEST_SET, usize::MAX).expect("no limit");
            prop_assert_eq!(&found, &counted(&given, support));
            let mut reversed = pairs;
            reversed.reverse();
            prop_assert_eq!(Baskets::new(reversed), given);
        }
    }
}
