//! What customers earned the company in the year before a day and in the year after it: read where value is measured by profit.

use super::{Customer, matrix::YEAR_DAYS};
use crate::{
    classes::Earned,
    profitability::ProfitShare,
    served,
    settings::{Settings, date_of},
    sold::Sold,
    statistics::{self, Statistics, UpTo},
};
use engine::{Engine, Result, aside};
use meta::Id;

/// `None` where it is unknown; amounts in ten-thousandths.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Profits {
    pub before: Option<i64>,
    pub after: Option<i64>,
    /// What he left of his sales up to the day.
    pub share: Option<f64>,
}

/// Fills in those of `customers`, who are in order of their ids; the year after ends with `day`.
pub async fn add(engine: &Engine, settings: &Settings, customers: &mut [Customer], day: i32) -> Result<()> {
    let up_to = [day - YEAR_DAYS, day].map(|day| UpTo { day: date_of(day), settings });
    let up_to = up_to.each_ref();
    let mut known: Vec<(Id, [Statistics; 2])> =
        customers.iter().map(|customer| (customer.id, Default::default())).collect();
    let of_days = <[Statistics; 2]>::as_mut_slice;
    let orders = Sold::newest_orders(engine, settings).await;
    let is_new = orders.is_some();
    statistics::bought(engine, &mut known, of_days, &up_to, orders, |_, _| {}, None).await?;
    served::add_of_everybody(engine, &mut known, of_days, &up_to, is_new).await?;
    aside(|| {
        let mut earned = Earned::default();
        known
            .iter()
            .filter(|(_, [then, _])| then.summary.is_some())
            .for_each(|(_, [then, _])| earned.add(then));
        for (customer, (_, [then, now])) in customers.iter_mut().zip(known) {
            customer.profits = Profits {
                before: then.recent.profit(),
                after: now.recent.profit(),
                share: ProfitShare::of(&then, &earned).map(|share| share.credible()),
            };
        }
    });
    Ok(())
}
