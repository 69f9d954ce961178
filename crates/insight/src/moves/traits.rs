//! What is known of customers on a day, from what had happened until then: what the company can do something about (contacts,
//! returns, discounts, how satisfied they were, the channel), and what it cannot (how long ago, how often, how much they bought).

use super::{Asking, ask, histories::Histories};
use crate::{
    facts::{At, counting},
    satisfaction,
    settings::date_of,
    statistics::{COUNTING_ORDERS, RECENT_DAYS},
};
use engine::{Result, aside};
use meta::NaiveDate;
use serde::{Deserialize, Serialize};
use std::cmp::Reverse;
use value::{money, satisfaction::ratio_thousandths};
use warehouse::arrow::{
    array::{Array, AsArray, RecordBatch},
    datatypes::{Int32Type, Int64Type},
};

/// Contacts of so many days before count: thirteen weeks.
pub const CONTACT_DAYS: i32 = 91;
/// What is read besides orders and returns, which whoever sees the page may see.
pub(super) const ENTITIES: [&str; 2] = ["activity", satisfaction::ENTITY];
/// Kinds of activities that reach a customer, or by which he reaches us; notes and tasks do not.
const CONTACTS: [&str; 6] = ["call", "visit", "meeting", "email", "letter", "chat"];

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Trait {
    /// Days since the last purchase, logarithm to base 2.
    Silence,
    /// Purchase days, logarithm to base 2.
    Orders,
    /// Somebody called, visited, wrote in the last [`CONTACT_DAYS`].
    Contact,
    /// Gave something back in the last 52 weeks.
    Returned,
    /// What was taken off the price in the last 52 weeks, in tenths of the price.
    Discount,
    /// Answered in the last 52 weeks, and found it worse than expected, or not worse.
    Dissatisfied,
    Satisfied,
    /// Days since the first purchase, logarithm to base 2.
    Tenure,
    /// Mean amount of an order in currency units, logarithm to base 2.
    Amount,
    /// Most orders came by this one.
    Channel(String),
}

impl Trait {
    /// Of all but the channels, in the order in which they give way where there are too few cases for all.
    pub const PLAIN: [Trait; 9] = [
        Trait::Silence,
        Trait::Orders,
        Trait::Contact,
        Trait::Returned,
        Trait::Discount,
        Trait::Dissatisfied,
        Trait::Satisfied,
        Trait::Tenure,
        Trait::Amount,
    ];

    pub fn name(&self) -> &'static str {
        match self {
            Trait::Silence => "silence",
            Trait::Orders => "orders",
            Trait::Contact => "contact",
            Trait::Returned => "returned",
            Trait::Discount => "discount",
            Trait::Dissatisfied => "dissatisfied",
            Trait::Satisfied => "satisfied",
            Trait::Tenure => "tenure",
            Trait::Amount => "amount",
            Trait::Channel(_) => "channel",
        }
    }

    /// As it stands in an address: `contact`, `channel:online`.
    pub fn address(&self) -> String {
        match self {
            Trait::Channel(channel) => format!("channel:{channel}"),
            plain => plain.name().to_owned(),
        }
    }

    /// Yes or no; the others are numbers.
    pub fn is_flag(&self) -> bool {
        !matches!(self, Trait::Silence | Trait::Orders | Trait::Discount | Trait::Tenure | Trait::Amount)
    }

    /// Whether the company can do something about it.
    pub fn is_actionable(&self) -> bool {
        !matches!(self, Trait::Silence | Trait::Orders | Trait::Tenure | Trait::Amount)
    }
}

/// By the account's key.
#[derive(Debug, Default)]
pub struct Known {
    /// Days since 1970-01-01.
    pub day: i32,
    contacted: Vec<bool>,
    returned: Vec<bool>,
    /// Ten-thousandths: taken off, and what it was taken off from.
    discount: Vec<(i64, i64)>,
    /// Sum of b / a in thousandths, and of how many answers.
    answers: Vec<(i64, i64)>,
    /// Orders and their amount in ten-thousandths; by channel.
    orders: Vec<(i64, i64)>,
    /// The place of the main channel in `channels`, one more.
    main: Vec<usize>,
    pub channels: Vec<String>,
    /// What the reader may not see, or this installation does not have.
    pub hidden: Vec<Trait>,
}

impl Known {
    pub(crate) async fn read(asking: &Asking<'_>, day: i32) -> Result<Known> {
        let mut known = Known { day, ..Known::default() };
        let (until, year, quarter) = (date_of(day), date_of(day - RECENT_DAYS), date_of(day - CONTACT_DAYS));
        known.take_orders(asking, until).await?;
        known.take_discounts(asking, year, until).await?;
        let returns = format!(
            "SELECT DISTINCT account_key FROM returns WHERE account_key IS NOT NULL AND day > '{year}' AND day <= '{until}'"
        );
        flags(asking, &returns, &mut known.returned).await?;
        if asking.sees(ENTITIES[0]) {
            let contacts = format!(
                "SELECT DISTINCT account_key FROM activities WHERE account_key IS NOT NULL AND done AND {} \
                 AND day > '{quarter}' AND day <= '{until}'",
                counting("kind", &CONTACTS)
            );
            flags(asking, &contacts, &mut known.contacted).await?;
        } else {
            known.hidden.push(Trait::Contact);
        }
        if asking.sees(ENTITIES[1]) {
            known.take_answers(asking, year, until).await?;
        } else {
            known.hidden.extend([Trait::Dissatisfied, Trait::Satisfied]);
        }
        Ok(known)
    }

