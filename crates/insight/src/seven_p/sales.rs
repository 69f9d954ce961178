//! Reads the cuts from the warehouse.

use super::{
    cells::Cells,
    cuts::{Measures, first_of_month},
    filter::year_before,
};
use crate::{
    facts::{At, ask, counting, day_before, region, whole},
    mining::groups,
    settings::Settings,
    statistics::{COUNTING_ORDERS, COUNTING_RETURNS},
};
use engine::{Engine, Result};
use meta::{NaiveDate, Value};
use std::borrow::Cow;

/// Rows of the warehouse that are added up in the same way.
struct Source {
    from: &'static str,
    at: At,
    states: &'static [&'static str],
    /// Whether the customer's relation and region are told apart.
    by_customer: bool,
    /// Names of cuts and what they cut by.
    cuts: &'static [(&'static str, &'static str)],
    measures: fn(&[i64; 4]) -> Measures,
    sums: [&'static str; 4],
}

const NONE: &str = "0";
const COUNT: &str = "count(*)";
const CUSTOMER: &str = "LEFT JOIN account c ON c.key = d.account_key";

/// Orders with their margin as far as it is known.
fn sold([orders, sales, margin, costed]: &[i64; 4]) -> Measures {
    Measures { orders: *orders, sales: *sales, margin: *margin, costed: *costed, ..Measures::default() }
}

fn returned([orders, returned, ..]: &[i64; 4]) -> Measures {
    Measures { orders: *orders, returned: *returned, ..Measures::default() }
}

fn entered([accounts, ..]: &[i64; 4]) -> Measures {
    Measures { accounts: *accounts, ..Measures::default() }
}

/// Accounts entered, and those of them that have bought by now.
fn followed([accounts, first_buyers, ..]: &[i64; 4]) -> Measures {
    Measures { accounts: *accounts, first_buyers: *first_buyers, ..Measures::default() }
}

fn won([first_buyers, ..]: &[i64; 4]) -> Measures {
    Measures { first_buyers: *first_buyers, ..Measures::default() }
}

const LINES: [&str; 4] =
    [COUNT, "sum(d.net)", "sum(d.margin)", "sum(CASE WHEN d.margin IS NOT NULL THEN d.net END)"];

const SOURCES: [Source; 9] = [
    Source {
        from: "\"order\" d",
        at: At::Instant("d.ordered_at"),
        states: &COUNTING_ORDERS,
        by_customer: true,
        cuts: &[("month", "''"), ("channel", "d.channel"), ("owner", "d.owner"), ("source", "c.source")],
        measures: sold,
        sums: [
            "count(CASE WHEN d.net_base > 0 THEN 1 END)",
            "sum(d.net_base)",
            "sum(d.margin_base)",
            "sum(CASE WHEN d.margin_base IS NOT NULL THEN d.net_base END)",
        ],
    },
    Source {
        from: "sales d LEFT JOIN product p ON p.key = d.product_key",
        at: At::Day("d.day"),
        states: &[],
        by_customer: true,
        cuts: &[("category", "p.category")],
        measures: sold,
        sums: LINES,
    },
    // A catalogue may be large: products are cut by month alone.
    Source {
        from: "sales d LEFT JOIN product p ON p.key = d.product_key",
        at: At::Day("d.day"),
        states: &[],
        by_customer: false,
        cuts: &[("product", "p.id")],
        measures: sold,
        sums: LINES,
    },
    Source {
        from: "\"return\" d",
        at: At::Instant("d.returned_at"),
        states: &COUNTING_RETURNS,
        by_customer: true,
        cuts: &[("month", "''")],
        measures: returned,
        sums: [NONE, "sum(d.net_base)", NONE, NONE],
    },
    Source {
        from: "\"return\" d",
        at: At::Instant("d.returned_at"),
        states: &COUNTING_RETURNS,
        by_customer: true,
        cuts: &[("reason", "d.reason")],
        measures: returned,
        sums: [COUNT, "sum(d.net_base)", NONE, NONE],
    },
    Source {
        from: "returns d LEFT JOIN product p ON p.key = d.product_key",
        at: At::Day("d.day"),
        states: &[],
        by_customer: false,
        cuts: &[("product", "p.id")],
        measures: returned,
        sums: [NONE, "sum(d.net)", NONE, NONE],
    },
    Source {
        from: "(SELECT key AS account_key, created_at FROM account) d",
        at: At::Instant("d.created_at"),
        states: &[],
        by_customer: true,
        cuts: &[("month", "''")],
        measures: entered,
        sums: [COUNT, NONE, NONE, NONE],
    },
    Source {
        from: "(SELECT a.key AS account_key, a.created_at, f.first_order_on FROM account a \
               LEFT JOIN account_figures f ON f.key = a.key) d",
        at: At::Instant("d.created_at"),
        states: &[],
        by_customer: true,
        // By relation and region it is asked of everywhere at once, and sources may be thousands.
        cuts: &[("came", "''"), ("came_by", "c.source")],
        measures: followed,
        sums: [COUNT, "count(d.first_order_on)", NONE, NONE],
    },
    Source {
        from: "(SELECT key AS account_key, first_order_on FROM account_figures) d",
        at: At::Day("d.first_order_on"),
        states: &[],
        by_customer: true,
        cuts: &[("month", "''"), ("source", "c.source")],
        measures: won,
        sums: [COUNT, NONE, NONE, NONE],
    },
];

