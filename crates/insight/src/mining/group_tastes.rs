//! What each group of customers likes: the product categories of which more of its customers bought than of all, and who these are.
//!
//! Bought counts within the same window as what the groups are made of. A product is of the category written on it, as in the forecast.

use super::{
    groups::{LISTS, Lists, WINDOW_DAYS, sorted},
    lines::{self, Line, Sales},
};
use crate::{
    paged::{After, Page},
    settings::day_number,
};
use engine::{Engine, Result};
use meta::Id;
use mining::grouping::taste::{self, Taste};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Liked {
    pub category: Id,
    pub taste: Taste,
}

pub struct Found {
    /// How many were compared.
    pub categories: usize,
    /// Of each group.
    pub likes: Vec<Vec<Liked>>,
    /// Customers of a group who bought of what it likes.
    pub lists: Lists,
}

/// The categories of what was bought, in order of their ids, and the place among them of each product.
struct Categories {
    ids: Vec<Id>,
    of: Vec<Option<usize>>,
}

impl Categories {
    fn of(sales: &Sales, category_of: &HashMap<Id, Id>) -> Self {
        let mut ids: Vec<Id> =
            sales.products.iter().filter_map(|product| category_of.get(product).copied()).collect();
        ids.sort_unstable();
        ids.dedup();
        let place = |product: &Id| ids.binary_search(category_of.get(product)?).ok();
        let of = sales.products.iter().map(place).collect();
        Self { ids, of }
    }

    /// Of one customer's lines, each once.
    fn on(&self, lines: &[Line]) -> Vec<usize> {
        let category = |line: &Line| self.of[line.product()? as usize];
        let mut found: Vec<usize> = lines.iter().filter_map(category).collect();
        found.sort_unstable();
        found.dedup();
        found
    }
}

/// `now` is the number of each customer's group, `numbers` are the groups'.
pub fn find(sales: &Sales, category_of: &HashMap<Id, Id>, now: &BTreeMap<Id, u32>, numbers: &[u32]) -> Found {
    let categories = Categories::of(sales, category_of);
    let today = day_number(sales.until);
    let customers = || {
        sales.by_account().filter_map(|(account, lines)| {
            let id = sales.accounts[account as usize];
            let number = now.get(&id)?;
            let group = numbers.iter().position(|one| one == number)?;
            Some((group, id, lines, categories.on(lines::within(lines, today - WINDOW_DAYS, today))))
        })
    };
    let mut sizes = vec![0; numbers.len()];
    let mut bought = vec![vec![0; categories.ids.len()]; numbers.len()];
    for (group, _, _, of) in customers() {
        sizes[group] += 1;
        of.into_iter().for_each(|category| bought[group][category] += 1);
    }
    let told = taste::tastes(&sizes, &bought);
    // Counted first: everybody with all he bought of would be many times as many.
    let mut buyers: BTreeMap<(usize, usize), Vec<(f64, Id)>> = BTreeMap::new();
    for (group, id, lines, of) in customers() {
        let amount: f64 = lines.iter().map(|line| line.amount).sum();
        for (category, taste) in told.of[group].iter().filter(|(category, _)| of.contains(category)) {
            let list = buyers.entry((group, *category)).or_insert_with(|| Vec::with_capacity(taste.buyers));
            list.push((amount, id));
        }
    }
    let name = |(group, category): (usize, usize)| list_name(numbers[group], categories.ids[category]);
    let liked = |(category, taste): (usize, Taste)| Liked { category: categories.ids[category], taste };
    Found {
        categories: told.compared,
        lists: buyers.into_iter().map(|(of, customers)| (name(of), sorted(customers))).collect(),
        likes: told.of.into_iter().map(|likes| likes.into_iter().map(liked).collect()).collect(),
    }
}

fn list_name(group: u32, category: Id) -> String {
    format!("{group}:{category}")
}

