//! Everybody's purchase days, as the warehouse knows them: from them follows the stage of any customer on any day, by the rule and
//! the model in force. Kept in memory for as long as the files are the same, since a period that was shown is followed by another.

use crate::{
    facts::{At, counting},
    past::life::STAGES,
    settings::{Settings, day_number},
    statistics::COUNTING_ORDERS,
};
use engine::{Engine, Result, aside};
use meta::NaiveDate;
use value::{
    history::{Purchase, Summary},
    life_cycle::Standing,
    model::Model,
};
use warehouse::arrow::{
    array::AsArray,
    datatypes::{Date32Type, Int32Type},
};

#[derive(Debug, Default, PartialEq)]
pub struct Histories {
    /// By the account's key: where its days begin, those of the next end them.
    starts: Vec<usize>,
    /// Days since 1970-01-01, each once, the oldest first.
    days: Vec<i32>,
    pub first: i32,
    pub last: i32,
}

impl Histories {
    pub(super) async fn read(engine: &Engine, settings: &Settings, as_of: NaiveDate) -> Result<Histories> {
        let at = At::Instant("d.ordered_at");
        let sql = format!(
            "SELECT d.account_key, {} FROM \"order\" d \
             WHERE d.account_key IS NOT NULL AND d.net_base > 0 AND {} AND {}",
            at.day(settings),
            counting("d.status", &COUNTING_ORDERS),
            at.within(settings, NaiveDate::default(), as_of)
        );
        let answer = super::ask(engine, &sql).await?;
        Ok(aside(|| {
            let mut bought = Vec::with_capacity(answer.rows());
            for batch in &answer.batches {
                let (key, day) = (
                    batch.column(0).as_primitive::<Int32Type>(),
                    batch.column(1).as_primitive::<Date32Type>(),
                );
                bought.extend((0..batch.num_rows()).map(|row| (key.value(row), day.value(row))));
            }
            Histories::of(bought)
        }))
    }

    /// Of purchases in any order: account and day.
    pub fn of(mut bought: Vec<(i32, i32)>) -> Histories {
        bought.sort_unstable();
        bought.dedup();
        let mut histories = Histories {
            first: bought.iter().map(|(_, day)| *day).min().unwrap_or_default(),
            last: bought.iter().map(|(_, day)| *day).max().unwrap_or_default(),
            ..Histories::default()
        };
        for (key, day) in bought {
            let Ok(key) = usize::try_from(key) else { continue };
            if histories.starts.len() <= key {
                histories.starts.resize(key + 1, histories.days.len());
            }
            histories.days.push(day);
        }
        histories.starts.push(histories.days.len());
        histories
    }

    /// Nobody bought, or all on one day.
    pub fn is_empty(&self) -> bool {
        self.first >= self.last
    }

    /// An account's purchase days up to a day.
    pub fn until(&self, key: u32, day: i32) -> &[i32] {
        let at = key as usize;
        let (Some(from), Some(to)) = (self.starts.get(at), self.starts.get(at + 1)) else { return &[] };
        let days = &self.days[*from..*to];
        &days[..days.partition_point(|bought| *bought <= day)]
    }

    /// The place in [`STAGES`] on a day.
    pub fn stage(&self, key: u32, day: i32, settings: &Settings, model: &Model) -> usize {
        let days = self.until(key, day);
        let standing = match (days.first(), days.last()) {
            (Some(first), Some(last)) => {
                let bought = |day: &i32| Purchase { day: *day, amount: 0 };
                let orders = u32::try_from(days.len()).unwrap_or(u32::MAX);
                let summary = Summary { last_day: *last, orders, ..Summary::first(bought(first)) };
                // The rule does not ask it of who bought once.
                let p_alive = (orders > 1).then(|| model.p_alive(&summary.observe(day))).flatten();
                Standing::of(&summary, day, p_alive)
            }
            _ => Standing::prospect(),
        };
        let stage = settings.stage_rule.stage(&standing);
        STAGES.iter().position(|one| *one == stage).unwrap_or(0)
    }

    /// The nearest day of the history, days since 1970-01-01.
    pub fn nearest(&self, day: NaiveDate) -> i32 {
        day_number(day).clamp(self.first, self.last)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_found_by_key_and_day_whatever_their_order() {
        let bought = vec![(5, 30), (2, 10), (2, 20), (5, 10), (2, 20), (2, 40)];
        let histories = Histories::of(bought.clone());
        assert_eq!((histories.first, histories.last, histories.is_empty()), (10, 40, false));
        assert_eq!(histories.until(2, 40), [10, 20, 40]);
        assert_eq!(histories.until(2, 39), [10, 20]);
        assert_eq!(histories.until(5, 30), [10, 30]);
        assert_eq!(histories.until(5, 9), [0; 0]);
        for nobody in [0, 3, 4, 6, 99] {
            assert_eq!(histories.until(nobody, 99), [0; 0]);
        }
        assert_eq!(Histories::of(bought.into_iter().rev().collect()), histories);
        assert!(Histories::of(vec![]).is_empty() && Histories::of(vec![(1, 3)]).is_empty());
        let nearest = |day: &str| histories.nearest(day.parse().unwrap());
        assert_eq!([nearest("1960-01-01"), nearest("1970-01-21"), nearest("2020-01-01")], [10, 20, 40]);
    }

    #[test]
    fn the_stage_of_a_day_is_that_of_the_purchases_until_then() {
        let (settings, model) = (Settings::default(), Model::fit(&[], 800));
        let monthly: Vec<(i32, i32)> = (0..=600).step_by(30).map(|day| (0, day)).collect();
        let histories = Histories::of([monthly, vec![(1, 100)]].concat());
        let stage = |key, day| STAGES[histories.stage(key, day, &settings, &model)];
        use value::life_cycle::Stage::*;
        // Silence counts from 8 weeks; 3 and 6 intervals of 30 days.
        for (key, day, expected) in [
            (0, 0, Exploration),
            (0, 30, Formation),
            (0, 100, Formation),
            (0, 600, Stability),
            (0, 689, Stability),
            (0, 691, Decline),
            (0, 781, Lost),
            (1, 99, Prospect),
            (1, 100, Exploration),
            (1, 283, Decline),
            (1, 465, Lost),
            (7, 465, Prospect),
        ] {
            assert_eq!(stage(key, day), expected, "{key} on {day}");
        }
    }
}