    async fn take_orders(&mut self, asking: &Asking<'_>, until: NaiveDate) -> Result<()> {
        let sql = format!(
            "SELECT account_key, count(*), CAST(sum(TRY_CAST(net_base * {} AS BIGINT)) AS BIGINT), channel FROM \"order\" \
             WHERE account_key IS NOT NULL AND net_base > 0 AND {} AND {} GROUP BY account_key, channel",
            money::SCALE,
            counting("status", &COUNTING_ORDERS),
            At::Instant("ordered_at").within(asking.settings, NaiveDate::default(), until)
        );
        let answer = ask(asking.engine, &sql).await?;
        aside(|| {
            let (mut rows, mut channels) = (vec![], vec![]);
            for batch in &answer.batches {
                for (row, key) in keys(batch) {
                    let channel =
                        warehouse::value(batch.column(3), row)?.as_text().unwrap_or_default().to_owned();
                    let place = channels.iter().position(|known| *known == channel).unwrap_or(channels.len());
                    if place == channels.len() {
                        channels.push(channel);
                    }
                    rows.push((key, place, whole(batch, 1, row), whole(batch, 2, row)));
                }
            }
            self.set_orders(rows, channels);
            Ok(())
        })
    }

    /// Key, channel, orders, amount; most of a customer's orders came by his main channel, of equal ones by the first name.
    fn set_orders(&mut self, mut rows: Vec<(usize, usize, i64, i64)>, channels: Vec<String>) {
        rows.sort_unstable_by(|one, other| {
            (one.0, Reverse(one.2), &channels[one.1]).cmp(&(other.0, Reverse(other.2), &channels[other.1]))
        });
        for of in rows.chunk_by(|one, other| one.0 == other.0) {
            let (key, main, ..) = of[0];
            let sums = of.iter().fold((0, 0_i64), |sums, row| (sums.0 + row.2, sums.1.saturating_add(row.3)));
            *at(&mut self.orders, key) = sums;
            *at(&mut self.main, key) = main + 1;
        }
        self.channels = channels;
    }

    async fn take_discounts(
        &mut self,
        asking: &Asking<'_>,
        after: NaiveDate,
        until: NaiveDate,
    ) -> Result<()> {
        let sum =
            |column: &str| format!("CAST(sum(TRY_CAST({column} * {} AS BIGINT)) AS BIGINT)", money::SCALE);
        let sql = format!(
            "SELECT account_key, {}, {} FROM sales \
             WHERE account_key IS NOT NULL AND day > '{after}' AND day <= '{until}' GROUP BY account_key",
            sum("discount"),
            sum("net")
        );
        let answer = ask(asking.engine, &sql).await?;
        aside(|| {
            for batch in &answer.batches {
                for (row, key) in keys(batch) {
                    let (off, net) = (whole(batch, 1, row), whole(batch, 2, row));
                    *at(&mut self.discount, key) = (off, off.saturating_add(net));
                }
            }
        });
        Ok(())
    }

    async fn take_answers(&mut self, asking: &Asking<'_>, after: NaiveDate, until: NaiveDate) -> Result<()> {
        let sql = format!(
            "SELECT account_key, CAST(expected AS BIGINT), CAST(perceived AS BIGINT) FROM {} \
             WHERE account_key IS NOT NULL AND expected IS NOT NULL AND perceived IS NOT NULL \
             AND asked_on > '{after}' AND asked_on <= '{until}'",
            satisfaction::ENTITY
        );
        let answer = ask(asking.engine, &sql).await?;
        aside(|| {
            for batch in &answer.batches {
                for (row, key) in keys(batch) {
                    let small = |column| u8::try_from(whole(batch, column, row)).ok();
                    let ratio = small(2)
                        .zip(small(1))
                        .and_then(|(found, expected)| ratio_thousandths(found, expected));
                    if let Some(ratio) = ratio {
                        let sums = at(&mut self.answers, key);
                        *sums = (sums.0 + i64::from(ratio), sums.1 + 1);
                    }
                }
            }
        });
        Ok(())
    }

    /// The traits that can be told here; channels in the order of their names.
    pub fn traits(&self) -> Vec<Trait> {
        let mut channels: Vec<&String> = self.channels.iter().filter(|channel| !channel.is_empty()).collect();
        channels.sort();
        let plain = Trait::PLAIN.into_iter().filter(|plain| !self.hidden.contains(plain));
        plain.chain(channels.into_iter().map(|channel| Trait::Channel(channel.clone()))).collect()
    }

