//! Everything adds up, whatever was sold: in every week, month and quarter, and on the purchasing list.

use super::super::monday;
use super::*;
use crate::{
    mining::{accounts::Profile, lines::Line},
    settings::day_number,
};
use forecast::series::Period;
use proptest::prelude::*;

const WEEKS: i32 = 30;
const PRODUCTS: u32 = 30;
const ACCOUNTS: u32 = 16;

fn id(kind: u128, number: u32) -> Id {
    Id::from_u128(kind << 64 | u128::from(number))
}

fn category(product: u32) -> u32 {
    product % 15
}

/// Each product sold on some day of every week, by an account that comes with the product and the week, or nobody; the last
/// product is new, that before it is in no category. 15 regions and 15 categories: some are too many to be shown.
fn sales(amounts: &[u16]) -> (Sales, accounts::Profiles, HashMap<Id, Id>) {
    let first = day_number("2026-02-02".parse().expect("a day"));
    let mut lines = vec![];
    for week in 0..WEEKS {
        for product in 0..PRODUCTS {
            let at = (week as usize * 7 + product as usize * 3) % amounts.len();
            let (amount, day) = (f64::from(amounts[at]), (product as i32 + week) % 7);
            if amount == 0.0 || product == PRODUCTS - 1 && week < WEEKS - 6 {
                continue;
            }
            let account = (product + week as u32) % (ACCOUNTS + 1);
            let account = (account < ACCOUNTS).then_some(account);
            let quantity = f64::from(1 + product % 4) * amount / 10.0;
            let order = lines.len() as u32;
            lines.push(Line::new(account, Some(product), order, first + week * 7 + day, quantity, amount));
        }
        // Postage is no product.
        lines.push(Line::new(None, None, 0, first + week * 7, 1.0, 5.0));
    }
    let until = crate::settings::date_of(first + WEEKS * 7 - 1);
    let sales = Sales {
        accounts: (0..ACCOUNTS).map(|number| id(1, number)).collect(),
        products: (0..PRODUCTS).map(|number| id(2, number)).collect(),
        lines,
        until,
        ..Sales::default()
    };
    let region = |number: u32| (number > 0).then(|| format!("Region {number:02}").into());
    let of = (0..ACCOUNTS).map(|number| Profile { region: region(number), ..Profile::default() }).collect();
    let categories = (0..PRODUCTS)
        .filter(|product| *product != PRODUCTS - 2)
        .map(|product| (id(2, product), id(3, category(product))))
        .collect();
    (sales, accounts::Profiles { of, region_field: "province" }, categories)
}

fn told(part: &Part) -> &Forecast {
    part.forecast.as_ref().expect("a forecast")
}

fn near(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-6 * a.abs().max(1.0)
}

/// Parts sum to the whole by whatever is asked of them.
fn sums(parts: &[Part], total: &Part, of: &dyn Fn(&Part) -> f64) -> bool {
    near(parts.iter().map(of).sum(), of(total))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(6))]

    #[test]
    fn parts_sum_to_their_whole_in_every_period(
        amounts in prop::collection::vec(prop_oneof![Just(0_u16), 1_u16..500, 1_u16..500], 40..90),
    ) {
        let (sales, profiles, category_of) = sales(&amounts);
        let (found, purchasing) = find(&sales, &profiles, &category_of);
        prop_assert_eq!((found.regions.len(), found.categories.len(), found.products.len()), (13, 13, 13));
        let total = &found.total;
        // The first week is rarely a whole one, and left out.
        prop_assert_eq!(total.history.values.len() as i32, WEEKS - 1);
        for parts in [&found.regions, &found.categories, &found.products] {
            for step in 0..HORIZON {
                prop_assert!(sums(parts, total, &|part| told(part).points[step]));
                for origin in 0..told(total).backtest.origins {
                    prop_assert!(sums(parts, total, &|part| told(part).backtest.errors[origin][step]));
                }
            }
            for week in 0..total.history.values.len() {
                prop_assert!(sums(parts, total, &|part| part.history.values[week]));
            }
            for period in [Period::Week, Period::Month, Period::Quarter] {
                for at in 0..total.known(period).values.len() {
                    prop_assert!(sums(parts, total, &|part| part.known(period).values[at]));
                }
                let slices = found.slices(period);
                for slice in &slices {
                    prop_assert!(sums(parts, total, &|part| told(part).over(&slice.weights).expected));
                }
                for part in parts {
                    let all: f64 = slices.iter().map(|slice| told(part).over(&slice.weights).expected).sum();
                    prop_assert!(near(all, told(part).points.iter().sum()), "periods tell of the weeks what is forecast of them");
                }
            }
        }
        // The list wants what is forecast: week by week of products that are shown, and no more than its whole of a category.
        for demand in &purchasing.products {
            let shown = found.products.iter().find(|part| part.key == Some(demand.product.to_string()));
            let points: f64 = shown.map_or(demand.sales(), |part| told(part).points.iter().sum());
            prop_assert!(near(demand.sales(), points));
            if let Some(part) = shown {
                for (at, cover) in demand.covers.iter().enumerate() {
                    prop_assert!(near(cover.demand * demand.price, told(part).points[..=at].iter().sum()));
                }
            }
        }
        // What a row rests on: one order a week at most, and no week before its first sale.
        let recent = day_number(sales.until) - 7 * HORIZON as i32;
        for demand in &purchasing.products {
            let is_it = |line: &&Line| line.product().map(|product| id(2, product)) == Some(demand.product);
            let orders = sales.lines.iter().filter(is_it).filter(|line| line.day > recent).count();
            prop_assert_eq!(demand.orders, orders);
            prop_assert!((purchasing.need_weeks..WEEKS as usize).contains(&demand.weeks));
        }
        prop_assert_eq!(purchasing.origins, told(total).backtest.origins);
        for part in &found.categories {
            let of_it = purchasing.products.iter().filter(|demand| demand.category == part.key);
            let sales: f64 = of_it.map(Demand::sales).sum();
            prop_assert!(sales <= told(part).points.iter().sum::<f64>() + 1e-6);
        }
        prop_assert!(purchasing.products.iter().all(|demand| demand.product != id(2, PRODUCTS - 1)), "known for six weeks only");
        prop_assert_eq!(purchasing.products.len() + purchasing.left_out, PRODUCTS as usize);
    }
}

