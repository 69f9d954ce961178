//! The transition matrix of a period and of whoever was chosen, and how often groups break up.

use super::{PATH, Wanted, range, stage};
use crate::{
    moves::{Asking, Group, Moved, broken_up},
    pages::{
        figure::{Definition, Explain, Finding, Input},
        href,
        words::Words,
    },
    past::life::STAGES,
    settings::date_of,
};
use engine::Actor;
use meta::{Field, Id, Kind};
use minijinja::context;
use serde::Serialize;
use serde_json::{Value as Json, json};
use std::collections::HashMap;
use value::markov::{Driver, Share};
use warehouse::Limits;
use web::Answer;

/// A group with fewer active customers at the beginning is not compared.
const FEWEST: u64 = 20;

#[derive(Serialize)]
struct Cell {
    stage: String,
    /// Empty where nobody moved.
    count: String,
    share: String,
    range: String,
    href: String,
}

#[derive(Serialize)]
struct Row {
    stage: String,
    left: String,
    href: String,
    cells: Vec<Cell>,
}

#[derive(Serialize)]
struct GroupLine {
    group: String,
    href: Option<String>,
    customers: String,
    lost: String,
    rate: String,
    range: String,
    ratio: String,
    ratio_range: String,
    verdict: String,
    tone: &'static str,
}

pub(super) struct Shown<'a> {
    pub words: &'a Words<'a>,
    pub asking: &'a Asking<'a>,
    pub moved: &'a Moved,
    pub wanted: &'a Wanted,
}

