//! Reads the cuts from the warehouse: rows as columns, once for all cuts of them, which are added up here. A database would tell the
//! customers, the months and the texts of millions of rows apart for each cut anew.

use super::{
    cells::{Cells, CutRow},
    cohorts::{Cohorts, Says},
    customers::Customers,
    cuts::{Measures, first_of_month},
    filter::year_before,
    named::Named,
};
use crate::{
    facts::{At, ask, counting, day_before, region, whole},
    mining::groups,
    settings::{Settings, date_of, day_number},
    statistics::{COUNTING_ORDERS, COUNTING_RETURNS},
    weekday,
};
use engine::{Engine, Result, aside};
use meta::{NaiveDate, Value};
use std::{borrow::Cow, collections::HashMap};
use warehouse::{
    Answer,
    arrow::{
        array::{Array, AsArray},
        datatypes::{Date32Type, Int32Type, Int64Type},
    },
};

/// Months of which rows are held in memory at once.
const MONTHS_AT_ONCE: u32 = 6;

/// Rows of the warehouse that are added up in the same way.
struct Source {
    from: &'static str,
    at: At,
    states: &'static [&'static str],
    cuts: &'static [Cut],
    measures: fn(&[i64; 4]) -> Measures,
    /// Of a row, money in ten-thousandths.
    numbers: [&'static str; 4],
    /// What rows whose first number is not empty say of their customers' quarters.
    says: Option<Says>,
}

struct Cut {
    name: &'static str,
    by: By,
    /// Whether the customer's relation and region are told apart.
    by_customer: bool,
}

/// What a cut cuts by.
#[derive(Clone, Copy)]
enum By {
    /// The month alone.
    Nothing,
    /// A column of the rows.
    Own(&'static str),
    /// Where the customer came from.
    Source,
}

const fn cut(name: &'static str, by: By) -> Cut {
    Cut { name, by, by_customer: true }
}

const NONE: &str = "0";
const ONE: &str = "1";

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

const NET_BASE: &str = "d.net_base * 10000";
const NET: &str = "d.net * 10000";

const SOURCES: [Source; 8] = [
    Source {
        from: "\"order\" d",
        at: At::Instant("d.ordered_at"),
        states: &COUNTING_ORDERS,
        cuts: &[
            cut("month", By::Nothing),
            cut("channel", By::Own("d.channel")),
            cut("owner", By::Own("d.owner")),
            cut("source", By::Source),
        ],
        measures: sold,
        numbers: [
            "CASE WHEN d.net_base > 0 THEN 1 END",
            NET_BASE,
            "d.margin_base * 10000",
            "CASE WHEN d.margin_base IS NOT NULL THEN d.net_base * 10000 END",
        ],
        says: Some(Says::Bought),
    },
    Source {
        from: "sales d LEFT JOIN product p ON p.key = d.product_key",
        at: At::Day("d.day"),
        states: &[],
        cuts: &[
            cut("category", By::Own("p.category")),
            // A catalogue may be large: products are cut by month alone.
            Cut { name: "product", by: By::Own("p.id"), by_customer: false },
        ],
        measures: sold,
        numbers: [ONE, NET, "d.margin * 10000", "CASE WHEN d.margin IS NOT NULL THEN d.net * 10000 END"],
        says: None,
    },
    Source {
        from: "\"return\" d",
        at: At::Instant("d.returned_at"),
        states: &COUNTING_RETURNS,
        cuts: &[cut("month", By::Nothing)],
        measures: returned,
        numbers: [NONE, NET_BASE, NONE, NONE],
        says: None,
    },
    Source {
        from: "\"return\" d",
        at: At::Instant("d.returned_at"),
        states: &COUNTING_RETURNS,
        cuts: &[cut("reason", By::Own("d.reason"))],
        measures: returned,
        numbers: [ONE, NET_BASE, NONE, NONE],
        says: None,
    },
    Source {
        from: "returns d LEFT JOIN product p ON p.key = d.product_key",
        at: At::Day("d.day"),
        states: &[],
        cuts: &[Cut { name: "product", by: By::Own("p.id"), by_customer: false }],
        measures: returned,
        numbers: [NONE, NET, NONE, NONE],
        says: None,
    },
    Source {
        from: "(SELECT key AS account_key, created_at FROM account) d",
        at: At::Instant("d.created_at"),
        states: &[],
        cuts: &[cut("month", By::Nothing)],
        measures: entered,
        numbers: [ONE, NONE, NONE, NONE],
        says: None,
    },
    Source {
        from: "(SELECT a.key AS account_key, a.created_at, f.first_order_on FROM account a \
               LEFT JOIN account_figures f ON f.key = a.key) d",
        at: At::Instant("d.created_at"),
        states: &[],
        // By relation and region it is asked of everywhere at once, and sources may be thousands.
        cuts: &[cut("came", By::Nothing), cut("came_by", By::Source)],
        measures: followed,
        numbers: [ONE, "CASE WHEN d.first_order_on IS NOT NULL THEN 1 END", NONE, NONE],
        says: None,
    },
    Source {
        from: "(SELECT key AS account_key, first_order_on FROM account_figures) d",
        at: At::Day("d.first_order_on"),
        states: &[],
        cuts: &[cut("month", By::Nothing), cut("source", By::Source)],
        measures: won,
        numbers: [ONE, NONE, NONE, NONE],
        says: Some(Says::BoughtFirst),
    },
];

/// Classes customers are counted by; the cut is called like the class.
const STANDINGS: [&str; 5] = ["importance", "stage", "value_quadrant", weekday::FIELD, groups::FIELD];

/// The sales of a period, `since` to `as_of`.
pub(super) struct Sales<'a> {
    pub engine: &'a Engine,
    pub settings: &'a Settings,
    pub since: NaiveDate,
    pub as_of: NaiveDate,
}

