//! A table as a chart: the data of `assets/js/chart_kinds.js`, and what they say in a sentence.

use super::{
    sheet::{behind, cell_href, group_label},
    table::{Aspect, Place, Row, Table},
    view::{Chart, View},
};
use crate::words::Words;
use meta::Decimal;
use serde::Serialize;
use serde_json::{Value as Json, json};
use std::collections::BTreeMap;
use warehouse::semantic::{DimensionKind, Level, Model};

const BARS_LIMIT: usize = 60;
const LYING_LIMIT: usize = 30;
const POINTS_LIMIT: usize = 1_000;
const SERIES_LIMIT: usize = 12;
const TILES_LIMIT: usize = 300;

#[derive(Serialize)]
pub struct Drawn {
    /// Of the macro `chart`.
    pub kind: &'static str,
    pub size: &'static str,
    /// What it shows, as a sentence.
    pub title: String,
    pub data: Json,
    /// What is not in it.
    pub note: Option<String>,
    /// Rows of the table that are not in it because nothing there is called so.
    pub off: Vec<usize>,
}

/// Which chart a view is drawn as.
pub fn resolved(view: &View, model: &Model) -> Chart {
    match view.chart {
        Chart::Auto if view.question.cuts.is_empty() => Chart::Table,
        Chart::Auto if over_time(view, model) => Chart::Line,
        Chart::Auto => Chart::Bar,
        chosen => chosen,
    }
}

/// Whether the rows follow each other in time.
fn over_time(view: &View, model: &Model) -> bool {
    view.question.cuts.first().is_some_and(|cut| {
        let mut known = model.dimensions.values().flatten();
        let date = known.any(|one| one.name == cut.dimension && one.kind == DimensionKind::Date);
        date && !cut.level.is_some_and(Level::recurs)
    })
}

/// `None` where there is nothing to draw.
pub fn drawn(view: &View, table: &Table, model: &Model, words: &Words<'_>) -> Option<Drawn> {
    let chart = resolved(view, model);
    if chart == Chart::Table || table.rows.is_empty() {
        return None;
    }
    let board = Board { view, table, words, query: view.query(), over_time: over_time(view, model) };
    match chart {
        Chart::Heat if table.groups.is_empty() => {
            Some(Drawn { note: Some(words.t("explore.heat_needs", &[])), ..board.series("bars", BARS_LIMIT) })
        }
        Chart::Heat => Some(board.heat()),
        Chart::Treemap => Some(board.treemap()),
        Chart::Map => Some(board.map().unwrap_or_else(|why| {
            let kind = if table.rows.len() <= LYING_LIMIT { "ranked" } else { "bars" };
            Drawn { note: Some(why), ..board.series(kind, BARS_LIMIT) }
        })),
        Chart::Line => Some(board.series("line", POINTS_LIMIT)),
        // Names are read lying, times standing.
        _ if table.rows.len() <= LYING_LIMIT && !over_time(view, model) => {
            Some(board.series("ranked", LYING_LIMIT))
        }
        _ => Some(board.series("bars", BARS_LIMIT)),
    }
}

pub(super) struct Board<'a> {
    pub view: &'a View,
    pub table: &'a Table,
    pub words: &'a Words<'a>,
    pub query: String,
    over_time: bool,
}

/// Charts are drawn in floating point; tables and files have the exact figures.
pub(super) fn number(value: Option<Decimal>) -> Json {
    value.and_then(|value| value.to_string().parse::<f64>().ok()).map_or(Json::Null, |value| json!(value))
}