/// A page of the customers of a group who bought of a category it likes.
pub async fn buyers(
    engine: &Engine,
    (group, category): (u32, Id),
    after: Option<After<Id>>,
) -> Result<Page<Id>> {
    LISTS.page(engine, &list_name(group, category), after).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::date_of;

    const TODAY: i32 = 20_555;
    const CUSTOMERS: u32 = 100;

    /// What was bought: customer, product, days ago, for how much. Products 0 and 1 are of the first category, 2 of the second, 3 of none.
    type Bought = (u32, u32, i32, f64);

    fn id(kind: u128, number: u32) -> Id {
        Id::from_u128((kind << 64) | u128::from(number))
    }

    fn sales(bought: &[Bought]) -> Sales {
        let mut sorted = bought.to_vec();
        sorted.sort_by_key(|(customer, product, ago, _)| (*customer, TODAY - ago, *product));
        let line = |(order, (customer, product, ago, amount)): (u32, &Bought)| {
            Line::new(Some(*customer), Some(*product), order, TODAY - ago, 1.0, *amount)
        };
        Sales {
            accounts: (0..CUSTOMERS).map(|number| id(1, number)).collect(),
            products: (0..4).map(|number| id(2, number)).collect(),
            lines: (0..).zip(&sorted).map(line).collect(),
            until: date_of(TODAY),
            ..Sales::default()
        }
    }

    fn categories() -> HashMap<Id, Id> {
        [(0, 0), (1, 0), (2, 1)].map(|(product, category)| (id(2, product), id(3, category))).into()
    }

    /// The first sixty are in group 7, the others in group 4.
    fn groups() -> (BTreeMap<Id, u32>, [u32; 2]) {
        let group = |number: u32| if number < 60 { 7 } else { 4 };
        ((0..CUSTOMERS).map(|number| (id(1, number), group(number))).collect(), [7, 4])
    }

    /// Everybody buys the product without a category and every second the second one; thirty of the first group and five of the
    /// others buy of the first, both of its products, the second of them again.
    fn different() -> Vec<Bought> {
        let mut bought = vec![];
        for customer in 0..CUSTOMERS {
            bought.push((customer, 3, 10, f64::from(customer)));
            if customer.is_multiple_of(2) {
                bought.push((customer, 2, 20, 1.0));
            }
            if customer < 30 || (60..65).contains(&customer) {
                bought.extend([(customer, 0, 30, 1.0), (customer, 1, 40, 1.0), (customer, 1, 5, 1.0)]);
            } else {
                // Too long ago to count.
                bought.push((customer, 0, WINDOW_DAYS, 1.0));
            }
        }
        bought
    }

    #[test]
    fn what_a_group_prefers_is_found_with_who_bought_it() {
        let (now, numbers) = groups();
        let found = find(&sales(&different()), &categories(), &now, &numbers);
        assert_eq!(found.categories, 2);
        let [liked, others] = &found.likes[..] else { panic!("{:?}", found.likes) };
        let [Liked { category, taste }] = &liked[..] else { panic!("{liked:?}") };
        assert_eq!((*category, taste.buyers), (id(3, 0), 30));
        assert_eq!((taste.share, taste.share_of_all), (0.5, 0.35));
        assert!((taste.lift - 0.5 / 0.35).abs() < 1e-12 && taste.low > 1.0 && taste.high > taste.lift);
        assert!(others.is_empty(), "{others:?}");
        // Who bought for most comes first.
        let mut expected: Vec<Id> = (0..30).map(|number| id(1, number)).collect();
        let [(list, of)] = &found.lists[..] else { panic!("{:?}", found.lists) };
        let amounts = |id: &Id| id.as_u128() as u32 + 3 + u32::from(id.as_u128().is_multiple_of(2));
        expected.sort_by_key(|id| (std::cmp::Reverse(amounts(id)), *id));
        assert_eq!((list, of), (&list_name(7, id(3, 0)), &expected));
    }

    #[test]
    fn where_nothing_differs_nothing_is_liked() {
        let (now, numbers) = groups();
        let alike: Vec<Bought> = (0..CUSTOMERS).map(|customer| (customer, customer % 4, 10, 1.0)).collect();
        let found = find(&sales(&alike), &categories(), &now, &numbers);
        assert_eq!((found.categories, found.lists.len()), (2, 0));
        assert!(found.likes.iter().all(Vec::is_empty), "{:?}", found.likes);
        // Nor where products have no category.
        let found = find(&sales(&different()), &HashMap::new(), &now, &numbers);
        assert_eq!((found.categories, found.lists.len(), found.likes), (0, 0, vec![vec![], vec![]]));
    }

    #[test]
    fn neither_the_order_of_the_lines_nor_of_the_groups_changes_what_is_liked() {
        let (now, numbers) = groups();
        let bought = different();
        let mut reversed = bought.clone();
        reversed.reverse();
        let one = find(&sales(&bought), &categories(), &now, &numbers);
        let other = find(&sales(&reversed), &categories(), &now, &[4, 7]);
        assert_eq!((&one.likes[0], &one.likes[1]), (&other.likes[1], &other.likes[0]));
        assert_eq!(one.lists, other.lists);
    }
}
