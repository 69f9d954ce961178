//! Keeps the totals of orders and returns: a few statements for all documents of a transaction, none per document, so that an
//! import of thousands of lines pays little for it. Totals that stay the same are not written.

use super::{
    Rates,
    totals::{LineSums, Terms, totals},
};
use engine::{
    Error, Result, Tx, among, name,
    sea_query::{Expr, ExprTrait, Func, Query, SelectStatement},
};
use meta::{Decimal, Id, MONEY_SCALE, Record, Values, unscaled};
use std::collections::{BTreeSet, HashMap};

const CHUNK: usize = 1_000;

/// A head with lines.
pub struct Document {
    pub head: &'static str,
    pub line: &'static str,
    /// The instant whose day decides the exchange rate.
    pub at: &'static str,
}

pub const ORDER: Document = Document { head: "order", line: "order_line", at: "ordered_at" };
pub const RETURN: Document = Document { head: "return", line: "return_line", at: "returned_at" };

impl Document {
    /// The heads of these lines, deleted lines included. Every live line must have a price by now.
    pub async fn heads_of(&self, tx: &mut Tx, lines: &[Id]) -> Result<Vec<Id>> {
        let mut heads = BTreeSet::new();
        for lines in lines.chunks(CHUNK) {
            let priceless =
                Expr::col(name("unit_price")).is_null().and(Expr::col(name("deleted_at")).is_null());
            let select = Query::select()
                .column(name(self.head))
                .expr(Func::max(Expr::case(priceless, 1i64).finally(0i64)))
                .from(name(self.line))
                .and_where(Expr::col(name("id")).is_in(among(lines)))
                .and_where(Expr::col(name(self.head)).is_not_null())
                .group_by_col(name(self.head))
                .to_owned();
            for row in tx.fetch(&select).await? {
                if row.int(1)? == 1 {
                    return Err(Error::rule(
                        "unit_price",
                        "is required: give a price, or choose a product that has one",
                        "必填：请填写单价，或选择已定价的产品",
                    ));
                }
                heads.insert(row.id(0)?);
            }
        }
        Ok(heads.into_iter().collect())
    }

    /// Computes the totals of these documents anew and writes those that changed.
    pub async fn refresh(&self, tx: &mut Tx, heads: &[Id]) -> Result<()> {
        for heads in heads.chunks(CHUNK) {
            let changed = self.changed_totals(tx, heads).await?;
            tx.set_figures(self.head, &changed).await?;
        }
        Ok(())
    }

    /// The same where the cause is in none of these documents, so that their own history must tell.
    pub async fn correct(&self, tx: &mut Tx, heads: &[Id]) -> Result<()> {
        for heads in heads.chunks(CHUNK) {
            let changed = self.changed_totals(tx, heads).await?;
            if !changed.is_empty() {
                tx.update_many(self.head, changed).await?;
            }
        }
        Ok(())
    }

    /// Those whose totals are not what their lines make, with what they should be.
    pub(super) async fn changed_totals(&self, tx: &mut Tx, heads: &[Id]) -> Result<Vec<(Id, Values)>> {
        let records = tx.get_many(self.head, heads).await?;
        let live: Vec<&Record> = records.iter().filter(|record| record.deleted_at.is_none()).collect();
        if live.is_empty() {
            return Ok(vec![]);
        }
        let currencies = live.iter().map(|record| record.text("currency").to_owned()).collect();
        let rates = Rates::load(tx, &currencies).await?;
        let sums = self.line_sums(tx, &live).await?;
        let mut changed = vec![];
        for record in live {
            let values = self.values(record, sums.get(&record.id).copied().unwrap_or_default(), &rates)?;
            if values.iter().any(|(field, value)| record.get(field) != value) {
                changed.push((record.id, values));
            }
        }
        Ok(changed)
    }

    fn values(&self, record: &Record, sums: LineSums, rates: &Rates) -> Result<Values> {
        let currency = record.text("currency");
        let at = record.get(self.at).as_instant().unwrap_or(record.created_at);
        let terms = Terms {
            discount: record.get("discount").as_decimal().unwrap_or_default(),
            currency,
            company_currency: &rates.company_currency,
            exchange_rate: rates.at(currency, at)?,
        };
        let totals = totals(sums, terms).ok_or_else(|| {
            Error::rule(
                "total",
                "is too large to be computed: check quantities and prices of the lines",
                "合计过大，无法计算，请检查各行的数量和单价",
            )
        })?;
        Ok(totals.values())
    }

    async fn line_sums(&self, tx: &mut Tx, heads: &[&Record]) -> Result<HashMap<Id, LineSums>> {
        let heads: Vec<Id> = heads.iter().map(|record| record.id).collect();
        let select = self.select_sums(&heads);
        let mut sums = HashMap::new();
        for row in tx.fetch(&select).await? {
            let amount = |index: usize| -> Result<Decimal> {
                Ok(unscaled(row.opt_int(index)?.unwrap_or_default(), MONEY_SCALE))
            };
            let every_cost_known = row.int(4)? == row.int(5)?;
            let cost = if every_cost_known { Some(amount(3)?) } else { None };
            sums.insert(row.id(0)?, LineSums { amount: amount(1)?, tax: amount(2)?, cost });
        }
        Ok(sums)
    }

    fn select_sums(&self, heads: &[Id]) -> SelectStatement {
        // PostgreSQL sums whole numbers into NUMERIC.
        let sum = |column: &str| Func::sum(Expr::col(name(column))).cast_as(name("bigint"));
        let mut select = Query::select();
        select
            .column(name(self.head))
            .expr(sum("amount"))
            .expr(sum("tax"))
            .expr(sum("cost"))
            .expr(Func::count(Expr::col(name("id"))))
            .expr(Func::count(Expr::col(name("cost"))))
            .from(name(self.line))
            .and_where(Expr::col(name(self.head)).is_in(among(heads)))
            .and_where(Expr::col(name("deleted_at")).is_null())
            .group_by_col(name(self.head));
        select
    }
}
