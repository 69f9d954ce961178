//! A customer's answers of the last 52 weeks, as sums: whole numbers, so that they are the same in whatever order they come.

use super::ENTITY;
use crate::{
    settings::{date_of, day_number},
    statistics::{RECENT_DAYS, Statistics, UpTo},
};
use engine::{
    Engine, Result, Row, TryStreamExt, Tx, name,
    sea_query::{Expr, ExprTrait, Query as Sql, SelectStatement},
};
use meta::Id;
use std::collections::HashMap;
use value::{
    proportion::{Estimate, mean_of_sums},
    satisfaction::{MOST, ratio_thousandths},
};

/// A sum in thousandths and how many it is of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    sum: u32,
    count: u16,
}

impl Tally {
    fn add(&mut self, thousandths: u32) {
        // More answers than this of one customer in a year change no mean.
        if self.count < u16::MAX {
            self.sum = self.sum.saturating_add(thousandths);
            self.count += 1;
        }
    }

    pub fn mean(self) -> Option<f64> {
        (self.count > 0).then(|| f64::from(self.sum) / f64::from(self.count) / 1_000.0)
    }

    pub fn count(self) -> u64 {
        u64::from(self.count)
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Answers {
    /// C.
    pub satisfaction: Tally,
    /// 0 to 10.
    pub recommend: Tally,
    /// Recommending and buying again, 0 to 10.
    pub emotional: Tally,
    /// Price tolerance and first choice, 0 to 10.
    pub cognitive: Tally,
    /// Share of wallet, 0 to 1.
    pub share: Tally,
}

/// What is read of an answer, in the order of [`select`].
const COLUMNS: [&str; 9] = [
    "account",
    "asked_on",
    "expected",
    "perceived",
    "recommend",
    "repurchase",
    "price_tolerance",
    "first_choice",
    "share_of_wallet",
];

fn select(accounts: Option<&[Id]>, up_to: &UpTo<'_>) -> SelectStatement {
    let account = Expr::col(name("account"));
    let of = match accounts {
        Some(accounts) => account.is_in(accounts.iter().copied()),
        None => account.is_not_null(),
    };
    Sql::select()
        .columns(COLUMNS.map(name))
        .from(name(ENTITY))
        .and_where(of)
        .and_where(Expr::col(name("deleted_at")).is_null())
        .and_where(Expr::col(name("asked_on")).gt(date_of(day_number(up_to.day) - RECENT_DAYS)))
        .and_where(Expr::col(name("asked_on")).lte(up_to.day))
        .to_owned()
}

impl Answers {
    fn add(&mut self, row: &Row) -> Result<()> {
        let small = |index: usize| -> Result<Option<u8>> {
            Ok(row.opt_int(index)?.and_then(|answer| u8::try_from(answer).ok()))
        };
        if let (Some(expected), Some(perceived)) = (small(2)?, small(3)?)
            && let Some(ratio) = ratio_thousandths(perceived, expected)
        {
            self.satisfaction.add(ratio);
        }
        let thousandths = |answer: u8| u32::from(answer) * 1_000;
        if let Some(answer) = small(4)? {
            self.recommend.add(thousandths(answer));
            self.emotional.add(thousandths(answer));
        }
        if let Some(answer) = small(5)? {
            self.emotional.add(thousandths(answer));
        }
        for index in [6, 7] {
            if let Some(answer) = small(index)? {
                self.cognitive.add(thousandths(answer));
            }
        }
        // Stored as ten-thousandths.
        if let Some(share) = row.opt_int(8)?.and_then(|share| u32::try_from(share / 10).ok()) {
            self.share.add(share);
        }
        Ok(())
    }
}

/// The answers of one customer, and his C and recommending with the interval of their spread, which is kept of nobody.
pub struct Own {
    pub answers: u64,
    pub satisfaction: Option<Estimate>,
    pub recommend: Option<Estimate>,
}

impl Own {
    pub async fn of(engine: &Engine, account: Id, up_to: &UpTo<'_>) -> Result<Self> {
        let rows = engine.fetch(&select(Some(&[account]), up_to)).await?;
        let mut sums = [(0_u64, 0_i64, 0_i64); 2];
        for row in &rows {
            let mut answer = Answers::default();
            answer.add(row)?;
            for ((count, sum, squares), tally) in sums.iter_mut().zip([answer.satisfaction, answer.recommend])
            {
                *count += tally.count();
                *sum += i64::from(tally.sum);
                *squares += i64::from(tally.sum).pow(2);
            }
        }
        // Neither lies outside: what is found is at most ten times what was expected.
        let [satisfaction, recommend] = sums.map(|(count, sum, squares)| {
            mean_of_sums(count, sum, squares, 1_000.0).map(|mean| mean.within(0.0, f64::from(MOST)))
        });
        Ok(Own { answers: rows.len() as u64, satisfaction, recommend })
    }
}

fn add(found: &mut HashMap<Id, Statistics>, rows: &[Row]) -> Result<()> {
    for row in rows {
        found.entry(row.id(0)?).or_default().answers.add(row)?;
    }
    Ok(())
}

pub async fn add_of(
    engine: &Engine,
    found: &mut HashMap<Id, Statistics>,
    accounts: &[Id],
    up_to: &UpTo<'_>,
) -> Result<()> {
    add(found, &engine.fetch(&select(Some(accounts), up_to)).await?)
}

pub async fn add_of_in(
    tx: &mut Tx,
    found: &mut HashMap<Id, Statistics>,
    accounts: &[Id],
    up_to: &UpTo<'_>,
) -> Result<()> {
    add(found, &tx.fetch(&select(Some(accounts), up_to)).await?)
}

/// `customers` are in order of their ids.
pub async fn add_of_everybody(
    engine: &Engine,
    customers: &mut [(Id, Statistics)],
    up_to: &UpTo<'_>,
) -> Result<()> {
    let select = select(None, up_to);
    let mut rows = engine.stream(&select);
    while let Some(row) = rows.try_next().await? {
        let account = row.id(0)?;
        if let Ok(at) = customers.binary_search_by(|(id, _)| id.cmp(&account)) {
            customers[at].1.answers.add(&row)?;
        }
    }
    Ok(())
}
