//! Addresses of the lists behind a figure.

use crate::{
    settings::Settings,
    statistics::{COUNTING_ORDERS, COUNTING_RETURNS},
};
use chrono::SecondsFormat;
use meta::{Id, NaiveDate};

/// The list of `entity` filtered by a condition in CEL.
pub fn list(entity: &str, filter: &str) -> String {
    format!("/{entity}?filter={}", web::encode(filter))
}

pub fn sorted(entity: &str, filter: &str, sort: &str) -> String {
    format!("{}&sort={sort}", list(entity, filter))
}

/// The orders a customer's figures count.
pub fn orders_of(account: Id, settings: &Settings, as_of: NaiveDate) -> String {
    // An order over nothing is no purchase.
    documents("order", "ordered_at", &COUNTING_ORDERS, " && net_base > 0", (account, settings, as_of))
}

/// Orders that count, bought after one day and until another.
pub fn orders_between(settings: &Settings, after: NaiveDate, until: NaiveDate) -> String {
    let states: Vec<String> = COUNTING_ORDERS.iter().map(|state| format!("'{state}'")).collect();
    let [from, end] =
        [after, until].map(|day| settings.end_of(day).to_rfc3339_opts(SecondsFormat::Secs, true));
    let filter = format!(
        "status in [{}] && net_base > 0 && ordered_at >= '{from}' && ordered_at < '{end}'",
        states.join(", ")
    );
    list("order", &filter)
}

pub fn returns_of(account: Id, settings: &Settings, as_of: NaiveDate) -> String {
    documents("return", "returned_at", &COUNTING_RETURNS, "", (account, settings, as_of))
}

fn documents(
    entity: &str,
    at: &str,
    states: &[&str],
    more: &str,
    (account, settings, as_of): (Id, &Settings, NaiveDate),
) -> String {
    let states: Vec<String> = states.iter().map(|state| format!("'{state}'")).collect();
    let mut filter = format!("account == '{account}' && status in [{}]{more}", states.join(", "));
    if settings.as_of.is_some() {
        let end = settings.end_of(as_of).to_rfc3339_opts(SecondsFormat::Secs, true);
        filter.push_str(&format!(" && {at} < '{end}'"));
    }
    list(entity, &filter)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_condition_survives_its_address() {
        assert_eq!(
            list("account", "city == '青' && a > 1"),
            "/account?filter=city%20%3D%3D%20%27%E9%9D%92%27%20%26%26%20a%20%3E%201"
        );
    }

    #[test]
    fn orders_after_the_as_of_day_are_not_behind_a_figure() {
        let day = "2011-12-09".parse().unwrap();
        let settings = Settings { as_of: Some(day), ..Settings::default() };
        assert!(
            orders_of(Id::nil(), &settings, day)
                .ends_with("ordered_at%20%3C%20%272011-12-09T16%3A00%3A00Z%27")
        );
        assert!(!orders_of(Id::nil(), &Settings::default(), day).contains("ordered_at"));
    }
}
