//! Adds up the rows of a cut under the filters.

use super::{
    cuts::{MEASURES, Measures},
    filter::Filter,
    store::TABLE,
};
use engine::{
    Engine, Result, name,
    sea_query::{Expr, ExprTrait, Func, Order, Query as Sql},
};
use meta::NaiveDate;
use std::collections::BTreeMap;

/// Rows looked at for one page; more than there are of any company's cut by month, relation and region.
const ROWS_LIMIT: u64 = 200_000;

/// One cut of a run.
pub struct Cut<'a> {
    pub engine: &'a Engine,
    pub run: i64,
    pub filter: &'a Filter,
}

pub type ByMonth = BTreeMap<NaiveDate, Measures>;
pub type ByValue = BTreeMap<String, Measures>;

impl Cut<'_> {
    /// By value and month, in `[from, until)`.
    async fn rows(
        &self,
        cut: &str,
        (from, until): (NaiveDate, NaiveDate),
    ) -> Result<Vec<(String, NaiveDate, Measures)>> {
        let mut select = Sql::select();
        select.columns(["value", "month"].map(name));
        for column in MEASURES {
            select.expr(Func::sum(Expr::col(name(column))).cast_as(name("bigint")));
        }
        select
            .from(name(TABLE))
            .and_where(Expr::col(name("run")).eq(self.run))
            .and_where(Expr::col(name("cut")).eq(cut))
            .and_where(Expr::col(name("month")).gte(from))
            .and_where(Expr::col(name("month")).lt(until))
            .group_by_columns(["value", "month"].map(name))
            .order_by(name("value"), Order::Asc)
            .order_by(name("month"), Order::Asc)
            .limit(ROWS_LIMIT);
        // Products are not cut by customer.
        if cut != "product" {
            for (column, wanted) in [("relation", &self.filter.relation), ("region", &self.filter.region)] {
                if !wanted.is_empty() {
                    select.and_where(Expr::col(name(column)).eq(wanted.clone()));
                }
            }
        }
        let rows = self.engine.fetch(&select).await?;
        rows.iter().map(|row| Ok((row.text(0)?, row.date(1)?, Measures::read(row, 2)?))).collect()
    }

    /// Every month of the period and of the year before, by month.
    pub async fn months(&self, cut: &str) -> Result<ByMonth> {
        let mut found = ByMonth::new();
        for (_, month, measures) in self.rows(cut, (self.filter.before, self.filter.until)).await? {
            found.entry(month).or_default().add(&measures);
        }
        Ok(found)
    }

    /// Of the period, by value.
    pub async fn values(&self, cut: &str) -> Result<ByValue> {
        self.values_within(cut, (self.filter.from, self.filter.until)).await
    }

    /// Of the same months a year earlier.
    pub async fn values_before(&self, cut: &str) -> Result<ByValue> {
        self.values_within(cut, (self.filter.before, self.filter.before_until())).await
    }

    async fn values_within(&self, cut: &str, period: (NaiveDate, NaiveDate)) -> Result<ByValue> {
        let mut found = ByValue::new();
        for (value, _, measures) in self.rows(cut, period).await? {
            found.entry(value).or_default().add(&measures);
        }
        Ok(found)
    }
}

/// Sum over the months in `[from, until)`.
pub fn sum(months: &ByMonth, (from, until): (NaiveDate, NaiveDate)) -> Measures {
    let mut all = Measures::default();
    months.range(from..until).for_each(|(_, measures)| all.add(measures));
    all
}