impl Board<'_> {
    fn unit(&self) -> &'static str {
        self.table.answer.measures.first().map_or("count", |measure| measure.unit)
    }

    /// How charts call the unit.
    pub(super) fn chart_unit(&self) -> &'static str {
        match self.unit() {
            "money" => "money",
            "share" => "percent",
            _ => "count",
        }
    }

    fn label(&self, row: &Row) -> String {
        row.members.iter().map(|member| self.words.say(&member.label)).collect::<Vec<_>>().join(" · ")
    }

    pub(super) fn href(&self, row: &Row, group: Option<usize>) -> Option<String> {
        let (mut cuts, mut members) = (self.view.rows().to_vec(), row.members.clone());
        if let Some(group) = group {
            cuts.extend_from_slice(self.view.columns());
            members.extend_from_slice(&self.table.groups[group]);
        }
        behind(&cuts, &members).map(|at| cell_href(&self.query, &at))
    }

    /// The places of values that share the first measure's unit; across, those of the first measure.
    fn places(&self) -> Vec<usize> {
        let crossed = !self.table.groups.is_empty();
        let fits = |place: &Place| {
            let unit = self.table.measure(place).unit == self.unit();
            let drawn = match place.aspect {
                Aspect::Value => true,
                Aspect::Compared => !crossed,
                _ => false,
            };
            let here = if crossed { place.group.is_some() && place.measure == 0 } else { true };
            drawn && unit && here
        };
        let places = self.table.places.iter().enumerate().filter(|(_, place)| fits(place));
        places.map(|(at, _)| at).collect()
    }

    fn name(&self, place: &Place) -> String {
        let measure = self.words.say(&self.table.measure(place).label);
        match (place.group, place.aspect) {
            (Some(group), _) => group_label(self.table, Some(group), self.words),
            (None, Aspect::Compared) => format!("{measure} · {}", self.words.t("explore.before", &[])),
            _ => measure,
        }
    }

    fn series(&self, kind: &'static str, limit: usize) -> Drawn {
        let places = self.places();
        // What has no day is nowhere on a line through time.
        let is_on_it = |row: &&Row| {
            kind != "line" || !self.over_time || row.members.first().is_none_or(|day| !day.value.is_null())
        };
        let rows: Vec<&Row> = self.table.rows.iter().filter(is_on_it).take(limit).collect();
        let is_undated = |row: &Row| row.members.first().is_some_and(|day| !day.rest);
        let undated = self.table.rows.iter().any(|row| !is_on_it(&row) && is_undated(row));
        let series: Vec<Json> = places
            .iter()
            .take(SERIES_LIMIT)
            .map(|at| {
                let place = &self.table.places[*at];
                let values = rows.iter().map(
                    |row| json!({ "value": number(row.values[*at]), "href": self.href(row, place.group) }),
                );
                // Parts of a whole stand on each other.
                let stack = place.group.is_some() && kind != "line" && self.table.measure(place).additive;
                json!({ "name": self.name(place), "values": values.collect::<Vec<_>>(), "stack": stack })
            })
            .collect();
        let data = json!({
            "categories": rows.iter().map(|row| self.label(row)).collect::<Vec<_>>(),
            "series": series,
            "unit": self.chart_unit(),
            "currency": self.words.currency,
        });
        let cut = self.table.rows.len() > limit || places.len() > SERIES_LIMIT;
        let without = undated.then(|| self.words.t("explore.chart_undated", &[]));
        let notes: Vec<String> = self.note(cut, limit).into_iter().chain(without).collect();
        let note = Some(notes.join(" ")).filter(|note| !note.is_empty());
        Drawn { kind, size: "l", title: self.finding(), data, note, off: vec![] }
    }

    fn note(&self, cut: bool, limit: usize) -> Option<String> {
        let shown = self.words.count(limit.min(self.table.rows.len()));
        if cut {
            return Some(self.words.t("explore.chart_cut", &[("shown", &shown)]));
        }
        let others = self.table.answer.measures.iter().any(|measure| measure.unit != self.unit());
        let crossed = !self.table.groups.is_empty() && self.table.answer.measures.len() > 1;
        (others || crossed).then(|| self.words.t("explore.chart_measures", &[]))
    }

    fn heat(&self) -> Drawn {
        let rows: Vec<&Row> = self.table.rows.iter().take(BARS_LIMIT).collect();
        let mut cells = vec![];
        for (at, place) in self.table.places.iter().enumerate() {
            let Some(group) = place.group.filter(|_| place.measure == 0 && place.aspect == Aspect::Value)
            else {
                continue;
            };
            for (y, row) in rows.iter().enumerate() {
                let Some(value) = row.values[at] else { continue };
                let text =
                    format!("{} · {}", self.label(row), group_label(self.table, Some(group), self.words));
                cells.push(json!({
                    "x": group, "y": rows.len() - 1 - y, "value": number(Some(value)), "text": text,
                    "href": self.href(row, Some(group)),
                }));
            }
        }
        let data = json!({
            "columns": (0..self.table.groups.len()).map(|group| group_label(self.table, Some(group), self.words)).collect::<Vec<_>>(),
            "rows": rows.iter().rev().map(|row| self.label(row)).collect::<Vec<_>>(),
            "cells": cells,
            "name": self.table.answer.measures.first().map(|measure| self.words.say(&measure.label)),
            "unit": self.chart_unit(),
            "currency": self.words.currency,
        });
        let size = if rows.len() > 16 { "xl" } else { "l" };
        Drawn {
            kind: "heat",
            size,
            title: self.finding(),
            data,
            note: self.note(self.table.rows.len() > BARS_LIMIT, BARS_LIMIT),
            off: vec![],
        }
    }

    /// The first dimension's members, and within them those of the others.
    fn treemap(&self) -> Drawn {
        let at = self.first();
        let mut nodes: BTreeMap<usize, (String, Vec<Json>)> = BTreeMap::new();
        let mut places: Vec<String> = vec![];
        let mut left_out = self.table.rows.len() > TILES_LIMIT;
        for row in self.table.rows.iter().take(TILES_LIMIT) {
            let Some(value) = at.and_then(|at| row.values[at]).filter(|value| *value > Decimal::ZERO) else {
                left_out = true;
                continue;
            };
            let (Some(first), deeper) = (row.members.first(), row.members.len() > 1) else { continue };
            let place = places.iter().position(|code| *code == first.code).unwrap_or_else(|| {
                places.push(first.code.clone());
                places.len() - 1
            });
            let node = nodes.entry(place).or_insert_with(|| (self.words.say(&first.label), vec![]));
            let name = match deeper {
                true => {
                    row.members[1..].iter().map(|m| self.words.say(&m.label)).collect::<Vec<_>>().join(" · ")
                }
                false => self.words.say(&first.label),
            };
            node.1.push(json!({ "name": name, "value": number(Some(value)), "href": self.href(row, None) }));
        }
        let deep = self.view.rows().len() > 1;
        let nodes: Vec<Json> = nodes
            .into_values()
            .flat_map(|(name, children)| match deep {
                true => vec![json!({ "name": name, "children": children })],
                false => children,
            })
            .collect();
        let data = json!({ "nodes": nodes, "unit": self.chart_unit(), "currency": self.words.currency });
        let note = left_out.then(|| self.words.t("explore.treemap_cut", &[]));
        Drawn { kind: "treemap", size: "l", title: self.finding(), data, note, off: vec![] }
    }

    /// The place of the first measure's value over everything in the row.
    pub(super) fn first(&self) -> Option<usize> {
        let whole =
            |place: &Place| place.group.is_none() && place.measure == 0 && place.aspect == Aspect::Value;
        self.table.places.iter().position(whole)
    }

    /// Which of the rows with a name is the largest, and how much of the whole where that means something.
    pub(super) fn finding(&self) -> String {
        let Some((at, measure)) = self.first().zip(self.table.answer.measures.first()) else {
            return String::new();
        };
        let name = self.words.say(&measure.label);
        let named = |row: &&Row| row.members.iter().all(|member| !member.rest && !member.value.is_null());
        let known = self.table.rows.iter().filter(named);
        let Some((row, value)) =
            known.filter_map(|row| Some((row, row.values[at]?))).max_by_key(|(_, value)| *value)
        else {
            return name;
        };
        let figure = self.words.short(Some(value), measure.unit);
        let member = self.label(row);
        let whole = self.table.total.values[at]
            .filter(|whole| measure.additive && *whole > Decimal::ZERO && value > Decimal::ZERO);
        match whole.and_then(|whole| value.checked_div(whole)).filter(|_| self.table.rows.len() > 1) {
            Some(share) => {
                let share = self.words.figure(Some(share.round_dp(3)), "share");
                self.words.t(
                    "explore.finding_share",
                    &[("measure", &name), ("member", &member), ("figure", &figure), ("share", &share)],
                )
            }
            None => self
                .words
                .t("explore.finding", &[("measure", &name), ("member", &member), ("figure", &figure)]),
        }
    }
}