/// Classes customers are counted by; the cut is called like the class.
const STANDINGS: [&str; 4] = ["importance", "stage", "value_quadrant", groups::FIELD];

/// The sales of a period, `since` to `as_of`.
pub(super) struct Sales<'a> {
    pub engine: &'a Engine,
    pub settings: &'a Settings,
    pub since: NaiveDate,
    pub as_of: NaiveDate,
}

impl Sales<'_> {
    /// The first day of the month. The running month is compared with the same days a year ago: what that month brought after them
    /// is a cell of its own, dated the day it begins.
    fn month(&self, at: At) -> String {
        let month = at.month(self.settings);
        let rest = year_before(self.as_of.succ_opt().unwrap_or(self.as_of));
        let end = first_of_month(rest).checked_add_months(chrono::Months::new(1)).unwrap_or(rest);
        if rest == first_of_month(rest) {
            return month;
        }
        let within = at.within(self.settings, day_before(rest), day_before(end));
        format!("CASE WHEN {within} THEN CAST('{rest}' AS DATE) ELSE {month} END")
    }

    pub async fn cells(&self) -> Result<Cells> {
        let mut cells = Cells::default();
        for class in STANDINGS {
            self.add_standing(&mut cells, class).await?;
        }
        for source in &SOURCES {
            for (cut, value) in source.cuts {
                self.add(&mut cells, source, cut, value).await?;
            }
        }
        Ok(cells)
    }

    /// How customers who bought stand on the as-of date: how many there are of each class, and what they bought for so far.
    async fn add_standing(&self, cells: &mut Cells, class: &'static str) -> Result<()> {
        let sql = format!(
            "SELECT c.relation, c.province, c.country, d.{class}, count(*), sum(d.net_sales) FROM account_figures d \
             JOIN account c ON c.key = d.key WHERE d.orders > 0 AND d.{class} IS NOT NULL GROUP BY 1, 2, 3, 4"
        );
        let month = first_of_month(self.as_of);
        for row in ask(self.engine, &sql).await?.values() {
            let row = row?;
            let [relation, province, country, value, accounts, sales] = row.as_slice() else { continue };
            let place = (relation.as_text().unwrap_or_default(), region(province, country));
            let measures = Measures { accounts: whole(accounts), sales: whole(sales), ..Measures::default() };
            cells.add((class, month), place, &text(value), &measures);
        }
        Ok(())
    }

    async fn add(
        &self,
        cells: &mut Cells,
        source: &Source,
        cut: &'static str,
        value: &'static str,
    ) -> Result<()> {
        let Source { from, at, states, by_customer, measures, sums, .. } = source;
        let month = self.month(*at);
        let (place, customer) = if *by_customer {
            (["c.relation", "c.province", "c.country"], CUSTOMER)
        } else {
            (["''"; 3], "")
        };
        let mut within = at.within(self.settings, day_before(self.since), self.as_of);
        if !states.is_empty() {
            within.push_str(&format!(" AND {}", counting("d.status", states)));
        }
        let columns = [month.as_str()].into_iter().chain(place).chain([value]).chain(*sums).enumerate();
        let columns: Vec<String> = columns.map(|(at, column)| format!("{column} AS column{at}")).collect();
        let sql = format!(
            "SELECT {} FROM {from} {customer} WHERE {within} GROUP BY 1, 2, 3, 4, 5",
            columns.join(", ")
        );
        for row in ask(self.engine, &sql).await?.values() {
            let row = row?;
            let [month, relation, province, country, value, sums @ ..] = row.as_slice() else { continue };
            let Some(month) = month.as_date() else { continue };
            let mut numbers = [0; 4];
            for (number, sum) in numbers.iter_mut().zip(sums) {
                *number = whole(sum);
            }
            let place = (relation.as_text().unwrap_or_default(), region(province, country));
            cells.add((cut, month), place, &text(value), &measures(&numbers));
        }
        Ok(())
    }
}

fn text(value: &Value) -> Cow<'_, str> {
    match value {
        Value::Id(id) => id.to_string().into(),
        Value::Int(number) => number.to_string().into(),
        value => value.as_text().unwrap_or_default().into(),
    }
}
