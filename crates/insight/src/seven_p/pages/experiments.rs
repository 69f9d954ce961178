//! What campaigns brought about, as far as somebody was left alone for comparison.

use super::{Board, List, ROWS};
use crate::{
    mining::experiment::{ENTITY, result},
    pages::figure::Finding,
};
use engine::{Engine, Query, Result};
use meta::Record;
use mining::effect::Effect;

/// An experiment and what was found of what it is measured by.
pub(super) struct Tried {
    pub experiment: Record,
    by_sales: bool,
    /// `None` until it has ended and is compared: before nothing is claimed.
    pub effect: Option<Effect>,
}

impl Board<'_> {
    /// The newest experiments the reader may see.
    pub(super) async fn tried(&self) -> Result<Vec<Tried>> {
        let engine: &Engine = self.cut.engine;
        let newest = Query::new(ENTITY).sort("-start_on").limit(ROWS);
        let mut tried = vec![];
        for experiment in engine.list(&self.session.actor, &newest).await?.records {
            let found = result::load(engine, experiment.id).await?;
            let by_sales = result::by_sales(&experiment);
            let effect = found.filter(|kept| kept.body.ended).map(|kept| kept.body.effect(by_sales));
            tried.push(Tried { experiment, by_sales, effect });
        }
        Ok(tried)
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
            let effect = one.effect.as_ref()?;
            effect.verdict.is_claim().then_some((one, effect))
        });
        match proven {
            Some((one, effect)) => Ok(self.finding(
                if one.by_sales { "effect_on_sales" } else { "effect_on_buying" },
                &[
                    ("experiment", one.experiment.text("name")),
                    ("treated", &self.shown_effect(one, effect.treated)),
                    ("control", &self.shown_effect(one, effect.control)),
                    ("interval", &self.interval(one, effect)),
                ],
                vec![
                    (self.t("seven.column.difference", &[]), self.shown_effect(one, effect.difference)),
                    (self.t("seven.interval_95", &[]), self.interval(one, effect)),
                ],
                ("experiment", format!("/{ENTITY}/{}", one.experiment.id)),
            )),
            None if tried.is_empty() => Err(self.t("seven.no_campaigns", &[])),
            None => Err(self.t("seven.no_effect", &[])),
        }
    }

    pub(super) fn experiments(&self, tried: &[Tried]) -> List {
        let columns = ["measured_by", "treated", "control", "difference", "interval"];
        let rows = tried.iter().map(|one| {
            let mut cells = vec![self.choice(ENTITY, "outcome", one.experiment.text("outcome"))];
            match &one.effect {
                Some(effect) => {
                    cells.extend(
                        [effect.treated, effect.control, effect.difference]
                            .map(|value| self.shown_effect(one, value)),
                    );
                    cells.push(self.interval(one, effect));
                }
                None => cells.extend(std::iter::repeat_n("–".to_owned(), columns.len() - 1)),
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