impl Shown<'_> {
    pub async fn context(&self) -> Answer<minijinja::Value> {
        let (words, moved) = (self.words, self.moved);
        let date = |day: i32| words.date(date_of(day));
        let titles = self.titles().await?;
        Ok(context! {
            moves_missing => (),
            moves_wrong => (),
            from => date_of(moved.from).to_string(),
            to => date_of(moved.to).to_string(),
            from_on => date(moved.from),
            to_on => date(moved.to),
            first_on => date(moved.first),
            last_on => date(moved.last),
            first_day => date_of(moved.first).to_string(),
            last_day => date_of(moved.last).to_string(),
            taken => self.taken(),
            inputs => self.inputs(),
            source => source(words, &self.wanted.filter),
            broke_up => self.broke_up(),
            columns => self.columns(),
            refreshed_at => words.format.instant(moved.refreshed_at),
            heat => self.heat(),
            rows => (0..STAGES.len()).map(|from| self.row(from)).collect::<Vec<_>>(),
            grouped => self.field().map(|field| field.label.get(words.lang).to_owned()),
            groups => self.groups(&titles),
            drivers_href => format!("{PATH}/drivers?{}", self.query()),
        })
    }

    /// What the numbers rest on.
    fn inputs(&self) -> Vec<Input> {
        let (words, moved) = (self.words, self.moved);
        let (active, lost) = broken_up(&moved.all);
        let input = |key: &str, value: String| Input { label: words.t(key, &[]), value };
        vec![
            input("value.life.period_from", words.date(date_of(moved.from))),
            input("value.life.period_to", words.date(date_of(moved.to))),
            input("value.life.moving", words.count(moved.all.total())),
            input("value.life.active", words.count(active)),
            input("value.life.lost", words.count(lost)),
        ]
    }

    /// How many were active and how many of them were lost.
    fn broke_up(&self) -> Finding {
        let (words, moved) = (self.words, self.moved);
        let (active, lost) = broken_up(&moved.all);
        let (from, to) = (words.date(date_of(moved.from)), words.date(date_of(moved.to)));
        let moving = words.count(moved.all.total());
        let whose = words.t("value.life.moved", &[("count", &moving), ("from", &from), ("to", &to)]);
        let numbers = [("active", words.count(active)), ("lost", words.count(lost))];
        let numbers = numbers.each_ref().map(|(name, number)| (*name, number.as_str()));
        let mut explain =
            Explain::new(words.meaning("value.life.rate.is", &[]), words.format.instant(moved.refreshed_at));
        explain.inputs = self.inputs();
        if let Some(share) = Share::of(lost, active) {
            explain = explain
                .input(words.t("value.life.rate", &[]), words.percent(share.share))
                .input(words.t("value.life.interval", &[]), range(words, share.low, share.high));
        }
        Finding { text: format!("{whose} {}", words.t("value.life.broke_up_help", &numbers)), explain }
    }

    /// What each column of the matrix means.
    fn columns(&self) -> Vec<Definition> {
        let words = self.words;
        let to = words.date(date_of(self.moved.to));
        let from = words.date(date_of(self.moved.from));
        let customers = Definition::new(
            words.t("value.customers", &[]),
            words.meaning("value.life.at_beginning", &[("from", &from)]),
        );
        let cell = words.meaning("value.life.cell", &[("to", &to)]);
        let column = |at: usize| Definition::new(stage(words, at).0, cell.clone());
        std::iter::once(customers).chain((0..STAGES.len()).map(column)).collect()
    }

    /// Says so where another day was taken than was asked for.
    fn taken(&self) -> Option<String> {
        let asked = self.wanted.asked();
        let other = |asked: Option<_>, day: i32| asked.is_some_and(|asked| asked != date_of(day));
        let date = |day: i32| self.words.date(date_of(day));
        let is_other = other(asked.from, self.moved.from) || other(asked.to, self.moved.to);
        is_other.then(|| {
            self.words
                .t("value.life.taken", &[("from", &date(self.moved.from)), ("to", &date(self.moved.to))])
        })
    }

    /// Period as it was taken, and filter.
    fn query(&self) -> String {
        let (from, to) = (date_of(self.moved.from).to_string(), date_of(self.moved.to).to_string());
        Wanted { from, to, filter: self.wanted.filter.clone(), ..Wanted::default() }.query()
    }

    fn list(&self, was: usize, is: Option<usize>) -> String {
        let is = is.map(|is| format!("&is={is}")).unwrap_or_default();
        format!("{PATH}/customers?{}&was={was}{is}", self.query())
    }

    fn heat(&self) -> Json {
        let (words, n) = (self.words, STAGES.len());
        let names: Vec<String> = (0..n).map(|at| stage(words, at).0).collect();
        let mut cells = vec![];
        for from in 0..n {
            for to in 0..n {
                let share = self.moved.all.share(from, to);
                let count = self.moved.all.count(from, to);
                // Rows are drawn from below.
                cells.push(json!({
                    "x": to, "y": n - 1 - from, "value": count,
                    "text": share.map(|share| self.share(&share)).unwrap_or_default(),
                    "href": (count > 0).then(|| self.list(from, Some(to))),
                }));
            }
        }
        let (active, lost) = broken_up(&self.moved.all);
        let share = Share::of(lost, active).map_or("–".to_owned(), |share| words.percent(share.share));
        json!({
            "title": words.t("value.life.title", &[("share", &share)]),
            "data": {
                "columns": names, "rows": names.iter().rev().collect::<Vec<_>>(), "cells": cells,
                "x_label": words.t("value.life.to", &[]), "y_label": words.t("value.life.from", &[]),
            },
        })
    }

    /// `12 of 40: 30% (18–45%)`.
    fn share(&self, share: &Share) -> String {
        let words = self.words;
        words.t(
            "value.life.share",
            &[
                ("count", &words.count(share.count)),
                ("of", &words.count(share.of)),
                ("share", &words.percent(share.share)),
                ("low", &words.percent(share.low)),
                ("high", &words.percent(share.high)),
            ],
        )
    }

    /// The matrix with its intervals, as a table.
    fn row(&self, from: usize) -> Row {
        let words = self.words;
        let cell = |to: usize| {
            let empty = |share: String| Cell {
                stage: stage(words, to).0,
                count: String::new(),
                share,
                range: String::new(),
                href: String::new(),
            };
            match self.moved.all.share(from, to) {
                None => empty("–".to_owned()),
                Some(share) => Cell {
                    count: words.count(share.count),
                    range: range(words, share.low, share.high),
                    href: if share.count > 0 { self.list(from, Some(to)) } else { String::new() },
                    ..empty(words.percent(share.share))
                },
            }
        };
        Row {
            stage: stage(words, from).0,
            left: words.count(self.moved.all.left(from)),
            href: self.list(from, None),
            cells: (0..STAGES.len()).map(cell).collect(),
        }
    }

    /// The field that groups are made by.
    fn field(&self) -> Option<&Field> {
        self.words.field(&self.wanted.asked().by?)
    }

    fn groups(&self, titles: &HashMap<String, (Id, String)>) -> Vec<GroupLine> {
        let Some(field) = self.field() else { return vec![] };
        let named = |group: &Group| {
            let condition = condition(field, group.value.as_deref(), titles);
            let href = condition.map(|condition| {
                let own = self.wanted.filter.trim();
                let filter = if own.is_empty() { condition } else { format!("({own}) && {condition}") };
                let (from, to) = (date_of(self.moved.from).to_string(), date_of(self.moved.to).to_string());
                format!("{PATH}?{}", Wanted { from, to, filter, ..Wanted::default() }.query())
            });
            self.line(self.name(field, group.value.as_deref(), titles), href, &group.moves)
        };
        let others = self.moved.others.iter().map(|(count, moves)| {
            let name = self.words.t("value.life.other_groups", &[("count", &count.to_string())]);
            self.line(name, None, moves)
        });
        self.moved.groups.iter().map(named).chain(others).collect()
    }

    fn line(&self, group: String, href: Option<String>, moves: &value::markov::Transitions) -> GroupLine {
        let words = self.words;
        let (active, lost) = broken_up(moves);
        let all = broken_up(&self.moved.all);
        let others = (all.1.saturating_sub(lost), all.0.saturating_sub(active));
        let share = Share::of(lost, active);
        let driver = Driver::of((lost, active), others).filter(|_| active >= FEWEST && others.1 >= FEWEST);
        let (key, tone) = match driver.map(|driver| (driver.is_clear(), driver.ratio > 1.0)) {
            None => ("value.life.few", "grey"),
            Some((true, true)) => ("value.life.more", "red"),
            Some((true, false)) => ("value.life.less", "green"),
            Some((false, _)) => ("value.life.unclear", "grey"),
        };
        let two = |number: f64| words.fixed(number, 2);
        GroupLine {
            group,
            href,
            customers: words.count(active),
            lost: words.count(lost),
            rate: share.map_or("–".to_owned(), |share| words.percent(share.share)),
            range: share.map(|share| range(words, share.low, share.high)).unwrap_or_default(),
            ratio: driver.map_or("–".to_owned(), |driver| format!("× {}", two(driver.ratio))),
            ratio_range: driver.map(|d| format!("{}–{}", two(d.low), two(d.high))).unwrap_or_default(),
            verdict: words.t(key, &[]),
            tone,
        }
    }

    fn name(&self, field: &Field, value: Option<&str>, titles: &HashMap<String, (Id, String)>) -> String {
        let words = self.words;
        let unknown = || words.t("value.life.empty_group", &[]);
        match (value, &field.kind) {
            (None, _) => unknown(),
            (Some(key), Kind::Reference { .. }) => {
                titles.get(key).map_or_else(unknown, |(_, title)| title.clone())
            }
            (Some(value), Kind::Bool) => {
                words.t(if value == "true" { "value.life.yes" } else { "value.life.no" }, &[])
            }
            (Some(value), _) => match field.bands.zip(value.parse().ok()) {
                Some((bands, number)) => bands.label(number).get(words.lang).to_owned(),
                None => words.choice(&field.name, value).0,
            },
        }
    }

    /// Of a reference, whose groups are keys: the records behind them and their titles.
    async fn titles(&self) -> Answer<HashMap<String, (Id, String)>> {
        let target = self.field().and_then(Field::target);
        let keys = self.moved.groups.iter().filter_map(|group| group.value.as_deref()?.parse::<i32>().ok());
        let keys: Vec<String> = keys.map(|key| key.to_string()).collect();
        let (Some(target), false) = (target, keys.is_empty()) else { return Ok(HashMap::new()) };
        let sql = format!("SELECT key, id FROM \"{target}\" WHERE key IN ({})", keys.join(", "));
        let (engine, actor) = (self.asking.engine, self.asking.actor);
        let answer = warehouse::query(engine, &Actor::system(), &sql, Limits::PAGE).await?.whole()?;
        let mut ids = vec![];
        for row in answer.values() {
            let row = row?;
            if let [meta::Value::Int(key), id] = row.as_slice()
                && let Some(id) = id.as_id()
            {
                ids.push((key.to_string(), id));
            }
        }
        let wanted: Vec<(&str, Id)> = ids.iter().map(|(_, id)| (target, *id)).collect();
        let titles = engine.titles(actor, &wanted).await?;
        let titled = |(key, id): (String, Id)| {
            let title = titles.get(&id).cloned().unwrap_or_default();
            (key, (id, title))
        };
        Ok(ids.into_iter().map(titled).collect())
    }
}

