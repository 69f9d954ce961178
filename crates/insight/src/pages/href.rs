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
    documents(&ORDERS, account, settings, as_of)
}

/// Customers' orders that would count, were they not of days after this one.
pub fn orders_after(settings: &Settings, day: NaiveDate) -> String {
    let end = settings.end_of(day).to_rfc3339_opts(SecondsFormat::Secs, true);
    let filter =
        format!("{}{} && account != null && {} >= '{end}'", ORDERS.counting(), ORDERS.amounts, ORDERS.at);
    sorted(ORDERS.entity, &filter, &format!("-{}", ORDERS.at))
}

pub fn returns_of(account: Id, settings: &Settings, as_of: NaiveDate) -> String {
    documents(&RETURNS, account, settings, as_of)
}

fn documents(documents: &Documents, account: Id, settings: &Settings, as_of: NaiveDate) -> String {
    let mut filter = format!("account == '{account}' && {}{}", documents.counting(), documents.amounts);
    if settings.as_of.is_some() {
        let end = settings.end_of(as_of).to_rfc3339_opts(SecondsFormat::Secs, true);
        filter.push_str(&format!(" && {} < '{end}'", documents.at));
    }
    list(documents.entity, &filter)
}

/// ` && field == 'value'`; the empty value is none.
pub fn and(field: &str, value: &str) -> String {
    format!(" && {}", equal(field, value))
}

pub fn equal(field: &str, value: &str) -> String {
    match value {
        "" => format!("{field} == null"),
        value => format!("{field} == '{}'", quoted(value)),
    }
}

/// Of a province, or of a country where no province is known; `account` stands before the fields.
pub fn of_region(account: &str, region: &str) -> String {
    let region = quoted(region);
    let abroad = format!("{account}province == null && {account}country == '{region}'");
    format!(" && ({account}province == '{region}' || ({abroad}))")
}

/// In a text between single quotes.
fn quoted(text: &str) -> String {
    text.replace('\\', "\\\\").replace('\'', "\\'")
}

struct Documents {
    entity: &'static str,
    /// What the explorer calls its lines, and the measure that adds them up.
    lines: (&'static str, &'static str),
    at: &'static str,
    states: &'static [&'static str],
    /// More that a document has to meet to count, though its lines need not.
    amounts: &'static str,
}

const ORDERS: Documents = Documents {
    entity: "order",
    lines: ("sales", "sales"),
    at: "ordered_at",
    states: &COUNTING_ORDERS,
    // An order over nothing is no purchase.
    amounts: " && net_base > 0",
};
const RETURNS: Documents = Documents {
    entity: "return",
    lines: ("returns", "returned"),
    at: "returned_at",
    states: &COUNTING_RETURNS,
    amounts: "",
};

impl Documents {
    fn counting(&self) -> String {
        let states: Vec<String> = self.states.iter().map(|state| format!("'{state}'")).collect();
        format!("status in [{}]", states.join(", "))
    }
}

/// What counts after one day and until another, on the company's clock: the documents behind a figure of a period. `more` are
/// further conditions, each with `&&` before it.
pub struct Days<'a> {
    pub settings: &'a Settings,
    pub after: NaiveDate,
    pub until: NaiveDate,
}

impl Days<'_> {
    pub fn orders(&self, more: &str) -> String {
        self.documents(&ORDERS, more)
    }

    pub fn returns(&self, more: &str) -> String {
        self.documents(&RETURNS, more)
    }

    /// The lines of orders that count, as the explorer lists them: lines have no list of their own.
    pub fn order_lines(&self, more: &str) -> String {
        self.lines(&ORDERS, more)
    }

    pub fn return_lines(&self, more: &str) -> String {
        self.lines(&RETURNS, more)
    }

    /// Accounts entered within the days.
    pub fn accounts_entered(&self, more: &str) -> String {
        sorted("account", &format!("{}{more}", self.within("created_at")), "-created_at")
    }

    /// Customers whose first order lies within the days.
    pub fn first_buyers(&self, more: &str) -> String {
        let (after, until) = (self.after, self.until);
        let filter = format!("first_order_on > '{after}' && first_order_on <= '{until}'{more}");
        sorted("account", &filter, "-first_order_on")
    }

    fn documents(&self, documents: &Documents, more: &str) -> String {
        let (counting, within) = (documents.counting(), self.within(documents.at));
        let filter = format!("{counting}{} && {within}{more}", documents.amounts);
        sorted(documents.entity, &filter, &format!("-{}", documents.at))
    }

    fn lines(&self, documents: &Documents, more: &str) -> String {
        let (fact, measure) = documents.lines;
        let (first, last) = (self.after.succ_opt().unwrap_or(self.after), self.until);
        let filter = web::encode(more.trim_start_matches(" && "));
        format!(
            "/analysis/explore/rows?fact={fact}&m={measure}&period=between&from={first}&to={last}&filter={filter}"
        )
    }

    pub fn within(&self, at: &str) -> String {
        let end = |day| self.settings.end_of(day).to_rfc3339_opts(SecondsFormat::Secs, true);
        format!("{at} >= '{}' && {at} < '{}'", end(self.after), end(self.until))
    }
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
        assert_eq!(
            orders_after(&settings, day),
            sorted(
                "order",
                "status in ['confirmed', 'shipped', 'completed'] && net_base > 0 && account != null \
                 && ordered_at >= '2011-12-09T16:00:00Z'",
                "-ordered_at"
            )
        );
    }

    #[test]
    fn a_period_ends_with_its_last_day_on_the_clock_of_the_company() {
        let day = |text: &str| text.parse().unwrap();
        let settings = Settings::default();
        let days = Days { settings: &settings, after: day("2026-08-31"), until: day("2026-09-02") };
        let within = "returned_at >= '2026-08-31T16:00:00Z' && returned_at < '2026-09-02T16:00:00Z'";
        let filter = format!("status in ['received', 'refunded'] && {within} && reason == 'other'");
        assert_eq!(days.returns(" && reason == 'other'"), sorted("return", &filter, "-returned_at"));
        assert_eq!(
            days.return_lines(" && product == null"),
            "/analysis/explore/rows?fact=returns&m=returned&period=between&from=2026-09-01&to=2026-09-02&filter=product%20%3D%3D%20null"
        );
    }
}
