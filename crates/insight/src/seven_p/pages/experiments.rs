//! What campaigns brought about, as far as somebody was left alone for comparison.

use super::{Board, List, ROWS, effects::Apart};
use crate::{
    mining::{
        experiment::{
            ENTITY,
            result::{self, Found},
        },
        kept::Kept,
    },
    pages::figure::Finding,
};
use engine::{Actor, Engine, Query, Result};
use meta::Record;
use mining::effect::Effect;
use std::sync::Arc;

/// Experiments looked at, the newest; a list shows the first of them.
const LOOKED_AT: usize = 100;

/// An experiment and what was found of it.
pub(super) struct Tried {
    pub experiment: Record,
    by_sales: bool,
    found: Option<Arc<Kept<Found>>>,
}

impl Tried {
    /// `None` until it has ended and is compared: before nothing is claimed.
    pub fn ended(&self) -> Option<&Found> {
        self.found.as_ref().map(|kept| &kept.body).filter(|found| found.ended)
    }

    /// On what it is measured by.
    fn effect(&self) -> Option<Effect> {
        Some(self.ended()?.effect(self.by_sales))
    }
}

/// The newest experiments the reader may see.
pub(super) async fn tried(engine: &Engine, reader: &Actor) -> Result<Vec<Tried>> {
    let newest = Query::new(ENTITY).sort("-start_on").limit(LOOKED_AT);
    let mut tried = vec![];
    for experiment in engine.list(reader, &newest).await?.records {
        let found = result::load(engine, experiment.id).await?;
        let by_sales = result::by_sales(&experiment);
        tried.push(Tried { experiment, by_sales, found });
    }
    Ok(tried)
}

impl Board<'_> {
    /// The tables of them, and what is to be said of these.
    pub(super) fn campaigns(&self, tried: &[Tried]) -> (Vec<List>, Vec<String>) {
        let (mut lists, mut notes) = (vec![self.experiments(tried)], vec![]);
        if tried.is_empty() {
            return (lists, notes);
        }
        notes.push(self.t("seven.experiments_whole_company", &[]));
        for Apart { list, notes: said } in [self.by_medium(tried), self.by_region(tried)] {
            lists.push(list);
            notes.extend(said);
        }
        (lists, notes)
    }

    fn shown_effect(&self, tried: &Tried, value: f64) -> String {
        if tried.by_sales { self.words.units(value) } else { self.words.percent(value) }
    }

    fn interval(&self, tried: &Tried, effect: &Effect) -> String {
        format!("{} – {}", self.shown_effect(tried, effect.lower), self.shown_effect(tried, effect.upper))
    }

    /// The newest proven effect in words; `Err` says what is missing where there is none.
    pub(super) fn effect_finding(&self, tried: &[Tried]) -> std::result::Result<Finding, String> {
        let proven = tried.iter().find_map(|one| {
            let effect = one.effect()?;
            effect.verdict.is_claim().then_some((one, effect))
        });
        match proven {
            Some((one, effect)) => Ok(self.finding(
                if one.by_sales { "effect_on_sales" } else { "effect_on_buying" },
                &[
                    ("experiment", one.experiment.text("name")),
                    ("treated", &self.shown_effect(one, effect.treated)),
                    ("control", &self.shown_effect(one, effect.control)),
                    ("interval", &self.interval(one, &effect)),
                ],
                vec![
                    (self.t("seven.column.difference", &[]), self.shown_effect(one, effect.difference)),
                    (self.t("seven.interval_95", &[]), self.interval(one, &effect)),
                ],
                ("experiment", format!("/{ENTITY}/{}", one.experiment.id)),
            )),
            None if tried.is_empty() => Err(self.t("seven.no_campaigns", &[])),
            None => Err(self.t("seven.no_effect", &[])),
        }
    }

    fn experiments(&self, tried: &[Tried]) -> List {
        let columns = ["medium", "measured_by", "treated", "control", "difference", "interval"];
        let choices = ["medium", "outcome"];
        let rows = tried.iter().take(ROWS).map(|one| {
            let word = |field: &str| self.choice(ENTITY, field, one.experiment.text(field));
            let mut cells: Vec<String> = choices.into_iter().map(word).collect();
            match &one.effect() {
                Some(effect) => {
                    cells.extend(
                        [effect.treated, effect.control, effect.difference]
                            .map(|value| self.shown_effect(one, value)),
                    );
                    cells.push(self.interval(one, effect));
                }
                None => cells.extend(std::iter::repeat_n("–".to_owned(), columns.len() - choices.len())),
            }
            let name = one.experiment.text("name").to_owned();
            (name, format!("/{ENTITY}/{}", one.experiment.id), cells)
        });
        List {
            title: self.t("seven.experiments_list", &[]),
            first: self.t("seven.column.experiment", &[]),
            table: self.table("experiments", &columns, rows.collect(), &format!("/{ENTITY}")),
            nobody: self.t("seven.no_experiment", &[]),
        }
    }
}