#[test]
fn the_order_of_lines_changes_nothing() {
    // Lines come sorted by customer, day and order; whole numbers add up alike in any order.
    let (mut sales, profiles, category_of) = sales(&[10, 0, 30, 7, 120, 60, 1]);
    sales.lines.iter_mut().for_each(|line| line.quantity = line.amount);
    let of = |sales: &Sales| {
        let (found, purchasing) = find(sales, &profiles, &category_of);
        (serde_json::to_string(&found).expect("a text"), serde_json::to_string(&purchasing).expect("a text"))
    };
    let given = of(&sales);
    sales.lines.reverse();
    sales.lines.rotate_left(101);
    assert_eq!(of(&sales), given);
}

#[test]
fn what_is_known_of_months_and_quarters_are_the_days_of_whole_weeks() {
    let (mut sales, profiles, category_of) = sales(&[10]);
    // 2026-02-09 is the first Monday counted, 2026-08-30 the last day; one line on the 31st is of a week that runs.
    let last = sales.lines[0];
    let day = day_number("2026-08-31".parse().expect("a day"));
    sales.lines.push(Line::new(last.account(), last.product(), last.order, day, last.quantity, 7_000.0));
    let (found, _) = find(&sales, &profiles, &category_of);
    let (months, quarters) = (found.total.known(Period::Month), found.total.known(Period::Quarter));
    let of = |from: &str, to: &str| -> f64 {
        let [from, to] = [from, to].map(|day| day_number(day.parse().expect("a day")));
        sales.lines.iter().filter(|line| (from..=to).contains(&line.day)).map(|line| line.amount).sum()
    };
    // February is not known as a whole; August is, but for its last day.
    assert_eq!(Period::Month.first_day(months.start), "2026-03-01".parse().ok());
    assert_eq!(months.values.len(), 6);
    assert!(near(months.values[0], of("2026-03-01", "2026-03-31")));
    assert!(near(months.values[5], of("2026-08-01", "2026-08-30")));
    assert_eq!(Period::Quarter.first_day(quarters.start), "2026-04-01".parse().ok());
    assert_eq!(quarters.values.len(), 2);
    assert!(near(quarters.values[0], of("2026-04-01", "2026-06-30")));
    assert!(near(quarters.values[1], of("2026-07-01", "2026-08-30")));
    assert_eq!(monday(found.first_week()), "2026-08-31".parse().expect("a day"));
    let slices = found.slices(Period::Month);
    let names: Vec<i32> = slices.iter().map(|slice| slice.period - months.start).collect();
    assert_eq!((names, slices[3].whole), (vec![5, 6, 7, 8], false), "August's last day to 29 November");
}

#[test]
fn too_short_a_history_is_told_of_every_part() {
    let (mut sales, profiles, category_of) = sales(&[10]);
    let end = sales.lines[0].day + 70;
    sales.lines.retain(|line| line.day < end);
    sales.until = crate::settings::date_of(end - 1);
    let (found, purchasing) = find(&sales, &profiles, &category_of);
    let parts = found.regions.iter().chain(&found.categories).chain([&found.total]);
    assert!(parts.clone().count() > 20);
    for part in parts {
        assert!(matches!(part.forecast, Err(Reason::TooShort { have: 9, need: 22 })));
    }
    assert_eq!((purchasing.products.len(), purchasing.left_out), (0, 30));
}
