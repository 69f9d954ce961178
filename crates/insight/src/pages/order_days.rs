//! What is said beside figures of the days customers ordered on: orders that do not count yet, and a time without any.

use super::{
    figure::{Explain, Finding},
    href,
    words::Words,
};
use crate::{
    mining::{
        forecast::{Found, monday},
        lines,
    },
    order_days::Pause,
    settings::{Settings, date_of, day_number},
    store::StoredModel,
};
use meta::NaiveDate;
use minijinja::context;

/// Orders after the as-of day, with the list of them.
pub fn later(words: &Words<'_>, settings: &Settings, stored: &StoredModel) -> Option<minijinja::Value> {
    let count = stored.overview.order_days.later;
    (count > 0).then(|| {
        let (count, as_of) = (words.count(count), words.date(stored.as_of));
        context! {
            text => words.t("value.later_orders", &[("count", &count), ("as_of", &as_of)]),
            href => href::orders_after(settings, stored.as_of),
        }
    })
}

/// The longest time without an order.
pub fn pause(words: &Words<'_>, settings: &Settings, stored: &StoredModel) -> Option<Finding> {
    let pause = stored.overview.order_days.pause?;
    Some(told(words, "value.pause", settings, (pause, stored.as_of)))
}

/// That the forecast knows of no sales in that time, of those it could have read.
pub fn unseen(
    words: &Words<'_>,
    settings: &Settings,
    found: &Found,
    until: NaiveDate,
    stored: &StoredModel,
) -> Option<Finding> {
    let pause = stored.overview.order_days.pause?;
    let history = &found.total.history;
    let within =
        |week: i32| day_number(monday(week)) > pause.from && day_number(monday(week + 1)) <= pause.until;
    // Anonymous sales are no customer's orders.
    let sold = (history.start..).zip(&history.values).any(|(week, sold)| within(week) && *sold != 0.0);
    let is_read = date_of(pause.until) > lines::before(until);
    (is_read && !sold).then(|| told(words, "mining.unseen", settings, (pause, stored.as_of)))
}

fn told(words: &Words<'_>, key: &str, settings: &Settings, (pause, as_of): (Pause, NaiveDate)) -> Finding {
    let Pause { from, until, usual } = pause;
    let [from_day, until_day] = [from, until].map(|day| words.date(date_of(day)));
    let days = words.count(u64::from(from.abs_diff(until)));
    let usual = words.count(u64::from(usual.unsigned_abs()));
    let numbers = [("from", &from_day), ("to", &until_day), ("days", &days), ("usual", &usual)];
    let text = words.t(key, &numbers.map(|(name, number)| (name, number.as_str())));
    // From the last order before it to the first after it.
    let orders = href::Days { settings, after: date_of(from - 1), until: date_of(until) }.orders("");
    let explain = Explain::new(words.meaning("value.pause_help", &[]), words.date(as_of))
        .input(words.t("value.pause_days", &[]), days)
        .input(words.t("value.pause_usual", &[]), usual)
        .source(orders, words.t("mining.orders", &[]));
    Finding { text, explain }
}
