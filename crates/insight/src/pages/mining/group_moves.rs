//! The table of movement on the page of groups: who was in which group a quarter ago, and is in which now.

use super::{Words, groups::list_of};
use crate::{
    mining::groups::{FIELD, Found},
    pages::{
        figure::{Definition, Input},
        href,
    },
};
use mining::grouping::stable::Move;
use serde_json::{Value as Json, json};
use value::proportion::share;

/// From group to group; the last row is those who had not bought, the last column those who no longer do.
pub(super) fn table(words: &Words<'_>, found: &Found, names: &[(u32, String)]) -> Json {
    let count = |from: Option<u32>, to: Option<u32>| {
        let found = found.moves.iter().find(|one| one.from == from && one.to == to);
        found.map_or(0, |one| one.customers)
    };
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
                        "stays": from == *to, "none": customers == 0,
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
        Definition { label: name.clone(), definition: words.t(key, &[("since", &since)]) }
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
