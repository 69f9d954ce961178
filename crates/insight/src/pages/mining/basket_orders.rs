//! `/analysis/baskets/orders`: the orders that hold all products of a rule, as many as it counts, the latest first and a page at a time.

use super::{Words, baskets as rules_page, products, scope, words};
use crate::{
    mining::baskets::{self, Holding},
    paged,
    pages::{customer_table::among, figure::Definition, href},
};
use axum::{
    extract::{Query as Asking, State},
    response::{IntoResponse, Redirect, Response},
};
use engine::Query;
use meta::{Id, Value};
use minijinja::context;
use serde::Deserialize;
use serde_json::{Value as Json, json};
use std::collections::HashMap;
use web::{Answer, App, Session};

pub(super) const PATH: &str = "/analysis/baskets/orders";
const ROWS: usize = 50;
const AMOUNT: &str = "net_base";

/// Both as they stand in an address.
#[derive(Default, Deserialize)]
pub struct Asked {
    #[serde(default)]
    of: String,
    #[serde(default)]
    after: String,
}

pub(super) fn address(products: &[Id]) -> String {
    let ids: Vec<String> = products.iter().map(Id::to_string).collect();
    format!("{PATH}?of={}", ids.join("_"))
}

fn place(text: &str) -> Option<Holding> {
    let (day, order) = text.split_once('_')?;
    Some(Holding { day: day.parse().ok()?, order: order.parse().ok()? })
}

pub async fn page(
    State(app): State<App>,
    session: Session,
    Asking(asked): Asking<Asked>,
) -> Answer<Response> {
    scope::whole_company(&session)?;
    let engine = app.engine();
    let kept = baskets::load(engine).await?;
    let wanted: Option<Vec<Id>> = asked.of.split('_').map(|id| id.parse().ok()).collect();
    let known = kept.as_ref().zip(wanted).and_then(|(kept, wanted)| {
        let both = kept.body.as_ref().ok()?.holding(&wanted)?;
        Some((kept, wanted, both))
    });
    let Some((kept, wanted, both)) = known else {
        // It says which rules there are.
        return Ok(Redirect::to(rules_page::PATH).into_response());
    };
    let words = words(&app, &session).await?;
    let after = paged::marker(&asked.after, place)?;
    let mut found = baskets::orders(engine, &wanted, kept.as_of, after, ROWS + 1).await?;
    let more = found.len() > ROWS;
    found.truncate(ROWS);
    let own = address(&wanted);
    let next = found.last().filter(|_| more);
    let next = next.map(|Holding { day, order }| format!("{own}&after={day}_{order}"));
    let ids: Vec<Id> = found.iter().map(|one| one.order).collect();
    let names = products(engine, &session, wanted.iter().copied()).await?;
    let named: Vec<&str> = wanted.iter().filter_map(|id| names.get(id).map(String::as_str)).collect();
    let rows = rows(&words, &session, &found, &ids).await?;
    app.saw_many(&session, "order", rows.len(), &[("products", &asked.of)]);
    let gone = (ids.len() - rows.len()) as u64;
    let field = engine.entity("order")?.get(AMOUNT);
    let amount = field.map(|field| {
        Definition::new(field.label.get(words.lang), words.meaning("mining.order_amount.is", &[]))
    });
    let context = context! {
        title => named.join(" + "),
        back => rules_page::PATH,
        total => words.count(u64::from(both)),
        as_of => words.date(kept.as_of),
        computed_at => words.format.instant(kept.computed_at),
        amount,
        rows,
        gone => (gone > 0).then(|| words.count(gone)),
        list_href => (!ids.is_empty()).then(|| href::sorted("order", &among(&ids), "-ordered_at")),
        first_href => after.is_some().then(|| own.clone()),
        next_href => next,
    };
    app.page(&session, "insight/mining_basket_orders.html", context).map(IntoResponse::into_response)
}

/// As far as the orders are still there, in the order they were found.
async fn rows(words: &Words<'_>, session: &Session, found: &[Holding], ids: &[Id]) -> Answer<Vec<Json>> {
    if ids.is_empty() {
        return Ok(vec![]);
    }
    let engine = words.app.engine();
    let query = Query::new("order").among(ids).limit(ids.len()).fields(&["number", "account", AMOUNT]);
    let records = engine.list(&session.actor, &query).await?.records;
    let customers: Vec<(&str, Id)> =
        records.iter().filter_map(|order| Some(("account", order.reference("account")?))).collect();
    let customers = engine.titles(&session.actor, &customers).await?;
    let records: HashMap<Id, _> = records.iter().map(|order| (order.id, order)).collect();
    let row = |one: &Holding| {
        let order = records.get(&one.order)?;
        let customer = order.reference("account");
        let amount = match order.get(AMOUNT) {
            Value::Decimal(amount) => words.format.money(*amount, &words.currency),
            _ => String::new(),
        };
        Some(json!({
            "number": order.text("number"), "href": format!("/order/{}", one.order), "day": words.date(one.day),
            "customer": customer.and_then(|customer| customers.get(&customer)),
            "customer_href": customer.map(|customer| format!("/account/{customer}")),
            "amount": amount,
        }))
    };
    Ok(found.iter().filter_map(row).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_in_the_list_is_read_from_its_address() {
        let (day, order) = ("2026-03-01".parse().unwrap_or_default(), Id::from_u128(3));
        assert_eq!(place(&format!("2026-03-01_{order}")), Some(Holding { day, order }));
        assert_eq!([place(""), place("2026-03-01"), place("now_x")], [None; 3]);
    }
}
