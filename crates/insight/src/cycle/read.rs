//! What customers bought on which days.

use crate::{
    settings::day_number,
    statistics::{COUNTING_ORDERS, UpTo},
};
use engine::{
    Engine, Result, name,
    sea_query::{Expr, ExprTrait, JoinType, Query as Sql},
};
use meta::Id;
use std::collections::BTreeMap;

/// Lines read of one batch of customers; whoever bought more is seen by his latest purchases.
const LINES_LIMIT: u64 = 200_000;

/// The purchases of one customer, of one product (`None`: of anything).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Bought {
    /// Days with a purchase, ascending.
    pub days: Vec<i32>,
    /// Pieces on all of them, ten-thousandths; of one product only.
    pub quantity: i64,
}

impl Bought {
    pub(super) fn add(&mut self, day: i32, quantity: i64) {
        if self.days.last() != Some(&day) {
            self.days.push(day);
        }
        self.quantity = self.quantity.saturating_add(quantity);
    }

    /// Pieces on a day with a purchase, ten-thousandths.
    pub fn usual_quantity(&self) -> i64 {
        self.quantity / i64::try_from(self.days.len()).map_or(1, |days| Ord::max(days, 1))
    }
}

pub type Purchases = BTreeMap<(Id, Option<Id>), Bought>;

pub async fn of(engine: &Engine, accounts: &[Id], up_to: &UpTo<'_>) -> Result<Purchases> {
    let order = |column: &str| (name("order"), name(column));
    let line = |column: &str| (name("order_line"), name(column));
    let select = Sql::select()
        .columns([
            order("account"),
            order("ordered_at"),
            order("status"),
            line("product"),
            line("quantity"),
            order("net_base"),
        ])
        .from(name("order"))
        .join(JoinType::InnerJoin, name("order_line"), Expr::col(line("order")).equals(order("id")))
        .and_where(Expr::col(order("account")).is_in(accounts.iter().copied()))
        .and_where(Expr::col(order("deleted_at")).is_null())
        .and_where(Expr::col(line("deleted_at")).is_null())
        .limit(LINES_LIMIT)
        .to_owned();
    let mut lines = vec![];
    for row in engine.fetch(&select).await? {
        let day = up_to.settings.day_of(row.instant(1)?);
        let counts = COUNTING_ORDERS.contains(&row.text(2)?.as_str())
            && day <= up_to.day
            && row.opt_int(5)?.unwrap_or(0) > 0;
        if counts {
            lines.push((day_number(day), row.id(0)?, row.opt_id(3)?, row.opt_int(4)?.unwrap_or(0)));
        }
    }
    lines.sort_unstable();
    let mut found = Purchases::new();
    for (day, account, product, quantity) in lines {
        found.entry((account, None)).or_default().add(day, 0);
        if product.is_some() && quantity > 0 {
            found.entry((account, product)).or_default().add(day, quantity);
        }
    }
    Ok(found)
}