/// The customers who were chosen, as they are listed today.
pub(super) fn source(words: &Words<'_>, chosen: &str) -> Json {
    let bought = "orders > 0";
    let filter = match chosen.trim() {
        "" => bought.to_owned(),
        own => format!("({own}) && {bought}"),
    };
    json!({ "href": href::sorted("account", &filter, "-net_sales"), "label": words.t("value.life.source", &[]) })
}

/// A group as a condition of the common language.
fn condition(field: &Field, value: Option<&str>, titles: &HashMap<String, (Id, String)>) -> Option<String> {
    let name = &field.name;
    Some(match (value, &field.kind) {
        (None, _) => format!("{name} == null"),
        (Some(key), Kind::Reference { .. }) => format!("{name} == '{}'", titles.get(key)?.0),
        (Some(value), Kind::Bool) => format!("{name} == {value}"),
        (Some(value), _) if field.bands.is_some() => {
            let (from, next) = field.bands?.range(value.parse().ok()?);
            let bounds =
                [from.map(|from| format!("{name} >= {from}")), next.map(|next| format!("{name} < {next}"))];
            bounds.into_iter().flatten().collect::<Vec<_>>().join(" && ")
        }
        (Some(value), _) => format!("{name} == '{}'", value.replace('\\', "\\\\").replace('\'', "\\'")),
    })
}
