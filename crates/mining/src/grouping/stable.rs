//! Groups that keep their number from run to run, and who moved between them.
//!
//! A new group continues the former one it has most members in common with, if these are at least half of either's union
//! ([`SAME_FROM`], Jaccard); pairs are matched from the largest overlap down, each group once.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Members in common / members of either, from which on a group is the same as before.
pub const SAME_FROM: f64 = 0.5;

/// The number each new group gets: that of the former group it continues, or the next one never used. `former` and `new`
/// hold each customer's group; customers are named by any key that lasts. `next` is the first unused number.
pub fn numbers<K: Ord>(
    former: &BTreeMap<K, u32>,
    new: &BTreeMap<K, usize>,
    groups: usize,
    next: u32,
) -> Vec<u32> {
    let (mut size_before, mut size_now) = (BTreeMap::<u32, usize>::new(), vec![0_usize; groups]);
    let mut shared = BTreeMap::<(u32, usize), usize>::new();
    for (customer, group) in new {
        size_now[*group] += 1;
        if let Some(before) = former.get(customer) {
            *shared.entry((*before, *group)).or_default() += 1;
        }
    }
    for group in former.values() {
        *size_before.entry(*group).or_default() += 1;
    }
    let mut pairs: Vec<(f64, u32, usize)> = shared
        .into_iter()
        .map(|((before, group), both)| {
            let either = size_before.get(&before).copied().unwrap_or(0) + size_now[group] - both;
            (both as f64 / either.max(1) as f64, before, group)
        })
        .collect();
    pairs.sort_by(|a, b| b.0.total_cmp(&a.0).then((a.1, a.2).cmp(&(b.1, b.2))));
    let mut given: Vec<Option<u32>> = vec![None; groups];
    for (overlap, before, group) in pairs {
        if overlap >= SAME_FROM && given[group].is_none() && !given.contains(&Some(before)) {
            given[group] = Some(before);
        }
    }
    let mut next = next.max(former.values().copied().max().map_or(0, |largest| largest + 1));
    given
        .into_iter()
        .map(|number| {
            number.unwrap_or_else(|| {
                next += 1;
                next - 1
            })
        })
        .collect()
}

/// Customers who were in one group and are in another (or stayed); `None` is outside: new, or gone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Move {
    pub from: Option<u32>,
    pub to: Option<u32>,
    pub customers: usize,
}

/// All moves, those who stayed included, in order of `from` and `to`.
pub fn moves<K: Ord>(former: &BTreeMap<K, u32>, new: &BTreeMap<K, u32>) -> Vec<Move> {
    let mut counted = BTreeMap::<(Option<u32>, Option<u32>), usize>::new();
    for (customer, to) in new {
        *counted.entry((former.get(customer).copied(), Some(*to))).or_default() += 1;
    }
    for (customer, from) in former {
        if !new.contains_key(customer) {
            *counted.entry((Some(*from), None)).or_default() += 1;
        }
    }
    counted.into_iter().map(|((from, to), customers)| Move { from, to, customers }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_keeps_its_number_while_most_of_it_stays() {
        // 7: customers 0..10, 8: 10..20. Now group 0 is most of 8, group 1 most of 7, group 2 is new.
        let former: BTreeMap<u32, u32> = (0..20).map(|customer| (customer, 7 + customer / 10)).collect();
        let new: BTreeMap<u32, usize> = (1..30)
            .map(|customer| match customer {
                0..=8 => (customer, 1),
                9..=19 => (customer, 0),
                _ => (customer, 2),
            })
            .collect();
        assert_eq!(numbers(&former, &new, 3, 9), [8, 7, 9]);
        let named: BTreeMap<u32, u32> =
            new.iter().map(|(customer, group)| (*customer, [8, 7, 9][*group])).collect();
        let moved = moves(&former, &named);
        let of = |from, to| {
            moved.iter().find(|one| (one.from, one.to) == (from, to)).map_or(0, |one| one.customers)
        };
        assert_eq!(
            (
                of(Some(7), Some(7)),
                of(Some(7), Some(8)),
                of(Some(8), Some(8)),
                of(None, Some(9)),
                of(Some(7), None)
            ),
            (8, 1, 10, 10, 1)
        );
        assert_eq!(moved.iter().map(|one| one.customers).sum::<usize>(), 30);
    }

    #[test]
    fn without_a_former_run_groups_are_numbered_in_order() {
        let new: BTreeMap<u32, usize> = (0..4).map(|customer| (customer, customer as usize % 2)).collect();
        assert_eq!(numbers(&BTreeMap::new(), &new, 2, 1), [1, 2]);
    }
}
