//! The table of movement on the page of groups: who was in which group a quarter ago, and is in which now; and
//! `/analysis/groups/customers`: the customers behind each of its numbers.

use super::{
    Words,
    groups::{list_of, names},
    scope, words,
};
use crate::{
    mining::{
        group_names::Names,
        groups::{self, FIELD, Found},
    },
    paged::After,
    pages::{
        behind::Behind,
        figure::{Definition, Input},
        href,
    },
};
use axum::{
    extract::{Query, State},
    response::{IntoResponse, Redirect, Response},
};
use mining::grouping::stable::Move;
use serde::Deserialize;
use serde_json::{Value as Json, json};
use value::proportion::share;
use web::{Answer, App, Session};

pub(super) const PATH: &str = "/analysis/groups";
/// Of the customers behind a number.
pub(super) const COLUMNS: [&str; 4] = [FIELD, "last_order_on", "sales_52w", "net_sales"];

/// Without a group he was, or is, in none.
#[derive(Default, Deserialize)]
pub struct Of {
    from: Option<u32>,
    to: Option<u32>,
    #[serde(default)]
    after: String,
}

/// The address of who is behind a number, without its page.
fn address(from: Option<u32>, to: Option<u32>) -> String {
    let part = |name: &str, group: Option<u32>| group.map(|number| format!("{name}={number}"));
    let parts: Vec<String> = [part("from", from), part("to", to)].into_iter().flatten().collect();
    format!("{PATH}/customers?{}", parts.join("&"))
}

fn count(found: &Found, from: Option<u32>, to: Option<u32>) -> usize {
    let found = found.moves.iter().find(|one| one.from == from && one.to == to);
    found.map_or(0, |one| one.customers)
}

pub async fn customers(State(app): State<App>, session: Session, Query(of): Query<Of>) -> Answer<Response> {
    scope::whole_company(&session)?;
    let engine = app.engine();
    let kept = groups::load(engine).await?;
    let known = kept.as_ref().and_then(|kept| Some((kept, kept.body.as_ref().ok()?)));
    let Some((kept, found)) = known.filter(|_| of.from.is_some() || of.to.is_some()) else {
        // It says why there is none.
        return Ok(Redirect::to(PATH).into_response());
    };
    let words = words(&app, &session).await?;
    let behind = Behind {
        title: title(&words, found, &Names::load(engine).await?, (of.from, of.to), &words.date(kept.as_of)),
        help: words.t("mining.moved_list_help", &[]),
        foot: words.t(
            "mining.as_of",
            &[("as_of", &words.date(kept.as_of)), ("at", &words.format.instant(kept.computed_at))],
        ),
        back: (PATH.to_owned(), words.t("mining.groups_title", &[])),
        columns: &COLUMNS,
        told: None,
        page: groups::moved(engine, (of.from, of.to), After::read(&of.after)?).await?,
        total: count(found, of.from, of.to),
    };
    behind.show(&words, &session, &address(of.from, of.to)).await
}

fn title(
    words: &Words<'_>,
    found: &Found,
    called: &Names,
    (from, to): (Option<u32>, Option<u32>),
    now: &str,
) -> String {
    let names = names(words, found, called);
    let name = |group: Option<u32>| {
        let known = names.iter().find(|(number, _)| Some(*number) == group);
        known.map(|(_, name)| name.clone()).unwrap_or_default()
    };
    let key = match (from, to) {
        (None, _) => "mining.came_list",
        (_, None) => "mining.left_list",
        (from, to) if from == to => "mining.stayed_list",
        _ => "mining.moved_list",
    };
    let then = words.date(found.moved_since);
    words.t(key, &[("from", &name(from)), ("to", &name(to)), ("then", &then), ("now", now)])
}

/// From group to group; the last row is those who had not bought, the last column those who no longer do.
pub(super) fn table(words: &Words<'_>, found: &Found, names: &[(u32, String)]) -> Json {
    let count = |from: Option<u32>, to: Option<u32>| count(found, from, to);
    let outside = |key: &str| [(None, words.t(key, &[]))];
    let groups = || names.iter().map(|(number, name)| (Some(*number), name.clone()));
    let to: Vec<(Option<u32>, String)> = groups().chain(outside("mining.gone")).collect();
    let from = groups().chain(outside("mining.new"));
    let rows: Vec<Json> = from
        .map(|(from, name)| {
            let all: usize = to.iter().map(|(to, _)| count(from, *to)).sum();
            let all = all as u64;
            let cells: Vec<Json> = to
                .iter()
                .map(|(to, label)| {
                    let customers = count(from, *to);
                    // Of those who were there, how many came here, with the interval of that share.
                    let share = share(customers as u64, all).map(|found| {
                        let (low, high) = (words.whole_percent(found.low), words.whole_percent(found.high));
                        format!("{} ({low} – {high})", words.whole_percent(found.at))
                    });
                    json!({
                        "label": label, "text": words.count(customers as u64), "share": share,
                        "stays": from == *to, "href": (customers > 0).then(|| address(from, *to)),
                    })
                })
                .collect();
            json!({ "name": name, "cells": cells })
        })
        .collect();
    let sum = |counts: &dyn Fn(&Move) -> bool| -> usize {
        found.moves.iter().filter(|one| counts(one)).map(|one| one.customers).sum()
    };
    let before = sum(&|one| one.from.is_some());
    let staying = sum(&|one| one.from.is_some() && one.from == one.to);
    let gone = sum(&|one| one.from.is_some() && one.to.is_none());
    let moved = before - staying - gone;
    let share = moved as f64 / before.max(1) as f64;
    let title = words
        .t("mining.moved_title", &[("count", &words.count(moved as u64)), ("share", &words.percent(share))]);
    let columns = to.iter().map(|(to, name)| json!({ "name": name, "href": to.map(list_of) }));
    let since = words.date(found.moved_since);
    let definitions = to.iter().map(|(to, name)| {
        let key = if to.is_some() { "mining.moved.is" } else { "mining.gone.is" };
        Definition::new(name, words.meaning(key, &[("since", &since)]))
    });
    let input =
        |key: &str, number: usize| Input { label: words.t(key, &[]), value: words.count(number as u64) };
    let arrived = sum(&|one| one.from.is_none());
    json!({
        "title": title, "rows": rows,
        "columns": columns.collect::<Vec<_>>(),
        "definitions": definitions.collect::<Vec<_>>(),
        "inputs": [input("mining.moved_before", before), input("mining.moved_stayed", staying), input("mining.moved_gone", gone), input("mining.moved_new", arrived)],
        "source": {
            "href": href::sorted("account", &format!("{FIELD} > 0"), "-net_sales"),
            "label": words.t("mining.these_customers", &[]),
        },
    })
}
