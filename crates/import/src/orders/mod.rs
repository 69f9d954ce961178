//! Order files: one flat table of order lines makes customers, products, categories, orders, lines and returns.

mod customers;
mod documents;
mod lines;
mod originals;
mod price;
mod products;
mod row;
mod state;
mod words;

use crate::{Importer, Layout, RowProblem, store::Store};
use documents::{Group, ORDER, RETURN};
use engine::{BoxFuture, Engine, Result};
pub(crate) use row::currency_code;
use row::{LineRow, Parser};
use state::{Refused, State};
use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};
use tabular::Row;

pub struct Orders {
    parser: Parser,
    /// Of orders whose row names no currency.
    currency: String,
}

impl Orders {
    /// `currencies`: those amounts can be in.
    pub fn new(
        engine: &Engine,
        layout: Arc<Layout>,
        currency: String,
        currencies: HashSet<String>,
    ) -> Result<Self> {
        let account = engine.entity("account")?.clone();
        let line = engine.entity("order_line")?.clone();
        Ok(Orders { parser: Parser { layout, account, line, currencies }, currency })
    }
}

impl Orders {
    /// The moment of a row in the file's own zone; a day alone stays a day.
    pub fn shown_at(&self, row: &LineRow) -> String {
        self.parser.layout.shown(row.at)
    }
}

impl Importer for Orders {
    type Item = LineRow;
    type State = State;

    fn entity(&self) -> &str {
        ORDER.entity
    }
    fn state(&self) -> State {
        State::new()
    }
    fn forget(state: &mut State) {
        state.forget();
    }
    fn parse(&self, row: &Row) -> Result<LineRow, RowProblem> {
        self.parser.parse(row)
    }
    /// Lines of one order that stand together are written together.
    fn group<'i>(&self, item: &'i LineRow) -> Option<&'i str> {
        Some(&item.order)
    }

    fn write<'w>(
        &'w self,
        store: &'w mut Store<'_>,
        state: &'w mut State,
        items: &'w [&'w LineRow],
    ) -> BoxFuture<'w, Result<Vec<(usize, RowProblem)>>> {
        Box::pin(async move {
            customers::ensure(store, state, items, &self.currency).await?;
            products::ensure(store, state, items, &self.currency).await?;
            let (sold, back) = (groups(items, false), groups(items, true));
            let none = HashMap::new();
            let mut refused = documents::write(store, state, &ORDER, &sold, &none, &self.currency).await?;
            let originals = originals::find(store, state, items).await?;
            refused.extend(documents::write(store, state, &RETURN, &back, &originals, &self.currency).await?);
            let number = self.parser.layout.header("order_number");
            let problem = |(index, refused)| match refused {
                Refused::Beyond => (index, RowProblem::beyond()),
                Refused::Deleted => {
                    let problem = RowProblem::new(
                        number,
                        "this order was deleted in Zhike: restore it there first if it is to come back",
                        "这张单据已在知客中删除，如需重新导入请先在知客中恢复",
                    );
                    (index, problem)
                }
            };
            Ok(refused.into_iter().map(problem).collect())
        })
    }

    /// The column a problem of the engine is about.
    fn column_of(&self, field: &str) -> String {
        let target = match field {
            "account" | "name" => "customer_name",
            "order" | "return" | "number" => "order_number",
            "ordered_at" | "returned_at" => "ordered_on",
            "product" | "code" => "product_code",
            "description" => "product_name",
            other => other,
        };
        self.parser.layout.header(target).to_owned()
    }
}

fn groups<'r>(items: &[&'r LineRow], back: bool) -> Vec<Group<'r>> {
    let mut at: HashMap<&str, usize> = HashMap::new();
    let mut groups: Vec<Group<'r>> = vec![];
    for (index, row) in items.iter().enumerate().filter(|(_, row)| row.priced.back == back) {
        let place = *at.entry(&row.order).or_insert(groups.len());
        if place == groups.len() {
            groups.push((&row.order, vec![]));
        }
        groups[place].1.push((index, row));
    }
    groups
}