/// What the rows of a source come to in one cut, by month, place and value.
type Sums = HashMap<(NaiveDate, u32, u32), [i64; 4]>;

impl Sales<'_> {
    /// The first day of the month. The running month is compared with the same days a year ago: what that month brought after them
    /// is a cell of its own, dated the day it begins.
    fn month(&self, day: NaiveDate) -> NaiveDate {
        let rest = year_before(self.as_of.succ_opt().unwrap_or(self.as_of));
        let month = first_of_month(day);
        if day >= rest && month == first_of_month(rest) { rest } else { month }
    }

    /// Day after which and until which rows are read at once.
    fn stretches(&self) -> Vec<(NaiveDate, NaiveDate)> {
        let (mut stretches, mut after) = (vec![], day_before(self.since));
        while after < self.as_of {
            let until = after.checked_add_months(chrono::Months::new(MONTHS_AT_ONCE)).unwrap_or(self.as_of);
            let until = Ord::min(until, self.as_of);
            stretches.push((after, until));
            after = until;
        }
        stretches
    }

    /// What is added up of them by month, and the rows of who bought again after his first quarter.
    pub async fn cells(&self) -> Result<(Cells, Vec<CutRow>)> {
        let (mut cells, mut cohorts) = (Cells::default(), Cohorts::between(self.since, self.as_of));
        for class in STANDINGS {
            self.add_standing(&mut cells, class).await?;
        }
        let customers = Customers::read(self.engine).await?;
        for source in &SOURCES {
            self.add(&mut cells, &mut cohorts, source, &customers).await?;
        }
        let cohorts = aside(|| cohorts.rows(&customers))?;
        Ok((cells, cohorts))
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
        cohorts: &mut Cohorts,
        source: &Source,
        customers: &Customers,
    ) -> Result<()> {
        let Source { from, at, states, cuts, measures, numbers, says } = source;
        let own =
            cuts.iter().filter_map(|cut| if let By::Own(column) = cut.by { Some(column) } else { None });
        let numbers = numbers.map(|number| format!("TRY_CAST({number} AS BIGINT)"));
        let columns = [at.day(self.settings), "d.account_key".to_owned()].into_iter().chain(numbers);
        let columns = columns.chain(own.map(str::to_owned)).enumerate();
        let columns: Vec<String> = columns.map(|(at, column)| format!("{column} AS column{at}")).collect();
        let mut values: Vec<Named> = cuts.iter().map(|_| Named::default()).collect();
        let mut sums: Vec<Sums> = cuts.iter().map(|_| Sums::new()).collect();
        for (after, until) in self.stretches() {
            let mut within = at.within(self.settings, after, until);
            if !states.is_empty() {
                within.push_str(&format!(" AND {}", counting("d.status", states)));
            }
            let sql = format!("SELECT {} FROM {from} WHERE {within}", columns.join(", "));
            let answer = ask(self.engine, &sql).await?;
            aside(|| {
                if let Some(says) = says {
                    cohorts.add(&answer, *says);
                }
                self.add_rows(&answer, cuts, customers, &mut values, &mut sums)
            })?;
        }
        aside(|| {
            for ((cut, values), sums) in cuts.iter().zip(&values).zip(sums) {
                for ((month, place, value), numbers) in sums {
                    let value = match cut.by {
                        By::Source => customers.sources.text(value),
                        _ => values.text(value),
                    };
                    cells.add((cut.name, month), customers.place(place), value, &measures(&numbers));
                }
            }
        });
        Ok(())
    }

    /// Adds rows whose columns are day, customer and numbers, then what cuts cut by.
    fn add_rows(
        &self,
        answer: &Answer,
        cuts: &[Cut],
        customers: &Customers,
        values: &mut [Named],
        sums: &mut [Sums],
    ) -> Result<()> {
        let first = day_number(self.since);
        let months: Vec<NaiveDate> =
            (first..=day_number(self.as_of)).map(|day| self.month(date_of(day))).collect();
        for batch in &answer.batches {
            let days = batch.column(0).as_primitive::<Date32Type>();
            let accounts = batch.column(1).as_primitive::<Int32Type>();
            let numbers: [_; 4] = std::array::from_fn(|at| batch.column(2 + at).as_primitive::<Int64Type>());
            let mut own = batch.columns()[2 + numbers.len()..].iter();
            let mut told: Vec<Vec<u32>> = vec![];
            for (cut, values) in cuts.iter().zip(values.iter_mut()) {
                let column = if let By::Own(_) = cut.by { own.next() } else { None };
                told.push(column.map(|column| values.of_column(column)).transpose()?.unwrap_or_default());
            }
            for row in 0..batch.num_rows() {
                let day = days.value(row);
                let month = usize::try_from(day - first).ok().and_then(|at| months.get(at).copied());
                let month = month.unwrap_or_else(|| self.month(date_of(day)));
                let (place, came_by) = customers.of(accounts.is_valid(row).then(|| accounts.value(row)));
                for ((cut, told), sums) in cuts.iter().zip(&told).zip(sums.iter_mut()) {
                    let value = match cut.by {
                        By::Nothing => Named::NOTHING,
                        By::Own(_) => told[row],
                        By::Source => came_by,
                    };
                    let place = if cut.by_customer { place } else { Customers::NOWHERE };
                    let known = sums.entry((month, place, value)).or_insert([0; 4]);
                    for (sum, number) in known.iter_mut().zip(numbers) {
                        if number.is_valid(row) {
                            *sum = sum.saturating_add(number.value(row));
                        }
                    }
                }
            }
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