    /// Of a customer who had bought; yes is 1, no is 0.
    pub fn value(&self, histories: &Histories, key: u32, of: &Trait) -> f64 {
        let place = key as usize;
        let flag = |is: bool| f64::from(u8::from(is));
        let days = histories.until(key, self.day);
        let since = |day: Option<&i32>| f64::from(day.map_or(0, |day| self.day - day) + 1).log2();
        let satisfaction = self
            .answers
            .get(place)
            .filter(|(_, count)| *count > 0)
            .map(|(sum, count)| sum >= &(count * 1_000));
        match of {
            Trait::Silence => since(days.last()),
            Trait::Tenure => since(days.first()),
            Trait::Orders => (days.len().max(1) as f64).log2(),
            Trait::Contact => flag(self.contacted.get(place) == Some(&true)),
            Trait::Returned => flag(self.returned.get(place) == Some(&true)),
            Trait::Discount => match self.discount.get(place) {
                Some((off, of)) if *of > 0 => 10.0 * (*off as f64 / *of as f64).clamp(0.0, 1.0),
                _ => 0.0,
            },
            Trait::Dissatisfied => flag(satisfaction == Some(false)),
            Trait::Satisfied => flag(satisfaction == Some(true)),
            Trait::Amount => match self.orders.get(place) {
                Some((orders, amount)) if *orders > 0 && *amount > 0 => {
                    (money::to_units(*amount) / *orders as f64).log2()
                }
                _ => 0.0,
            },
            Trait::Channel(channel) => {
                let main = self.main.get(place).and_then(|main| self.channels.get(main.checked_sub(1)?));
                flag(main == Some(channel))
            }
        }
    }
}

/// The place of a key, made if it is not there.
fn at<T: Default + Clone>(of: &mut Vec<T>, key: usize) -> &mut T {
    if of.len() <= key {
        of.resize(key + 1, T::default());
    }
    &mut of[key]
}

/// Rows with the key in their first column.
fn keys(batch: &RecordBatch) -> impl Iterator<Item = (usize, usize)> {
    let keys = batch.column(0).as_primitive::<Int32Type>();
    (0..batch.num_rows()).filter_map(|row| Some((row, usize::try_from(keys.value(row)).ok()?)))
}

/// What is empty counts nothing.
fn whole(batch: &RecordBatch, column: usize, row: usize) -> i64 {
    let column = batch.column(column).as_primitive::<Int64Type>();
    if column.is_null(row) { 0 } else { column.value(row) }
}

async fn flags(asking: &Asking<'_>, sql: &str, flags: &mut Vec<bool>) -> Result<()> {
    let answer = ask(asking.engine, sql).await?;
    aside(|| answer.batches.iter().flat_map(keys).for_each(|(_, key)| *at(flags, key) = true));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Day 1000: customer 0 was contacted, gave back, had 5 % off; 1 was asked twice; 2 nothing.
    fn known() -> Known {
        let mut known = Known {
            day: 1000,
            contacted: vec![true],
            returned: vec![true],
            discount: vec![(50_000, 1_000_000)],
            answers: vec![(0, 0), (1_999, 2)],
            ..Known::default()
        };
        let channels = vec!["shop".to_owned(), "online".to_owned()];
        known.set_orders(vec![(0, 0, 2, 300_000), (0, 1, 2, 340_000), (1, 0, 1, 20_000)], channels);
        known
    }

    #[test]
    fn what_is_known_of_a_customer_is_read_by_hand() {
        let known = known();
        let histories = Histories::of(vec![(0, 489), (0, 937), (0, 937), (1, 999), (2, 1000), (2, 1200)]);
        let value = |key, of: &Trait| known.value(&histories, key, of);
        // 63 days ago and one more, 2⁶; the first 511 and one more, 2⁹; two purchase days.
        assert_eq!(
            [value(0, &Trait::Silence), value(0, &Trait::Tenure), value(0, &Trait::Orders)],
            [6.0, 9.0, 1.0]
        );
        assert_eq!([value(2, &Trait::Silence), value(2, &Trait::Orders)], [0.0, 0.0]);
        // 64 for four orders.
        assert_eq!(
            [value(0, &Trait::Amount), value(1, &Trait::Amount), value(2, &Trait::Amount)],
            [4.0, 1.0, 0.0]
        );
        let of_all = |of: &Trait| [value(0, of), value(1, of), value(2, of)];
        assert_eq!(of_all(&Trait::Contact), [1.0, 0.0, 0.0]);
        assert_eq!(of_all(&Trait::Returned), [1.0, 0.0, 0.0]);
        assert_eq!(of_all(&Trait::Discount), [0.5, 0.0, 0.0]);
        // 0.9995 of what was expected.
        assert_eq!((of_all(&Trait::Dissatisfied), of_all(&Trait::Satisfied)), ([0.0, 1.0, 0.0], [0.0; 3]));
        // Two orders by each: the first name.
        assert_eq!(of_all(&Trait::Channel("online".into())), [1.0, 0.0, 0.0]);
        assert_eq!(of_all(&Trait::Channel("shop".into())), [0.0, 1.0, 0.0]);
        let names: Vec<String> = known.traits().iter().map(Trait::address).collect();
        assert_eq!(names[9..], ["channel:online", "channel:shop"]);
    }
}
