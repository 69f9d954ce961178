//! The long list of measures and dimensions, grouped by where they come from.

use super::{
    builder::Ground,
    change::first_cut,
    view::{View, written},
};
use serde::Serialize;
use std::collections::BTreeSet;
use warehouse::semantic::{Cut, Dimension, DimensionKind, FACTS, Measure, Model};

#[derive(Serialize)]
pub struct Group {
    id: String,
    label: String,
    open: bool,
    items: Vec<Item>,
}

/// Something to put on a shelf.
#[derive(Serialize)]
pub struct Item {
    name: String,
    label: String,
    /// With the group's name, for the reader who does not see where it stands.
    whole: String,
    definition: String,
    icon: &'static str,
    /// As it stands in the address once it is on the shelf.
    value: String,
    chosen: bool,
    /// It goes with what is chosen.
    fits: bool,
}

impl Ground<'_> {
    pub(super) fn measures(&self, view: &View) -> Vec<Group> {
        let mut groups: Vec<(Vec<&str>, Vec<Item>)> = vec![];
        for measure in self.model.measures.iter().filter(|measure| !measure.part) {
            let mut facts = self.model.facts_of(measure.name);
            let item = self.measure(view, measure, &facts);
            // What rests on costs stands together, whatever else is in it.
            if facts.iter().any(|fact| fact.ends_with("_costs")) {
                facts = vec!["costs"];
            }
            match groups.iter_mut().find(|(known, _)| *known == facts) {
                Some((_, items)) => items.push(item),
                None => groups.push((facts, vec![item])),
            }
        }
        let named = |(facts, items): (Vec<&str>, Vec<Item>)| {
            let labels: Vec<String> =
                facts.iter().map(|fact| self.words.t(&format!("explore.fact_{fact}"), &[])).collect();
            Group {
                id: format!("measures-{}", facts.join("-")),
                label: labels.join(" + "),
                open: true,
                items,
            }
        };
        groups.into_iter().map(named).collect()
    }

    fn measure(&self, view: &View, measure: &Measure, facts: &[&str]) -> Item {
        let has = |cut: &Cut| facts.iter().all(|fact| self.model.dimension(fact, &cut.dimension).is_some());
        let label = self.say(&measure.label);
        Item {
            name: measure.name.to_owned(),
            whole: label.clone(),
            label,
            definition: self.say(&measure.definition),
            icon: match measure.unit.name() {
                "money" => "coin",
                "share" => "percentage",
                _ => "hash",
            },
            value: measure.name.to_owned(),
            chosen: view.question.measures.iter().any(|name| name == measure.name),
            fits: view.question.cuts.iter().all(has)
                && view.question.within.iter().all(|step| has(&step.cut())),
        }
    }

    /// Every dimension of every fact, by the record it is an attribute of.
    pub(super) fn dimensions(&self, view: &View) -> Vec<Group> {
        let fitting = self.model.common(&view.question.measures);
        let any = view.question.measures.is_empty();
        let mut groups: Vec<Group> = vec![];
        for dimension in &self.all_dimensions {
            let group = dimension.name.rsplit_once('.').map_or("", |(group, _)| group);
            let record = self.dimension(group);
            let whole = self.say(&dimension.label);
            let label = record
                .map(|record| self.say(&record.label))
                .and_then(|prefix| {
                    whole
                        .strip_prefix(&prefix)
                        .map(|rest| rest.trim_start_matches([':', '：', ' ']).to_owned())
                })
                .filter(|rest| !rest.is_empty())
                .unwrap_or_else(|| whole.clone());
            let item = Item {
                name: dimension.name.clone(),
                label,
                whole,
                definition: self.say(&dimension.definition),
                icon: icon_of(&dimension.kind),
                value: written(&first_cut(dimension)),
                chosen: view.question.cuts.iter().any(|cut| cut.dimension == dimension.name),
                fits: any || fitting.iter().any(|known| known.name == dimension.name),
            };
            let id = if group.is_empty() { "own" } else { group };
            match groups.iter_mut().find(|known| known.id == id) {
                Some(known) => known.items.push(item),
                None => groups.push(Group {
                    id: id.to_owned(),
                    label: record
                        .map_or_else(|| self.words.t("explore.own", &[]), |record| self.say(&record.label)),
                    open: group.is_empty(),
                    items: vec![item],
                }),
            }
        }
        groups.sort_by_key(|group| (!group.open, group.id.matches('.').count()));
        groups
    }

    pub fn dimension(&self, name: &str) -> Option<&Dimension> {
        self.all_dimensions.iter().copied().find(|known| known.name == name)
    }
}

/// One of each name, those of the first facts first.
pub(super) fn all_dimensions(model: &Model) -> Vec<&Dimension> {
    let mut known = BTreeSet::new();
    let all = FACTS.iter().filter_map(|fact| model.dimensions.get(fact.table)).flatten();
    all.filter(|dimension| known.insert(dimension.name.as_str())).collect()
}

fn icon_of(kind: &DimensionKind) -> &'static str {
    match kind {
        DimensionKind::Record { .. } => "link",
        DimensionKind::Choice(_) => "list",
        DimensionKind::Text => "letter-case",
        DimensionKind::Bool => "toggle-left",
        DimensionKind::Number | DimensionKind::Bands(_) => "hash",
        DimensionKind::Date => "calendar",
    }
}
